"""``dashboard`` → the widgets of one CloudWatch dashboard.

Sources: CloudWatch API reference, "Dashboard body structure and syntax"; Amazon SageMaker, "Amazon SageMaker AI
metrics in Amazon CloudWatch", "Alarms and logs for tracking metrics from asynchronous endpoints", "… from serverless
endpoints"; "Asynchronous inference: troubleshooting" (a minute's samples of a metric of instances count them).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from cfgen.resolve.features.scene import Scene
from cfgen.resolve.features.series import INSTANCES, REQUESTS, Source, sources
from cfgen.resolve.plans.dashboard import DashboardPlan
from cfgen.spec.features.dashboard import Dashboard

NAME = "${Endpoint.EndpointName}"
WIDTH = 24
"""Columns of a dashboard."""
ERRORS = "error|exception|traceback|out of memory"
"""What a line of the log says that looks like an error, in any case."""

Widget = dict[str, Any]
Metric = list[Any]


def plan(scene: Scene) -> DashboardPlan | None:
    """The body of the dashboard, by mode."""
    asked = scene.data.dashboard
    if asked is None:
        return None
    found = sources(scene)
    return DashboardPlan(
        body=_text(asked, _placed(_widgets(asked, found, scene))),
        names=tuple((f"{one.component}Name", one.component) for one in found if one.component),
    )


def _widgets(asked: Dashboard, found: tuple[Source, ...], scene: Scene) -> Iterator[Widget]:
    """Every widget with its size, in reading order."""
    if alarms := _alarm_ids(scene):
        yield _alarms(alarms)
    asynchronous, serverless = scene.data.asynchronous is not None, scene.endpoint.serverless
    answering = [one for one in found if REQUESTS in one.namespaces]
    standing = [one for one in found if INSTANCES in one.namespaces]
    own = [one for one in answering if not one.adapter]
    if asynchronous:
        yield _graph("Answers and failures", "Sum", _each(answering, _async_requests))
    else:
        yield _graph("Requests and errors", "Sum", _each(answering, _requests))
    yield _graph("Latency in the model, and around it (microseconds)", "Average", [
        metric
        for one in answering
        for metric in _latency(one, asynchronous, serverless is not None, len(answering) > 1)
    ])  # fmt: skip
    gpus = any(
        scene.catalogue.instance(choice.name).processor == "gpu"
        for fleet in scene.endpoint.fleets
        for choice in fleet.choices
    )
    if serverless:
        yield _graph("Memory in use (percent)", "Maximum", _each(standing, _memory))
        yield _graph("Concurrency in use (share)", "Maximum", _each(answering, _concurrency))
        if serverless.provisioned_concurrency:
            yield _graph("Provisioned concurrency in use (share)", "Maximum", _each(answering, _provisioned))
    else:
        normalized = bool(scene.data.components)
        title = "Use of the instances (percent)"
        if not normalized:
            title = "Use of the instances (percent; processors and GPUs add up)"
        yield _graph(title, "Average", [
            metric for one in standing for metric in _use(one, gpus, normalized, len(standing) > 1)
        ])  # fmt: skip
        yield _graph("Instances", "SampleCount", _each(standing, _instances), 60)
        if asynchronous:
            yield _graph("Requests that wait", "Maximum", list(_backlog()), 60)
        else:
            what = "ConcurrentRequestsPerCopy" if normalized else "ConcurrentRequestsPerModel"
            yield _graph("Requests under way", "Maximum", [
                _metric(one, REQUESTS, what, "most at a time", several=len(own) > 1) for one in own
            ])  # fmt: skip
    if any(model.mode for model in scene.models):
        yield _graph("Models loaded", "Average", _each(answering, _models))
    if asked.log_errors:
        yield _log(tuple(f"{one.prefix}LogGroup" for one in own if one.component) or ("LogGroup",))


def _each(found: Iterable[Source], metrics: Any) -> list[Metric]:
    found = list(found)
    return [metric for one in found for metric in metrics(one, len(found) > 1)]


def _metric(
    source: Source, namespace: str, name: str, label: str, stat: str = "", several: bool = False
) -> Metric:
    """A metric of a variant or component, as a dashboard writes it."""
    if source.component:
        dimensions = ["InferenceComponentName", f"${{{source.component}Name}}"]
    else:
        dimensions = ["EndpointName", NAME, "VariantName", source.variant]
    options = {"label": f"{source.label}: {label}" if several else label}
    return [namespace, name, *dimensions, options | ({"stat": stat} if stat else {})]


def _requests(one: Source, several: bool) -> Iterator[Metric]:
    for name, label in (
        ("Invocations", "requests"), ("Invocation4XXErrors", "refused (4xx)"), ("Invocation5XXErrors", "failed (5xx)")
    ):  # fmt: skip
        yield _metric(one, REQUESTS, name, label, several=several)


def _async_requests(one: Source, several: bool) -> Iterator[Metric]:
    # an asynchronous endpoint does not report Invocations: each answer of the model has one latency
    yield _metric(one, REQUESTS, "ModelLatency", "answers of the model", "SampleCount", several)
    for name, label in (
        ("Invocation4XXErrors", "refused (4xx)"), ("Invocation5XXErrors", "failed (5xx)"),
        ("InvocationFailures", "failed for any reason"), ("ExpiredRequests", "expired while waiting"),
    ):  # fmt: skip
        yield _metric(one, REQUESTS, name, label, several=several)


def _latency(one: Source, asynchronous: bool, serverless: bool, several: bool) -> Iterator[Metric]:
    for stat in ("p50", "p90", "p99"):
        yield _metric(one, REQUESTS, "ModelLatency", f"model, {stat}", stat, several)
    if asynchronous:
        yield _metric(one, REQUESTS, "TimeInBacklog", "waiting, average", several=several)
    else:
        yield _metric(one, REQUESTS, "OverheadLatency", "around it, average", several=several)
    if serverless:
        yield _metric(one, REQUESTS, "ModelSetupTime", "start of a container, p90", "p90", several)


def _use(one: Source, gpus: bool, normalized: bool, several: bool) -> Iterator[Metric]:
    end = "Normalized" if normalized else ""
    yield _metric(one, INSTANCES, f"CPUUtilization{end}", "processors", several=several)
    yield _metric(one, INSTANCES, "MemoryUtilization", "memory, fullest", "Maximum", several)
    yield _metric(one, INSTANCES, "DiskUtilization", "disk, fullest", "Maximum", several)
    if gpus:
        yield _metric(one, INSTANCES, f"GPUUtilization{end}", "GPUs", several=several)
        yield _metric(one, INSTANCES, f"GPUMemoryUtilization{end}", "GPU memory", several=several)


def _memory(one: Source, several: bool) -> Iterator[Metric]:
    yield _metric(one, INSTANCES, "MemoryUtilization", "memory", several=several)


def _instances(one: Source, several: bool) -> Iterator[Metric]:
    # each instance reports once a minute
    yield _metric(one, INSTANCES, "CPUUtilization", "instances", several=several)


def _concurrency(one: Source, several: bool) -> Iterator[Metric]:
    yield _metric(
        one, REQUESTS, "ServerlessConcurrentExecutionsUtilization", "of maxConcurrency", several=several
    )


def _provisioned(one: Source, several: bool) -> Iterator[Metric]:
    yield _metric(
        one, REQUESTS, "ServerlessProvisionedConcurrencyUtilization", "of what is kept ready", several=several
    )


def _backlog() -> Iterator[Metric]:
    for name, label in (
        ("ApproximateBacklogSize", "waiting or worked on"), ("ApproximateBacklogSizePerInstance", "for each instance"),
        ("HasBacklogWithoutCapacity", "waiting without an instance (0 or 1)"),
    ):  # fmt: skip
        yield [REQUESTS, name, "EndpointName", NAME, {"label": label}]


def _models(one: Source, several: bool) -> Iterator[Metric]:
    yield _metric(one, INSTANCES, "LoadedModelCount", "loaded, for each instance", several=several)
    yield _metric(one, REQUESTS, "ModelCacheHit", "share of requests that find theirs", several=several)


def _graph(title: str, stat: str, metrics: list[Metric], period: int = 300) -> Widget:
    properties = {
        "title": title, "region": "${AWS::Region}", "stat": stat, "period": period, "metrics": _shortened(metrics)
    }  # fmt: skip
    return {"type": "metric", "width": 12, "height": 6, "properties": properties}


def _shortened(metrics: list[Metric]) -> list[Metric]:
    """A dot, as dashboards have it, for what stands in the same place of the metric before."""
    before: Metric = []
    short = []
    for one in metrics:
        same = len(one) == len(before)
        parts = ("." if same and part == before[place] else part for place, part in enumerate(one[:-1]))
        short.append([*parts, one[-1]])
        before = one
    return short


def _alarm_ids(scene: Scene) -> tuple[str, ...]:
    plans = (scene.plans.get("alarms"), scene.plans.get("deployment"))
    return tuple(alarm.id for plan in plans if plan for alarm in plan.alarms)


def _alarms(ids: tuple[str, ...]) -> Widget:
    properties = {"title": "Alarms", "alarms": [f"${{{name}.Arn}}" for name in ids]}
    return {"type": "alarm", "width": WIDTH, "height": 1 + -(-len(ids) // 4), "properties": properties}


def _log(groups: tuple[str, ...]) -> Widget:
    query = "".join(f"SOURCE '${{{name}}}' | " for name in groups) + (
        "fields @timestamp, @logStream, @message "
        f"| filter @message like /(?i)({ERRORS})/ | sort @timestamp desc | limit 50"
    )
    properties = {"title": "Errors in the log", "region": "${AWS::Region}", "view": "table", "query": query}
    return {"type": "log", "width": WIDTH, "height": 6, "properties": properties}


def _placed(widgets: Iterable[Widget]) -> list[Widget]:
    """The widgets with their places, side by side while they fit."""
    x = y = tall = 0
    placed = []
    for one in widgets:
        if x + one["width"] > WIDTH:
            x, y, tall = 0, y + tall, 0
        placed.append({"type": one["type"], "x": x, "y": y} | one)
        x, tall = x + one["width"], max(tall, one["height"])
    return placed


def _text(asked: Dashboard, widgets: list[Widget]) -> str:
    """JSON that people can read: a line each metric, alarm and property that is long."""
    lines = ["{", f'  "start": "-PT{asked.hours}H",', '  "widgets": [']
    for number, one in enumerate(widgets):
        head = ", ".join(f'"{key}": {json.dumps(one[key])}' for key in ("type", "x", "y", "width", "height"))
        lines += ["    {" + head + ', "properties": {']
        rows = []
        for key, value in one["properties"].items():
            if isinstance(value, list):
                rows.append(
                    f'      "{key}": [\n'
                    + ",\n".join(f"        {json.dumps(v)}" for v in value)
                    + "\n      ]"
                )
            else:
                rows.append(f'      "{key}": {json.dumps(value)}')
        lines += [",\n".join(rows), "    }}" + "," * (number < len(widgets) - 1)]
    return "\n".join([*lines, "  ]", "}"])
