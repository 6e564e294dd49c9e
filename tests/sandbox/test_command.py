"""``cfgen sandbox``: start, status, run, stop; and the context manager."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from cfgen.cli.sandbox import _call, command
from cfgen.errors import CfgenError
from cfgen.sandbox import Sandbox, local

ASK = (
    "import os, boto3; print(boto3.client('sts').get_caller_identity()['Account'], os.environ['AWS_REGION'])"
)


def test_start_status_run_stop(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    runner = CliRunner()
    folder = ["--folder", str(tmp_path)]
    assert runner.invoke(command, ["status", *folder]).exit_code == 1
    started = runner.invoke(command, ["start", *folder])
    try:
        assert started.exit_code == 0, started.output
        assert "export AWS_ENDPOINT_URL=http://127.0.0.1:" in started.output
        assert "not AWS" in started.output
        again = runner.invoke(
            command, ["start", *folder], env={"AWS_PROFILE": "mine", "HTTP_PROXY": "http://p"}
        )
        assert again.exit_code == 0
        assert "running already" in again.stderr
        unset, *same = again.stdout.splitlines()
        assert unset.startswith("unset ")
        assert "AWS_PROFILE" in unset.split()
        assert [line for line in same if "AWS_" in line] == started.stdout.splitlines()[-len(same) + 2 :]
        assert "export NO_PROXY=127.0.0.1,localhost" in same
        with pytest.raises(CfgenError, match="running already"):
            runner.invoke(command, ["start", "--port", "9", *folder], catch_exceptions=False)
        shown = runner.invoke(command, ["status", "--format", "json", *folder])
        assert json.loads(shown.stdout)["running"] is True
        done = runner.invoke(
            command, ["run", "--region", "eu-west-1", *folder, "--", sys.executable, "-c", ASK]
        )
        assert done.exit_code == 0, done.output
        assert capfd.readouterr().out.strip() == "123456789012 eu-west-1"
        assert (
            runner.invoke(
                command, ["run", *folder, "--", sys.executable, "-c", "raise SystemExit(7)"]
            ).exit_code
            == 7
        )
    finally:
        stopped = runner.invoke(command, ["stop", *folder])
    assert "Stopped the sandbox" in stopped.output
    assert runner.invoke(command, ["status", *folder]).exit_code == 1


@pytest.mark.parametrize(
    "state",
    ["", "[]", "{", '{"pid": 1}', '{"pid": 1, "url": "http://127.0.0.1:9"}', '{"pid": "x", "url": 7}'],
    ids=lambda v: v or "empty",
)
def test_a_state_that_tells_of_no_sandbox(tmp_path: Path, state: str) -> None:
    """Process 1 is there, and is not ours to end."""
    (tmp_path / "sandbox.json").write_text(state)
    folder = ["--folder", str(tmp_path)]
    assert CliRunner().invoke(command, ["status", *folder]).output == "No sandbox is running.\n"
    assert CliRunner().invoke(command, ["stop", *folder]).output == "No sandbox is running.\n"


def _servers(folder: Path) -> list[Path]:
    """The processes that were started with this folder. One may end while they are looked through."""
    found = []
    for line in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if str(folder) in line.read_bytes().decode(errors="replace").split("\0"):
                found.append(line)
    return found


def test_a_start_that_is_stopped_leaves_no_server(tmp_path: Path) -> None:
    started = subprocess.Popen(
        [sys.executable, "-m", "cfgen", "sandbox", "start", "--folder", str(tmp_path)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    while not (tmp_path / "stderr.log").exists():
        time.sleep(0.01)
    started.send_signal(signal.SIGINT)
    _, said = started.communicate(timeout=60)
    assert (started.returncode, said) == (130, "\nAborted.\n")
    assert _servers(tmp_path) == []


def test_ctrl_c_waits_until_the_server_has_an_owner() -> None:
    reached = []

    def begin() -> None:
        with local._undisturbed():
            signal.raise_signal(signal.SIGINT)
            reached.append(True)

    with pytest.raises(KeyboardInterrupt):
        begin()
    assert reached == [True]


@pytest.mark.parametrize(
    ("words", "code"),
    [(["sh", "-c", "kill -TERM $$"], 143), (["sh", "-c", "exit 3"], 3)],
    ids=["signal", "code"],
)
def test_the_code_of_a_command(words: list[str], code: int) -> None:
    assert _call(tuple(words), {}) == code


def test_a_command_that_cannot_be_run(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no program")
    for name, why in ((tmp_path / "text", "Permission denied"), (tmp_path, "Permission denied")):
        with pytest.raises(CfgenError, match=why):
            _call((str(name),), {})


def test_run_alone_starts_and_ends_a_sandbox(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    done = CliRunner().invoke(command, ["run", "--folder", str(tmp_path), "--", sys.executable, "-c", ASK])
    assert done.exit_code == 0, done.output
    assert capfd.readouterr().out.strip() == "123456789012 us-east-1"


def test_a_command_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CfgenError, match="No such command"):
        CliRunner().invoke(
            command, ["run", "--folder", str(tmp_path), "--", "no-such-thing"], catch_exceptions=False
        )


def test_sandboxes_know_nothing_of_each_other() -> None:
    began = time.monotonic()
    with Sandbox() as first, Sandbox() as second:
        assert time.monotonic() - began < 60  # two seconds on a quiet machine
        first.client("sns").create_topic(Name="mine")
        assert second.client("sns").list_topics()["Topics"] == []
        assert second.health()["aws"] is False


def test_a_killed_parent_takes_its_sandbox_along() -> None:
    code = (
        "from cfgen.sandbox import Sandbox; import os; sb = Sandbox().start(); "
        "print(sb.pid, sb.folder, flush=True); os._exit(1)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    pid, folder = done.stdout.split()
    end = time.monotonic() + 20
    while Path(f"/proc/{pid}/cmdline").exists() and time.monotonic() < end:
        if Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z":
            break
        time.sleep(0.1)
    assert time.monotonic() < end
    assert not Path(folder).exists()


def test_a_parent_killed_while_its_sandbox_starts_leaves_none(tmp_path: Path) -> None:
    """Nobody is there any more when the server looks for the first time."""
    code = (
        "import os, subprocess, sys; subprocess.Popen([sys.executable, '-m', 'cfgen.sandbox.server', '--folder', "
        f"{str(tmp_path)!r}, '--with-parent', str(os.getpid())], start_new_session=True); os._exit(1)"
    )
    subprocess.run([sys.executable, "-c", code], check=False)
    end = time.monotonic() + 60
    while _servers(tmp_path) and time.monotonic() < end:
        time.sleep(0.1)
    assert time.monotonic() < end
