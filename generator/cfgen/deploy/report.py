"""Telling progress on stderr: a live tree on a terminal, one line an event elsewhere, nothing when nobody listens."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Protocol, TextIO

from cfgen.deploy import errors
from cfgen.deploy.events import Event
from cfgen.errors import extra

_LOCK = threading.Lock()


class Reporter(Protocol):
    """What a launch tells while it runs."""

    def say(self, text: str) -> None:
        """A sentence about what happens."""

    def begin(self, title: str, resources: Mapping[str, str]) -> None:
        """Events follow, of these resources (logical id → what to call it)."""

    def event(self, event: Event) -> None:
        """One event."""

    def end(self) -> None:
        """No more events."""


class Silent:
    """Tells nothing."""

    def say(self, text: str) -> None:
        """Nothing."""

    def begin(self, title: str, resources: Mapping[str, str]) -> None:
        """Nothing."""

    def event(self, event: Event) -> None:
        """Nothing."""

    def end(self) -> None:
        """Nothing."""


def line_of(event: Event) -> str:
    """One event on one line, its time first (UTC would be AWS's; a person's clock is local)."""
    clock = event.at.astimezone().strftime("%H:%M:%S")
    reason = f": {' '.join(event.reason.split())}" if event.reason else ""
    name = f"{event.name} ({event.logical_id})" if event.name else event.logical_id
    return f"{clock} {event.status:<27} {name}{reason}"


class Lines:
    """One line an event, each with a prefix when several stacks run side by side."""

    def __init__(self, prefix: str = "", stream: TextIO | None = None) -> None:
        self._prefix, self._stream = f"[{prefix}] " if prefix else "", stream

    def say(self, text: str) -> None:
        """The text, line by line."""
        stream = self._stream or sys.stderr
        with _LOCK:
            for line in text.splitlines():
                stream.write(f"{self._prefix}{line}\n")
            stream.flush()

    def begin(self, title: str, resources: Mapping[str, str]) -> None:  # noqa: ARG002
        """The title."""
        self.say(title)

    def event(self, event: Event) -> None:
        """The event's line."""
        self.say(line_of(event))

    def end(self) -> None:
        """Nothing."""


class Tree:
    """The stack and its resources, each with its state and how long it has been in it, drawn anew in place."""

    def __init__(self, *, color: bool = True) -> None:
        try:
            from rich.console import Console
        except ImportError as error:
            raise errors.ToolMissing("rich is not installed", hint=extra("deploy")) from error
        self._console = Console(stderr=True, no_color=not color or None, highlight=False)
        self._live: Any = None
        self._title, self._started = "", 0.0
        self._names: dict[str, str] = {}
        self._last: dict[str, tuple[Event, datetime]] = {}
        self._lock = threading.Lock()

    def say(self, text: str) -> None:
        """The text, above the tree while there is one."""
        self._console.print(text, markup=False, soft_wrap=True)

    def begin(self, title: str, resources: Mapping[str, str]) -> None:
        """Draw the tree with every resource still waiting."""
        from rich.live import Live

        self._title, self._names, self._started, self._last = title, dict(resources), time.monotonic(), {}
        self._live = Live(
            get_renderable=self._draw,
            console=self._console,
            refresh_per_second=4,
            transient=False,
            vertical_overflow="visible",
        )
        self._live.start()

    def event(self, event: Event) -> None:
        """Take the event into the tree; what failed also stays above it."""
        with self._lock:
            first = self._last.get(event.logical_id)
            began = (
                first[1]
                if first and first[0].status.split("_")[0] == event.status.split("_")[0]
                else event.at
            )
            self._last[event.logical_id] = (event, began)
        if event.failed and not event.consequence:
            self.say(line_of(event))

    def end(self) -> None:
        """Leave the last picture standing."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _draw(self) -> Any:
        from rich.table import Table
        from rich.text import Text

        with self._lock:
            last = dict(self._last)
        stack = next((event for event, _ in last.values() if event.of_stack), None)
        table = Table.grid(padding=(0, 2))
        table.add_row(
            "",
            Text(self._title, style="bold"),
            Text(stack.status if stack else "…"),
            _clock(time.monotonic() - self._started),
        )
        order = [
            *self._names,
            *(name for name in last if name not in self._names and not last[name][0].of_stack),
        ]
        for name in order:
            known = last.get(name)
            if known is None:
                table.add_row(
                    "·", Text(f"  {self._names[name]}", style="dim"), Text("waiting", style="dim"), ""
                )
                continue
            event, began = known
            style = _style(event)
            until = (
                event.at if event.status.endswith(("_COMPLETE", "_FAILED", "_SKIPPED")) else datetime.now(UTC)
            )
            table.add_row(
                Text(_mark(event), style=style),
                Text(f"  {self._names.get(name) or event.title}"),
                Text(event.status.replace("_", " ").lower(), style=style),
                _clock((until - began).total_seconds()),
            )
        return table


def _mark(event: Event) -> str:
    if event.failed:
        return "✗"
    return "✓" if event.status.endswith("_COMPLETE") else "•"


def _style(event: Event) -> str:
    if event.failed:
        return "red"
    return "green" if event.status.endswith("_COMPLETE") else "yellow"


def _clock(seconds: float) -> str:
    whole = max(0, int(seconds))
    return f"{whole // 60}:{whole % 60:02d}"
