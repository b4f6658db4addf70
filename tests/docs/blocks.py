"""The blocks of code in README.md and docs/, and the files that they are about."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))

FENCE = re.compile(r"^```(?P<language>\w+)(?: title=\"(?P<title>[^\"]+)\")?$")
HEADING = re.compile(r"^##+ (?P<text>.+)$")
GIVEN = ("gateway.toml", "fastmcp.json", "server.py")


@dataclass(frozen=True)
class Block:
    """One fenced block. `files` are the titled blocks before it in its section, by the path in their title."""

    page: Path
    line: int
    language: str
    title: str
    text: str
    files: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    def lay_out(self, folder: Path) -> None:
        """Put into `folder` what a reader has at this place of the page."""
        for name in GIVEN:
            (folder / name).write_text((ROOT / name).read_text())
        own = ((self.title, self.text),) if self.title else ()
        for name, text in (*((".cursor/mcp.json", '{"mcpServers": {}}'),), *self.files, *own):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)


def blocks(*languages: str) -> list[Block]:
    """Every block in one of these languages; without any, every block."""
    return [block for page in PAGES for block in _of_page(page) if not languages or block.language in languages]


def _of_page(page: Path) -> Iterator[Block]:
    lines = enumerate(page.read_text().splitlines(), start=1)
    files: tuple[tuple[str, str], ...] = ()
    for number, line in lines:
        if line.startswith("## "):
            files = ()
        if not line.startswith("```"):
            continue
        fence = FENCE.match(line)
        assert fence is not None, f"{page.name}:{number}: a block needs a language"
        text = "".join(f"{inner}\n" for inner in _until_fence(lines))
        title = fence["title"] or ""
        yield Block(page, number, fence["language"], title, text, files)
        files += ((title, text),) if title else ()


def _until_fence(lines: Iterator[tuple[int, str]]) -> Iterator[str]:
    for _, line in lines:
        if line == "```":
            return
        yield line


def headings(page: Path) -> list[str]:
    """The texts of a page's headings below its title, outside its blocks."""
    prose = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    return [match["text"] for line in prose.splitlines() if (match := HEADING.match(line))]


def section(page: Path, heading: str) -> str:
    """The text below one `##` heading."""
    parts = re.split(r"^## (.+)$", page.read_text(), flags=re.MULTILINE)
    found = dict(zip(parts[1::2], parts[2::2], strict=True))
    assert heading in found, f"{page.name} has no section {heading}"
    return found[heading]


def rows(text: str) -> dict[str, list[str]]:
    """The table rows of a section whose first cell is code: that cell's words in code, and the other cells."""
    found = {}
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" |")]
        if line.startswith("| `"):
            found[cells[0]] = cells[1:]
    return found
