"""What can go wrong with a build: it fails, stops, hangs, dies, finds a full disk."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from tests.build.judge import Row, failed, succeeded
from tests.build.world import World, files


def test_a_file_that_the_build_refuses(world: World, row: Row) -> None:
    world.commit("org/one", {"config.json": b"{}", "pytorch_model.bin": b"a pickle"})
    end = world.deploy(world.unasked())
    failed(world, row, "build fails: the model is a pickle", end, "org/one: pickles may run code when loaded")


def test_a_build_stopped_by_hand(world: World, row: Row) -> None:
    gate = world.hold("org/one")
    world.create(world.unasked())
    world.client("codebuild").stop_build(id=world.building(gate))
    failed(world, row, "build stopped by hand", world.follow(), "ended as STOPPED")


def test_an_execution_stopped_by_hand(world: World, row: Row) -> None:
    """Nobody signals then: the wait condition's own time limit is what ends it, here shortened from 30 minutes."""
    gate = world.hold("org/one")
    world.create(world.unasked(shorter={"Timeout: 1800": "Timeout: 12"}))
    world.building(gate)
    states = world.client("stepfunctions")
    (run,) = states.list_executions(stateMachineArn=world.resource("BuildMachine"))["executions"]
    states.stop_execution(executionArn=run["executionArn"])
    end = world.follow()
    failed(
        world, row, "state machine stopped by hand (wait shortened to 12 s)", end, "WaitCondition timed out"
    )


def test_a_build_that_times_out(world: World, row: Row) -> None:
    world.sandbox.configure(build_minute=0.8)
    world.hold("org/one")
    end = world.deploy(world.unasked())
    failed(
        world,
        row,
        "build times out (5 minutes shortened to 4 s)",
        end,
        "ended as TIMED_OUT",
        "Build has timed out",
    )


def test_a_build_that_gets_no_machine(world: World, row: Row) -> None:
    world.sandbox.configure(build_minute=0.8)
    world.sandbox.fault("kill-build", action="queue")
    end = world.deploy(world.unasked())
    failed(world, row, "no machine for the build (5 minutes shortened to 4 s)", end, "ended as TIMED_OUT")


def test_a_build_that_is_silent_beyond_its_time(world: World, row: Row) -> None:
    """CodeBuild says nothing, not even that time is over: the state machine's time limit, shortened from 15 minutes."""
    world.hold("org/one")
    end = world.deploy(world.unasked(shorter={"TimeoutSeconds: 900": "TimeoutSeconds: 5"}))
    failed(world, row, "CodeBuild never says an end (task shortened to 5 s)", end, "States.Timeout")


def test_a_machine_that_dies(world: World, row: Row) -> None:
    world.hold("org/one")
    world.sandbox.fault("kill-build", action="build", seconds=2)
    end = world.deploy(world.unasked())
    failed(world, row, "builder's machine dies", end, "ended as FAULT", "container found dead")


def test_a_machine_that_dies_without_a_word(world: World, row: Row) -> None:
    """CodeBuild itself finds out at the build's time limit only."""
    world.hold("org/one")
    world.sandbox.configure(build_minute=0.8)
    world.sandbox.fault("kill-build", action="build", seconds=1, code="silent")
    end = world.deploy(world.unasked())
    failed(world, row, "builder dies without a word (5 minutes shortened to 4 s)", end, "ended as TIMED_OUT")


def test_a_script_that_is_killed(world: World, row: Row) -> None:
    gate = world.hold("org/one")
    world.create(world.unasked())
    world.building(gate)
    os.kill(script(world), signal.SIGKILL)
    failed(world, row, "script killed (SIGKILL, as by lack of memory)", world.follow(), "exit status 137")


def script(world: World) -> int:
    """The process id of the build's python3."""
    place = str(world.sandbox.folder / "builds")
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if str((process / "cwd").readlink()).startswith(place) and b"build.py" in (
                process / "cmdline"
            ).read_bytes().split(b"\0"):
                return int(process.name)
        except OSError:
            continue
    raise AssertionError("no build.py is running")


def test_an_end_that_nobody_hears_of(world: World, row: Row) -> None:
    """EventBridge delivers at best effort: Step Functions polls too."""
    world.sandbox.fault("lose-event", times=0)
    succeeded(world, row, "event of the build's end is lost", world.deploy(world.unasked()))


FULL = "base64 -d > build.tar.bz2"


def test_a_full_disk_before_the_script_is_unpacked(world: World, row: Row) -> None:
    """`ulimit -f 0`: whatever is written to a file fails, as on a full disk or in a folder that is read-only."""
    end = world.deploy(world.unasked(shorter={FULL: f"ulimit -f 0; {FULL}"}))
    failed(world, row, "disk full from the start", end, "Error while executing command")


def test_a_full_disk_while_the_files_are_copied(world: World, row: Row) -> None:
    """What is copied touches no disk."""
    world.commit("org/one", files(os.urandom(20_000_000)))
    end = world.deploy(world.unasked(shorter={"python3 build.py": "ulimit -f 0; python3 build.py"}))
    succeeded(world, row, "disk full while files are copied", end)
