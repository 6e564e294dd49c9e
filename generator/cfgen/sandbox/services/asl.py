"""Step Functions executions: an interpreter of Amazon States Language (JSONPath) for the states our parts use."""

from __future__ import annotations

import threading
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cfgen.sandbox.cfn.state import now
from cfgen.sandbox.services import asl_paths as paths
from cfgen.sandbox.services.asl_choice import chosen
from cfgen.sandbox.settings import settings


class StateError(Exception):
    """An error a state ends in, which Retry and Catch may name."""

    def __init__(self, error: str, cause: str = "") -> None:
        super().__init__(f"{error}: {cause}")
        self.error, self.cause = error, cause


class Stopped(Exception):
    """The execution was stopped from outside."""


@dataclass
class Execution:
    """One execution."""

    arn: str
    name: str
    machine_arn: str
    machine_name: str
    role: str
    region: str
    definition: dict[str, Any]
    input: Any
    status: str = "RUNNING"
    output: Any = None
    error: str = ""
    cause: str = ""
    started: datetime = field(default_factory=now)
    stopped: datetime | None = None
    history: list[dict[str, Any]] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)
    finished: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def record(self, kind: str, **details: Any) -> None:
        """Write an event of the history."""
        with self.lock:
            event = {"timestamp": now(), "type": kind, "id": len(self.history) + 1, **details}
            event["previousEventId"] = len(self.history)
            self.history.append(event)

    def stop(self) -> None:
        """StopExecution."""
        self.stopping.set()

    def pause(self, seconds: float) -> None:
        """Wait, unless stopped."""
        if self.stopping.wait(max(0.0, seconds)):
            raise Stopped


def run(execution: Execution) -> None:
    """An execution from start to end."""
    execution.record("ExecutionStarted", executionStartedEventDetails={"roleArn": execution.role})
    limit = execution.definition.get("TimeoutSeconds")
    overdue = threading.Event()

    def expire() -> None:
        # told first: the execution may see the stop before this timer has ended
        overdue.set()
        execution.stop()

    timer = threading.Timer(float(limit), expire) if limit else None
    if timer is not None:
        timer.daemon = True
        timer.start()
    try:
        output = block(execution, execution.definition, execution.input, {})
        execution.output, status = output, "SUCCEEDED"
        execution.record("ExecutionSucceeded")
    except StateError as error:
        execution.error, execution.cause, status = error.error, error.cause, "FAILED"
        execution.record(
            "ExecutionFailed", executionFailedEventDetails={"error": error.error, "cause": error.cause}
        )
    except Stopped:
        status = "TIMED_OUT" if overdue.is_set() else "ABORTED"
        execution.record("ExecutionTimedOut" if overdue.is_set() else "ExecutionAborted")
    except Exception as error:
        execution.error, execution.cause, status = (
            "States.Runtime",
            f"{type(error).__name__}: {error}",
            "FAILED",
        )
        execution.record(
            "ExecutionFailed", executionFailedEventDetails={"error": "States.Runtime", "cause": str(error)}
        )
    if timer is not None:
        timer.cancel()
    execution.stopped, execution.status = now(), status
    execution.finished.set()
    from cfgen.sandbox.services import eventbus

    detail = {
        "executionArn": execution.arn,
        "stateMachineArn": execution.machine_arn,
        "name": execution.name,
        "status": status,
        "error": execution.error or None,
        "cause": execution.cause or None,
    }
    eventbus.emit(
        "aws.states", "Step Functions Execution Status Change", detail, execution.region, [execution.arn]
    )


def block(execution: Execution, definition: dict[str, Any], data: Any, extra: dict[str, Any]) -> Any:
    """The states of a machine, a branch or an iteration, from StartAt to the end."""
    name = definition["StartAt"]
    while True:
        if execution.stopping.is_set():
            raise Stopped
        state = definition["States"][name]
        context = _context(execution, name, extra)
        execution.record(f"{state['Type']}StateEntered", stateEnteredEventDetails={"name": name})
        data, following = _state(execution, state, data, context)
        if state["Type"] != "Fail":
            execution.record(f"{state['Type']}StateExited", stateExitedEventDetails={"name": name})
        if following is None:
            return data
        name = following


def _context(execution: Execution, name: str, extra: dict[str, Any]) -> dict[str, Any]:
    return {
        "Execution": {
            "Id": execution.arn,
            "Input": execution.input,
            "Name": execution.name,
            "RoleArn": execution.role,
            "StartTime": execution.started.isoformat().replace("+00:00", "Z"),
        },
        "State": {"Name": name, "EnteredTime": now().isoformat().replace("+00:00", "Z"), "RetryCount": 0},
        "StateMachine": {"Id": execution.machine_arn, "Name": execution.machine_name},
        **extra,
    }


def _state(
    execution: Execution, state: dict[str, Any], data: Any, context: dict[str, Any]
) -> tuple[Any, str | None]:
    attempts: dict[int, int] = {}
    while True:
        try:
            try:
                return _once(execution, state, data, context)
            except paths.PathError as error:
                raise StateError("States.Runtime", str(error)) from None
        except StateError as error:
            if _retry(execution, state, error, attempts):
                context["State"]["RetryCount"] += 1
                continue
            for catcher in state.get("Catch") or []:
                if _matches(catcher["ErrorEquals"], error):
                    caught = {"Error": error.error, "Cause": error.cause}
                    place = catcher.get("ResultPath", "$")
                    return (data if place is None else paths.put(data, place, caught)), catcher["Next"]
            raise


def _matches(names: list[str], error: StateError) -> bool:
    if error.error in names:
        return True
    if "States.ALL" in names:
        # documented exceptions: these end the execution whatever is caught
        return error.error not in ("States.DataLimitExceeded", "States.Runtime")
    return "States.TaskFailed" in names and error.error not in ("States.Timeout", "States.Runtime")


def _retry(execution: Execution, state: dict[str, Any], error: StateError, attempts: dict[int, int]) -> bool:
    for index, rule in enumerate(state.get("Retry") or []):
        if not _matches(rule["ErrorEquals"], error):
            continue
        done = attempts.get(index, 0)
        if done >= int(rule.get("MaxAttempts", 3)):
            return False
        attempts[index] = done + 1
        wait = float(rule.get("IntervalSeconds", 1)) * float(rule.get("BackoffRate", 2.0)) ** done
        execution.pause(min(wait, float(rule.get("MaxDelaySeconds", wait))) / settings.speed)
        return True
    return False


def _once(
    execution: Execution, state: dict[str, Any], data: Any, context: dict[str, Any]
) -> tuple[Any, str | None]:
    kind = state["Type"]
    if kind == "Fail":
        error = (
            paths.compute(state["ErrorPath"], data, context)
            if "ErrorPath" in state
            else state.get("Error", "")
        )
        cause = (
            paths.compute(state["CausePath"], data, context)
            if "CausePath" in state
            else state.get("Cause", "")
        )
        raise StateError(str(error), str(cause))
    if str(state.get("Resource", "")).endswith(".waitForTaskToken"):
        # each try has a token of its own
        context["Task"] = {"Token": str(uuid.uuid4())}
    place = state.get("InputPath", "$")
    given = {} if place is None else paths.get(data, place, context)
    if kind == "Choice":
        return _output(state, given, context), chosen(state, given, context)
    if kind == "Succeed":
        return _output(state, given, context), None
    if kind == "Wait":
        _wait(execution, state, given, context)
        return _output(state, given, context), state.get("Next")
    effective = (
        paths.fill(state["Parameters"], given, context) if "Parameters" in state and kind != "Map" else given
    )
    result = _work(execution, state, effective, given, context)
    if "ResultSelector" in state:
        result = paths.fill(state["ResultSelector"], result, context)
    where = state.get("ResultPath", "$")
    merged = data if where is None else paths.put(data, where, result)
    return _output(state, merged, context), state.get("Next")


def _output(state: dict[str, Any], data: Any, context: dict[str, Any]) -> Any:
    place = state.get("OutputPath", "$")
    return {} if place is None else paths.get(data, place, context)


def _wait(execution: Execution, state: dict[str, Any], data: Any, context: dict[str, Any]) -> None:
    seconds = state.get("Seconds")
    if "SecondsPath" in state:
        seconds = paths.get(data, state["SecondsPath"], context)
    if seconds is None:
        stamp = state.get("Timestamp") or paths.get(data, state["TimestampPath"], context)
        seconds = (
            datetime.fromisoformat(str(stamp).replace("Z", "+00:00")) - datetime.now(UTC)
        ).total_seconds()
    execution.pause(float(seconds) / settings.speed)


def _work(
    execution: Execution, state: dict[str, Any], effective: Any, given: Any, context: dict[str, Any]
) -> Any:
    kind = state["Type"]
    if kind == "Pass":
        return state.get("Result", effective)
    if kind == "Task":
        from cfgen.sandbox.services.asl_tasks import task

        return task(execution, state, effective, given, context)
    if kind == "Parallel":
        return _side_by_side(execution, [(branch, effective, {}) for branch in state["Branches"]], 0)
    items = paths.get(given, state.get("ItemsPath", "$"), context)
    if not isinstance(items, list):
        raise StateError("States.Runtime", "Map state needs an array at ItemsPath")
    inner = state.get("ItemProcessor") or state["Iterator"]
    selector = state.get("ItemSelector") or state.get("Parameters")
    jobs = []
    for index, item in enumerate(items):
        extra = {"Map": {"Item": {"Index": index, "Value": item}}}
        entry = item if selector is None else paths.fill(selector, given, {**context, **extra})
        jobs.append((inner, entry, extra))
    return _side_by_side(execution, jobs, int(state.get("MaxConcurrency") or 0))


def _side_by_side(
    execution: Execution, jobs: list[tuple[dict[str, Any], Any, dict[str, Any]]], limit: int
) -> list[Any]:
    results: list[Any] = [None] * len(jobs)
    errors: list[Exception] = []
    gate = threading.Semaphore(limit or 40)

    def one(index: int) -> None:
        definition, data, extra = jobs[index]
        with gate:
            if errors:
                return
            try:
                results[index] = block(execution, definition, data, extra)
            except Exception as error:
                # one of the interpreter's own too: a branch without a result must not pass for one with none
                errors.append(error)

    threads = [threading.Thread(target=one, args=[index], daemon=True) for index in range(len(jobs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return results
