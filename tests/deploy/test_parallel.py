"""Side by side: order, concurrency, one failure among many, Ctrl-C in a process of its own."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from cfgen.deploy import errors, launch, parallel
from cfgen.deploy.report import Lines
from tests.deploy.conftest import template


def test_results_stand_in_the_order_of_the_items() -> None:
    def work(item: int) -> int:
        time.sleep(0.01 * (5 - item))
        return item * 2

    assert parallel.side_by_side(range(5), work, 3, threading.Event()) == [0, 2, 4, 6, 8]


def test_no_more_at_a_time_than_allowed() -> None:
    running, most, lock = [0], [0], threading.Lock()

    def work(_: int) -> None:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        time.sleep(0.02)
        with lock:
            running[0] -= 1

    parallel.side_by_side(range(8), work, 2, threading.Event())
    assert most[0] == 2


def test_one_failure_does_not_stop_the_others() -> None:
    def work(item: int) -> int:
        if item == 1:
            raise errors.StackBusy("busy")
        return item

    found = parallel.side_by_side(range(3), work, 1, threading.Event())
    assert found[0] == 0
    assert isinstance(found[1], errors.StackBusy)
    assert found[2] == 2


def test_nothing_begins_after_a_stop() -> None:
    stop = threading.Event()

    def work(item: int) -> int:
        stop.set()
        return item

    found = parallel.side_by_side(range(3), work, 1, stop)
    assert found[0] == 0
    assert all(isinstance(one, errors.Interrupted) for one in found[1:])


def test_a_fault_of_our_own_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        parallel.outcome(launch.Launch(template(), "s", "us-east-1"), ZeroDivisionError())


def test_the_summary_is_a_table() -> None:
    one = launch.Launch(template(), "stack", "us-east-1")
    failed = launch.Result(one, "failed", 3.2, error=errors.StackBusy("busy\nmore"))
    assert parallel.summary([launch.Result(one, "created", 61.0), failed]) == [
        "stack  us-east-1  created  61 s",
        "stack  us-east-1  failed   3 s  busy",
    ]


def test_lines_carry_their_prefix(capsys: pytest.CaptureFixture[str]) -> None:
    Lines("one us-east-1").say("a\nb")
    Lines().say("c")
    assert capsys.readouterr().err == "[one us-east-1] a\n[one us-east-1] b\nc\n"


PROGRAM = """
import threading, time
from cfgen.deploy import errors, parallel
stop = threading.Event()
def work(item):
    print("working", flush=True)
    while {patient} or not stop.wait(0.05):
        time.sleep(0.01)
    raise errors.Interrupted("heeded", hint="cfgen status x --follow")
for one in parallel.side_by_side([1, 2], work, 1, stop):
    print(type(one).__name__, one, flush=True)
"""


@pytest.mark.parametrize("patient", [False, True])
def test_ctrl_c_stops_following_and_a_second_one_does_not_wait(patient: bool, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(textwrap.dedent(PROGRAM.replace("{patient}", str(patient))))
    with subprocess.Popen([sys.executable, str(program)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "working\n"
        process.send_signal(signal.SIGINT)
        if patient:
            time.sleep(0.5)
            assert process.poll() is None
            process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=10)
    first, second = out.splitlines()
    assert first.startswith("Interrupted")
    assert second.startswith("Interrupted")
    assert process.returncode == 0
