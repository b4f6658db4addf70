"""The end of stdin, by its writer and by a signal. Each case runs in a process of its own, as it is about stdin."""

import signal
import subprocess
import sys

import pytest

READER = """
import sys
from gateway.process.stdin import ended_by_signals

with ended_by_signals():
    for line in open(0, closefd=False):
        print("heard", line.strip(), flush=True)
    print("end", flush=True)
print("after", open(0, closefd=False).read(), flush=True)
"""


def reader() -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", READER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_all_that_is_written_is_read_to_the_end():
    lines = [f"{number} {'x' * 5_000}" for number in range(100)]
    with reader() as process:
        out, errors = process.communicate("".join(f"{line}\n" for line in lines), timeout=30)
    assert out.splitlines() == [*(f"heard {line}" for line in lines), "end", "after "]
    assert errors == ""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_the_end_of_stdin(number: signal.Signals):
    with reader() as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("hello\n")
        process.stdin.flush()
        assert process.stdout.readline() == "heard hello\n"
        process.send_signal(number)
        assert process.stdout.readline() == "end\n"
        out, errors = process.communicate(timeout=30)
    assert (out, errors, process.returncode) == ("after \n", "", 0)
