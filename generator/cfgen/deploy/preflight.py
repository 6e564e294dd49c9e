"""Before a launch: the checks of ``cfgen plan`` that can stop it, in each region side by side.

Only what is cheap to ask: quotas of instances and networks, secrets, whether the region is enabled. What cannot be
read stops nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from cfgen import document
from cfgen.catalogue import Catalogue
from cfgen.deploy import errors
from cfgen.deploy.account import read
from cfgen.deploy.account.kept import values_of
from cfgen.deploy.launch import Launch
from cfgen.plan.account import Account
from cfgen.plan.limits import judge
from cfgen.plan.model import Check
from cfgen.plan.needs import quota_needs
from cfgen.plan.plan import preflight
from cfgen.plan.regions import opt_in
from cfgen.plan.steps import secrets_of
from cfgen.plan.view import world_of


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was seen before one launch."""

    launch: Launch
    checks: tuple[Check, ...]
    account: Account = field(compare=False)

    @property
    def failed(self) -> tuple[Check, ...]:
        """What stops the launch."""
        return tuple(check for check in self.checks if check.status == "failed")

    @property
    def warnings(self) -> tuple[Check, ...]:
        """What does not stop it, but may stop it later."""
        return tuple(check for check in self.checks if check.status == "warning")


def begin(
    launches: Sequence[Launch], catalogue: Catalogue, at_once: int, stop: threading.Event
) -> Callable[[], list[Verdict]]:
    """Start looking, beside whatever the caller does meanwhile. The function returned waits for the verdicts."""
    pool = ThreadPoolExecutor(1)
    job = pool.submit(look, launches, catalogue, at_once, stop)
    pool.shutdown(wait=False)
    return job.result


def look(
    launches: Sequence[Launch], catalogue: Catalogue, at_once: int, stop: threading.Event
) -> list[Verdict]:
    """A verdict for every launch. Raises ToolMissing without boto3, Interrupted after Ctrl-C."""
    from cfgen.deploy.parallel import side_by_side

    loaded = {id(one.template): document.load(one.template.text, one.template.name) for one in launches}
    found = side_by_side(launches, lambda one: _look(one, loaded[id(one.template)], catalogue), at_once, stop)
    verdicts = []
    for one in found:
        if isinstance(one, BaseException):
            raise one
        verdicts.append(one)
    return verdicts


def _look(launch: Launch, data: Mapping[str, Any], catalogue: Catalogue) -> Verdict:
    values = values_of(
        launch.template, launch.parameters, launch.region, launch.profile, launch.stack_name,
        reset=launch.reset_parameters,
    )  # fmt: skip
    world = world_of(data, launch.region, values)
    needs = tuple(need for need in quota_needs(world) if need.critical or need.service in {"vpc", "ec2"})
    partition = catalogue.region(launch.region).partition if launch.region in catalogue.regions else "aws"
    account = read(
        launch.region,
        launch.profile,
        needs,
        secrets_of(world),
        launch.stack_name,
        opt_in=opt_in(launch.region, partition),
    )
    quotas = judge(needs, launch.region, account)
    return Verdict(launch, tuple(preflight(world, catalogue, account, quotas)), account)


def refuse(verdicts: Sequence[Verdict]) -> None:
    """Raise PreflightFailed with everything that would stop a launch, each with what to do."""
    several = len(verdicts) > 1
    told = []
    for verdict in verdicts:
        for check in verdict.failed:
            where = f"[{verdict.launch.label}] " if several else ""
            detail = f": {check.detail}" if check.detail else ""
            told.append(f"\n  {where}{check.title}{detail}{f'{chr(10)}    {check.fix}' if check.fix else ''}")
    if told:
        raise errors.PreflightFailed(
            f"not launched, because it would fail:{''.join(told)}",
            hint="cfgen plan shows everything; --skip-preflight launches all the same",
        )
