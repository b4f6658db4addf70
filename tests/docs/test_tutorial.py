"""The tutorial, from its first block to its last, in one folder."""

import threading
from collections.abc import Generator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.docs.blocks import ROOT, blocks
from tests.docs.transcript import run, steps

PAGE = ROOT / "docs" / "tutorial.md"
PORT = "8711"


class _Files(SimpleHTTPRequestHandler):
    """Python's own file server, as the page starts it, without its lines on stderr."""

    def log_message(self, format: str, *_: object) -> None:
        pass


@pytest.fixture
def port(tmp_path: Path) -> Generator[str]:
    """Where the folder is served: a free port instead of the page's, which others may use."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Files, directory=str(tmp_path))) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        yield str(server.server_address[1])
        server.shutdown()
        serving.join()


@pytest.mark.timeout(240)  # five programs, each of which imports FastMCP
async def test_the_question_is_answered_by_all_three_services(tmp_path: Path, port: str) -> None:
    answered = []
    for block in (block for block in blocks() if block.page == PAGE):
        if block.title:
            (tmp_path / block.title).write_text(block.text.replace(PORT, port))
            continue
        for step in steps(block.text):
            printed, status = await run(step.command.replace(PORT, port), tmp_path)
            assert step.matches(printed.replace(port, PORT)), f"{block}: $ {step.command}\n{printed}"
            assert status == step.status, f"{block}: $ {step.command}"
            answered.append(step.command.split(" ")[0])
    assert answered == ["gateway"] * 4 + ["python", "head"]
    assert (tmp_path / "days.svg").read_text().rstrip().endswith("</svg>")


def test_the_picture_is_there() -> None:
    assert (ROOT / "docs" / "tutorial.svg").read_text().startswith("<svg")
