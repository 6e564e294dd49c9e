"""``alarms`` → one alarm a metric, a variant.

Sources: Amazon SageMaker, "Amazon SageMaker AI metrics in Amazon CloudWatch" (namespaces, units, dimensions; use of
processors and GPUs is the sum over all of an instance), "Alarms and logs for tracking metrics from asynchronous
endpoints" and "… from serverless endpoints" (each an exhaustive list), "Data capture" (stops on a full disk);
CloudWatch, "Configuring how alarms treat missing data".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from cfgen.resolve.features.scene import Scene
from cfgen.resolve.features.series import INSTANCES, REQUESTS, Source, sources
from cfgen.resolve.plans.alarms import AlarmPlan, AlarmsPlan, InstanceRow, ThresholdPlan
from cfgen.resolve.plans.components import ComponentPlan
from cfgen.spec.features.alarms import Alarms

MAX_ALARMS = 30
"""More would fill a template, and nobody's mailbox is the better for it."""
NO_CAPACITY = "AlarmNoCapacityMinutes"
"""The launcher's parameter."""
ANSWER = 60
"""Seconds that SageMaker waits for an answer that does not stream (InvokeEndpoint)."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """An alarm that may be asked for. ``key``: its name in the spec; ``word``: how logical ids end and begin.

    ``least`` and ``most``: bounds of the launcher's parameter, in words of ``about``.
    """

    key: str
    field: str
    word: str
    title: str
    about: str
    namespace: str
    metric: str
    statistic: str
    evaluated: int
    datapoints: int
    most: int | None = 100
    divisor: int = 1
    column: str = ""
    quantity: str = "used"
    unit: str = "percent"


KINDS = (
    _Kind("errorRate", "error_rate", "ErrorRate", "Too many requests fail",
          "Share of requests that fail (5xx), above which an alarm is raised.",
          REQUESTS, "Invocation5XXErrors", "Average", 5, 3, 1),
    _Kind("clientErrorRate", "client_error_rate", "ClientErrorRate", "Too many requests are refused",
          "Share of requests that are refused (4xx), above which an alarm is raised.",
          REQUESTS, "Invocation4XXErrors", "Average", 5, 3, 1),
    _Kind("latency", "latency", "Latency", "Requests take too long",
          "Seconds that the slowest tenth of requests takes in the model, above which an alarm is raised.",
          REQUESTS, "ModelLatency", "p90", 5, 3, 3600, 1_000_000, quantity="latency", unit="seconds"),
    _Kind("memory", "memory", "Memory", "Memory is nearly full",
          "Percent of an instance's memory in use, above which an alarm is raised.",
          INSTANCES, "MemoryUtilization", "Maximum", 5, 5),
    _Kind("disk", "disk", "Disk", "The disk is nearly full",
          "Percent of an instance's disk in use, above which an alarm is raised.",
          INSTANCES, "DiskUtilization", "Maximum", 5, 5),
    _Kind("cpu", "cpu", "Cpu", "Processors are busy",
          "Percent of all processors in use for 15 minutes, above which an alarm is raised.",
          INSTANCES, "CPUUtilization", "Average", 15, 15, column="Cpus"),
    _Kind("gpu", "gpu", "Gpu", "GPUs are busy",
          "Percent of all GPUs in use for 15 minutes, above which an alarm is raised.",
          INSTANCES, "GPUUtilization", "Average", 15, 15, column="Gpus"),
    _Kind("gpuMemory", "gpu_memory", "GpuMemory", "GPU memory is nearly full",
          "Percent of all GPU memory in use, above which an alarm is raised.",
          INSTANCES, "GPUMemoryUtilization", "Maximum", 5, 5, column="Gpus"),
)  # fmt: skip
"""Alarms of each variant; the backlog's are the endpoint's."""


def plan(scene: Scene) -> AlarmsPlan | None:
    """The alarms with their defaults by mode; what would never be raised, or always, is noted."""
    asked = scene.data.alarms
    if asked is None:
        return None
    _check(asked, scene)
    wanted = {kind.field: value for kind in KINDS if (value := _value(kind.field, asked, scene)) is not None}
    found = [
        alarm
        for source in _sources(wanted, scene)
        for kind in KINDS
        if kind.field in wanted and kind.namespace in source.namespaces
        if (alarm := _alarm(kind, source, scene)) is not None
    ]
    thresholds = [
        ThresholdPlan(f"Alarm{kind.word}", kind.about, f"{wanted[kind.field]:g}", 0, kind.most)
        for kind in KINDS
        if any(alarm.parameter == f"Alarm{kind.word}" for alarm in found)
    ]
    for alarm, threshold in _waiting(asked, scene):
        found.append(alarm)
        if threshold not in thresholds:
            thresholds.append(threshold)
    if not found:
        scene.notes.refuse("alarms", "are none: every one is null", "leave alarms out, or one of them in")
    if len(found) > MAX_ALARMS:
        scene.notes.refuse(
            "alarms",
            f"are {len(found)}, with one a variant or component",
            f"at most {MAX_ALARMS}: make some of them null",
        )
    columns = {alarm.column for alarm in found if alarm.column}
    return AlarmsPlan(
        alarms=tuple(found),
        thresholds=tuple(thresholds),
        topic="" if asked.topic == "make" else asked.topic,
        email=asked.email or "",
        kms_key=asked.kms_key or (asked.topic == "make" and scene.data.security.kms_key) or "",
        rows=_rows(scene) if columns else (),
    )


def _sources(wanted: dict[str, Any], scene: Scene) -> tuple[Source, ...]:
    """What is watched: adapters too, which may be hundreds, as long as their alarms find room."""
    every = sources(scene)
    number = sum(kind.field in wanted and kind.namespace in one.namespaces for one in every for kind in KINDS)
    adapters = [one for one in every if one.adapter]
    if not adapters or number <= MAX_ALARMS:
        return every
    scene.notes.warn(
        "alarms",
        f"would be {number} with those of {len(adapters)} adapters, which therefore get none",
        f"at most {MAX_ALARMS}: make some of them null",
    )
    return tuple(one for one in every if not one.adapter)


def _mode(scene: Scene) -> str:
    if scene.endpoint.serverless:
        return "serverless"
    return "async" if scene.data.asynchronous else "real-time"


def _value(field: str, asked: Alarms, scene: Scene) -> Any:
    """What the spec says, or what is usual when it says nothing; None for no alarm."""
    if field in asked.model_fields_set:
        return getattr(asked, field)
    mode = _mode(scene)
    usual: dict[str, float | None] = {
        "error_rate": 0.05,
        # half of what SageMaker waits; an asynchronous request may take as long as it likes
        "latency": None if mode == "async" else ANSWER / 2,
        "memory": 90,
        "disk": None if mode == "serverless" else 75 if scene.data.data_capture else 85,
        "backlog": 100 if mode == "async" else None,
        "no_capacity": 30 if _reaches_zero(scene) else None,
    }
    return usual.get(field)


def _reaches_zero(scene: Scene) -> bool:
    """Whether requests may find nothing that answers, since it has gone for want of requests."""
    if _mode(scene) == "async":
        return scene.data.scaling is not None and not scene.data.scaling.min
    return bool(_waking(scene))


def _waking(scene: Scene) -> list[ComponentPlan]:
    """Components that go to zero copies and come back."""
    components = scene.plans.get("components")
    return [one for one in components.scaled if one.scaling.wakes] if components else []


def _check(asked: Alarms, scene: Scene) -> None:
    notes, mode = scene.notes, _mode(scene)
    _check_topic(asked, scene)
    if mode != "async":
        for key in _given(asked, "backlog", *(() if _waking(scene) else ("noCapacity",))):
            notes.refuse(
                f"alarms.{key}",
                "is of asynchronous endpoints, whose requests wait",
                "leave it out, or use async",
            )
    if mode == "serverless":
        for key in _given(asked, "disk", "cpu", "gpu", "gpuMemory"):
            notes.refuse(
                f"alarms.{key}", "SageMaker does not report it of serverless endpoints", "leave it out"
            )
        return
    if without := next((row.type for row in _rows(scene) if not row.gpus), None):
        for key in _given(asked, "gpu", "gpuMemory"):
            notes.refuse(f"alarms.{key}", f"{without} has no GPU", "leave it out")
    if asked.gpu_memory is not None:
        notes.warn(
            "alarms.gpuMemory",
            "most servers of language models take nearly all GPU memory when they start: the alarm would stay raised",
        )
    if asked.latency is not None and asked.latency >= ANSWER and mode == "real-time":
        notes.warn(
            "alarms.latency",
            f"is {asked.latency:g} s: SageMaker gives up after {ANSWER} s unless the answer streams",
            f"less than {ANSWER}",
        )


def _check_topic(asked: Alarms, scene: Scene) -> None:
    if asked.topic != "make":
        for key in _given(asked, "email", "kmsKey"):
            scene.notes.refuse(
                f"alarms.{key}", "is about a topic of the template's, not about yours", "leave it out"
            )
    elif scene.data.security.kms_key and not asked.kms_key:
        scene.notes.warn(
            "security.kmsKey",
            "does not encrypt the topic of alarms: CloudWatch could not tell anybody unless the key's policy lets it",
            "alarms.kmsKey, with a key that allows cloudwatch.amazonaws.com",
        )


def _given(asked: Alarms, *keys: str) -> list[str]:
    """Those of the spec's keys that have a value."""
    values = asked.model_dump(by_alias=True)
    return [key for key in keys if values[key] is not None]


def _alarm(kind: _Kind, source: Source, scene: Scene) -> AlarmPlan | None:
    alarm = AlarmPlan(
        id=f"{source.prefix}{kind.word}Alarm",
        title=kind.title,
        variant=source.variant,
        component=source.component,
        namespace=kind.namespace,
        metric=kind.metric,
        statistic=kind.statistic,
        parameter=f"Alarm{kind.word}",
        threshold="",
        operator="GreaterThanThreshold",
        period=60,
        evaluated=kind.evaluated,
        datapoints=kind.datapoints,
        missing=_missing(kind.namespace, scene),
        quantity=kind.quantity,
        unit=kind.unit,
        divisor=kind.divisor,
    )
    return alarm if not kind.column else _divided(alarm, kind, source, scene)


def _divided(alarm: AlarmPlan, kind: _Kind, source: Source, scene: Scene) -> AlarmPlan | None:
    """The sum over processors or GPUs becomes a share of all: by a number, or by one that follows the type."""
    fleet = source.fleet
    if fleet is None:
        return None
    rows = {row.type: row for row in _rows(scene)}
    of = {
        rows[choice.name].cpus if kind.column == "Cpus" else rows[choice.name].gpus
        for choice in fleet.choices
    }
    if len(of) == 1:
        return replace(alarm, divisor=of.pop())
    if fleet.pools:
        scene.notes.refuse(
            f"alarms.{kind.key}",
            "the instance pools differ in what they have, so that one threshold fits none",
            "leave it out, or use pools that are alike",
        )
        return None
    return replace(alarm, column=kind.column, type_parameter=fleet.type_parameter)


def _rows(scene: Scene) -> tuple[InstanceRow, ...]:
    """Every instance type that may be chosen."""
    found = {}
    for fleet in scene.endpoint.fleets:
        for choice in fleet.choices:
            instance = scene.catalogue.instance(choice.name)
            gpus = instance.accelerators if instance.processor == "gpu" else 0
            found[choice.name] = InstanceRow(choice.name, instance.vcpus, gpus)
    return tuple(found.values())


def _missing(namespace: str, scene: Scene) -> str:
    """How an alarm takes missing data: no request is no failure, nor is no instance where there may be none."""
    always = _mode(scene) == "real-time" and not scene.data.components and not scene.data.schedule
    if namespace == REQUESTS or not always:
        return "notBreaching"
    return "missing"


def _waiting(asked: Alarms, scene: Scene) -> Iterator[tuple[AlarmPlan, ThresholdPlan]]:
    """The alarms of an asynchronous endpoint's queue, and of requests that find no copy of a component."""
    common: dict[str, Any] = {
        "variant": "", "component": "", "namespace": REQUESTS, "period": 60, "missing": "notBreaching",
    }  # fmt: skip
    minutes = _value("no_capacity", asked, scene)
    if _mode(scene) != "async":
        for one in _waking(scene) if minutes is not None else ():
            yield (
                AlarmPlan(
                    id=f"{one.word}NoCapacityAlarm", title="Requests are refused and there is no copy",
                    metric="NoCapacityInvocationFailures", statistic="Sum", parameter=NO_CAPACITY,
                    threshold="1", operator="GreaterThanOrEqualToThreshold", evaluated=0, datapoints=0,
                    **common | {"component": one.id},
                ),
                ThresholdPlan(
                    NO_CAPACITY, "Minutes of refused requests to a component without a copy until an alarm is raised.",
                    str(minutes), 1, 1440,
                ),
            )  # fmt: skip
        return
    if (backlog := _value("backlog", asked, scene)) is not None:
        yield (
            AlarmPlan(
                id="BacklogAlarm", title="Too many requests wait", metric="ApproximateBacklogSize",
                statistic="Average", parameter="AlarmBacklog", threshold="", operator="GreaterThanThreshold",
                evaluated=5, datapoints=5, **common,
            ),
            ThresholdPlan(
                "AlarmBacklog", "Requests that wait or are worked on, above which an alarm is raised.",
                str(backlog), 1, None,
            ),
        )  # fmt: skip
    if minutes is not None:
        yield (
            AlarmPlan(
                id="NoCapacityAlarm", title="Requests wait and there is no instance",
                metric="HasBacklogWithoutCapacity", statistic="Average", parameter=NO_CAPACITY,
                threshold="1", operator="GreaterThanOrEqualToThreshold", evaluated=0, datapoints=0, **common,
            ),
            ThresholdPlan(
                NO_CAPACITY,
                "Minutes that requests wait without an instance until an alarm is raised.", str(minutes), 1, 1440,
            ),
        )  # fmt: skip
