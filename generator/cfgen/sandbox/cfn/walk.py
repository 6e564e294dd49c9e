"""Work along a dependency graph, side by side: each item starts when what it waits for is done."""

from __future__ import annotations

import threading
from collections.abc import Callable

_MAX_PARALLEL = 24


def walk(
    graph: dict[str, set[str]], work: Callable[[str], None], stop: threading.Event
) -> tuple[list[str], list[str]]:
    """Run ``work`` for every item after its needs; returns (done, failed).

    A failure sets ``stop``: nothing new starts, what runs is waited for.
    """
    condition = threading.Condition()
    waiting = {name: {need for need in needs if need in graph} for name, needs in graph.items()}
    running: set[str] = set()
    done: list[str] = []
    failed: list[str] = []

    def run(name: str) -> None:
        good = False
        try:
            work(name)
            good = True
        except Exception:
            stop.set()
        finally:
            with condition:
                running.discard(name)
                (done if good else failed).append(name)
                condition.notify_all()

    with condition:
        while True:
            finished = set(done)
            ready = [name for name, needs in waiting.items() if needs <= finished]
            if not stop.is_set():
                for name in ready[: _MAX_PARALLEL - len(running)]:
                    del waiting[name]
                    running.add(name)
                    threading.Thread(target=run, args=(name,), daemon=True).start()
            if not running and (stop.is_set() or not ready):
                return done, failed
            condition.wait(timeout=0.5)


def reverse(graph: dict[str, set[str]]) -> dict[str, set[str]]:
    """The same graph for deletion: what is needed waits for what needs it."""
    turned: dict[str, set[str]] = {name: set() for name in graph}
    for name, needs in graph.items():
        for need in needs:
            if need in turned:
                turned[need].add(name)
    return turned
