"""A plan as text for a terminal: what stops or needs somebody first, then money, limits, regions."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator

from cfgen.plan.limits import NOBODY
from cfgen.plan.model import CENT, Check, CostLine, Plan, RegionCost, Saving

WIDTH = 100
MARKS = {"ok": "✓", "failed": "✗", "warning": "!", "unknown": "?", "todo": "•"}
"""One sign a status."""
MEANINGS = "✗ stops a launch   ! look at it   • yours to do or to check   ? not known   ✓ fine"
_GROUPS = {
    "Licence and access": ("license", "access", "subscription", "eula", "secret"),
    "Limits": ("quota",),
    "Account and region": (),
}
"""Heading → kinds of checks under it; the last has all others."""


def lines(plan: Plan) -> Iterator[str]:
    """The plan, a line at a time; at most WIDTH columns but for commands and links."""
    title = f"{plan.name}: {plan.description}" if plan.description else plan.name
    yield from textwrap.wrap(title, WIDTH, break_on_hyphens=False, break_long_words=False)
    where = f", account {plan.account}" if plan.account else ""
    yield f"in {', '.join(plan.regions)}{where}"
    for cost in plan.costs:
        yield ""
        yield from _cost(cost)
    yield from _savings(plan)
    named = {kind for kinds in _GROUPS.values() for kind in kinds}
    for title, kinds in _GROUPS.items():
        checks = [one for one in plan.checks if (one.kind in kinds if kinds else one.kind not in named)]
        if checks:
            yield ""
            yield title
            unread = [check for check in checks if check.kind == "quota" and check.detail == NOBODY]
            if unread:
                yield "  ? not read, for want of an account to ask (--account)"
            for check in checks:
                yield from _check(check, several=len(plan.regions) > 1)
    yield ""
    yield from _regions(plan)
    yield ""
    yield MEANINGS
    yield verdict(plan)


def verdict(plan: Plan) -> str:
    """The last line: whether a launch would be stopped, and what is left to do."""
    count = {status: sum(check.status == status for check in plan.checks) for status in MARKS}
    left = [
        f"{number} {word}"
        for number, word in (
            (count["failed"], "stopping"), (count["warning"], "to look at"), (count["todo"], "to do or to check"),
            (count["unknown"], "not known"),
        )
        if number
    ]  # fmt: skip
    said = ", ".join(left) or "nothing left to do"
    return f"{plan.name}: {'a launch would be stopped' if plan.failed else 'ready as far as can be seen'}; {said}"


def money(usd: float) -> str:
    """``$1,234`` from a thousand on, ``$1.22``, ``$0.0034`` below a dime, two digits where that says too little."""
    if usd >= 1000:
        return f"${usd:,.0f}"
    if usd >= 0.1 or usd == 0:
        return f"${usd:,.2f}"
    digits = 4 if usd >= 0.001 else 1 - math.floor(math.log10(usd))
    return f"${usd:.{digits}f}".rstrip("0")


def each(unit: str) -> str:
    """``a minute``, ``an hour``."""
    return f"{'an' if unit[0] in 'aeio' or unit == 'hour' else 'a'} {unit}"


def bill(cost: RegionCost) -> str:
    """The sum in words: as launched, by the schedule, and between which figures scaling moves it."""
    more = "" if cost.complete else ", and what has no known price"
    if cost.off:
        return f"{money(cost.monthly)} a month while the endpoint is switched off{more}"
    if cost.hourly == 0 and cost.complete:
        return "by use alone"
    schedule = " by its schedule" if cost.week is not None else ""
    said = f"{money(cost.hourly)} an hour, {money(cost.monthly)} a month{schedule}"
    return f"{said}{f'; {bounds(cost)}' if cost.scales else ''}{more}"


def bounds(cost: RegionCost) -> str:
    """Between which figures scaling moves a month; what it leaves at the figure as launched is not said again."""
    said = [f"{money(cost.least)} at least"] if cost.monthly - cost.least > CENT else []
    said += [f"{money(cost.most)} at most"] if cost.most - cost.monthly > CENT else []
    return ", ".join(said)


def _cost(cost: RegionCost) -> Iterator[str]:
    yield from textwrap.wrap(
        f"Cost in {cost.region} ({cost.basis}): {bill(cost)}", WIDTH, subsequent_indent="  ",
        break_on_hyphens=False, break_long_words=False,
    )  # fmt: skip
    rows = [_row(line) for line in cost.lines if line.hourly is not None or not line.known]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(4)]
    for row in rows:
        said = (
            f"  {row[0].ljust(widths[0])}  {row[1].ljust(widths[1])}  {row[2].rjust(widths[2])}"
            f"  {row[3].rjust(widths[3])}"
        )
        beside = len(said) + 2 + len(row[4]) <= WIDTH
        yield f"{said}  {row[4]}".rstrip() if beside else said
        if not beside:
            yield from textwrap.wrap(row[4], WIDTH, initial_indent="    ", subsequent_indent="    ")
    by_use = [_by_use(line) for line in _distinct(cost) if line.hourly is None and line.known]
    if by_use:
        yield from textwrap.wrap(
            f"by use: {'; '.join(by_use)}", WIDTH, initial_indent="  ", subsequent_indent="    "
        )


def _by_use(line: CostLine) -> str:
    if line.rate is None:
        return f"{line.what} (not priced here: {line.note})"
    return f"{line.what} {money(line.rate)} {each(line.unit)}"


def _distinct(cost: RegionCost) -> list[CostLine]:
    return list({(line.what, line.rate): line for line in cost.lines}.values())


def _row(line: CostLine) -> tuple[str, str, str, str, str]:
    if line.hourly is None:
        return line.resource, line.what, "?", "?", line.note
    return (
        line.resource,
        line.what,
        f"{money(line.hourly)}/h",
        f"{money(line.monthly or 0.0)}/month",
        line.note,
    )


def _savings(plan: Plan) -> Iterator[str]:
    if plan.savings:
        yield ""
        yield saved_of(plan.savings[0])
        for one in plan.savings:
            said = f"{one.what}: {money(one.monthly)} a month, {one.share:.0%} less ({one.how})"
            yield from textwrap.wrap(said, WIDTH, initial_indent="  ", subsequent_indent="    ")


def saved_of(saving: Saving) -> str:
    """The heading of what is or could be saved: of how much."""
    whole = money(saving.monthly + saving.saved)
    if saving.kept:
        return f"What is saved of {whole}, a month with the endpoint always there"
    return f"What could be saved of {whole} a month"


def _check(check: Check, *, several: bool) -> Iterator[str]:
    where = f" [{check.region}]" if several and check.region else ""
    detail = "" if check.kind == "quota" and check.detail == NOBODY else check.detail
    text = f"{check.title}{f': {detail}' if detail else ''}{where}"
    yield from textwrap.wrap(
        text,
        WIDTH,
        initial_indent=f"  {MARKS[check.status]} ",
        subsequent_indent="    ",
        break_on_hyphens=False,
        break_long_words=False,
    )
    if check.status != "ok":
        if check.fix:
            yield f"      {check.fix}"
        if check.link:
            yield f"      {check.link}"


def _regions(plan: Plan) -> Iterator[str]:
    can = [f"{row.name}*" if row.opt_in else row.name for row in plan.table if row.launches]
    yield f"Regions: {len(can)} can launch it as it stands"
    yield from textwrap.wrap(
        ", ".join(can) + ("   (* to be enabled in the account first)" if any("*" in one for one in can) else ""),
        WIDTH, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False, break_long_words=False,
    )  # fmt: skip
    reasons: dict[str, list[str]] = {}
    for row in plan.table:
        if not row.launches:
            reasons.setdefault(row.why, []).append(row.name)
    for why, names in reasons.items():
        yield from textwrap.wrap(
            f"not {', '.join(names)}: {why}", WIDTH, initial_indent="  ", subsequent_indent="    ",
            break_on_hyphens=False, break_long_words=False,
        )  # fmt: skip
