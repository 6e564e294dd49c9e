"""Windows of a week as cron expressions, and what of them does not go together.

Sources: EventBridge Scheduler, "Schedule types" (cron-based schedules); Application Auto Scaling, "Schedule recurring
scaling actions using cron expressions": both read six fields, with names of days.
"""

from __future__ import annotations

from collections.abc import Sequence

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY = 24 * 60
WEEK = 7 * DAY
LEAST = 60
"""Minutes that a window or a pause lasts at least: an endpoint needs up to half an hour to come."""

Span = tuple[int, int]
"""Minutes of the week, from Monday 00:00, at which a window begins and ends; the end may lie in the next week."""


def minutes(time: str) -> int:
    """Minutes of the day of ``HH:MM``."""
    hour, minute = time.split(":")
    return int(hour) * 60 + int(minute)


def spans(days: Sequence[str], opens: str, closes: str) -> tuple[Span, ...]:
    """The spans of a window, one a day; a window that ends not after it begins goes into the next day."""
    begin, end = minutes(opens), minutes(closes)
    length = end - begin if end > begin else end - begin + DAY
    starts = [DAYS.index(day) * DAY + begin for day in dict.fromkeys(days)]
    return tuple((start, start + length) for start in sorted(starts))


def cron(at: Sequence[int], attempts: int = 1) -> str:
    """A cron expression for minutes of the week that differ in their day alone, and tried again hour by hour.

    Later attempts that would fall on the next day are left out: their day would be another.
    """
    minute, hour = at[0] % 60, at[0] % DAY // 60
    hours = ",".join(str(hour + more) for more in range(attempts) if hour + more < 24)
    days = sorted({moment % WEEK // DAY for moment in at})
    return f"cron({minute} {hours} ? * {_days(days)} *)"


def _days(days: list[int]) -> str:
    if len(days) > 2 and days == list(range(days[0], days[-1] + 1)):
        # 1 is Sunday: a range that ends with it would run backwards
        last = "SAT,SUN" if days[-1] == 6 else DAYS[days[-1]].upper()
        if days == list(range(7)):
            return "*"
        if days[-1] < 6:
            return f"{DAYS[days[0]].upper()}-{last}"
    return ",".join(DAYS[day].upper() for day in days)


def attempts_within(length: int, attempts: int) -> int:
    """How many of ``attempts``, an hour apart, lie within a window or pause of ``length`` minutes, with LEAST left."""
    return max(1, min(attempts, (length - LEAST) // 60 + 1))


def clash(found: Sequence[Span]) -> str:
    """What is wrong with the spans of a week together: they overlap, meet, or leave too short a pause."""
    ordered = sorted(found)
    for (_, end), (start, _) in zip(ordered, [*ordered[1:], (ordered[0][0] + WEEK, 0)], strict=True):
        if end > start:
            return "overlap"
        if end == start:
            return "meet"
        if start - end < LEAST:
            return "leave too short a pause"
    return ""
