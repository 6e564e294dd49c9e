"""Off and on: by which means, at what times, what is refused; and what a template without its endpoint refers to."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from cfgen.cron import wrong_cron
from cfgen.document import load, references
from cfgen.resolve import times
from cfgen.resolve.errors import ResolveError
from cfgen.spec import SpecError
from tests.specs import CONTAINER, PACKAGE, changed, spec_of, stack_of, template_of

HOURS: dict[str, Any] = {"timeZone": "Europe/Berlin", "from": "08:00", "to": "18:00"}
SCALED: dict[str, Any] = {"max": 4}
SERVERLESS = changed(
    CONTAINER,
    endpoint=...,
    model__container="huggingface:4.51.3",
    model__modelId="intfloat/e5-small-v2",
    model__task="feature-extraction",
    serverless={"memorySizeInMB": 2048},
)
COMPONENTS = changed(
    CONTAINER,
    components=[
        {"name": name, "accelerators": 2, "scaling": {"min": 0, "max": 2}} for name in ("chat", "code")
    ],
    endpoint__instanceType="ml.g5.12xlarge",
)
MIXED = changed(
    COMPONENTS,
    components=[
        {"name": "chat", "accelerators": 2, "scaling": {"min": 0, "max": 2}},
        {"name": "code", "accelerators": 2},
        {"name": "tuned", "base": "code", "adapter": "s3://my-adapters/tuned.tar.gz"},
    ],
)
EXISTING = {"mode": "existing", "vpcId": "vpc-0123456789abcdef0", "subnetIds": ["subnet-0123456789abcdef0"]}


def scheduled(
    base: dict[str, Any] = CONTAINER, schedule: dict[str, Any] | None = None, **changes: Any
) -> Any:
    return changed(base, schedule=HOURS if schedule is None else schedule, **changes)


MEANS = [
    ("real-time: the stack is updated", CONTAINER, HOURS, {}, True),
    ("scaled from one: so too", CONTAINER, HOURS, {"scaling": SCALED}, True),
    ("scaled, and one is kept: bounds", CONTAINER, {**HOURS, "keep": 1}, {"scaling": SCALED}, False),
    ("asynchronous and scaled: bounds", CONTAINER, HOURS, {"async": {}, "scaling": SCALED}, False),
    ("asynchronous alone: the stack", CONTAINER, HOURS, {"async": {}}, True),
    ("components: bounds", COMPONENTS, HOURS, {}, False),
    ("components of which one keeps a copy: the stack", MIXED, HOURS, {}, True),
    ("components by hand", COMPONENTS, {}, {}, True),
    ("a switch alone", CONTAINER, {}, {}, True),
    ("a switch alone, asynchronous and scaled", CONTAINER, {}, {"async": {}, "scaling": SCALED}, True),
]


@pytest.mark.parametrize(
    ("base", "schedule", "changes", "switch"), [m[1:] for m in MEANS], ids=[m[0] for m in MEANS]
)
def test_by_which_means(
    base: dict[str, Any], schedule: dict[str, Any], changes: dict[str, Any], switch: bool
) -> None:
    data = changed(base, schedule=schedule, **changes)
    plan = stack_of(data).schedule
    assert plan is not None
    assert plan.switch is switch
    template = load(template_of(data).text)
    kinds = [body["Type"] for body in template["Resources"].values()]
    assert ("EndpointEnabled" in template["Parameters"]) is switch
    assert kinds.count("AWS::Scheduler::Schedule") == (2 if switch and schedule else 0)
    targets = [
        body["Properties"].get("ScheduledActions")
        for body in template["Resources"].values()
        if body["Type"] == "AWS::ApplicationAutoScaling::ScalableTarget"
    ]
    assert all(bool(actions) is not switch for actions in targets)
    for actions in () if switch else targets:
        opening, closing = actions["Fn::If"][1]
        keep = schedule.get("keep", 0)
        assert closing["ScalableTargetAction"] == {"MinCapacity": keep, "MaxCapacity": keep}
        assert set(opening["ScalableTargetAction"]) == {"MinCapacity", "MaxCapacity"}
        assert opening["Timezone"] == {"Ref": "ScheduleTimeZone"}


TIMES = [
    ("days of work", {"from": "08:00", "to": "18:00"}, [("cron(0 8,9,10 ? * MON-FRI *)", "cron(0 18,19,20 ? * MON-FRI *)")], 50),
    ("once", {"from": "08:00", "to": "18:00", "attempts": 1}, [("cron(0 8 ? * MON-FRI *)", "cron(0 18 ? * MON-FRI *)")], 50),
    ("some days", {"days": ["wed", "mon"], "from": "07:30", "to": "09:00"}, [("cron(30 7 ? * MON,WED *)", "cron(0 9,10,11 ? * MON,WED *)")], 3),
    ("over midnight", {"days": ["fri", "sun"], "from": "22:00", "to": "02:00"}, [("cron(0 22,23 ? * FRI,SUN *)", "cron(0 2,3,4 ? * MON,SAT *)")], 8),
    ("until midnight", {"days": ["mon"], "from": "12:00", "to": "00:00"}, [("cron(0 12,13,14 ? * MON *)", "cron(0 0,1,2 ? * TUE *)")], 12),
    ("every day", {"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "from": "06:00", "to": "23:00"}, [("cron(0 6,7,8 ? * * *)", "cron(0 23 ? * * *)")], 119),
    ("to Sunday", {"days": ["thu", "fri", "sat", "sun"], "from": "06:00", "to": "08:00"}, [("cron(0 6,7 ? * THU,FRI,SAT,SUN *)", "cron(0 8,9,10 ? * THU,FRI,SAT,SUN *)")], 8),
    (
        "two windows",
        {"windows": [{"from": "08:00", "to": "12:00"}, {"days": ["sat"], "from": "10:00", "to": "11:00"}]},
        [
            ("cron(0 8,9,10 ? * MON-FRI *)", "cron(0 12,13,14 ? * MON-FRI *)"),
            ("cron(0 10 ? * SAT *)", "cron(0 11,12,13 ? * SAT *)"),
        ],
        21,
    ),
    ("expressions", {"start": "cron(0 8 ? * 2-6 *)", "stop": "cron(0 18 L * ? *)"}, [("cron(0 8 ? * 2-6 *)", "cron(0 18 L * ? *)")], None),
    ("a switch alone", {}, [], None),
]  # fmt: skip


@pytest.mark.parametrize(("schedule", "expected", "hours"), [t[1:] for t in TIMES], ids=[t[0] for t in TIMES])
def test_times(schedule: dict[str, Any], expected: list[tuple[str, str]], hours: float | None) -> None:
    plan = stack_of(scheduled(schedule=schedule)).schedule
    assert plan is not None
    assert [(one.start, one.stop) for one in plan.times] == expected
    assert plan.hours == hours
    for pair in expected:
        assert [wrong_cron(text) for text in pair] == ["", ""]


REFUSED = [
    ("zone", CONTAINER, {**HOURS, "timeZone": "Europe/Berlln"}, {}, "not a time zone; did you mean Europe/Berlin?"),
    ("no end", CONTAINER, {"from": "08:00"}, {}, "schedule: says no time for to"),
    ("days alone", CONTAINER, {"days": ["mon"]}, {}, "schedule: says no time for from"),
    ("both", CONTAINER, {**HOURS, "windows": [{"from": "08:00", "to": "12:00"}]}, {}, "schedule.from: stands beside windows"),
    ("times and expressions", CONTAINER, {**HOURS, "start": "cron(0 8 ? * * *)"}, {}, "expressions or times, not both"),
    ("start alone", CONTAINER, {"start": "cron(0 8 ? * * *)"}, {}, "schedule.start: stands without stop"),
    ("five fields", CONTAINER, {"start": "cron(0 8 ? * *)", "stop": "cron(0 9 ? * * *)"}, {}, "has 5 fields, not six"),
    ("two questions", CONTAINER, {"start": "cron(0 8 ? * ? *)", "stop": "cron(0 9 ? * * *)"}, {}, "has ? twice"),
    ("no question", CONTAINER, {"start": "cron(0 8 * * * *)", "stop": "cron(0 9 ? * * *)"}, {}, "in exactly one of"),
    ("hour 24", CONTAINER, {"start": "cron(0 24 ? * * *)", "stop": "cron(0 9 ? * * *)"}, {}, "has 24 as field 2"),
    ("backwards", CONTAINER, {"start": "cron(0 8 ? * FRI-MON *)", "stop": "cron(0 9 ? * * *)"}, {}, "has FRI-MON as field 5"),
    ("the same", CONTAINER, {"start": "cron(0 8 ? * * *)", "stop": "cron(0 8 ? * * *)"}, {}, "schedule.stop: is when it starts"),
    ("short", CONTAINER, {"from": "08:00", "to": "08:30"}, {}, "a window of 30 minutes"),
    ("overlap", CONTAINER, {"windows": [{"from": "08:00", "to": "12:00"}, {"days": ["fri"], "from": "11:00", "to": "14:00"}]}, {}, "has windows that overlap"),
    ("meet", CONTAINER, {"windows": [{"from": "08:00", "to": "12:00"}, {"from": "12:00", "to": "14:00"}]}, {}, "has windows that meet; one window for both"),
    ("pause", CONTAINER, {"windows": [{"from": "08:00", "to": "12:00"}, {"from": "12:30", "to": "14:00"}]}, {}, "leave too short a pause"),
    ("always", CONTAINER, {"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "from": "08:00", "to": "08:00"}, {}, "an endpoint that is always there needs no schedule"),
    ("keep without scaling", CONTAINER, {**HOURS, "keep": 1}, {}, "schedule.keep: needs scaling"),
    ("keep more than all", CONTAINER, {**HOURS, "keep": 5}, {"scaling": SCALED}, "is more than scaling.max, 4"),
    ("keep without hours", CONTAINER, {"keep": 1}, {"scaling": SCALED}, "there are none; give from and to"),
    ("serverless", SERVERLESS, HOURS, {}, "saves nothing: a serverless endpoint costs nothing while nobody asks"),
    ("keep of components", COMPONENTS, {**HOURS, "keep": 1}, {}, "not of components; leave it out"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("base", "schedule", "changes", "expected"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED]
)
def test_refused(
    base: dict[str, Any], schedule: dict[str, Any], changes: dict[str, Any], expected: str
) -> None:
    with pytest.raises(ResolveError) as error:
        stack_of(changed(base, schedule=schedule, **changes))
    assert expected in str(error.value)


MALFORMED = [
    ("minutes of the day", {"from": 480, "to": "18:00"}, "schedule.from"),
    ("no time", {"from": "8:00", "to": "18:00"}, "a time such as 08:00, in quotes"),
    ("24:00", {"from": "08:00", "to": "24:00"}, "a time such as 08:00, in quotes"),
    ("a day", {"days": ["monday"], "from": "08:00", "to": "18:00"}, "schedule.days"),
    ("no days", {"days": [], "from": "08:00", "to": "18:00"}, "schedule.days"),
    ("a rate", {"start": "rate(1 day)", "stop": "cron(0 8 ? * * *)"}, "cron(minutes hours"),
    ("a zone that is code", {**HOURS, "timeZone": "${AWS::Region}"}, "the name of a time zone"),
    ("keys", {**HOURS, "until": "18:00"}, "until"),
]


@pytest.mark.parametrize(("schedule", "expected"), [m[1:] for m in MALFORMED], ids=[m[0] for m in MALFORMED])
def test_malformed(schedule: dict[str, Any], expected: str) -> None:
    with pytest.raises(SpecError) as error:
        spec_of(scheduled(schedule=schedule))
    assert expected in str(error.value)


def test_requests_that_wait_over_night_are_told() -> None:
    waits = {"async": {}, "scaling": SCALED}
    assert any("more than 6 hours" in text for text in stack_of(scheduled(**waits)).warnings)
    short = {"days": list(times.DAYS), "from": "06:00", "to": "00:00"}
    assert not any("6 hours" in text for text in stack_of(scheduled(schedule=short, **waits)).warnings)
    assert any("refuses requests" in text for text in stack_of(scheduled(**{"async": {}})).warnings)


COMBINATIONS = [
    ("plain", CONTAINER, {}),
    ("package", PACKAGE, {}),
    ("scaled", CONTAINER, {"scaling": SCALED}),
    ("guarded", CONTAINER, {"deployment": {}, "scaling": SCALED}),
    ("captured", CONTAINER, {"dataCapture": {}}),
    ("asynchronous", CONTAINER, {"async": {"successTopic": "make"}}),
    ("two variants", CONTAINER, {"variants": [{"name": "a"}, {"name": "b"}], "scaling": SCALED}),
    ("staged", CONTAINER, {"model__staging": "s3"}),
    ("in a network", CONTAINER, {"vpc": EXISTING, "model__staging": "s3"}),
    ("in a network of its own", CONTAINER, {"vpc": {"mode": "create"}}),
    ("watched", CONTAINER, {"alarms": True, "dashboard": True, "scaling": SCALED}),
    ("with a front door", CONTAINER, {"api": {}}),
    ("provisioned", changed(SERVERLESS, serverless__provisionedConcurrency=2), {"scaling": {"max": 4}}),
    ("silent", CONTAINER, {"smokeTest": {"enabled": False}}),
    ("components", MIXED, {"deployment": {}}),
    (
        "components that are watched",
        MIXED,
        {"alarms": {"gpu": 90}, "dashboard": True, "security": {"invokePolicy": {}}},
    ),
]


def _conditions(body: dict[str, Any], template: dict[str, Any]) -> set[str]:
    """The conditions that hold where a resource is there, with those that they are made of."""
    found: set[str] = set()
    todo = [body.get("Condition")]
    while todo:
        name = todo.pop()
        if name and name not in found:
            found.add(name)
            parts = template["Conditions"][name]
            todo += [part.get("Condition") for part in parts.get("Fn::And", ()) if isinstance(part, dict)]
    return found


@pytest.mark.parametrize(("base", "changes"), [c[1:] for c in COMBINATIONS], ids=[c[0] for c in COMBINATIONS])
@pytest.mark.parametrize("schedule", [HOURS, {}], ids=["hours", "switch"])
def test_without_its_endpoint_nothing_refers_to_it(
    base: dict[str, Any], changes: dict[str, Any], schedule: dict[str, Any]
) -> None:
    template = load(template_of(changed(base, schedule=schedule, **changes)).text)
    resources = template["Resources"]
    away = {name for name, body in resources.items() if "EndpointIsOn" in _conditions(body, template)}
    assert "Endpoint" in away
    # what holds data, rights or logs stays as it is
    assert {resources[name]["Type"] for name in away} <= {
        "AWS::SageMaker::Endpoint",
        "AWS::SageMaker::InferenceComponent",
        "AWS::ApplicationAutoScaling::ScalableTarget",
        "AWS::ApplicationAutoScaling::ScalingPolicy",
        "AWS::CloudWatch::Alarm",
        "Custom::SmokeTest",
    }
    for section in ("Resources", "Outputs"):
        for name, body in template.get(section, {}).items():
            if "EndpointIsOn" in _conditions(body, template):
                continue
            depends = body.get("DependsOn", ())
            named = {*references(body), *([depends] if isinstance(depends, str) else depends)}
            assert not named & away, f"{section} {name}"


@pytest.mark.parametrize(("base", "changes"), [c[1:] for c in COMBINATIONS], ids=[c[0] for c in COMBINATIONS])
def test_a_schedule_names_every_parameter_of_its_template(
    base: dict[str, Any], changes: dict[str, Any]
) -> None:
    windows = [{"from": "08:00", "to": "12:00"}, {"from": "13:00", "to": "18:00"}]
    template = load(template_of(changed(base, schedule={"windows": windows}, **changes)).text)
    found = {}
    for name, body in template["Resources"].items():
        if body["Type"] == "AWS::Scheduler::Schedule":
            text = body["Properties"]["Target"]["Input"]["Fn::Sub"]
            assert set(re.findall(r"\$\{(.*?)\}", text)) == {"AWS::StackId"}
            sent = json.loads(text)
            given = [one["ParameterKey"] for one in sent["Parameters"]]
            assert sorted(given) == sorted(template["Parameters"])
            values = {
                one["ParameterKey"]: one["ParameterValue"]
                for one in sent["Parameters"]
                if "ParameterValue" in one
            }
            assert all(
                one.get("UsePreviousValue") for one in sent["Parameters"] if "ParameterValue" not in one
            )
            assert sent["UsePreviousTemplate"] is True
            found[name] = values
    assert found == {
        f"{word}{suffix}": {"EndpointEnabled": value}
        for word, value in (("Opening", "yes"), ("Closing", "no"))
        for suffix in ("", "2")
    }


def test_rights_are_those_that_the_switch_needs() -> None:
    template = load(template_of(scheduled(smokeTest={"enabled": False})).text)
    own, conditional = template["Resources"]["ScheduleRole"]["Properties"]["Policies"]
    assert [one["Action"] for one in own["PolicyDocument"]["Statement"]] == ["cloudformation:UpdateStack"]
    condition, rights, nothing = conditional["Fn::If"]
    assert (condition, nothing) == ("ScheduleNeedsRights", {"Ref": "AWS::NoValue"})
    statements = [one for one in rights["PolicyDocument"]["Statement"] if "Fn::If" not in one]
    actions = {
        action
        for one in statements
        for action in ([one["Action"]] if isinstance(one["Action"], str) else one["Action"])
    }
    assert {action.split(":")[0] for action in actions} == {"sagemaker"}
    assert not any("*" in action for action in actions)
    scaled = template_of(scheduled(scaling=SCALED)).text
    assert "application-autoscaling:RegisterScalableTarget" in scaled
    assert "iam:PassRole" not in scaled


def test_rights_to_switch_components() -> None:
    """Those of the endpoint, of components by the end of their names, and of what makes their copies scale."""
    policies = load(template_of(scheduled(MIXED)).text)["Resources"]["ScheduleRole"]["Properties"]["Policies"]
    rights = {
        one["Sid"]: one for one in policies[1]["Fn::If"][1]["PolicyDocument"]["Statement"] if "Sid" in one
    }
    assert "sagemaker:CreateInferenceComponent" in rights["Endpoint"]["Action"]
    for name in ("Components", "Capacity"):
        text, values = rights[name]["Resource"]["Fn::Sub"]
        assert text.endswith(":inference-component/*-${Id}")
        assert "AWS::StackId" in json.dumps(values)
    assert rights["AlarmsOfScaling"]["Resource"]["Fn::Sub"].endswith(
        ":alarm:TargetTracking-inference-component/*"
    )
    alarms = rights["AlarmsThatWake"]["Resource"]["Fn::Sub"]
    assert alarms.endswith(":alarm:${AWS::StackName}-*WakeAlarm-*")


def test_days_and_nights_add_up() -> None:
    """Any window: as many hours as minutes between its ends, and each end in the cron of its own day."""
    for opens in range(0, 24 * 60, 97):
        for length in range(60, 24 * 60, 131):
            closes = (opens + length) % times.DAY
            (span,) = times.spans(
                ["sun"], f"{opens // 60:02}:{opens % 60:02}", f"{closes // 60:02}:{closes % 60:02}"
            )
            assert span[1] - span[0] == length
            stop = times.cron([span[1]])
            assert stop.split()[4] == ("MON" if opens + length >= times.DAY else "SUN")
            assert wrong_cron(stop) == ""
