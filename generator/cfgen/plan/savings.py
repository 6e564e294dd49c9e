"""What a month costs with the endpoint away part of the time, by a schedule or by scaling to zero.

Of a template that does one of them already it tells what that saves, and nothing else; of any other, what they would.
"""

from __future__ import annotations

from cfgen.plan.hours import WEEK
from cfgen.plan.model import HOURS, RegionCost, Saving

WORKING_HOURS = 50
"""Hours of a working week: five days of ten."""
BUSY_HOURS = 4
"""Hours a day with requests, for an endpoint used now and then."""


def savings(cost: RegionCost) -> tuple[Saving, ...]:
    """What schedules and scaling to zero save in a month, beside instances that are always there.

    None where no instance is paid for.
    """
    idle = [line for line in cost.lines if line.idle and line.hourly]
    instances = HOURS * sum(line.hourly or 0.0 for line in idle)
    if instances <= 0:
        return ()
    whole = HOURS * cost.hourly
    if cost.week is not None:
        how = f"the endpoint is there {cost.week:g} of the {WEEK} hours of a week"
        return (_saving("by its schedule", whole, instances, cost.week / WEEK, how, kept=True),)
    share = BUSY_HOURS / 24
    if all(line.least == 0 for line in idle):
        how = f"as it does, if its instances run {BUSY_HOURS} hours of a day"
        return (_saving("scaled to zero when idle", whole, instances, share, how, kept=True),)
    return (
        _saving(
            "only in working hours", whole, instances, WORKING_HOURS / WEEK,
            f"schedule: the endpoint exists {WORKING_HOURS} of the {WEEK} hours of a week",
        ),
        _saving(
            "scaled to zero when idle", whole, instances, share,
            f"async or components with scaling from 0: instances run {BUSY_HOURS} hours of a day, and the first "
            "request after a pause waits for one",
        ),
    )  # fmt: skip


def _saving(
    what: str, whole: float, instances: float, share: float, how: str, *, kept: bool = False
) -> Saving:
    """``whole``: a month of everything, ``instances`` of the instances alone; ``share`` of it is left."""
    saved = instances * (1 - share)
    return Saving(what, whole - saved, saved, saved / whole, how, kept)
