"""What a month costs with the endpoint away part of the time, by a schedule or by scaling to zero.

``savings`` compares ways of not paying for idle instances with paying for all of them. It reads the standing cost of
instances from the cost lines. Of a template that keeps hours it tells what those save, and nothing else.
"""

from __future__ import annotations

from cfgen.plan.hours import WEEK
from cfgen.plan.model import HOURS, RegionCost, Saving

WORKING_HOURS = 50
"""Hours of a working week: five days of ten."""
BUSY_HOURS = 4
"""Hours a day with requests, for an endpoint used now and then."""


def instance_cost(cost: RegionCost) -> float:
    """An hour of the instances alone."""
    return sum(line.hourly or 0.0 for line in cost.lines if " × ml." in line.what)


def savings(cost: RegionCost, hours: float | None = None) -> tuple[Saving, ...]:
    """What schedules and scaling to zero save in a month; none where no instance is paid for.

    ``hours``: of a week in which the template's own schedule has the endpoint there (``hours_of_week``).
    """
    hourly = instance_cost(cost)
    if hourly <= 0:
        return ()
    kept = hours is not None
    ways: tuple[tuple[str, float, str], ...] = (
        (
            "only in working hours", WORKING_HOURS / WEEK,
            f"the endpoint exists {WORKING_HOURS} of the {WEEK} hours of a week",
        ),
        (
            "scaled to zero when idle", BUSY_HOURS / 24,
            f"instances run {BUSY_HOURS} hours of a day; the first request after a pause waits for one",
        ),
    )  # fmt: skip
    if hours is not None:
        how = f"the endpoint is there {hours:g} of the {WEEK} hours of a week"
        ways = (("by its schedule", hours / WEEK, how),)
    found = []
    for what, share, how in ways:
        saved = hourly * HOURS * (1 - share)
        found.append(Saving(what, cost.monthly - saved, saved, saved / cost.monthly, how, kept))
    return tuple(found)
