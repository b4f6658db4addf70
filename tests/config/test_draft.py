"""A configuration while it is put together."""

from pathlib import Path

from gateway.config.draft import Draft, Source, dotted


def draft() -> Draft:
    here = Path()
    return Draft(
        {},
        {
            (): Source("gateway.toml", (), here, "gateway.toml"),
            ("upstreams", "github"): Source("mcp.json", ("mcpServers", "GitHub"), here, "mcp.json"),
            ("upstreams", "github", "url"): Source("mcp.json", ("mcpServers", "GitHub", "serverUrl"), here, "mcp.json"),
        },
    )


def test_a_fault_stands_where_its_part_was_written():
    it = draft()
    it.fault(("server", "port"), "is wrong", "mend it")
    it.fault(("upstreams", "github", "args", 0), "is wrong")
    it.fault(("upstreams", "github", "url"), "is wrong")
    assert [str(fault) for fault in it.faults] == [
        "gateway.toml: server.port: is wrong\n    mend it",
        "mcp.json: mcpServers.GitHub.args[0]: is wrong",
        "mcp.json: mcpServers.GitHub.serverUrl: is wrong",
    ]


def test_one_fault_covers_what_is_above_and_below_it():
    it = draft()
    it.fault(("upstreams", "github", "url"), "is wrong")
    assert it.is_faulty(("upstreams", "github"))
    assert it.is_faulty(("upstreams", "github", "url"))
    assert not it.is_faulty(("upstreams", "github", "args"))
    assert not it.is_faulty(("server",))


def test_a_path_reads_as_toml_writes_it():
    assert dotted(("upstreams", "x", "args", 0)) == "upstreams.x.args[0]"
    assert dotted(("mcpServers", "Google Maps")) == 'mcpServers."Google Maps"'


def test_a_name_shows_no_value_that_slipped_into_it():
    assert dotted(("env", "KEY=CANARY\nCANARY")) == 'env."KEY=..."'
    assert dotted(("headers", "Authorization: CANARY")) == 'headers."Authorization:..."'
    assert dotted(("a\x1b[31m",)) == '"a?[31m"'
