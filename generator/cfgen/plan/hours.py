"""Hours of a week in which an endpoint is there, by the schedules of its template.

Two kinds are read: an update of the stack by EventBridge Scheduler, with a parameter under which the endpoint stands,
and scheduled actions that move the bounds of a scalable target. Expressions that are not of a week tell nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from cfgen.lint.evaluate import mapping, maps, number, text
from cfgen.lint.worlds import World

WEEK = 168
DAY = 24 * 60
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")

Event = tuple[int, bool]
"""Minutes of the week, from Sunday 00:00, and whether it switches on."""


def hours_of_week(world: World) -> float | None:
    """How long the endpoint is there in a week. None when no schedule switches it, or it cannot be told when."""
    events: set[Event] = set()
    for on, expression in _switched(world):
        moments = weekly(expression)
        if moments is None:
            return None
        events |= {(moment, on) for moment in moments}
    return _on(sorted(events)) / 60 if {on for _, on in events} == {True, False} else None


def weekly(expression: str) -> tuple[int, ...] | None:
    """Minutes of the week of a cron expression with plain minutes, hours and days of the week; None for others."""
    match = re.fullmatch(r"cron\((.*)\)", expression)
    fields = match.group(1).split() if match else []
    if len(fields) != 6 or fields[2] not in "?*" or fields[3] != "*" or fields[5] != "*":
        return None
    minutes, hours, days = (_values(fields[0], 60), _values(fields[1], 24), _week_days(fields[4]))
    if minutes is None or hours is None or days is None:
        return None
    return tuple(day * DAY + hour * 60 + minute for day in days for hour in hours for minute in minutes)


def _switched(world: World) -> Iterator[tuple[bool, str]]:
    """Whether it switches on, and the cron expression, of everything that is enabled."""
    for schedule in world.of_type("AWS::Scheduler::Schedule"):
        properties = schedule.properties
        if text(properties.get("State", "ENABLED")) == "DISABLED":
            continue
        target = mapping(properties, "Target")
        if text(target.get("Arn", "")).endswith("aws-sdk:cloudformation:updateStack"):
            value = _value(text(target.get("Input", "")))
            if value is not None:
                yield value, text(properties.get("ScheduleExpression", ""))
    for scaled in world.of_type("AWS::ApplicationAutoScaling::ScalableTarget"):
        for action in maps(scaled.properties, "ScheduledActions"):
            most = number(mapping(action, "ScalableTargetAction").get("MaxCapacity"))
            if most is not None:
                yield most > 0, text(action.get("Schedule", ""))


def _value(body: str) -> bool | None:
    """What the update gives the switch: the only parameter that gets a value of its own."""
    try:
        given = [one["ParameterValue"] for one in json.loads(body)["Parameters"] if "ParameterValue" in one]
    except (ValueError, KeyError, TypeError):
        return None
    return (
        {"yes": True, "true": True, "no": False, "false": False}.get(str(given[0]))
        if len(given) == 1
        else None
    )


def _on(events: list[Event]) -> int:
    """Minutes between each event that switches on and the next event; the week begins as it ended."""
    following = [*events[1:], (events[0][0] + 7 * DAY, events[0][1])]
    return sum(after - moment for (moment, on), (after, _) in zip(events, following, strict=True) if on)


def _values(field: str, end: int) -> list[int] | None:
    found: list[int] = []
    for part in field.split(","):
        first, _, last = part.partition("-")
        if not first.isdigit() or (last and not last.isdigit()):
            return None
        found += range(int(first), int(last or first) + 1)
    return sorted(set(found)) if found and max(found) < end else None


def _week_days(field: str) -> list[int] | None:
    if field == "*":
        return list(range(7))
    numbered = field
    for index, name in enumerate(_DAYS):
        numbered = numbered.replace(name, str(index + 1))
    found = _values(numbered, 8)
    return [day - 1 for day in found] if found and 0 not in found else None
