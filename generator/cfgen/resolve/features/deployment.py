"""``deployment`` → deployment guardrails.

Sources: Amazon SageMaker, "Deployment guardrails" and its "Exclusions"; API reference of DeploymentConfig; metrics
"SageMaker endpoint invocation metrics" (Invocation5XXErrors is 0 or 1 a request, ModelLatency is in microseconds).
"""

from __future__ import annotations

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
    _check_endpoint(asked, scene)
    size = _size(asked, scene)
    alarms = _alarms(asked, scene)
    _check_times(asked, size, bool(alarms or asked.rollback_alarms.names), scene)
    if len(alarms) + len(asked.rollback_alarms.names) > MAX_ALARMS:
        scene.notes.refuse(
            "deployment.rollbackAlarms.names",
            f"make {len(alarms) + len(asked.rollback_alarms.names)} alarms with those of the variants",
            f"SageMaker takes {MAX_ALARMS}",
        )
    return DeploymentPlan(
        routing=ROUTING[asked.strategy],
        size=size,
        wait=asked.wait,
        termination_wait=asked.termination_wait,
        timeout=asked.timeout,
        alarms=alarms,
        names=tuple(asked.rollback_alarms.names),
    )


def _check_endpoint(asked: Deployment, scene: Scene) -> None:
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
    if asked.strategy == "rolling":
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


def _size(asked: Deployment, scene: Scene) -> CapacityPlan | None:
    notes = scene.notes
    if asked.strategy == "all-at-once":
        if asked.size is not None:
            notes.refuse("deployment.size", "all-at-once has no steps", "leave it out")
        return None
    least, most, usual = SIZES[asked.strategy]
    text = asked.size or usual
    value = int(text.rstrip("%"))
    counts = [fleet.count for fleet in scene.endpoint.fleets]
    if text.endswith("%"):
        if not least <= value <= most:
            notes.refuse("deployment.size", f"is {text}", f"{least}% to {most}% for {asked.strategy}")
        if counts and min(counts) == 1 and asked.strategy != "rolling":
            notes.warn(
                "deployment",
                f"one instance cannot be divided: a {asked.strategy} step is a whole instance of the new fleet",
            )
        return CapacityPlan("CAPACITY_PERCENT", value)
    if counts and value * 100 > most * min(counts):
        notes.refuse(
            "deployment.size",
            f"is {value} of {min(counts)} instances",
            f"at most {most} % of them; or a share such as {usual}",
        )
    return CapacityPlan("INSTANCE_COUNT", value)


def _check_times(asked: Deployment, size: CapacityPlan | None, watched: bool, scene: Scene) -> None:
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
    if size and asked.strategy != "canary" and size.kind == "CAPACITY_PERCENT":
        steps = -(-100 // size.value)
    least = steps * asked.wait + (asked.termination_wait or 0)
    if asked.timeout is not None and asked.timeout <= least:
        notes.refuse(
            "deployment.timeout", f"is over before the waits are, {least:,} s", "more, or shorter waits"
        )


def _alarms(asked: Deployment, scene: Scene) -> tuple[RollbackAlarmPlan, ...]:
    wanted = asked.rollback_alarms
    found = []
    for one, variant in zip(scene.served, scene.endpoint.variants, strict=True):
        if variant.shadow:
            continue
        if wanted.error_rate is not None:
            found.append(
                RollbackAlarmPlan(
                    f"{one.prefix}RollbackErrors",
                    variant.name,
                    "Too many requests fail",
                    "Invocation5XXErrors",
                    "Average",
                    "",
                    f"{wanted.error_rate:g}",
                )
            )
        if wanted.latency is not None:
            found.append(
                RollbackAlarmPlan(
                    f"{one.prefix}RollbackLatency",
                    variant.name,
                    "Requests take too long",
                    "ModelLatency",
                    "",
                    "p90",
                    str(int(wanted.latency * 1_000_000)),
                )
            )
    return tuple(found)
