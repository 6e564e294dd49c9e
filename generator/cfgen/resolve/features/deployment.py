"""``deployment`` → deployment guardrails, of the endpoint or of each of its components.

Sources: Amazon SageMaker, "Deployment guardrails" and its "Exclusions"; API reference of DeploymentConfig and of
InferenceComponentDeploymentConfig; metrics "SageMaker endpoint invocation metrics" and "… inference component metrics"
(Invocation5XXErrors is 0 or 1 a request, ModelLatency is in microseconds).
"""

from __future__ import annotations

from collections.abc import Iterator

from cfgen.resolve.features.scene import Scene
from cfgen.resolve.plans.deployment import CapacityPlan, DeploymentPlan, RollbackAlarmPlan
from cfgen.spec.features.deployment import Deployment
from cfgen.spec.model import ModelPackageModel

ROUTING = {"all-at-once": "ALL_AT_ONCE", "canary": "CANARY", "linear": "LINEAR", "rolling": ""}
SIZES = {"canary": (1, 50, "10%"), "linear": (10, 50, "25%"), "rolling": (5, 50, "25%")}
"""Strategy → least and most percent of the instances (API reference), and the size when the spec names none."""
MAX_ALARMS = 10
"""AutoRollbackConfig.Alarms."""
SEEN = 180
"""Seconds until an alarm of ours can tell: two periods of a minute, and the metric's delay."""


def plan(scene: Scene) -> DeploymentPlan | None:
    """How traffic moves; what SageMaker would refuse or silently leave out is noted."""
    asked = scene.data.deployment
    if asked is None:
        return None
    strategy = _strategy(asked, scene)
    _check_endpoint(asked, strategy, scene)
    size = _size(asked, strategy, scene)
    alarms = tuple(_alarms(asked, scene))
    _check_times(asked, strategy, size, bool(alarms or asked.rollback_alarms.names), scene)
    most = max((sum(one.component == other.component for other in alarms) for one in alarms), default=0)
    if most + len(asked.rollback_alarms.names) > MAX_ALARMS:
        scene.notes.refuse(
            "deployment.rollbackAlarms.names",
            f"make {most + len(asked.rollback_alarms.names)} alarms with those of the variants",
            f"SageMaker takes {MAX_ALARMS}",
        )
    return DeploymentPlan(
        routing=ROUTING[strategy],
        size=size,
        rollback_size=_rollback_size(asked, strategy, scene),
        wait=asked.wait,
        termination_wait=asked.termination_wait,
        timeout=asked.timeout,
        alarms=alarms,
        names=tuple(dict.fromkeys(asked.rollback_alarms.names)),
    )


def _strategy(asked: Deployment, scene: Scene) -> str:
    """That of the spec; components can only roll, and do when it names none."""
    if scene.data.components is None:
        return asked.strategy
    if "strategy" in asked.model_fields_set and asked.strategy != "rolling":
        scene.notes.refuse(
            "deployment.strategy",
            f"is {asked.strategy}, and components are updated some copies at a time",
            "choose rolling, or leave it out",
        )
    return "rolling"


def _check_endpoint(asked: Deployment, strategy: str, scene: Scene) -> None:
    notes, endpoint = scene.notes, scene.endpoint
    if isinstance(scene.data.model, ModelPackageModel):
        notes.refuse(
            "deployment",
            "has no effect with a model package: SageMaker moves all at once then",
            "leave it out",
        )
    if any(choice.name.startswith("ml.inf1.") for fleet in endpoint.fleets for choice in fleet.choices):
        notes.refuse(
            "deployment",
            "has no effect on Inf1 instances: SageMaker moves all at once then",
            "use other instances",
        )
    if strategy == "rolling":
        if endpoint.serverless:
            notes.refuse(
                "deployment.strategy", "a serverless endpoint cannot roll", "choose canary or all-at-once"
            )
        elif len(endpoint.variants) > 1:
            notes.refuse(
                "deployment.strategy",
                "an endpoint with several variants cannot roll",
                "choose canary or linear",
            )
        if asked.termination_wait is not None:
            notes.refuse(
                "deployment.terminationWait", "is of two fleets, and rolling has one", "leave it out"
            )


def _counts(scene: Scene) -> tuple[str, list[int]]:
    """What a size that is a number counts, and how many there are of that: in each variant, or of each component."""
    if (components := scene.plans.get("components")) is not None:
        return "copies", [one.copies for one in components.components]
    return "instances", [fleet.count for fleet in scene.endpoint.fleets]


def _size(asked: Deployment, strategy: str, scene: Scene) -> CapacityPlan | None:
    notes = scene.notes
    if strategy == "all-at-once":
        if asked.size is not None:
            notes.refuse("deployment.size", "all-at-once has no steps", "leave it out")
        return None
    least, most, usual = SIZES[strategy]
    text = asked.size or usual
    value = int(text.rstrip("%"))
    what, counts = _counts(scene)
    if text.endswith("%"):
        if not least <= value <= most:
            notes.refuse("deployment.size", f"is {text}", f"{least}% to {most}% for {strategy}")
        if counts and min(counts) == 1 and strategy != "rolling":
            notes.warn(
                "deployment",
                f"one instance cannot be divided: a {strategy} step is a whole instance of the new fleet",
            )
        return CapacityPlan("CAPACITY_PERCENT", value)
    if not counts:
        notes.refuse(
            "deployment.size",
            "counts instances, of which a serverless endpoint has none",
            f"a share such as {usual}",
        )
    elif value * 100 > most * min(counts):
        notes.refuse(
            "deployment.size",
            f"is {value} of {min(counts)} {what}",
            f"at most {most} % of them; or a share such as {usual}",
        )
    elif value * 100 < least * max(counts):
        notes.refuse(
            "deployment.size",
            f"is {value} of {max(counts)} {what}",
            f"at least {least} % of them; or a share such as {usual}",
        )
    return CapacityPlan("COPY_COUNT" if what == "copies" else "INSTANCE_COUNT", value)


def _rollback_size(asked: Deployment, strategy: str, scene: Scene) -> CapacityPlan | None:
    """How many go back at a time, 5 to 100 % of all (API reference, RollbackMaximumBatchSize)."""
    if asked.rollback_size is None:
        return None
    if strategy != "rolling":
        scene.notes.refuse(
            "deployment.rollbackSize", "is for rolling: else all goes back at once", "leave it out"
        )
    value = int(asked.rollback_size.rstrip("%"))
    if asked.rollback_size.endswith("%"):
        if value < 5:
            scene.notes.refuse("deployment.rollbackSize", f"is {value}%", "5% to 100%")
        return CapacityPlan("CAPACITY_PERCENT", value)
    what, counts = _counts(scene)
    if counts and not (value <= min(counts) and value * 100 >= 5 * max(counts)):
        scene.notes.refuse(
            "deployment.rollbackSize", f"is {value} of {min(counts)} {what}", "5% to 100% of them"
        )
    return CapacityPlan("COPY_COUNT" if what == "copies" else "INSTANCE_COUNT", value)


def _check_times(
    asked: Deployment, strategy: str, size: CapacityPlan | None, watched: bool, scene: Scene
) -> None:
    notes = scene.notes
    if watched and asked.wait < SEEN:
        notes.warn(
            "deployment.wait",
            f"is {asked.wait} s: an alarm needs about {SEEN} s to tell that something is wrong",
        )
    if not watched:
        notes.warn(
            "deployment.rollbackAlarms", "are none: an update goes back only when instances fail to start"
        )
    steps = 1
    if size and strategy != "canary" and size.kind == "CAPACITY_PERCENT":
        steps = -(-100 // size.value)
    least = steps * asked.wait + (asked.termination_wait or 0)
    if asked.timeout is not None and asked.timeout <= least:
        notes.refuse(
            "deployment.timeout", f"is over before the waits are, {least:,} s", "more, or shorter waits"
        )


def _alarms(asked: Deployment, scene: Scene) -> Iterator[RollbackAlarmPlan]:
    """An alarm each metric asked for, of each variant that answers or of each component."""
    wanted = asked.rollback_alarms
    for prefix, variant, component in _watched(scene):
        if wanted.error_rate is not None:
            yield RollbackAlarmPlan(
                id=f"{prefix}RollbackErrors",
                variant=variant,
                component=component,
                what="Too many requests fail",
                metric="Invocation5XXErrors",
                statistic="Average",
                percentile="",
                threshold=f"{wanted.error_rate:g}",
            )
        if wanted.latency is not None:
            yield RollbackAlarmPlan(
                id=f"{prefix}RollbackLatency",
                variant=variant,
                component=component,
                what="Requests take too long",
                metric="ModelLatency",
                statistic="",
                percentile="p90",
                threshold=str(int(wanted.latency * 1_000_000)),
            )


def _watched(scene: Scene) -> Iterator[tuple[str, str, str]]:
    """How logical ids begin, and the variant or the component."""
    if (components := scene.plans.get("components")) is not None:
        yield from ((one.word, "", one.name) for one in components.components)
        return
    for one, variant in zip(scene.served, scene.endpoint.variants, strict=True):
        if not variant.shadow:
            yield one.prefix, variant.name, ""
