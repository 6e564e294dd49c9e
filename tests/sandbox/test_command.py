"""``cfgen sandbox``: start, status, run, stop; and the context manager."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from cfgen.cli.sandbox import command
from cfgen.errors import CfgenError
from cfgen.sandbox import Sandbox

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
        with pytest.raises(CfgenError, match="running already"):
            runner.invoke(command, ["start", *folder], catch_exceptions=False)
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
    code = "from cfgen.sandbox import Sandbox; import os; sb = Sandbox().start(); print(sb.pid, flush=True); os._exit(1)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    pid = int(done.stdout)
    end = time.monotonic() + 20
    while Path(f"/proc/{pid}/cmdline").exists() and time.monotonic() < end:
        if Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z":
            break
        time.sleep(0.1)
    assert time.monotonic() < end
