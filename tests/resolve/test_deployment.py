"""Deployment guardrails: the policy of each strategy, its alarms, and what SageMaker refuses or leaves out in silence."""

from __future__ import annotations

from typing import Any

import pytest

from cfgen.document import load
from cfgen.resolve.errors import ResolveError
from tests.specs import CONTAINER, PACKAGE, changed, stack_of, template_of

FOUR = changed(CONTAINER, endpoint__instanceCount=4)
SERVERLESS: dict[str, Any] = {
    "endpoint": ...,
    "model__container": "huggingface:4.51.3",
    "model__modelId": "intfloat/e5-small-v2",
    "serverless": {"memorySizeInMB": 2048},
}
BLUE_GREEN, ROLLING = "BlueGreenUpdatePolicy", "RollingUpdatePolicy"
POLICIES = [
    (
        {},
        {
            BLUE_GREEN: {
                "TrafficRoutingConfiguration": {
                    "Type": "CANARY",
                    "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 10},
                    "WaitIntervalInSeconds": 300,
                }
            }
        },
    ),
    (
        {"strategy": "linear", "size": "1", "wait": 200, "terminationWait": 60, "timeout": 7200},
        {
            BLUE_GREEN: {
                "TrafficRoutingConfiguration": {
                    "Type": "LINEAR",
                    "LinearStepSize": {"Type": "INSTANCE_COUNT", "Value": 1},
                    "WaitIntervalInSeconds": 200,
                },
                "TerminationWaitInSeconds": 60,
                "MaximumExecutionTimeoutInSeconds": 7200,
            }
        },
    ),
    (
        {"strategy": "all-at-once", "wait": 0},
        {BLUE_GREEN: {"TrafficRoutingConfiguration": {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0}}},
    ),
    (
        {"strategy": "rolling", "size": "50%"},
        {
            ROLLING: {
                "MaximumBatchSize": {"Type": "CAPACITY_PERCENT", "Value": 50},
                "WaitIntervalInSeconds": 300,
            }
        },
    ),
    (
        {"strategy": "rolling", "size": "1", "rollbackSize": "2"},
        {
            ROLLING: {
                "MaximumBatchSize": {"Type": "INSTANCE_COUNT", "Value": 1},
                "RollbackMaximumBatchSize": {"Type": "INSTANCE_COUNT", "Value": 2},
                "WaitIntervalInSeconds": 300,
            }
        },
    ),
]


def resources(data: dict[str, Any]) -> dict[str, Any]:
    """The resources of a spec's template."""
    found: dict[str, Any] = load(template_of(data).text)["Resources"]
    return found


@pytest.mark.parametrize(
    ("asked", "expected"), POLICIES, ids=["canary", "linear", "all at once", "rolling", "back in steps"]
)
def test_policy(asked: dict[str, Any], expected: dict[str, Any]) -> None:
    config = resources(changed(FOUR, deployment=asked))["Endpoint"]["Properties"]["DeploymentConfig"]
    alarms = config.pop("AutoRollbackConfiguration")["Alarms"]
    assert config == expected
    assert alarms == [{"AlarmName": {"Ref": "RollbackErrors"}}]


def test_alarms_of_the_template_and_of_the_user() -> None:
    wanted = {"latency": 2.5, "names": ["checkout-errors"]}
    made = resources(changed(FOUR, deployment={"rollbackAlarms": wanted}))
    alarms = made["Endpoint"]["Properties"]["DeploymentConfig"]["AutoRollbackConfiguration"]["Alarms"]
    assert [alarm["AlarmName"] for alarm in alarms] == [
        {"Ref": "RollbackErrors"},
        {"Ref": "RollbackLatency"},
        "checkout-errors",
    ]
    latency = made["RollbackLatency"]["Properties"]
    assert (latency["MetricName"], latency["Threshold"]) == ("ModelLatency", "2500000")
    # the endpoint refers to its alarms: that they name it must not make a circle
    assert "Endpoint" not in str(latency["Dimensions"]).replace("EndpointName", "")


def test_components_roll_each_under_alarms_of_its_own() -> None:
    listed = [
        {"name": "chat", "copies": 2},
        {"name": "code"},
        {"name": "tuned", "base": "chat", "adapter": "s3://a-b-c/t.tar.gz"},
    ]
    data = changed(CONTAINER, endpoint__instanceType="ml.g5.12xlarge", components=listed)
    made = resources(changed(data, deployment={"size": "50%", "rollbackAlarms": {"latency": 5}}))
    assert "DeploymentConfig" not in made["Endpoint"]["Properties"]
    assert "DeploymentConfig" not in made["TunedComponent"]["Properties"]
    for word in ("Chat", "Code"):
        config = made[f"{word}Component"]["Properties"]["DeploymentConfig"]
        assert config["RollingUpdatePolicy"] == {
            "MaximumBatchSize": {"Type": "CAPACITY_PERCENT", "Value": 50},
            "WaitIntervalInSeconds": 300,
        }
        ids = [f"{word}RollbackErrors", f"{word}RollbackLatency"]
        assert config["AutoRollbackConfiguration"]["Alarms"] == [{"AlarmName": {"Ref": one}} for one in ids]
        for one in ids:
            # by the component's name: a reference to it would make a circle
            [dimension] = made[one]["Properties"]["Dimensions"]
            assert dimension["Name"] == "InferenceComponentName"
            assert dimension["Value"] == made[f"{word}Component"]["Properties"]["InferenceComponentName"]
    counted = resources(changed(data, components=listed[:1], deployment={"strategy": "rolling", "size": "1"}))
    policy = counted["ChatComponent"]["Properties"]["DeploymentConfig"]["RollingUpdatePolicy"]
    assert policy["MaximumBatchSize"] == {"Type": "COPY_COUNT", "Value": 1}
    ids = [f"{word}Rollback{what}" for word in ("Chat", "Code") for what in ("Errors", "Latency")]
    assert rollback_rights(changed(data, deployment={"rollbackAlarms": {"latency": 5}})) == [
        {"Fn::GetAtt": [one, "Arn"]} for one in ids
    ]
    # the limit is of each component, not of all of them
    named = {"latency": 5, "names": list("abcdefgh")}
    assert stack_of(changed(data, deployment={"rollbackAlarms": named})).deployment is not None


def rollback_rights(data: dict[str, Any]) -> Any:
    """What the execution role's statement about alarms is about; None without one."""
    [policy] = resources(data)["ExecutionRole"]["Properties"]["Policies"]
    statements = policy["PolicyDocument"]["Statement"]
    return next((one["Resource"] for one in statements if one.get("Sid") == "RollbackAlarms"), None)


def test_the_execution_role_may_look_at_the_alarms() -> None:
    assert rollback_rights(changed(FOUR, deployment={})) == [{"Fn::GetAtt": ["RollbackErrors", "Arn"]}]
    assert rollback_rights(changed(FOUR, deployment={"rollbackAlarms": {"names": ["mine"]}})) == "*"
    assert rollback_rights(changed(FOUR, deployment={"rollbackAlarms": {"errorRate": None}})) is None


REFUSED = [
    ("share of a canary", {"size": "60%"}, {}, "deployment.size: is 60%; 1% to 50% for canary"),
    ("share of a step", {"strategy": "linear", "size": "5%"}, {}, "is 5%; 10% to 50% for linear"),
    ("share of a batch", {"strategy": "rolling", "size": "4%"}, {}, "is 4%; 5% to 50% for rolling"),
    ("instances", {"size": "3"}, {}, "deployment.size: is 3 of 4 instances; at most 50 % of them"),
    (
        "too few instances at a time",
        {"strategy": "linear", "size": "1"},
        {"endpoint__instanceCount": 20},
        "deployment.size: is 1 of 20 instances; at least 10 % of them",
    ),
    (
        "a number of none",
        {"size": "1"},
        SERVERLESS,
        "deployment.size: counts instances, of which a serverless",
    ),
    ("back by a canary", {"rollbackSize": "50%"}, {}, "deployment.rollbackSize: is for rolling"),
    (
        "back too few",
        {"strategy": "rolling", "rollbackSize": "4%"},
        {},
        "deployment.rollbackSize: is 4%; 5% to 100%",
    ),
    (
        "back too many",
        {"strategy": "rolling", "rollbackSize": "5"},
        {},
        "deployment.rollbackSize: is 5 of 4 instances; 5%",
    ),
    ("back more than all", {"strategy": "rolling", "rollbackSize": "101%"}, {}, "a share such as 25%"),
    (
        "steps at once",
        {"strategy": "all-at-once", "size": "10%"},
        {},
        "deployment.size: all-at-once has no steps",
    ),
    (
        "one fleet",
        {"strategy": "rolling", "terminationWait": 1},
        {},
        "deployment.terminationWait: is of two fleets",
    ),
    (
        "timeout",
        {"strategy": "linear", "wait": 3600, "timeout": 14400},
        {},
        "deployment.timeout: is over before the waits are, 14,400 s",
    ),
    ("alarms", {"rollbackAlarms": {"latency": 1, "names": list("abcdefghi")}}, {}, "at most 8"),
    (
        "serverless",
        {"strategy": "rolling"},
        SERVERLESS,
        "deployment.strategy: a serverless endpoint cannot roll",
    ),
    (
        "variants",
        {"strategy": "rolling"},
        {"variants": [{"name": "a"}, {"name": "b", "model": {"env": {"SM_VLLM_SEED": "1"}}}]},
        "deployment.strategy: an endpoint with several variants cannot roll",
    ),
]


@pytest.mark.parametrize(("asked", "changes", "words"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_refused(asked: dict[str, Any], changes: dict[str, Any], words: str) -> None:
    from cfgen.spec import SpecError

    with pytest.raises((ResolveError, SpecError)) as caught:
        stack_of(changed(FOUR, deployment=asked, **changes))
    assert words in str(caught.value)


def test_packages_move_all_at_once_anyway() -> None:
    with pytest.raises(ResolveError, match="has no effect with a model package"):
        stack_of(changed(PACKAGE, deployment={}))


WARNED = [
    ({"wait": 60}, {}, "an alarm needs about 180 s to tell"),
    ({"rollbackAlarms": {"errorRate": None}}, {}, "an update goes back only when instances fail to start"),
    ({}, {"endpoint__instanceCount": 1}, "one instance cannot be divided"),
]


@pytest.mark.parametrize(("asked", "changes", "words"), WARNED)
def test_warned(asked: dict[str, Any], changes: dict[str, Any], words: str) -> None:
    assert words in "\n".join(stack_of(changed(FOUR, deployment=asked, **changes)).warnings)
