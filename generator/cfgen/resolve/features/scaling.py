"""``scaling`` → what scales, by which metric.

Sources: Amazon SageMaker, "Automatic scaling of models", "Autoscale an asynchronous endpoint" and "Automatically scale
provisioned concurrency for a serverless endpoint"; Application Auto Scaling, PredefinedMetricSpecification.
"""

from __future__ import annotations

from cfgen.resolve.features.scene import Scene
from cfgen.resolve.plans.scaling import ScaledPlan, ScalingPlan
from cfgen.spec.features.scaling import Scaling

INSTANCES = "sagemaker:variant:DesiredInstanceCount"
PROVISIONED = "sagemaker:variant:DesiredProvisionedConcurrency"
PREDEFINED = {
    "concurrency": "SageMakerVariantConcurrentRequestsPerModelHighResolution",
    "invocations": "SageMakerVariantInvocationsPerInstance",
    "backlog": "",
    "provisioned-concurrency": "SageMakerVariantProvisionedConcurrencyUtilization",
}
"""The spec's metrics at Application Auto Scaling; the backlog has no predefined one."""
TARGETS = {"concurrency": 8.0, "invocations": 60.0, "backlog": 5.0, "provisioned-concurrency": 0.7}
"""Targets when the spec names none: for whom the metric is unknown, small enough to scale before requests wait."""
SHARE = 0.7
"""Of the concurrency an instance was sized for, what it is kept at."""
LANGUAGE_MODELS = frozenset({"container", "jumpstart"})


def plan(scene: Scene) -> ScalingPlan | None:
    """Bounds, metric and targets; what SageMaker would not scale is noted."""
    asked = scene.data.scaling
    if asked is None:
        return None
    mode = _mode(scene)
    metric = asked.metric or _metric(mode, scene)
    _check_metric(asked, metric, mode, scene)
    least = 0 if mode == "async" else 1
    minimum = least if asked.min is None else asked.min
    _check_bounds(asked, minimum, least, mode, scene)
    scaled = _scaled(scene)
    return ScalingPlan(
        minimum=minimum,
        maximum=asked.max,
        least=least,
        metric=metric,
        predefined=PREDEFINED[metric],
        dimension=PROVISIONED if mode == "serverless" else INSTANCES,
        unit="provisioned concurrency" if mode == "serverless" else "instances",
        target=_number(asked.target or _target(metric, scene)),
        scale_in_cooldown=asked.scale_in_cooldown,
        scale_out_cooldown=asked.scale_out_cooldown,
        scale_in=asked.scale_in,
        keeps=mode == "real-time",
        scaled=scaled,
    )


def _mode(scene: Scene) -> str:
    if scene.endpoint.variant.serverless:
        return "serverless"
    return "async" if scene.data.asynchronous else "real-time"


def _metric(mode: str, scene: Scene) -> str:
    if mode == "serverless":
        return "provisioned-concurrency"
    if mode == "async":
        return "backlog"
    # a long answer keeps an instance busy for as long as it streams: count requests under way, not requests begun
    return "concurrency" if scene.data.model.type in LANGUAGE_MODELS else "invocations"


def _check_metric(asked: Scaling, metric: str, mode: str, scene: Scene) -> None:
    fits = {
        "serverless": ("provisioned-concurrency",),
        "async": ("backlog",),
        "real-time": ("concurrency", "invocations"),
    }[mode]
    if metric not in fits:
        why = {
            "backlog": "SageMaker reports a backlog for asynchronous endpoints only",
            "provisioned-concurrency": "only a serverless endpoint has provisioned concurrency",
        }.get(metric, f"it says nothing about {'an' if mode == 'async' else 'a'} {mode} endpoint")
        scene.notes.refuse("scaling.metric", f"is {metric}: {why}", f"choose {' or '.join(fits)}")
    if metric == "provisioned-concurrency" and asked.target is not None and asked.target >= 1:
        scene.notes.refuse("scaling.target", "is a share of the concurrency in use", "below 1, such as 0.7")


def _check_bounds(asked: Scaling, minimum: int, least: int, mode: str, scene: Scene) -> None:
    notes = scene.notes
    if minimum > asked.max:
        notes.refuse("scaling.max", f"is less than the minimum, {minimum}", f"at least {minimum}")
    if minimum < least:
        notes.refuse(
            "scaling.min",
            f"is 0, which a {mode} endpoint cannot scale to or from",
            "at least 1; async endpoints and inference components reach zero",
        )
    if mode == "serverless":
        provisioned = scene.endpoint.variant.serverless
        if provisioned and not provisioned.provisioned_concurrency:
            notes.refuse(
                "scaling",
                "has no provisioned concurrency to scale: a serverless endpoint scales by itself",
                "leave it out, or give serverless.provisionedConcurrency",
            )
        elif provisioned and asked.max > provisioned.max_concurrency:
            notes.refuse(
                "scaling.max",
                f"is more than serverless.maxConcurrency, {provisioned.max_concurrency}",
                f"at most {provisioned.max_concurrency}",
            )
    elif scene.data.endpoint.instance_count > asked.max:
        notes.refuse(
            "endpoint.instanceCount",
            f"is {scene.data.endpoint.instance_count}, more than scaling.max",
            f"at most {asked.max}",
        )


def _scaled(scene: Scene) -> tuple[ScaledPlan, ...]:
    found = []
    for one, variant in zip(scene.served, scene.endpoint.variants, strict=True):
        if variant.shadow:
            continue
        fleet = variant.instances
        names = [choice.name for choice in fleet.choices] if fleet else []
        burstable = tuple(name for name in names if scene.catalogue.instance(name).burstable)
        if fleet and fleet.type in burstable:
            one.notes.refuse(
                "endpoint.instanceType",
                f"{fleet.type} is burstable, which SageMaker does not scale",
                "choose another",
            )
        found.append(ScaledPlan(one.prefix, variant.name, fleet.type_parameter if fleet else "", burstable))
    return tuple(found)


def _target(metric: str, scene: Scene) -> float:
    concurrency = scene.data.endpoint.concurrency
    if metric == "concurrency" and concurrency:
        return max(1.0, float(int(concurrency * SHARE)))
    return TARGETS[metric]


def _number(value: float) -> str:
    return f"{value:g}"
