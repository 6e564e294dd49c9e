"""Spec + catalogue → Stack. Takes the decisions in order."""

from __future__ import annotations

from cfgen import __version__
from cfgen.catalogue import Catalogue
from cfgen.catalogue.consoles import CONSOLES
from cfgen.resolve.collector import Collector, FactsOf, Stop
from cfgen.resolve.features import Scene, plan_features
from cfgen.resolve.network import plan_network
from cfgen.resolve.regions import plan_regions
from cfgen.resolve.serving import Served, plan_endpoint, plan_models, serve
from cfgen.resolve.smoke import plan_invocation, plan_smokes
from cfgen.resolve.stack import ModelPlan, RolePlan, SmokePlan, Stack, VpcPlan
from cfgen.spec import Spec
from cfgen.spec.sections import RETENTION_DAYS

MAX_DESCRIPTION = 1024
"""Bytes of a template's Description (CloudFormation quotas)."""
PYTHON_RUNTIME = "python3.13"
"""Runtime of the template's functions, offered in every region (Lambda runtimes)."""


def resolve(spec: Spec, catalogue: Catalogue, facts: FactsOf | None = None) -> Stack:
    """Take every decision. Raises ResolveError with all that stands in the way.

    ``facts`` is asked for a model's facts when an instance type is to be sized for it, and only then.
    """
    notes = Collector(spec, facts)
    try:
        return _resolve(spec, catalogue, notes)
    except Stop:
        notes.check()
        raise AssertionError("stopped without a problem") from None


def _resolve(spec: Spec, catalogue: Catalogue, notes: Collector) -> Stack:
    data = spec.data
    _check_logs(notes)
    served = serve(catalogue, notes)
    planned = served[0].planned
    smokes = plan_smokes(served)
    network = plan_network(notes, reaches_hub=any(one.planned.reaches_hub for one in served))
    regions, home, elsewhere = plan_regions(served, catalogue, network, notes)
    notes.check()
    models = plan_models(served, regions)
    endpoint = plan_endpoint(served, models, regions, notes)
    scene = Scene(notes, catalogue, served, models, endpoint, network, regions)
    features, feature_parts = plan_features(scene)
    notes.check()
    emptied = any(getattr(plan, "emptied", ()) for plan in features.values())
    models = tuple(dict.fromkeys(models))
    return Stack(
        name=data.name,
        description=_description(spec, planned.plan),
        parts=(*_parts(models, network, smokes, feature_parts, emptied), "logs"),
        regions=regions,
        home_regions=home,
        elsewhere=elsewhere,
        consoles=_consoles(regions, catalogue),
        models=models,
        endpoint=endpoint,
        smokes=smokes,
        role=RolePlan(
            data.security.execution_role_arn or "",
            data.security.permissions_boundary or "",
            data.security.role_path,
        ),
        vpc=network,
        retention_days=data.logs.retention_days,
        python_runtime=PYTHON_RUNTIME,
        tags=tuple(data.tags.items()),
        invocation=plan_invocation(planned, smokes[0] if smokes else None),
        version=__version__,
        warnings=tuple(str(warning) for warning in notes.warnings),
        decisions=_decisions(served),
        **features,
    )


def _check_logs(notes: Collector) -> None:
    days = notes.spec.data.logs.retention_days
    if days not in RETENTION_DAYS:
        near = min(RETENTION_DAYS, key=lambda step: abs(step - days))
        notes.refuse("logs.retentionDays", f"{days} is not one of CloudWatch Logs' steps", f"such as {near}")


def _consoles(regions: tuple[str, ...], catalogue: Catalogue) -> tuple[tuple[str, str], ...]:
    partitions = sorted({catalogue.region(region).partition for region in regions})
    known = all(partition in CONSOLES for partition in partitions)
    return tuple((partition, CONSOLES[partition]) for partition in partitions) if known else ()


def _decisions(served: tuple[Served, ...]) -> tuple[str, ...]:
    """What was chosen by size and price, and why."""
    sizings = [one.sizing for one in served if one.sizing is not None]
    if not sizings:
        return ()
    from cfgen.resolve.sizing_words import decision

    return tuple(line for sizing in sizings for line in decision(sizing))


def _parts(
    models: tuple[ModelPlan, ...],
    network: VpcPlan,
    smokes: tuple[SmokePlan, ...],
    features: tuple[str, ...],
    emptied: bool,
) -> tuple[str, ...]:
    there = {
        "model": True,
        "endpoint": True,
        "packages": any(model.packages for model in models),
        "image": any(model.image for model in models),
        "build": any(model.build for model in models),
        "data": any(model.data for model in models),
        "jumpstart": any(m.jumpstart and (m.jumpstart.eula_url or m.jumpstart.types) for m in models),
        "token": any(model.token for model in models),
        "existing-vpc": network.mode == "existing",
        "created-vpc": network.mode == "create",
        "interfaces": network.own_group,
        **dict.fromkeys(features, True),
        "emptying": emptied,
        "role": True,
        "smoke-test": bool(smokes),
    }
    return tuple(part for part, present in there.items() if present)


def _description(spec: Spec, plan: ModelPlan) -> str:
    text = spec.data.description or f"Amazon SageMaker endpoint: {plan.title}"
    while len(text.encode()) > MAX_DESCRIPTION:
        text = text[:-1]
    return text
