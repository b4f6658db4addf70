"""Gateways for tests: in this process, in one of their own over HTTP, or behind a pipe.

`kit.py` is all that other tests need:

    text = configuration({"raw": raw_modern, "pipe": a_command}, more="[server]\\nname = 'front'")

    with served(tmp_path, text) as gateway:                 # `python -m tests.gateways`, as `gateway up` serves
        async with Client(gateway.url) as client: ...
        assert gateway.said()                               # all that it wrote

    async with in_memory(tmp_path, text) as gateway:        # a `Gateway` whose upstreams have all been heard
        async with Client(gateway) as client: ...

    async with Client(over_stdio(tmp_path, text)) as client: ...
"""
