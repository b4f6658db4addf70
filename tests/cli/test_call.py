"""`gateway call`: the result on stdout, what failed on stderr, and an exit status that tells which."""

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from gateway import runtime
from tests.cli.conftest import Verb
from tests.cli.running import GATEWAY, clean_environment
from tests.gateways.kit import configuration, written
from tests.upstreams.kit import Running, raw_http, raw_stdio

ALONE = configuration({})


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A configuration with the service `own` and no upstream."""
    return written(tmp_path, ALONE)


def test_a_result_is_printed_and_nothing_else(own: Path, verb: Verb):
    said = verb("call", "own_shout", "text=hello", "times=2")
    assert (said.status, said.out, said.err) == (0, "HELLOHELLO\n", "")


def test_arguments_come_as_pairs_as_json_or_both(own: Path, verb: Verb):
    for words in (
        ['--arguments={"text": "a", "times": 3}'],
        ["times=3", '--arguments={"text": "a"}'],
        ['text="a"', "times=3", '--arguments={"times": 9}'],
    ):
        assert verb("call", "own_shout", *words).out == "AAA\n"


def test_an_equals_sign_belongs_to_the_value(own: Path, verb: Verb):
    assert verb("call", "own_shout", "text=a=b").out == "A=B\n"


def test_json_is_the_result_as_it_is_on_the_wire(own: Path, verb: Verb):
    said = verb("call", "own_shout", "text=hello", "--json")
    assert said.json["content"] == [{"type": "text", "text": "HELLO"}]
    assert said.json["structuredContent"] == {"result": "HELLO"}
    assert said.json["isError"] is False


@pytest.mark.parametrize("words", [["hello"], ["=hello"], ["--arguments={"], ["--arguments=[]"]])
def test_what_are_no_arguments_is_a_matter_of_usage(own: Path, verb: Verb, words: list[str]):
    said = verb("call", "own_shout", *words)
    assert (said.status, said.out) == (2, "")
    assert "key=value" in said.err
    assert "hello" not in said.err


def test_wrong_arguments_are_named_and_not_repeated(own: Path, verb: Verb):
    said = verb("call", "own_shout", "text=hello", "times=CANARY")
    assert (said.status, said.out) == (2, "")
    assert "'times' must be a whole number" in said.err
    assert "CANARY" not in said.err
    assert len(said.err.splitlines()) == 1


def test_an_unknown_tool(own: Path, verb: Verb):
    for name in ("nosuch", "own_nosuch", "other_nosuch"):
        said = verb("call", name)
        assert (said.status, said.out) == (1, "")
        assert said.err == f"error: Unknown tool '{name}'. List the tools to see what there is.\n"


def test_a_tool_that_fails_says_so_in_its_status(tmp_path: Path, verb: Verb, raw_modern: Running):
    written(tmp_path, configuration({"raw": raw_modern}))
    said = verb("call", "raw_fail", "message=no")
    assert (said.status, said.out, said.err) == (1, "", "error: no\n[image]\n")
    assert verb("call", "raw_fail", "message=no", "--json").json["isError"] is True


def test_an_upstreams_tool(tmp_path: Path, verb: Verb, raw_modern: Running):
    written(tmp_path, configuration({"raw": raw_modern}))
    assert verb("call", "raw_add", "a=1", "b=2", "--json").json["structuredContent"]["sum"] == 3
    assert len([entry for entry in raw_modern.record() if entry["rpc"] == "tools/call"]) == 1


def test_flags_are_typed_by_the_tools_schema(tmp_path: Path, verb: Verb, raw_modern: Running):
    written(tmp_path, configuration({"raw": raw_modern}))
    assert verb("call", "raw_add", "--a", "1", "--b=-2", "--json").json["structuredContent"]["sum"] == -1
    assert verb("call", "own_shout", "--text", "10", "--times=2").out == "1010\n"
    assert verb("call", "--json", "own_shout", "--text", "a").json["structuredContent"] == {"result": "A"}


def test_a_flag_that_does_not_fit_is_named_with_the_cure_and_nothing_is_called(
    tmp_path: Path, verb: Verb, raw_modern: Running
):
    written(tmp_path, configuration({"raw": raw_modern}))
    for words, named in (
        (["--a", "CANARY", "--b", "2"], "--a must be a number"),
        (["--a", "1"], "'b' is missing"),
        (["--a", "1", "--c", "2"], "no argument --c"),
    ):
        said = verb("call", "raw_add", *words)
        assert (said.status, said.out) == (2, "")
        assert named in said.err
        assert "--help" in said.err
        assert "CANARY" not in said.err
    assert "tools/call" not in [entry["rpc"] for entry in raw_modern.record()]


def test_arguments_come_from_a_file_and_flags_go_over_it(own: Path, verb: Verb):
    folder = own.parent
    (folder / "a.yaml").write_text("text: no\ntimes: 2\n")
    (folder / "a.json").write_text('{"text": "no", "times": 2}')
    for name in ("a.yaml", "a.json"):
        assert verb("call", "own_shout", "--file", name).out == "NONO\n"
        assert verb("call", "own_shout", "--file", name, "--text", "a", "times=3").out == "AAA\n"


def test_arguments_come_from_stdin(own: Path):
    words = (*GATEWAY, "call", "own_shout", "--file", "-")
    ran = subprocess.run(
        words, cwd=own.parent, env=clean_environment(), input=b"text: a\ntimes: 3\n", capture_output=True, timeout=30
    )
    assert (ran.returncode, ran.stdout) == (0, b"AAA\n")


@pytest.mark.parametrize(
    ("text", "named"), [("- 1", "a.yaml: is no object"), ("a: [", "a.yaml: line 1"), ("a: 1\na: 2", "'a' stands twice")]
)
def test_a_file_that_holds_no_arguments_is_told(own: Path, verb: Verb, text: str, named: str):
    (own.parent / "a.yaml").write_text(text)
    said = verb("call", "own_shout", "--file", "a.yaml")
    assert (said.status, said.out) == (2, "")
    assert named in said.err


def test_help_after_a_tool_lists_its_own_arguments_and_calls_nothing(own: Path, verb: Verb):
    said = verb("call", "own_shout", "--help")
    assert said.status == 0
    assert said.out.splitlines() == [
        "own_shout: Returns the text in capitals.",
        "",
        "--text  required, text",
        "--times  a whole number; 1 if left out",
    ]
    assert verb("call", "own_shot", "--help").err.startswith("error: Unknown tool 'own_shot'.")


def test_help_without_a_tool_is_the_verbs(verb: Verb):
    said = verb("call", "--help")
    assert said.status == 0
    assert said.out.startswith("Usage: gateway call ")
    assert "--bearer-env" in said.out
    assert verb("call").status == 2


def test_any_server_at_a_url_can_be_called(verb: Verb, raw_legacy: Running, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TOKEN", "CANARY")
    said = verb("call", "add", "--a", "1", "--b", "2", "--at", raw_legacy.url, "--bearer-env", "TOKEN", "--json")
    assert said.json["structuredContent"]["sum"] == 3
    assert {entry["headers"]["authorization"] for entry in raw_legacy.record()} == {"Bearer CANARY"}


def test_a_server_at_a_url_that_fails_is_told_in_the_exit_status(
    verb: Verb, raw_modern: Running, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("TOKEN", "CANARY")
    at = ("--at", raw_modern.url, "--bearer-env", "TOKEN")
    for fault, status in (("unauthorized", 4), ("forbidden", 4), ("server_error", 3), ("html", 3)):
        raw_modern.control(fault=fault)
        said = verb("call", "echo", "text=a", *at)
        assert (said.status, said.out) == (status, "")
        assert "CANARY" not in said.err
    raw_modern.control(fault="hang", on="tools/call")
    said = verb("call", "echo", "text=a", *at, "--deadline", "0.3")
    assert (said.status, said.err) == (
        3,
        f"error: Upstream '{raw_modern.url}' did not answer the call of echo within 0.3 s.\n",
    )


def test_a_tool_that_fails_with_the_token_in_its_words_does_not_give_it_away(
    verb: Verb, raw_modern: Running, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("TOKEN", "CANARY")
    said = verb("call", "fail", "message=you sent CANARY", "--at", raw_modern.url, "--bearer-env", "TOKEN")
    assert (said.status, said.err) == (1, "error: you sent ****\n[image]\n")


def test_a_variable_without_a_token_is_told(verb: Verb, raw_modern: Running):
    said = verb("call", "echo", "--at", raw_modern.url, "--bearer-env", "NOT_SET")
    assert (said.status, said.err) == (2, "error: The variable NOT_SET is not set. Put the token to send into it.\n")
    assert verb("call", "own_shout", "--bearer-env", "NOT_SET").status == 2
    assert verb("call", "echo", "--at", "nowhere").status == 2


def test_a_tool_that_asks_back_cannot_be_used_here(tmp_path: Path, verb: Verb, fastmcp_upstream: Running):
    written(tmp_path, configuration({"other": fastmcp_upstream}))
    said = verb("call", "other_ask_first", "question=CANARY")
    assert (said.status, said.out) == (1, "")
    assert "asks its caller" in said.err
    assert "CANARY" not in said.err


def test_an_upstream_that_is_down_is_named_with_since_when(tmp_path: Path, verb: Verb):
    with raw_http() as upstream:
        written(tmp_path, configuration({"raw": upstream}))
        assert verb("call", "raw_echo", "text=a").status == 0
    said = verb("call", "raw_echo", "text=a")
    assert (said.status, said.out) == (3, "")
    assert said.err.startswith("error: Upstream 'raw' cannot be reached")
    assert "It is down since 20" in said.err


def test_an_upstream_that_answers_a_web_page(tmp_path: Path, verb: Verb, raw_modern: Running):
    written(tmp_path, configuration({"raw": raw_modern}))
    assert verb("list", "--live").status == 0
    raw_modern.control(fault="html")
    said = verb("call", "raw_echo", "text=CANARY")
    assert (said.status, said.out) == (3, "")
    assert said.err.startswith("error: Upstream 'raw' ")
    assert "CANARY" not in said.err
    assert len(said.err.splitlines()) == 1


def test_a_program_gets_the_time_that_it_needs_to_start(tmp_path: Path, verb: Verb, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(runtime, "FIRST_ROUND_SECONDS", 0.0)
    with raw_stdio(tmp_path) as program:
        args = ("-c", 'sleep 1; exec "$0" "$@"', program.command, *program.args)
        slow = replace(program, command="sh", args=args)
        written(tmp_path, configuration({"pipe": slow}, "list_deadline = 0.7"))
        said = verb("call", "pipe_echo", "text=hello")
        assert (said.status, said.out) == (0, "hello\n")
        assert program.alive() == []


def test_a_file_outside_the_roots(tmp_path: Path, verb: Verb):
    written(tmp_path, f"[services.data]\nroots = [{json.dumps(str(tmp_path))}]\n")
    said = verb("call", "data_profile", "dataset=../../../etc/passwd")
    assert (said.status, said.out) == (1, "")
    assert len(said.err.splitlines()) == 1


def test_a_database_that_is_not_there(tmp_path: Path, verb: Verb):
    written(tmp_path, '[services.database]\nurl = "postgresql://ada:CANARY@127.0.0.1:9/shop"\n')
    said = verb("call", "database_schema")
    assert (said.status, said.out) == (1, "")
    assert "'shop' at 127.0.0.1:9 cannot be reached" in said.err
    assert "CANARY" not in said.err
    assert len(said.err.splitlines()) == 1
