"""What the gateway owes the protocol, shown from outside: FastMCP's client and a client without an SDK, in both eras.

`requirements.py` lists what is owed; each test cites what it shows, and `test_requirements.py` holds the two together.
`pairs.py` names every pairing of a client and an upstream, `wire.py` is the client without an SDK.
"""
