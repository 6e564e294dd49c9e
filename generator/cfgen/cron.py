"""Cron expressions of EventBridge Scheduler and Application Auto Scaling: what is wrong with one.

Sources: EventBridge Scheduler, "Schedule types" (cron-based schedules); Application Auto Scaling, "Schedule recurring
scaling actions using cron expressions".
"""

from __future__ import annotations

import re

_NAMES = {
    3: ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"),
    4: ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"),
}
_BOUNDS = ((0, 59), (0, 23), (1, 31), (1, 12), (1, 7), (1970, 2199))
_SPECIAL = {2: r"L|LW|L-\d{1,2}|[1-9]\d?W", 4: r"L|[A-Z1-7]+L|([1-7]|[A-Z]{3})#[1-5]"}


def wrong_cron(text: str) -> str:
    """What is wrong with a cron expression; empty if nothing is."""
    fields = text.removeprefix("cron(").removesuffix(")").split()
    if len(fields) != 6:
        return f"has {len(fields)} fields, not six"
    if (fields[2] == "?") == (fields[4] == "?"):
        return "has ? in exactly one of day-of-month and day-of-week" if fields[2] != "?" else "has ? twice"
    for index, value in enumerate(fields):
        if not _field(value, index):
            return f"has {value} as field {index + 1}"
    return ""


def _field(value: str, index: int) -> bool:
    if value == "?":
        return index in _SPECIAL
    if re.fullmatch(_SPECIAL.get(index, "(?!)"), value):
        return True
    least, most = _BOUNDS[index]
    for part in value.split(","):
        span, slash, step = part.partition("/")
        if slash and not (step.isdigit() and int(step) > 0):
            return False
        if span == "*":
            continue
        ends = [_number(end, index) for end in span.split("-")]
        if len(ends) > 2 or any(end is None or not least <= end <= most for end in ends):
            return False
        if len(ends) == 2 and ends[0] > ends[1]:  # type: ignore[operator]
            return False
    return True


def _number(text: str, index: int) -> int | None:
    names = _NAMES.get(index, ())
    if text in names:
        return names.index(text) + 1
    return int(text) if text.isdigit() else None
