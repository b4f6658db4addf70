"""The words of the design have no synonyms: what is called two things will be taken for two."""

import ast
import re

import pytest

from tests.structure.tree import ROOT, Source, sources, tracked

SYNONYMS = {
    "backend": "upstream",
    "backends": "upstreams",
    "frontend": "downstream",
    "toolset": "profile",
    "tenant": "principal",
    "mcpserver": "upstream",
}
"""Words that are not used, and the one that is."""

PROSE = re.compile(rf"\b({'|'.join(SYNONYMS)})\b", re.IGNORECASE)
PART = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


def identifiers(source: Source) -> set[str]:
    """Every name that a file makes: of functions, classes, parameters, variables and attributes."""
    names = set()
    for node in ast.walk(source.tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                names.add(name)
            case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                names.add(name)
    return names


@pytest.mark.parametrize("source", sources("gateway"), ids=lambda source: source.module)
def test_no_name_in_the_code_is_a_synonym(source: Source):
    found = {name for name in identifiers(source) if SYNONYMS.keys() & {part.lower() for part in PART.findall(name)}}
    assert found == set()


def test_no_docs_use_a_synonym():
    pages = [path for path in tracked() if path.suffix == ".md" and path.parts[0] != "tests"]
    found = [
        f"{path}: '{word}' is '{SYNONYMS[word.lower()]}' here"
        for path in pages
        for word in PROSE.findall((ROOT / path).read_text())
    ]
    assert found == []
