"""What a month would cost with the endpoint away part of the time: the seam for schedules and scaling to zero.

``savings`` compares ways of not paying for idle instances with paying for all of them. It reads the standing cost of
instances from the cost lines; a template that already scales or keeps hours is told by ``cfgen.plan.costs``.
"""

from __future__ import annotations

from cfgen.plan.model import HOURS, RegionCost, Saving

WEEK = 168
WORKING_HOURS = 50
"""Hours of a working week: five days of ten."""
BUSY_HOURS = 4
"""Hours a day with requests, for an endpoint used now and then."""


def instance_cost(cost: RegionCost) -> float:
    """An hour of the instances alone."""
    return sum(line.hourly or 0.0 for line in cost.lines if " × ml." in line.what)


def savings(cost: RegionCost) -> tuple[Saving, ...]:
    """What schedules and scaling to zero save in a month; none where no instance is paid for."""
    hourly = instance_cost(cost)
    if hourly <= 0:
        return ()
    ways = (
        (
            "only in working hours", WORKING_HOURS / WEEK,
            f"the endpoint exists {WORKING_HOURS} of the {WEEK} hours of a week",
        ),
        (
            "scaled to zero when idle", BUSY_HOURS / 24,
            f"instances run {BUSY_HOURS} hours of a day; the first request after a pause waits for one",
        ),
    )  # fmt: skip
    found = []
    for what, share, how in ways:
        saved = hourly * HOURS * (1 - share)
        found.append(Saving(what, cost.monthly - saved, saved, saved / cost.monthly, how))
    return tuple(found)
