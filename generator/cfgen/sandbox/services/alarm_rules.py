"""CloudWatch: what PutMetricAlarm and PutCompositeAlarm refuse; moto keeps the alarms."""

from __future__ import annotations

import re
from typing import Any

from moto.cloudwatch.models import cloudwatch_backends

from cfgen.sandbox.registry import before, operation
from cfgen.sandbox.wire import AwsError, Call

_DAY = 86_400
_RANGES = ("LessThanLowerOrGreaterThanUpperThreshold", "LessThanLowerThreshold", "GreaterThanUpperThreshold")
_ACTION = re.compile(
    r"arn:aws[a-z-]*:(sns|lambda|autoscaling|ssm|ssm-incidents|automate|swf|ec2|aiops|application-autoscaling):.+"
)
_STATISTIC = re.compile(
    r"p\d{1,2}(\.\d{1,10})?|p100|IQM|(tm|tc|ts|wm)\d{1,2}(\.\d{1,10})?|(PR|TC|TM|TS|WM)\(.+\)", re.IGNORECASE
)


def _refuse(message: str, code: str = "ValidationError") -> AwsError:
    return AwsError(code, message)


@before("cloudwatch", "PutMetricAlarm")
def check_alarm(call: Call) -> None:
    """A metric, a statistic, a period and a threshold that belong together."""
    p = call.params
    metrics = p.get("Metrics") or []
    if bool(metrics) == bool(p.get("MetricName")):
        raise _refuse("Exactly one of MetricName and Metrics must be specified for an alarm.")
    for key in ("ComparisonOperator", "EvaluationPeriods"):
        if p.get(key) is None:
            raise _refuse(f"{key} is required.")
    if metrics:
        _check_metrics(p, metrics)
    else:
        _check_metric(p)
    points = p.get("DatapointsToAlarm")
    if points is not None and int(points) > int(p["EvaluationPeriods"]):
        raise _refuse("DatapointsToAlarm must be less than or equal to EvaluationPeriods.")
    if p.get("TreatMissingData") not in (None, "breaching", "notBreaching", "ignore", "missing"):
        raise _refuse(f"Option {p['TreatMissingData']} is not supported for parameter TreatMissingData.")
    in_range = p["ComparisonOperator"] in _RANGES
    if in_range != bool(p.get("ThresholdMetricId")):
        raise _refuse(
            "ThresholdMetricId goes with the comparison operators of anomaly detection, and only them."
        )
    if not in_range and p.get("Threshold") is None:
        raise _refuse("Threshold is required for an alarm on a static threshold.")
    _check_actions(p)


def _check_metric(p: dict[str, Any]) -> None:
    if not p.get("Namespace"):
        raise _refuse("Namespace is required with MetricName.")
    if bool(p.get("Statistic")) == bool(p.get("ExtendedStatistic")):
        raise _refuse("Exactly one of Statistic and ExtendedStatistic must be specified with MetricName.")
    if p.get("ExtendedStatistic") and not _STATISTIC.fullmatch(p["ExtendedStatistic"]):
        raise _refuse(
            f"The value {p['ExtendedStatistic']} for parameter ExtendedStatistic is not supported.",
            "InvalidParameterValue",
        )
    if p.get("Period") is None:
        raise _refuse("Period is required with MetricName.")
    period = int(p["Period"])
    _check_period(period)
    span = period * int(p["EvaluationPeriods"])
    if span > (7 * _DAY if period >= 3600 else _DAY):
        raise _refuse(
            "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= 86400)."
        )


def _check_period(period: int) -> None:
    if period not in (10, 20, 30) and period % 60:
        raise _refuse(f"Period must be 10, 20, 30 or a multiple of 60, not {period}.")


def _check_metrics(p: dict[str, Any], metrics: list[dict[str, Any]]) -> None:
    for key in ("Namespace", "Dimensions", "Period", "Unit", "Statistic", "ExtendedStatistic"):
        if p.get(key):
            raise _refuse(f"{key} cannot be specified with Metrics.")
    ids = [item["Id"] for item in metrics]
    if len(set(ids)) != len(ids):
        raise _refuse("The Ids of Metrics must be unique.")
    for item in metrics:
        if not re.fullmatch(r"[a-z][a-zA-Z0-9_]*", item["Id"]):
            raise _refuse(f"Invalid Id {item['Id']}: it must begin with a small letter.")
        if bool(item.get("Expression")) == bool(item.get("MetricStat")):
            raise _refuse(f"Metric {item['Id']} needs exactly one of Expression and MetricStat.")
        if stat := item.get("MetricStat"):
            _check_period(int(stat["Period"]))
    if sum(bool(item.get("ReturnData", True)) for item in metrics) != (
        2 if p.get("ThresholdMetricId") else 1
    ):
        raise _refuse("Exactly one element of the metrics list should return data.")


def _check_actions(p: dict[str, Any]) -> None:
    for key in ("AlarmActions", "OKActions", "InsufficientDataActions"):
        for arn in p.get(key) or []:
            if not _ACTION.fullmatch(str(arn)):
                raise _refuse(f"Invalid arn syntax: {arn}")


def check_composite(call: Call) -> None:
    """A rule that can be read, over alarms that exist."""
    p = call.params
    rule = str(p["AlarmRule"])
    left = re.sub(r"(ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*(\"[^\"]+\"|'[^']+'|[^()\"']+?)\s*\)", " TRUE ", rule)
    words = re.findall(r"[()]|[^\s()]+", left)
    try:
        # the grammar of rules is Python's own for these five words
        spelled = {
            "AND": "and",
            "OR": "or",
            "NOT": "not",
            "TRUE": "True",
            "FALSE": "False",
            "(": "(",
            ")": ")",
        }
        compile(" ".join(spelled[word] for word in words), "rule", "eval")
    except (KeyError, SyntaxError):
        raise _refuse(f"AlarmRule cannot be parsed: {rule}") from None
    known = cloudwatch_backends[call.account][call.region].alarms
    named = re.findall(r"(?:ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*[\"']?([^()\"']+?)[\"']?\s*\)", rule)
    for name in named:
        plain = name.split(":alarm:")[-1]
        if plain not in known:
            raise _refuse(
                f"Could not save the composite alarm as alarms [{plain}] in the alarm rule do not exist"
            )
        if plain == p["AlarmName"]:
            raise _refuse("A composite alarm cannot be part of its own rule.")
    if not named:
        raise _refuse("AlarmRule must name at least one alarm.")
    _check_actions(p)


@operation("cloudwatch")
def put_composite_alarm(call: Call) -> Any:
    """moto shows composite alarms, but has no operation to make one."""
    p = call.params
    check_composite(call)
    backend = cloudwatch_backends[call.account][call.region]
    backend.put_metric_alarm(
        name=p["AlarmName"],
        namespace="",
        metric_name="",
        comparison_operator="",
        evaluation_periods=1,
        period=60,
        threshold=0.0,
        statistic="",
        description=p.get("AlarmDescription", ""),
        dimensions=[],
        alarm_actions=p.get("AlarmActions") or [],
        ok_actions=p.get("OKActions") or [],
        insufficient_data_actions=p.get("InsufficientDataActions") or [],
        actions_enabled=p.get("ActionsEnabled", True),
        rule=p["AlarmRule"],
        tags=p.get("Tags") or [],
    )
    return {}


@before("cloudwatch", "DeleteAlarms")
def check_deletion(call: Call) -> None:
    """An alarm in a composite alarm's rule can be deleted only with it."""
    names = set(call.params.get("AlarmNames") or [])
    for alarm in list(cloudwatch_backends[call.account][call.region].alarms.values()):
        if alarm.rule is None or alarm.name in names:
            continue
        used = {
            name.split(":alarm:")[-1]
            for name in re.findall(r"\(\s*[\"']?([^()\"']+?)[\"']?\s*\)", alarm.rule)
        }
        if used & names:
            raise _refuse(
                f"Cannot delete {', '.join(sorted(used & names))}: used by composite alarm {alarm.name}"
            )
