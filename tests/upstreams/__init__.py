"""Upstreams for tests: real MCP servers, each in its own process, on a free loopback port.

`kit.py` is all that other tests need. Every factory gives a context manager, for `with` and `async with` alike
(the second starts the process aside from the running loop):

    async with raw_http(era="modern", tools=50) as upstream:      # a `Running`: url, pid
        upstream.control(fault="hang", on="tools/call")           # from now on; control() alone undoes it
        ...
        await upstream.wait_for("started", "slow")                # until the tool began, no sleeping
        assert [entry["rpc"] for entry in upstream.record()] == ["tools/call"]

    with raw_stdio(tmp_path, era="legacy") as upstream:           # a `Command`: command, args, env, for its client
        ...
        upstream.pids()                                           # every process that was started from it

What each one is:

- `raw_http`, `raw_sse`, `raw_stdio`: no SDK. Strict, both eras, records all that it hears, and misbehaves on demand.
  `raw/control.py` lists the ways, `raw/definitions.py` what it offers.
- `fastmcp_http`, `fastmcp_stdio`: FastMCP of this environment, both eras.
- `legacy_http`, `legacy_sse`, `legacy_stdio`: `mcp` 1.x in an environment of its own, made once in `.venv-legacy`.

`tcp_proxy.py` stands before any of the HTTP ones to cut, stall, drip or corrupt. `tests/conftest.py` keeps one of
each running for tests that do not change its behaviour.
"""
