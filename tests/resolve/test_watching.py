"""Alarms, dashboard and budget: what is watched in each mode, in which unit, who is told; what is refused."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from cfgen.document import load
from cfgen.resolve.errors import ResolveError
from cfgen.spec import SpecError
from tests.specs import CONTAINER, changed, spec_of, stack_of, template_of

SERVERLESS = changed(
    CONTAINER,
    endpoint=...,
    model__container="huggingface:4.51.3",
    model__modelId="intfloat/e5-small-v2",
    model__task="feature-extraction",
    serverless={"memorySizeInMB": 2048},
)
VARIANTS = changed(
    CONTAINER, variants=[{"name": "current", "weight": 9}, {"name": "next", "instanceType": "ml.g5.12xlarge"}]
)
SHADOWED = changed(CONTAINER, variants=[{"name": "current"}, {"name": "copy", "shadow": True}])
COMPONENTS = changed(
    CONTAINER,
    components=[{"name": name, "accelerators": 2} for name in ("chat", "code")],
    endpoint__instanceType="ml.g5.12xlarge",
)
CPU = changed(
    CONTAINER,
    model__container="tei",
    model__modelId="BAAI/bge-small-en-v1.5",
    endpoint__instanceType="ml.c6i.2xlarge",
)


def resources(data: dict[str, Any]) -> dict[str, Any]:
    """The resources of a spec's template."""
    found: dict[str, Any] = load(template_of(data).text)["Resources"]
    return found


def alarms(data: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Alarms that are the template's by ``alarms``, by logical id."""
    return {
        name: one["Properties"]
        for name, one in resources(data).items()
        if one["Type"] == "AWS::CloudWatch::Alarm" and "OKActions" in one["Properties"]
    }


def test_usual_alarms_by_mode() -> None:
    usual = {"ErrorRateAlarm", "LatencyAlarm", "MemoryAlarm", "DiskAlarm"}
    assert set(alarms(changed(CONTAINER, alarms=True))) == usual
    assert set(alarms(changed(SERVERLESS, alarms=True))) == usual - {"DiskAlarm"}
    waiting = {"ErrorRateAlarm", "MemoryAlarm", "DiskAlarm", "BacklogAlarm"}
    assert set(alarms(changed(CONTAINER, alarms={}, **{"async": {}}))) == waiting
    zero = changed(CONTAINER, alarms={}, scaling={"max": 2}, **{"async": {}})
    assert set(alarms(zero)) == waiting | {"NoCapacityAlarm"}
    never_zero = changed(CONTAINER, alarms={}, scaling={"min": 1, "max": 2}, **{"async": {}})
    assert set(alarms(never_zero)) == waiting


def test_alarms_are_of_each_variant_that_answers() -> None:
    made = alarms(changed(VARIANTS, alarms={"gpu": 90}))
    assert len(made) == 10
    dimensions = made["NextErrorRateAlarm"]["Dimensions"]
    assert dimensions[1] == {"Name": "VariantName", "Value": "next"}
    assert dimensions[0]["Name"] == "EndpointName"
    assert not [name for name in alarms(changed(SHADOWED, alarms={})) if name.startswith("Copy")]


def test_components_are_asked_by_component_and_stand_on_a_variant() -> None:
    made = alarms(changed(COMPONENTS, alarms={}))
    assert set(made) == {
        "ChatErrorRateAlarm", "ChatLatencyAlarm", "CodeErrorRateAlarm", "CodeLatencyAlarm", "MemoryAlarm", "DiskAlarm"
    }  # fmt: skip
    [dimension] = made["ChatErrorRateAlarm"]["Dimensions"]
    assert dimension["Name"] == "InferenceComponentName"
    assert {"Ref": "ChatComponent"} in dimension["Value"]["Fn::Select"][1]["Fn::Split"]
    assert [one["Name"] for one in made["MemoryAlarm"]["Dimensions"]] == ["EndpointName", "VariantName"]


def adapted(number: int) -> dict[str, Any]:
    """A component with so many adapters."""
    adapters = [
        {"name": f"tuned{n}", "base": "chat", "adapter": "s3://my-adapters/tuned.tar.gz"}
        for n in range(number)
    ]
    return changed(COMPONENTS, components=[{"name": "chat", "accelerators": 2}, *adapters])


def test_adapters_are_asked_by_their_own_names() -> None:
    made = alarms(changed(adapted(2), alarms={}))
    chat = {"ChatErrorRateAlarm", "ChatLatencyAlarm", "MemoryAlarm", "DiskAlarm"}
    tuned = {f"Tuned{n}{kind}Alarm" for n in range(2) for kind in ("ErrorRate", "Latency")}
    assert set(made) == chat | tuned
    [dimension] = made["Tuned1ErrorRateAlarm"]["Dimensions"]
    assert dimension == {
        "Name": "InferenceComponentName",
        "Value": {"Fn::Select": [1, {"Fn::Split": ["/", {"Ref": "Tuned1Component"}]}]},
    }
    # hundreds of adapters are no reason to watch nothing
    many = changed(adapted(14), alarms={})
    assert set(alarms(many)) == chat
    assert any(
        "would be 32 with those of 14 adapters, which therefore get none" in one
        for one in stack_of(many).warnings
    )
    assert len(alarms(changed(many, alarms={"latency": None}))) == 3 + 14


def test_a_component_that_does_not_come_back_is_told() -> None:
    scaled = [
        {"name": name, "accelerators": 2, "scaling": {"min": least, "max": 2}}
        for name, least in (("chat", 0), ("code", 0), ("find", 1))
    ]
    data = changed(COMPONENTS, components=scaled)
    made = alarms(changed(data, alarms=True))
    assert {name for name in made if "NoCapacity" in name} == {"ChatNoCapacityAlarm", "CodeNoCapacityAlarm"}
    chat = made["ChatNoCapacityAlarm"]
    assert (chat["MetricName"], chat["Statistic"], chat["Threshold"]) == (
        "NoCapacityInvocationFailures",
        "Sum",
        "1",
    )
    assert chat["EvaluationPeriods"] == {"Ref": "AlarmNoCapacityMinutes"}
    assert not any("NoCapacity" in name for name in alarms(changed(data, alarms={"noCapacity": None})))
    later = load(template_of(changed(data, alarms={"noCapacity": 90})).text)["Parameters"]
    assert later["AlarmNoCapacityMinutes"]["Default"] == "90"


def test_adapters_on_a_dashboard_have_requests_but_neither_copies_nor_a_log() -> None:
    page = body(changed(adapted(1), dashboard=True))
    by_title = {one["properties"]["title"]: json.dumps(one) for one in page["widgets"]}
    assert "${Tuned0ComponentName}" in by_title["Requests and errors"]
    assert "Tuned0" not in by_title["Requests under way"]
    assert "Tuned0" not in by_title["Errors in the log"]


def test_thresholds_are_in_peoples_units() -> None:
    latency = alarms(changed(CONTAINER, alarms={"latency": 2.5}))["LatencyAlarm"]
    value, metric = latency["Metrics"]
    assert value["Expression"] == "latency / 1000000"
    assert metric["MetricStat"]["Stat"] == "p90"
    assert metric["ReturnData"] is False
    parameters = load(template_of(changed(CONTAINER, alarms={"latency": 2.5})).text)["Parameters"]
    assert float(parameters["AlarmLatency"]["Default"]) == 2.5


@pytest.mark.parametrize(
    ("types", "divided"),
    [
        (["ml.g5.4xlarge"], None),
        (["ml.g5.12xlarge"], {"Fn::FindInMap": ["AlarmUnits", {"Ref": "InstanceType"}, "Gpus"]}),
    ],
)
def test_sums_over_gpus_become_shares_of_all(types: list[str], divided: object) -> None:
    data = changed(CONTAINER, endpoint__allowedInstanceTypes=types, alarms={"gpu": 90})
    alarm = alarms(data)["GpuAlarm"]
    if divided is None:
        assert alarm["MetricName"] == "GPUUtilization"
        return
    assert alarm["Metrics"][0]["Expression"]["Fn::Sub"] == ["used / ${Units}", {"Units": divided}]
    rows = load(template_of(data).text)["Mappings"]["AlarmUnits"]
    assert rows["ml.g5.2xlarge"] == {"Cpus": 8, "Gpus": 1}
    assert rows["ml.g5.12xlarge"] == {"Cpus": 48, "Gpus": 4}


def test_four_gpus_on_every_type_are_a_number() -> None:
    data = changed(CONTAINER, endpoint__instanceType="ml.g5.12xlarge", alarms={"gpu": 90})
    assert alarms(data)["GpuAlarm"]["Metrics"][0]["Expression"] == "used / 4"


def test_data_that_is_missing() -> None:
    """No request is no failure; an instance that reports nothing is not known, unless there may be none."""
    made = alarms(changed(CONTAINER, alarms={}))
    assert made["ErrorRateAlarm"]["TreatMissingData"] == "notBreaching"
    assert made["MemoryAlarm"]["TreatMissingData"] == "missing"
    idle = alarms(changed(CONTAINER, alarms={}, **{"async": {}}))
    assert {alarm["TreatMissingData"] for alarm in idle.values()} == {"notBreaching"}


def test_capture_stops_on_a_full_disk() -> None:
    text = template_of(changed(CONTAINER, alarms={}, dataCapture={})).text
    assert load(text)["Parameters"]["AlarmDisk"]["Default"] == "75"


def test_null_means_no_alarm() -> None:
    made = alarms(changed(CONTAINER, alarms={"latency": None, "disk": None}))
    assert set(made) == {"ErrorRateAlarm", "MemoryAlarm"}


def test_the_topic_takes_only_this_stacks_alarms() -> None:
    made = resources(changed(CONTAINER, alarms={"email": "a@example.com"}))
    [allow, deny] = made["AlarmTopicPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert allow["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert allow["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
    assert allow["Condition"]["ArnLike"]["aws:SourceArn"]["Fn::Sub"].endswith(":alarm:${AWS::StackName}-*")
    assert deny["Effect"] == "Deny"
    # SNS's own key would leave alarms unheard
    assert "alias/aws/sns" not in json.dumps(made["AlarmTopic"])


def test_a_topic_of_the_users() -> None:
    arn = "arn:aws:sns:us-east-1:111122223333:alarms"
    document = load(template_of(changed(CONTAINER, alarms={"topic": arn})).text)
    assert document["Parameters"]["AlarmTopicArn"]["Default"] == arn
    for name in ("AlarmTopic", "AlarmTopicPolicy"):
        assert document["Resources"][name]["Condition"] == "MakesAlarmTopic"


REFUSED = [
    (CONTAINER, {"topic": "arn:aws:sns:us-east-1:111122223333:a", "email": "a@b.io"},
     "alarms.email: is about a topic of the template's"),
    (CONTAINER, {"topic": "arn:aws:sns:us-east-1:111122223333:a",
                 "kmsKey": "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"},
     "alarms.kmsKey: is about a topic of the template's"),
    (CONTAINER, {"backlog": 5}, "alarms.backlog: is of asynchronous endpoints"),
    (CONTAINER, {"noCapacity": 5}, "alarms.noCapacity: is of asynchronous endpoints"),
    (COMPONENTS, {"noCapacity": 5}, "alarms.noCapacity: is of asynchronous endpoints"),
    (CPU, {"gpu": 90}, "alarms.gpu: ml.c6i.2xlarge has no GPU"),
    (CPU, {"gpuMemory": 90}, "alarms.gpuMemory: ml.c6i.2xlarge has no GPU"),
    (SERVERLESS, {"disk": 90}, "alarms.disk: SageMaker does not report it of serverless endpoints"),
    (SERVERLESS, {"cpu": 90}, "alarms.cpu: SageMaker does not report it of serverless endpoints"),
    (CONTAINER, {"errorRate": None, "latency": None, "memory": None, "disk": None},
     "alarms: are none: every one is null"),
    (changed(CONTAINER, variants=[{"name": f"v{n}"} for n in range(8)]), {}, "alarms: are 32, with one a variant"),
    (changed(CONTAINER, endpoint={"instancePools": [{"instanceType": f"ml.g5.{size}"} for size in ("2xlarge", "12xlarge")]}), {"gpu": 90},
     "alarms.gpu: the instance pools differ in what they have"),
]  # fmt: skip


@pytest.mark.parametrize(("base", "asked", "words"), REFUSED)
def test_alarms_refused(base: dict[str, Any], asked: dict[str, Any], words: str) -> None:
    with pytest.raises(ResolveError) as caught:
        stack_of(changed(base, alarms=asked))
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("key", "asked", "words"),
    [
        ("alarms", {"email": "nobody"}, "an e-mail address"),
        ("alarms", {"errorRate": 5}, "less than 1"),
        ("alarms", {"topic": "mine"}, "the ARN of an SNS topic"),
        ("alarms", False, "alarms"),
        ("dashboard", {"hours": 0}, "dashboard.hours"),
        ("budget", {"email": "a@b.io"}, "budget.monthlyLimit"),
        ("budget", {"monthlyLimit": 5}, "budget.email"),
        ("budget", {"monthlyLimit": -5, "email": "a@b.io"}, "greater than 0"),
    ],
)
def test_values_refused(key: str, asked: object, words: str) -> None:
    with pytest.raises(SpecError) as caught:
        spec_of(changed(CONTAINER, **{key: asked}))
    assert words in str(caught.value)


def test_warnings() -> None:
    def warned(**keys: Any) -> str:
        return "\n".join(stack_of(changed(CONTAINER, **keys)).warnings)

    assert "take nearly all GPU memory" in warned(alarms={"gpuMemory": 95})
    assert "gives up after 60 s" in warned(alarms={"latency": 90})
    assert "counts all of SageMaker" in warned(budget={"monthlyLimit": 5, "email": "a@b.io"})
    assert "counts nothing until" in warned(budget={"monthlyLimit": 5, "email": "a@b.io", "scope": "stack"})
    key = {"kmsKey": "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"}
    assert "does not encrypt the topic of alarms" in warned(alarms=True, security=key)
    assert "does not encrypt" not in warned(alarms=key, security=key)
    silent = warned(
        budget={"monthlyLimit": 5, "email": "a@b.io", "scope": "service"}, alarms=True, dashboard=True
    )
    assert "budget" not in silent
    assert "alarms" not in silent


def body(data: dict[str, Any]) -> dict[str, Any]:
    """The dashboard's body, its references left as they stand."""
    text = resources(data)["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    found: dict[str, Any] = json.loads(text if isinstance(text, str) else text[0])
    return found


def whole(metrics: list[list[Any]]) -> list[list[Any]]:
    """Metrics with what their dots stand for."""
    found: list[list[Any]] = []
    for one in metrics:
        found.append([found[-1][place] if part == "." else part for place, part in enumerate(one)])
    return found


def shown(data: dict[str, Any]) -> set[tuple[str, str]]:
    """Namespace and name of every metric on a dashboard."""
    graphs = [one["properties"] for one in body(data)["widgets"] if one["type"] == "metric"]
    return {(metric[0], metric[1]) for graph in graphs for metric in whole(graph["metrics"])}


EXHAUSTIVE = {
    "async": {
        "Invocation4XXErrors", "Invocation5XXErrors", "ModelLatency", "ApproximateBacklogSize",
        "ApproximateBacklogSizePerInstance", "HasBacklogWithoutCapacity", "InvocationFailures", "ExpiredRequests",
        "TimeInBacklog",
    },
    "serverless": {
        "Invocations", "Invocation4XXErrors", "Invocation5XXErrors", "ModelLatency", "OverheadLatency",
        "ModelSetupTime", "ServerlessConcurrentExecutionsUtilization",
        "ServerlessProvisionedConcurrencyUtilization",
    },
}  # fmt: skip
"""What SageMaker reports in AWS/SageMaker of endpoints that are not real-time, and nothing else."""


def test_an_endpoint_that_is_switched_off_keeps_its_alarms_and_dashboard() -> None:
    """Nothing that stays refers to it, or the stack could not be updated; and nothing is deleted and made each day."""
    hours = {"timeZone": "Europe/Berlin", "days": ["mon"], "from": "08:00", "to": "18:00"}
    made = resources(changed(CONTAINER, schedule=hours, alarms={"gpu": 90}, dashboard=True, deployment={}))
    watching = {
        name: one
        for name, one in made.items()
        if one["Type"] in ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::Dashboard")
    }
    assert len(watching) == 7
    name = {"Fn::Select": [4, {"Fn::Split": ["/", {"Ref": "LogGroup"}]}]}
    for one in watching.values():
        assert "Condition" not in one
        assert "Endpoint.EndpointName" not in json.dumps(one)
    assert watching["GpuAlarm"]["Properties"]["Dimensions"][0] == {"Name": "EndpointName", "Value": name}
    assert watching["MemoryAlarm"]["Properties"]["TreatMissingData"] == "notBreaching"
    text, names = watching["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    assert names == {"Name": name}
    assert "${Name}" in text


def test_dashboards_show_what_is_reported() -> None:
    waiting = shown(changed(CONTAINER, dashboard=True, **{"async": {}}))
    assert {name for space, name in waiting if space == "AWS/SageMaker"} == EXHAUSTIVE["async"]
    kept = changed(SERVERLESS, dashboard={}, serverless__provisionedConcurrency=1)
    assert {name for space, name in shown(kept) if space == "AWS/SageMaker"} == EXHAUSTIVE["serverless"]
    assert {name for space, name in shown(kept) if space != "AWS/SageMaker"} == {"MemoryUtilization"}
    assert ("/aws/sagemaker/Endpoints", "GPUUtilization") in shown(changed(CONTAINER, dashboard={}))
    assert ("/aws/sagemaker/Endpoints", "GPUUtilization") not in shown(changed(CPU, dashboard={}))


@pytest.mark.parametrize("base", [CONTAINER, SERVERLESS, VARIANTS, COMPONENTS])
def test_widgets_fit_the_grid_and_refer_to_what_there_is(base: dict[str, Any]) -> None:
    data = changed(base, dashboard={"hours": 12}, alarms={})
    made = resources(data)
    page = body(data)
    assert page["start"] == "-PT12H"
    taken: set[tuple[int, int]] = set()
    for one in page["widgets"]:
        assert one["x"] + one["width"] <= 24
        cells = {(one["x"] + x, one["y"] + y) for x in range(one["width"]) for y in range(one["height"])}
        assert not cells & taken
        taken |= cells
    variables = set(re.findall(r"\$\{([A-Za-z0-9:.]+)\}", json.dumps(page)))
    text = made["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    own = set() if isinstance(text, str) else set(text[1])
    for name in variables - own - {"AWS::Region"}:
        assert name.split(".")[0] in made
    [listed] = [one["properties"]["alarms"] for one in page["widgets"] if one["type"] == "alarm"]
    assert {name.removeprefix("${").removesuffix(".Arn}") for name in listed} == set(alarms(data))


def test_a_dashboard_without_alarms_and_log() -> None:
    kinds = {one["type"] for one in body(changed(CONTAINER, dashboard={"logErrors": False}))["widgets"]}
    assert kinds == {"metric"}


def test_a_dashboard_shows_alarms_that_take_updates_back() -> None:
    page = body(changed(CONTAINER, dashboard=True, deployment={}))
    assert page["widgets"][0]["properties"]["alarms"] == ["${RollbackErrors.Arn}"]


def test_a_budget() -> None:
    asked = {"monthlyLimit": 1234.5, "email": "a@example.com", "forecast": 70}
    document = load(template_of(changed(CONTAINER, budget=asked, tags={"team": "a"})).text)
    made = document["Resources"]["Budget"]["Properties"]
    assert made["Budget"]["CostFilters"] == {
        "Service": ["Amazon SageMaker"],
        "Region": [{"Ref": "AWS::Region"}],
    }
    assert made["ResourceTags"] == [{"Key": "team", "Value": "a"}]
    kinds = [(one["Notification"]["NotificationType"], one["Notification"]["Threshold"])
             for one in made["NotificationsWithSubscribers"]]  # fmt: skip
    assert kinds == [("FORECASTED", 70), ("ACTUAL", 100)]
    assert document["Parameters"]["BudgetMonthlyLimit"]["Default"] == "1234.5"
    assert "BudgetName" not in made["Budget"]


def test_a_budget_by_tag() -> None:
    asked = {"monthlyLimit": 5, "email": "a@example.com", "scope": "stack"}
    made = resources(changed(CONTAINER, budget=asked))["Budget"]["Properties"]["Budget"]
    joined = {"Fn::Join": ["$", ["aws:cloudformation:stack-name", {"Ref": "AWS::StackName"}]]}
    assert made["CostFilters"] == {"TagKeyValue": [joined]}


def test_regions_without_budgets_are_left_out() -> None:
    without = stack_of(CONTAINER)
    budgeted = stack_of(changed(CONTAINER, budget={"monthlyLimit": 5, "email": "a@b.io"}))
    assert "eu-north-1" in without.regions
    assert "eu-north-1" not in budgeted.regions
    assert "a resource type there that budget needs" in dict(budgeted.elsewhere)["eu-north-1"]
    with pytest.raises(ResolveError, match="cannot be served in eu-north-1"):
        stack_of(changed(CONTAINER, budget={"monthlyLimit": 5, "email": "a@b.io"}, regions=["eu-north-1"]))


def test_bills_in_china_are_in_its_currency() -> None:
    asked = {"monthlyLimit": 5, "email": "a@b.io"}
    china = changed(
        CONTAINER,
        model__container="djl-lmi",
        endpoint__instanceType="ml.g4dn.2xlarge",
        regions=["cn-north-1"],
    )
    with pytest.raises(ResolveError, match="bills in China are in CNY"):
        stack_of(changed(china, budget=asked))
    paid = stack_of(changed(china, budget=asked | {"currency": "CNY"})).budget
    assert paid is not None
    assert paid.currency == "CNY"
