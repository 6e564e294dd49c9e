"""Schedule expressions (at, rate, cron) and time zones, as EventBridge and Application Auto Scaling read them."""

from __future__ import annotations

import re
import zoneinfo
from datetime import datetime

_UNITS = "minute|hour|day"
_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
# minutes, hours, day of the month, month, day of the week, year: least, most and names
_FIELDS: tuple[tuple[int, int, list[str]], ...] = (
    (0, 59, []),
    (0, 23, []),
    (1, 31, []),
    (1, 12, _MONTHS),
    (1, 7, _DAYS),
    (1970, 2199, []),
)


def problem(expression: str, zone: str = "", *, rule: bool = False) -> str:
    """What is wrong with a schedule expression or its time zone; empty if nothing is.

    A rule of EventBridge takes no ``at``, and is particular about "1 minute" and "2 minutes"; a schedule is not.
    """
    if zone and zone not in zoneinfo.available_timezones():
        return f"Invalid time zone {zone}."
    kind, _, rest = expression.partition("(")
    if not rest.endswith(")"):
        return f"Invalid Schedule Expression {expression}."
    inner = rest[:-1].strip()
    if rule and (kind == "at" or (kind == "rate" and inner.startswith("1 ") == inner.endswith("s"))):
        return f"Parameter ScheduleExpression is not valid: {expression}."
    good = {"at": _at, "rate": _rate, "cron": _cron}.get(kind, lambda _: False)(inner)
    return "" if good else f"Invalid Schedule Expression {expression}."


def _at(text: str) -> bool:
    try:
        datetime.strptime(text, "%Y-%m-%dT%H:%M:%S")
    except ValueError:
        return False
    return True


def _rate(text: str) -> bool:
    match = re.fullmatch(rf"(\d+) +({_UNITS})s?", text)
    return match is not None and int(match[1]) >= 1


def _cron(text: str) -> bool:
    fields = text.split()
    if len(fields) != 6:
        return False
    # either the day of the month or the day of the week stands open, as "?"
    if (fields[2] == "?") == (fields[4] == "?"):
        return False
    return all(_field(value, index) for index, value in enumerate(fields))


def _field(value: str, index: int) -> bool:
    least, most, names = _FIELDS[index]
    if value == "?":
        return index in (2, 4)
    if index == 2 and re.fullmatch(r"L(W|-\d+)?|\d{1,2}W", value):
        return True
    if index == 4 and re.fullmatch(r"L|[1-7]L|[1-7]#[1-5]|(SUN|MON|TUE|WED|THU|FRI|SAT)(L|#[1-5])", value):
        return True
    for part in value.split(","):
        span, _, step = part.partition("/")
        if step and not step.isdigit():
            return False
        if span == "*":
            continue
        for end in span.split("-") if "-" in span else [span]:
            if end.upper() in names:
                continue
            if not end.isdigit() or not least <= int(end) <= most:
                return False
    return True
