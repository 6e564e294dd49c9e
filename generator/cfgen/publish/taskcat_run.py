"""Runs taskcat in its environment and gathers how each test went in each region.

Ctrl-C and ``--timeout`` do not leave stacks behind: taskcat is asked to delete what it launched, and waited for.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cfgen.deploy.errors import CredentialsMissing, DeployError, Interrupted
from cfgen.publish.taskcat import Project

RUNNER = Path(__file__).with_name("taskcat_runner.py")
LOG = ".taskcat.log"
_CREDENTIALS = (
    "NoCredentialsError", "ProfileNotFound", "PartialCredentials", "TokenRetrievalError", "SSOTokenLoadError",
    "UnauthorizedSSOToken",
)  # fmt: skip


class TaskcatFailed(DeployError):
    """taskcat ended before it had launched and judged every stack."""


@dataclass
class RegionResult:
    """How a test went in one region. ``failures``: what failed, oldest first, each resource, type and reason."""

    test: str
    region: str
    status: str = ""
    reason: str = ""
    stack: str = ""
    seconds: float = 0.0
    failures: list[dict[str, str]] = field(default_factory=list)
    outputs: dict[str, str] = field(default_factory=dict)
    end: str = ""
    end_reason: str = ""
    kept: bool = False

    @property
    def created(self) -> bool:
        """Whether the stack was created."""
        return self.status == "CREATE_COMPLETE"

    @property
    def good(self) -> bool:
        """Whether it was created and, unless it was to be kept, deleted without a rest."""
        return self.created and (self.kept or self.end == "DELETE_COMPLETE")

    @property
    def complaint(self) -> str:
        """What went wrong, in one line; empty when nothing did."""
        if self.good:
            return ""
        if not self.status:
            return "stopped before its end" if self.stack else "not launched"
        if not self.created:
            own = [one for one in self.failures if "cancelled" not in one["reason"].lower()]
            first = next(
                (one for one in own if one["type"] != "AWS::CloudFormation::Stack"), next(iter(own), None)
            )
            why = f"{first['resource']}: {first['reason']}" if first else self.reason
            return f"{self.status}: {why}" if why else self.status
        return f"created, but not deleted: {self.end or 'no answer'}" + (
            f": {self.end_reason}" if self.end_reason else ""
        )

    def data(self) -> dict[str, Any]:
        """For ``--format json``."""
        return {
            "test": self.test, "region": self.region, "passed": self.good, "status": self.status,
            "complaint": self.complaint, "stack": self.stack, "seconds": self.seconds, "deleted": self.end,
            "failures": self.failures, "outputs": self.outputs,
        }  # fmt: skip


@dataclass
class Run:
    """How all of it went. ``complaint``: what taskcat itself said at its end."""

    results: list[RegionResult]
    seconds: float
    complaint: str = ""
    notes: list[str] = field(default_factory=list)
    stopped: str = ""

    @property
    def passed(self) -> bool:
        """Whether every test passed in every region."""
        return not self.stopped and all(result.good for result in self.results)


def run(
    project: Project,
    folder: Path,
    python: Path,
    *,
    variables: Mapping[str, str] | None = None,
    pause: float = 10.0,
    keep: bool = False,
    keep_failed: bool = False,
    report: Path | None = None,
    timeout: float = 14 * 3600.0,
    say: Callable[[str], None] = lambda _: None,
) -> Run:
    """Run the project written to ``folder``; every region's result.

    ``variables`` are added to the environment; ``pause`` is how many seconds pass between looks at the stacks.
    Raises TaskcatFailed when taskcat breaks before every stack is judged, and Interrupted after a second Ctrl-C.
    """
    found = {
        (test.name, region): RegionResult(test.name, region) for test in project.tests for region in test.regions
    }  # fmt: skip
    done = Run(list(found.values()), 0.0)
    begun = time.monotonic()
    broken = ""
    # isolated: beside the script lies a taskcat.py that is not taskcat
    command = [str(python), "-I", "-W", "ignore", str(RUNNER), str(folder.resolve()), "--pause", str(pause)]
    command += [*(["--keep"] if keep else ()), *(["--keep-failed"] if keep_failed else ())]
    command += ["--report", str(report.resolve())] if report else []
    with (folder / LOG).open("wb") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log,
            env={**os.environ, **(variables or {})}, start_new_session=True,
        )  # fmt: skip
        for line in _lines(process, timeout, done, say):
            event = json.loads(line)
            kind = event.pop("kind")
            one = found.get((event.get("test", ""), event.get("region", "")))
            if one is not None:
                _take(one, kind, event, keep, keep_failed, say)
            elif kind == "complaint":
                done.complaint = event["message"]
            elif kind in {"note", "report"}:
                done.notes.append(
                    event.get("message") or f"taskcat's own report: {event['folder']}/index.html"
                )
            elif kind == "error":
                broken = event["message"]
        code = process.wait()
    done.seconds = round(time.monotonic() - begun, 1)
    if broken.startswith(_CREDENTIALS):
        raise CredentialsMissing(
            f"taskcat has no usable AWS credentials: {broken}",
            hint="`aws configure sso` or `aws configure`, or --profile; `cfgen test --sandbox` needs none",
        )
    unjudged = [one for one in done.results if not one.status]
    if (broken or code not in {0, 1, 130} or unjudged) and not done.stopped:
        raise TaskcatFailed(
            f"taskcat ended early: {broken or done.complaint or _tail(folder / LOG) or f'exit code {code}'}",
            hint=f"its log: {folder / LOG}" + _left(done),
        )
    return done


def _take(
    one: RegionResult, kind: str, event: dict[str, Any], keep: bool, keep_failed: bool, say: Callable[[str], None]
) -> None:  # fmt: skip
    if kind == "status":
        one.stack = event["stack"]
        say(f"{one.test} {one.region} {event['status']}")
    elif kind == "outcome":
        one.status, one.reason, one.stack = event["status"], event["reason"], event["stack"]
        one.seconds, one.failures, one.outputs = event["seconds"], event["failures"], event["outputs"]
        one.kept = keep or (keep_failed and not one.created)
    elif kind == "end":
        one.end, one.end_reason = event["status"], event["reason"]


def _lines(
    process: subprocess.Popen[bytes], timeout: float, done: Run, say: Callable[[str], None]
) -> Any:  # fmt: skip
    """The runner's lines as they come. At Ctrl-C or the timeout it is told to stop, which means to delete."""
    lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()

    def read() -> None:
        assert process.stdout is not None
        with process.stdout as output:
            for line in output:
                lines.put(line)
        lines.put(None)

    threading.Thread(target=read, daemon=True).start()
    ends = time.monotonic() + timeout
    while True:
        try:
            line = lines.get(timeout=0.5)
            if line is None:
                return
            yield line
        except queue.Empty:
            if not done.stopped and time.monotonic() > ends:
                done.stopped = f"not done after {timeout:g} s"
                say(f"{done.stopped}: taskcat deletes its stacks")
                process.send_signal(signal.SIGINT)
        except KeyboardInterrupt:
            if done.stopped:
                process.kill()
                process.wait()
                raise Interrupted(
                    "stopped; what taskcat launched may still be there", hint=_left(done)
                ) from None
            done.stopped = "stopped by you"
            say("stopping: taskcat deletes its stacks (again: leave them)")
            process.send_signal(signal.SIGINT)


def _left(done: Run) -> str:
    """Commands that delete what was launched."""
    left = [one for one in done.results if one.stack and one.end != "DELETE_COMPLETE"]
    return "".join(
        f"\n  aws cloudformation delete-stack --region {one.region} --stack-name {one.stack.split('/')[1]}"
        for one in left
        if "/" in one.stack
    )


def _tail(log: Path) -> str:
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1] if lines else ""
