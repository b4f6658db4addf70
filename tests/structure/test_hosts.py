"""No tracked file names a package registry, or a path of the machine it was written on."""

import re
import subprocess

from tests.structure.tree import ROOT, tracked

REGISTRIES = ("pypi", "pythonhosted", "npmjs", "crates")
FORBIDDEN = re.compile(
    rb"(?i:\b(?:" + "|".join(REGISTRIES).encode() + rb")\.(?:org|com|io)\b)"  # a registry's host
    rb"|(?i:index[-_]url|find-links)"  # where to install from: the machine's own business
    rb"|(?<![\w.])/(?:work|root|Users)/"  # somebody's machine
)
RULE = "tests/structure/test_hosts.py"


def test_no_tracked_file_names_a_registry_or_a_machine():
    found = [
        f"{path}:{number}: {line.decode(errors='replace').strip()[:100]}"
        for path in tracked()
        if str(path) != RULE
        for number, line in enumerate((ROOT / path).read_bytes().splitlines(), 1)
        if FORBIDDEN.search(line)
    ]
    assert not found, "\n" + "\n".join(found)


def test_the_rule_finds_what_it_forbids():
    for text in (b"https://pypi.org/simple", b"--index-url x", b"UV_INDEX_URL=", b'"/work/x"', b"at /root/.cache"):
        assert FORBIDDEN.search(text)
    for text in (b"../root/fruit.csv", b"npm install", b"workspace/work", b"https://example.com/work/x"):
        assert not FORBIDDEN.search(text)


def test_the_lock_has_a_hash_for_each_package_and_no_index():
    lock = (ROOT / "requirements.lock").read_text()
    packages = re.findall(
        r"^([A-Za-z0-9][\w.-]*)==(?:[^\n]*\\\n)(?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+", lock, re.M
    )
    named = re.findall(r"^[A-Za-z0-9][\w.-]*(?===)", lock, re.M)
    assert len(named) > 50
    assert packages == named
    assert not re.search(r"^-|://", lock, re.M)


def test_the_lock_that_names_hosts_is_not_tracked():
    assert not [path for path in tracked() if path.name in ("uv.lock", "pylock.toml")]


def test_making_the_lock_again_moves_no_version() -> None:
    def made(*options: str) -> str:
        shown = subprocess.run(
            ["make", "--dry-run", "lock", *options], cwd=ROOT, capture_output=True, text=True, check=True
        )
        return shown.stdout

    assert "--output-file requirements.lock" in made()  # uv reads the versions from the file that it will write
    assert "--upgrade" not in made()
    assert "--upgrade" in made("UPGRADE=1")
