"""The records of a plan. Plain frozen data; money is USD, a month has 730 hours.

A ``Check`` is the one record that can stop a launch; everything else informs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cfgen.plan.graph import Graph
from cfgen.render.form import Form

HOURS = 730
"""Hours of a month, as the AWS Pricing Calculator counts them."""

CENT = 0.005
"""Differences up to this are none."""

Status = Literal["ok", "failed", "warning", "unknown", "todo"]
"""``unknown``: could not be read; ``todo``: for the launcher to do or to check, cfgen cannot see it."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at. ``fix`` is what to do, ``link`` where to read more."""

    kind: str
    status: Status
    title: str
    detail: str = ""
    fix: str = ""
    link: str = ""
    region: str = ""


@dataclass(frozen=True, slots=True)
class CostLine:
    """What one resource costs. ``hourly`` is None for what is paid by use; else an hour of it as launched.

    ``least`` and ``most``: an hour at the least and at the most that scaling makes of it, None for the same as
    ``hourly``. ``hours``: of a month in which it is paid. ``idle``: it goes when there is no instance.
    ``live``: the price is of this region and was read just now; else it is the bundled one, of ``us-east-1``.
    ``known`` is False when no price is known.
    """

    resource: str
    what: str
    hourly: float | None
    rate: float | None
    unit: str
    note: str = ""
    source: str = ""
    least: float | None = None
    most: float | None = None
    live: bool = False
    known: bool = True
    idle: bool = False
    hours: float = HOURS

    @property
    def monthly(self) -> float | None:
        """A month of it as launched."""
        return None if self.hourly is None else self.hourly * self.hours

    @property
    def bounds(self) -> tuple[float, float]:
        """A month of it at the least and at the most."""
        hourly = self.hourly or 0.0
        least = hourly if self.least is None else self.least
        return least * self.hours, (hourly if self.most is None else self.most) * self.hours


@dataclass(frozen=True, slots=True)
class RegionCost:
    """The costs in one region. ``basis`` says what the prices are: never a bundled price for a regional one.

    ``week``: hours of a week in which the endpoint is there by its schedule, None without one. ``off``: the
    parameters leave the endpoint out.
    """

    region: str
    basis: str
    lines: tuple[CostLine, ...]
    week: float | None = None
    off: bool = False

    @property
    def hourly(self) -> float:
        """An hour of what is always paid and whose price is known, with the endpoint there."""
        return sum(line.hourly for line in self.lines if line.hourly is not None)

    @property
    def monthly(self) -> float:
        """A month of it as launched, in the hours of the schedule."""
        return sum(line.monthly or 0.0 for line in self.lines)

    @property
    def least(self) -> float:
        """A month of it with as little as scaling leaves."""
        return sum(line.bounds[0] for line in self.lines)

    @property
    def most(self) -> float:
        """A month with everything scaled out as far as the template lets it."""
        return sum(line.bounds[1] for line in self.lines)

    @property
    def scales(self) -> bool:
        """Whether scaling moves the bill."""
        return self.most - self.least > CENT

    @property
    def complete(self) -> bool:
        """Whether every standing cost has a price."""
        return all(line.known for line in self.lines)


@dataclass(frozen=True, slots=True)
class Saving:
    """What a month costs, or would cost, with something done; ``share`` of the month without it is what that saves.

    ``kept``: the template does it already.
    """

    what: str
    monthly: float
    saved: float
    share: float
    how: str
    kept: bool = False


@dataclass(frozen=True, slots=True)
class QuotaNeed:
    """A limit that a launch touches. ``code`` and ``default`` are empty or None where no source gives them.

    ``critical``: often too small in a new account. ``optional``: there is another way, such as the next type of a pool.
    """

    key: str
    service: str
    name: str
    code: str
    need: int
    default: float | None
    what: str
    critical: bool = False
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Quota:
    """A limit as it stands in an account. ``value`` and ``used`` are None where they could not be read (``why``)."""

    need: QuotaNeed
    region: str
    value: float | None
    used: float | None
    status: Status
    why: str
    request: str


@dataclass(frozen=True, slots=True)
class LicenseView:
    """The model's licence and what the spec says to it. ``id`` is empty when the spec names none."""

    id: str
    title: str
    permissive: bool | None
    accepted: bool
    links: tuple[str, ...]
    words: str


@dataclass(frozen=True, slots=True)
class RegionRow:
    """A region: whether the template launches in it with these parameters, and if not why."""

    name: str
    description: str
    partition: str
    launches: bool
    opt_in: bool
    why: str = ""


@dataclass(frozen=True, slots=True)
class ResourceRow:
    """A resource that the launch makes."""

    name: str
    type: str
    description: str
    condition: str = ""


@dataclass(frozen=True, slots=True)
class StatementRow:
    """An IAM statement in words. ``wide``: it names no resource; then ``why`` says for what reason."""

    role: str
    sid: str
    effect: str
    who: str
    does: str
    on: tuple[str, ...]
    when: str
    actions: tuple[str, ...]
    wide: bool
    why: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything known before a launch of one spec, in the regions asked for."""

    name: str
    description: str
    title: str
    version: str
    regions: tuple[str, ...]
    parameters: tuple[tuple[str, str], ...]
    size: int
    costs: tuple[RegionCost, ...]
    savings: tuple[Saving, ...]
    quotas: tuple[Quota, ...]
    license: LicenseView | None
    table: tuple[RegionRow, ...]
    checks: tuple[Check, ...]
    resources: tuple[ResourceRow, ...]
    statements: tuple[StatementRow, ...]
    warnings: tuple[str, ...]
    graph: Graph
    form: Form
    account: str = ""

    @property
    def failed(self) -> tuple[Check, ...]:
        """The checks that stop a launch."""
        return tuple(check for check in self.checks if check.status == "failed")
