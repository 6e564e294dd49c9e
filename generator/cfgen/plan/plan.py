"""Putting a plan together: a template in the regions asked for, with all that is known of it and of the account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cfgen import __version__
from cfgen.catalogue import Catalogue
from cfgen.document import descriptions
from cfgen.lint.worlds import World
from cfgen.plan.account import Account
from cfgen.plan.costs import costs
from cfgen.plan.graph import graph_of
from cfgen.plan.licensing import license_check, license_view
from cfgen.plan.limits import judge, words
from cfgen.plan.model import Check, Plan, Quota, ResourceRow
from cfgen.plan.needs import quota_needs
from cfgen.plan.prices import LivePrices, Prices
from cfgen.plan.regions import region_table
from cfgen.plan.risks import account_checks, region_checks
from cfgen.plan.savings import savings
from cfgen.plan.statements import statement_rows
from cfgen.plan.steps import secret_checks, steps
from cfgen.plan.view import chosen_values, world_of
from cfgen.render.form import form_of

if TYPE_CHECKING:
    from cfgen.render.template import Template
    from cfgen.resolve.stack import Stack
    from cfgen.spec import Spec


def make(
    template: Template,
    data: Mapping[str, Any],
    regions: Sequence[str],
    catalogue: Catalogue,
    *,
    spec: Spec | None = None,
    stack: Stack | None = None,
    values: Mapping[str, str] | None = None,
    kept: Mapping[str, Mapping[str, str]] | None = None,
    accounts: Mapping[str, Account] | None = None,
    live: Mapping[str, LivePrices] | None = None,
) -> Plan:
    """The plan of a rendered ``template`` (``data`` is the same, loaded) in ``regions``.

    ``values``: parameters that the launcher gives; ``kept``: by region, those with what a stack keeps.
    ``accounts`` and ``live``: what was read of AWS, by region.
    """
    accounts, live = accounts or {}, live or {}
    chosen = {region: (kept or {}).get(region, values or {}) for region in regions}
    given = chosen[regions[0]]
    worlds = {region: world_of(data, region, chosen[region]) for region in regions}
    first = next(iter(worlds.values()))
    license = license_view(spec) if spec is not None else None
    quotas = tuple(
        quota
        for region, world in worlds.items()
        for quota in judge(quota_needs(world), region, accounts.get(region))
    )
    checks: list[Check] = [license_check(license)] if license is not None else []
    checks += steps(spec, first)
    checks += account_checks(data)
    for region, world in worlds.items():
        checks += preflight(world, catalogue, accounts.get(region), quotas)
    bill = tuple(costs(world, Prices(catalogue, live.get(region))) for region, world in worlds.items())
    ids = {account.id for account in accounts.values() if account.id}
    return Plan(
        name=template.name,
        description=str(data.get("Description", "")),
        title=stack.models[0].title if stack is not None else template.name,
        version=__version__,
        regions=tuple(regions),
        parameters=chosen_values(data, given),
        size=template.size,
        costs=bill,
        savings=savings(bill[0]),
        quotas=quotas,
        license=license,
        table=region_table(data, given, stack, catalogue),
        checks=tuple(dict.fromkeys(checks)),
        resources=_resources(first, data),
        statements=statement_rows(first, template.text),
        warnings=template.warnings,
        graph=graph_of(first),
        form=form_of(data),
        account=" ".join(sorted(ids)),
    )


def preflight(
    world: World, catalogue: Catalogue, account: Account | None, quotas: Sequence[Quota]
) -> list[Check]:
    """The checks of one region: quotas, secrets, the region itself, what may go wrong in the account."""
    found = [_quota_check(quota) for quota in quotas if quota.region == world.region]
    return [*found, *secret_checks(world, account), *region_checks(world, catalogue, account)]


def _quota_check(quota: Quota) -> Check:
    why = quota.why
    if quota.status == "warning":
        why = (
            "another type of the pool may be had"
            if quota.need.optional
            else "the stack exists: an update that replaces its instances would not fit"
        )
    return Check("quota", quota.status, words(quota), why, quota.request, region=quota.region)


def _resources(world: World, data: Mapping[str, Any]) -> tuple[ResourceRow, ...]:
    told = descriptions(data)
    return tuple(
        ResourceRow(one.name, one.type, told.get(one.name, ""), str(one.raw.get("Condition", "")))
        for one in world.of_type("*")
    )
