"""Off and on: by which means, at what times."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TimesPlan:
    """A window of a schedule. ``suffix`` ends logical ids and parameters; empty for the first.

    ``start`` and ``stop``: cron expressions of EventBridge Scheduler and Application Auto Scaling, six fields.
    """

    suffix: str
    start: str
    stop: str


@dataclass(frozen=True, slots=True)
class SchedulePlan:
    """What switches the endpoint. ``times`` are empty for a switch that only a person turns.

    ``switch``: the stack is updated with its parameter EndpointEnabled, by a role of its own; else the bounds of
    scaling are lowered to ``keep`` by scheduled actions. ``hours``: of a week in which the endpoint is there, None when
    expressions tell no such thing.
    """

    switch: bool
    zone: str
    times: tuple[TimesPlan, ...]
    keep: int
    hours: float | None
