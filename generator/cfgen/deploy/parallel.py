"""Several launches side by side: so many at a time, each told with its own prefix, none stopping another.

Ctrl-C stops following everywhere, at once; what runs in AWS goes on.
"""

from __future__ import annotations

import contextlib
import queue
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from cfgen.deploy import errors, run
from cfgen.deploy.launch import Launch, Prepared, Result
from cfgen.deploy.report import Reporter
from cfgen.deploy.session import Aws
from cfgen.errors import CfgenError

T = TypeVar("T")
R = TypeVar("R")


def side_by_side(
    items: Sequence[T], work: Callable[[T], R], at_once: int, stop: threading.Event
) -> list[R | BaseException]:
    """``work(item)`` for every item, ``at_once`` at a time; what each returned or raised, in the order of the items.

    Ctrl-C sets ``stop``, which ``work`` is expected to heed; a second one returns without waiting for those that have
    not yet. Items not begun are given Interrupted.
    """
    waiting: queue.SimpleQueue[tuple[int, T]] = queue.SimpleQueue()
    for pair in enumerate(items):
        waiting.put(pair)
    unbegun = errors.Interrupted("not begun: stopped before")
    found: list[R | BaseException] = [unbegun] * len(items)
    done = threading.Semaphore(0)

    def worker() -> None:
        while True:
            try:
                index, item = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                if not stop.is_set():
                    found[index] = errors.Interrupted("stopped; what was begun in AWS goes on")
                    found[index] = work(item)
            except BaseException as error:
                found[index] = error
            finally:
                done.release()

    with _interrupts(stop) as count:
        for _ in range(max(1, min(at_once, len(items)))):
            threading.Thread(target=worker, daemon=True).start()
        left = len(items)
        while left and count() < 2:
            # a wait without a timeout would not let Ctrl-C through on every platform
            if done.acquire(timeout=0.1):
                left -= 1
    # a copy: after a second Ctrl-C the workers may still write theirs
    return list(found)


@contextlib.contextmanager
def _interrupts(stop: threading.Event) -> Iterator[Callable[[], int]]:
    """Let Ctrl-C set ``stop`` instead of breaking in anywhere; yields how often it came."""
    seen: list[int] = []

    def heed(number: int, frame: object) -> None:  # noqa: ARG001 - the signature of a signal handler
        seen.append(number)
        stop.set()

    if threading.current_thread() is not threading.main_thread():
        yield lambda: len(seen)
        return
    before = signal.signal(signal.SIGINT, heed)
    try:
        yield lambda: len(seen)
    finally:
        # None: a handler that was not installed from Python; the default then
        signal.signal(signal.SIGINT, signal.SIG_DFL if before is None else before)


def outcome(launch: Launch, found: Result | BaseException, seconds: float = 0.0) -> Result:
    """The result, of a failure too. Raises what is a fault of cfgen's own."""
    if isinstance(found, Result):
        return found
    if not isinstance(found, CfgenError):
        raise found
    stopped = isinstance(found, (errors.Interrupted, errors.TimedOut))
    return Result(launch, "stopped" if stopped else "failed", seconds, error=found)


def deploy_all(
    launches: Sequence[Launch],
    *,
    reporter: Callable[[Launch], Reporter],
    confirm: Callable[[list[Prepared], list[Result]], bool] | None = None,
    check: Callable[[], object] | None = None,
    execute: bool = True,
    at_once: int = 4,
    stop: threading.Event | None = None,
) -> list[Result]:
    """Launch all of them: first every change set, then one question, then everything at once.

    ``check`` is called when the change sets are made: what it raises takes them all back and is raised.
    ``confirm`` sees what is ready and what has failed already. Results stand in the order of ``launches``.
    """
    stopped = stop or threading.Event()
    reporters = {id(launch): reporter(launch) for launch in launches}

    def prepare(launch: Launch) -> Prepared:
        with Aws(launch.region, launch.profile) as aws:
            return run.prepare(launch, aws, report=reporters[id(launch)], stop=stopped)

    found = side_by_side(launches, prepare, at_once, stopped)
    ready = [one for one in found if isinstance(one, Prepared)]
    results = {
        id(launch): outcome(launch, one)
        for launch, one in zip(launches, found, strict=True)
        if isinstance(one, BaseException)
    }
    waiting = [one for one in ready if one.change_set is not None]
    if check is not None and not stopped.is_set():
        try:
            check()
        except CfgenError:
            for one in waiting:
                with Aws(one.launch.region, one.launch.profile) as aws:
                    run.abandon(one, aws)
            raise
    if stopped.is_set():
        halt = errors.Interrupted(
            "stopped before anything was executed", hint="deploy again: unused change sets do no harm"
        )
        results |= {id(one.launch): Result(one.launch, "stopped", error=halt) for one in ready}
        going = []
    elif not execute:
        results |= {
            id(one.launch): Result(one.launch, "planned", change_set=one.change_set) for one in waiting
        }
        going = [one for one in ready if one.change_set is None]
    elif not waiting or confirm is None or confirm(ready, list(results.values())):
        going = ready
    else:
        going = []
        for one in ready:
            declined = errors.Declined(f"{one.launch.stack_name}: nothing was changed")
            results[id(one.launch)] = Result(
                one.launch, "declined", change_set=one.change_set, error=declined
            )
            with Aws(one.launch.region, one.launch.profile) as aws:
                run.abandon(one, aws)

    def carry_out(prepared: Prepared) -> Result:
        launch, started = prepared.launch, time.monotonic()
        try:
            with Aws(launch.region, launch.profile) as aws:
                return run.carry_out(prepared, aws, report=reporters[id(launch)], stop=stopped)
        except CfgenError as error:
            return outcome(launch, error, time.monotonic() - started)

    ended = side_by_side(going, carry_out, at_once, stopped)
    results |= {id(one.launch): outcome(one.launch, end) for one, end in zip(going, ended, strict=True)}
    return [results.get(id(launch)) or Result(launch, "unchanged") for launch in launches]


def summary(results: Sequence[Result]) -> list[str]:
    """One line a launch, as a table."""
    rows = [
        (one.launch.stack_name, one.launch.region, one.outcome, f"{one.seconds:.0f} s") for one in results
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        + (f"  {one.error.message.splitlines()[0][:100]}" if one.error else "")
        for row, one in zip(rows, results, strict=True)
    ]
