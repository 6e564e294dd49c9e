"""Before a stack set goes out: the checks of ``cfgen plan``, as far as they can be known from here.

Of every region what the catalogue knows: image, instance types, resource types, values of parameters. Of the caller's
own account quotas and secrets too; other accounts are not this caller's to look into.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace

from cfgen import document
from cfgen.catalogue import Catalogue
from cfgen.deploy import preflight
from cfgen.deploy.launch import Launch
from cfgen.deploy.preflight import Verdict
from cfgen.deploy.stacksets import Rollout
from cfgen.deploy.stacksets_present import Present
from cfgen.plan.account import Account
from cfgen.plan.plan import preflight as checks_of
from cfgen.plan.view import world_of


def look(
    rollout: Rollout,
    before: Present | None,
    values: Mapping[str, Mapping[str, str]],
    caller: str,
    catalogue: Catalogue,
    stop: threading.Event,
) -> list[Verdict]:
    """A verdict for every region of ``values`` (region → parameters there). ``caller``: the account that asks.

    Raises Interrupted after Ctrl-C.
    """
    there = {one.region: one.stack for one in before.instances if one.account == caller} if before else {}
    launches = [
        Launch(rollout.template, there.get(region) or rollout.name, region, rollout.profile, given)
        for region, given in values.items()
    ]
    if includes(rollout, caller):
        seen = preflight.look(launches, catalogue, 4, stop)
        # told by the set's name, looked at by the stack's
        return [replace(one, launch=replace(one.launch, stack_name=rollout.name)) for one in seen]
    data = document.load(rollout.template.text, rollout.template.name)
    return [
        Verdict(
            one,
            tuple(checks_of(world_of(data, one.region, one.parameters), catalogue, None, ())),
            Account(one.region),
        )
        for one in launches
    ]


def includes(rollout: Rollout, caller: str) -> bool:
    """Whether the caller's own account is one of those named."""
    return not rollout.service_managed and caller in rollout.accounts


def unseen(rollout: Rollout, before: Present | None, caller: str) -> Sequence[str]:
    """What nobody looks at from here: a line, or none."""
    there = {one.account for one in before.instances} if before else set()
    others = sorted({*rollout.accounts, *there} - {caller})
    if rollout.service_managed:
        whose = "of the units' accounts"
    elif others:
        whose = f"of {', '.join(others[:3])}" + (f" and {len(others) - 3} more" if len(others) > 3 else "")
    else:
        return ()
    return (f"quotas and secrets {whose} are not looked at: that takes their own rights",)
