"""An MCP server without any SDK: what it does apart from how it is spoken to.

- `definitions.py`, `generated.py`, `offer.py`: what it offers. `tools.py`, `behaviour.py`: what that does.
- `control.py`, `faults.py`: how it misbehaves.
- `modern.py`, `modern_http.py`: revision 2026-07-28.
- `session.py`, `legacy_http.py`, `legacy_sse.py`: the handshake era.
- `app.py` (`python -m tests.upstreams.raw`) serves HTTP, `stdio.py` standard input and output.
"""
