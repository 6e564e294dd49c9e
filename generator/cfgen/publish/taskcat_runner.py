"""Runs inside the environment that has taskcat, as a script: real taskcat, told and answered in JSON lines.

Imports nothing of cfgen. ``CFNTest`` as a context manager launches, waits and deletes; taskcat's own report is written
only when asked for, since it fetches a style sheet from the internet.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any

_SAID = threading.Lock()


def say(kind: str, **data: Any) -> None:
    """One JSON line on the real standard output; everything taskcat prints goes to standard error."""
    with _SAID:
        os.write(_OUT, (json.dumps({"kind": kind, **data}, default=str) + "\n").encode())


def status_of(stack: Any) -> str:
    """CloudFormation's status. taskcat gives a failed stack that is gone a name of its own."""
    return "DELETE_COMPLETE" if stack._status == "OUT_OF_ORDER_EVENT" else str(stack._status)


class Watch:
    """Taskcat's printer: looks at the stacks until none is in progress, and tells each change once.

    taskcat's own looks at a copy that is renewed once a minute.
    """

    def __init__(self, pause: float) -> None:
        self.pause = pause
        self.begun = time.monotonic()
        self.shown: dict[str, str] = {}
        self.seconds: dict[str, float] = {}

    def report_test_progress(self, stacker: Any, poll_interval: float = 10) -> None:  # noqa: ARG002 - taskcat's
        """What taskcat calls after it has begun to create, and again to delete."""
        while True:
            for stack in stacker.stacks:
                try:
                    stack.refresh()
                except Exception as error:
                    logging.getLogger(__name__).warning("cannot look at %s: %s", stack.id, error)
                self.show(stack)
            if not stacker.status()["IN_PROGRESS"]:
                return
            time.sleep(self.pause)

    def show(self, stack: Any) -> None:
        """Tell the stack's status if it is another than last time."""
        status = status_of(stack)
        if self.shown.get(stack.id) != status:
            self.shown[stack.id] = status
            self.seconds.setdefault(f"{stack.id} {status}", time.monotonic() - self.begun)
            say("status", test=stack.test_name, region=stack.region_name, stack=stack.id, status=status)


def outcome(stack: Any, watch: Watch) -> dict[str, Any]:
    """How a stack stands before taskcat deletes it: status, reason, and what failed, oldest first."""
    failures: list[dict[str, str]] = []
    if not stack.launch_exception and status_of(stack) != "CREATE_COMPLETE":
        events = sorted(stack.events(refresh=True), key=lambda event: event.timestamp)
        failures = [
            {"resource": event.logical_id, "type": event.type, "reason": event.status_reason}
            for event in events
            if event.status.endswith("_FAILED")
        ]
    return {
        "test": stack.test_name,
        "region": stack.region_name,
        "stack": "" if stack.launch_exception else stack.id,
        "status": status_of(stack),
        "reason": stack.status_reason or "",
        "failures": failures,
        "outputs": {one.key: one.value for one in stack.outputs},
        "seconds": round(watch.seconds.get(f"{stack.id} {status_of(stack)}", 0.0), 1),
    }


def run(arguments: argparse.Namespace) -> int:
    """Launch, wait, delete. 0 when taskcat is content, 1 when it is not; the outcomes have been told by then."""
    from taskcat._cli_core import GLOBAL_ARGS
    from taskcat.exceptions import TaskCatException
    from taskcat.testing import CFNTest

    # "default" otherwise, which would win over what .taskcat.yml says
    GLOBAL_ARGS._profile = ""
    watch = Watch(arguments.pause)
    test = CFNTest.from_file(project_root=arguments.project, input_file=".taskcat.yml")
    test.printer = watch  # type: ignore[assignment, unused-ignore]
    # cfgen has linted the templates for these regions
    test.lint_disable = True
    test.no_delete, test.keep_failed = arguments.keep, arguments.keep_failed
    # a stack that cannot be deleted is a finding
    test.dont_wait_for_delete = False
    buckets = remember_buckets(test.config)
    keep_numbers(test.config)
    code = 0
    try:
        with test as stacks:
            for stack in stacks:
                say("outcome", **outcome(stack, watch))
            if arguments.report:
                report(test, arguments.report)
    except TaskCatException as error:
        say("complaint", message=str(error))
        code = 1
    except KeyboardInterrupt:
        say("stopped")
        code = 130
    finally:
        if arguments.keep:
            for name in sorted({one.name for regions in buckets.values() for one in regions.values()}):
                say("note", message=f"taskcat's bucket stays too: {name}")
        for stack in (getattr(test, "test_definition", None) and test.test_definition.stacks) or ():
            if not stack.launch_exception:
                say("end", test=stack.test_name, region=stack.region_name, status=status_of(stack),
                    reason=stack.status_reason or "")  # fmt: skip
    return code


def remember_buckets(config: Any) -> dict[str, Any]:
    """Let taskcat delete the bucket it made. Asked a second time, it makes another, and deletes that one alone."""
    made: dict[str, Any] = {}
    make = config.get_buckets

    def once(boto3_cache: Any = None) -> dict[str, Any]:
        if not made:
            made.update(make(boto3_cache))
        return made

    config.get_buckets = once
    return made


def keep_numbers(config: Any) -> None:
    """Let taskcat see parameters whose default is a number: it forgets them, and with them the test's own values."""
    read = config.get_params_from_templates

    def all_of_them(templates: Any) -> dict[str, Any]:
        found: dict[str, Any] = read(templates)
        for name, template in templates.items():
            for key, body in template.template.get("Parameters", {}).items():
                found[name].setdefault(str(key), str(body["Default"]) if "Default" in body else None)
        return found

    config.get_params_from_templates = all_of_them


def report(test: Any, folder: str) -> None:
    """Taskcat's own report; without internet it cannot be written, which says nothing about the stacks."""
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        test.report(folder)
        say("report", folder=folder)
    except Exception as error:
        say("note", message=f"taskcat's own report could not be written: {error}")


def main() -> None:
    """Parse, run, end at once: taskcat leaves timers behind that would hold the process for a minute."""
    parser = argparse.ArgumentParser()
    parser.add_argument("project")
    parser.add_argument("--pause", type=float, default=10.0)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--keep-failed", action="store_true")
    parser.add_argument("--report", default="")
    arguments = parser.parse_args()
    os.chdir(arguments.project)
    try:
        code = run(arguments)
    except BaseException as error:
        traceback.print_exc()
        say("error", message=f"{type(error).__name__}: {error}")
        code = 1
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    # what taskcat prints must not mix with what is answered
    _OUT = os.dup(1)
    os.dup2(2, 1)
    main()
else:
    _OUT = 1
