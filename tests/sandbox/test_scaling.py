"""Autoscaling, alarms and schedules: what their services refuse, and what goes with what."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cfgen.sandbox.services import expressions

from .conftest import World, allow, function, role
from .test_endpoints import config, endpoint, models, serverless, variant

LOGS = allow("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents")
VARIANT = "sagemaker:variant:DesiredInstanceCount"
PROVISIONED = "sagemaker:variant:DesiredProvisionedConcurrency"


@pytest.fixture(scope="module")
def made(_sandbox: Any) -> World:
    """A world with an endpoint to scale, a serverless one, and a role for schedules."""
    world = World(_sandbox)
    models(world)
    world.create({"Resources": {"Clock": role("scheduler", RoleName="clock-role")}}, "clock")
    return world


@pytest.fixture(scope="module")
def names(made: World) -> dict[str, str]:
    return {
        "endpoint": endpoint(made),
        "serverless": endpoint(made, serverless()),
        "burst": endpoint(made, variant(InstanceType="ml.t2.medium")),
    }


def target(resource: str, dimension: str = VARIANT, least: Any = 1, most: Any = 3) -> dict[str, Any]:
    capacities = {"MinCapacity": least, "MaxCapacity": most}
    return {
        "ServiceNamespace": "sagemaker",
        "ResourceId": resource,
        "ScalableDimension": dimension,
        **{key: value for key, value in capacities.items() if value is not None},
    }


REFUSED_TARGETS = [
    (target("endpoint/{endpoint}/variant/a", least=4), "Maximum capacity cannot be less"),
    (target("endpoint/{endpoint}/variant/a", most=None), "MinCapacity and MaxCapacity are required"),
    (target("endpoint/{endpoint}/variant/b"), "variant not found"),
    (target("endpoint/none/variant/a"), "endpoint not found"),
    (
        target("inference-component/none", "sagemaker:inference-component:DesiredCopyCount"),
        "component not found",
    ),
    (target("endpoint/{endpoint}", VARIANT), "Unsupported service namespace"),
    (target("endpoint/{serverless}/variant/a"), "is serverless"),
    (target("endpoint/{serverless}/variant/a", PROVISIONED), "has no provisioned concurrency"),
    (target("endpoint/{burst}/variant/a"), "does not support automatic scaling"),
]


@pytest.mark.parametrize(("request_", "message"), REFUSED_TARGETS, ids=[m for _, m in REFUSED_TARGETS])
def test_targets_that_are_refused(
    made: World, names: dict[str, str], request_: dict[str, Any], message: str
) -> None:
    scaling = made.client("application-autoscaling")
    given = {**request_, "ResourceId": request_["ResourceId"].format(**names)}
    with pytest.raises(ClientError, match=message):
        scaling.register_scalable_target(**given)


def tracking(metric: str = "SageMakerVariantInvocationsPerInstance", **more: Any) -> dict[str, Any]:
    configuration = {
        "TargetValue": 50.0,
        "PredefinedMetricSpecification": {"PredefinedMetricType": metric},
        **more,
    }
    return {
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": {k: v for k, v in configuration.items() if v is not None},
    }


def steps(*bounds: tuple[Any, Any], kind: str = "ChangeInCapacity", **more: Any) -> dict[str, Any]:
    adjustments = []
    for low, high in bounds:
        named = {"MetricIntervalLowerBound": low, "MetricIntervalUpperBound": high}
        given = {key: value for key, value in named.items() if value is not None}
        adjustments.append({**given, "ScalingAdjustment": 1})
    configuration = {"AdjustmentType": kind, "StepAdjustments": adjustments, **more}
    return {"PolicyType": "StepScaling", "StepScalingPolicyConfiguration": configuration}


CUSTOM = {
    "MetricName": "ApproximateBacklogSizePerInstance",
    "Namespace": "AWS/SageMaker",
    "Statistic": "Average",
}
REFUSED_POLICIES = [
    ({**tracking(), "PolicyType": "StepScaling"}, "StepScaling needs"),
    ({**steps((0, None)), "PolicyType": "TargetTrackingScaling"}, "TargetTrackingScaling needs"),
    (tracking("SageMakerInferenceComponentInvocationsPerCopy"), "is not supported for"),
    (tracking("ECSServiceAverageCPUUtilization"), "is not supported for"),
    (tracking("Nonsense"), "enum value set"),
    (tracking(CustomizedMetricSpecification=CUSTOM), "Exactly one of"),
    (
        tracking(
            PredefinedMetricSpecification=None,
            CustomizedMetricSpecification={"MetricName": "m", "Namespace": "n"},
        ),
        "Statistic is required",
    ),
    (steps(), "At least one StepAdjustment"),
    (steps((5, 5)), "must be greater than its lower bound"),
    (steps((0, 10), (5, None)), "neither overlap nor leave gaps"),
    (steps((0, 10), (20, None)), "neither overlap nor leave gaps"),
    (steps((None, None), (0, None)), "must be the only one"),
    (steps((0, None), MinAdjustmentMagnitude=1), "PercentChangeInCapacity"),
]


@pytest.mark.parametrize(("policy", "message"), REFUSED_POLICIES)
def test_policies_that_are_refused(
    made: World, names: dict[str, str], policy: dict[str, Any], message: str
) -> None:
    scaling = made.client("application-autoscaling")
    given = target(f"endpoint/{names['endpoint']}/variant/a")
    scaling.register_scalable_target(**given)
    where = {key: given[key] for key in ("ServiceNamespace", "ResourceId", "ScalableDimension")}
    with pytest.raises(ClientError, match=message):
        scaling.put_scaling_policy(PolicyName="p", **where, **policy)


def test_what_a_target_takes_with_it(made: World, names: dict[str, str]) -> None:
    scaling = made.client("application-autoscaling")
    given = target(f"endpoint/{names['endpoint']}/variant/a")
    where = {key: given[key] for key in ("ServiceNamespace", "ResourceId", "ScalableDimension")}
    scaling.register_scalable_target(**given)
    scaling.put_scaling_policy(PolicyName="track", **where, **tracking())
    with pytest.raises(ClientError, match="Only one TargetTrackingScaling policy"):
        scaling.put_scaling_policy(PolicyName="again", **where, **tracking())
    scaling.put_scaling_policy(PolicyName="step", **where, **steps((None, 0), (0, None)))
    action = {"ScheduledActionName": "night", "Schedule": "cron(0 22 * * ? *)"}
    with pytest.raises(ClientError, match="MinCapacity, MaxCapacity or both"):
        scaling.put_scheduled_action(**where, **action)
    with pytest.raises(ClientError, match="Invalid Schedule Expression"):
        scaling.put_scheduled_action(
            **where, **{**action, "Schedule": "cron(0 22 * * *)"}, ScalableTargetAction={"MinCapacity": 0}
        )
    scaling.put_scheduled_action(**where, **action, ScalableTargetAction={"MinCapacity": 0, "MaxCapacity": 0})
    scaling.deregister_scalable_target(**where)
    assert not scaling.describe_scaling_policies(**where)["ScalingPolicies"]
    assert not scaling.describe_scheduled_actions(**where)["ScheduledActions"]
    with pytest.raises(ClientError, match="No scalable target registered") as caught:
        scaling.put_scaling_policy(PolicyName="track", **where, **tracking())
    assert caught.value.response["Error"]["Code"] == "ObjectNotFoundException"


def test_a_scaled_stack_from_the_first_to_the_last(made: World, names: dict[str, str]) -> None:
    """Target, schedule, both kinds of policy and the alarm that triggers one; changed in place; gone at the end."""
    resource = f"endpoint/{names['endpoint']}/variant/a"
    step = steps((0, None))["StepScalingPolicyConfiguration"]
    template: dict[str, Any] = {
        "Resources": {
            "Target": {
                "Type": "AWS::ApplicationAutoScaling::ScalableTarget",
                "Properties": {
                    **target(resource),
                    "ScheduledActions": [
                        {
                            "ScheduledActionName": "morning",
                            "Schedule": "cron(0 7 ? * MON-FRI *)",
                            "Timezone": "Europe/Berlin",
                            "ScalableTargetAction": {"MinCapacity": 2},
                        }
                    ],
                },
            },
            "Track": {
                "Type": "AWS::ApplicationAutoScaling::ScalingPolicy",
                "Properties": {"PolicyName": "track", "ScalingTargetId": {"Ref": "Target"}, **tracking()},
            },
            "Step": {
                "Type": "AWS::ApplicationAutoScaling::ScalingPolicy",
                "Properties": {
                    "PolicyName": "step",
                    "PolicyType": "StepScaling",
                    "ScalingTargetId": {"Ref": "Target"},
                    "StepScalingPolicyConfiguration": step,
                },
            },
            "Alarm": {
                "Type": "AWS::CloudWatch::Alarm",
                "Properties": {
                    "Namespace": "AWS/SageMaker",
                    "MetricName": "HasBacklogWithoutCapacity",
                    "Dimensions": [{"Name": "EndpointName", "Value": names["endpoint"]}],
                    "Statistic": "Average",
                    "Period": 60,
                    "EvaluationPeriods": 2,
                    "DatapointsToAlarm": 2,
                    "Threshold": 1,
                    "ComparisonOperator": "GreaterThanOrEqualToThreshold",
                    "TreatMissingData": "missing",
                    "AlarmActions": [{"Ref": "Step"}],
                },
            },
        }
    }
    name = made.create(template)
    assert made.stack(name)["StackStatus"] == "CREATE_COMPLETE", made.events(name)
    scaling = made.client("application-autoscaling")
    policies = scaling.describe_scaling_policies(ServiceNamespace="sagemaker", ResourceId=resource)
    assert {policy["PolicyName"] for policy in policies["ScalingPolicies"]} == {"track", "step"}
    before = made.physical(name, "Track")
    template["Resources"]["Track"]["Properties"] |= tracking(TargetValue=70.0)
    template["Resources"]["Target"]["Properties"]["MaxCapacity"] = 5
    del template["Resources"]["Target"]["Properties"]["ScheduledActions"]
    assert made.update(name, template) == "UPDATE_COMPLETE"
    assert made.physical(name, "Track") == before
    [found] = scaling.describe_scalable_targets(ServiceNamespace="sagemaker", ResourceIds=[resource])[
        "ScalableTargets"
    ]
    assert found["MaxCapacity"] == 5
    assert not scaling.describe_scheduled_actions(ServiceNamespace="sagemaker", ResourceId=resource)[
        "ScheduledActions"
    ]
    assert made.delete(name) == "DELETE_COMPLETE"
    assert not scaling.describe_scalable_targets(ServiceNamespace="sagemaker", ResourceIds=[resource])[
        "ScalableTargets"
    ]


ALARM: dict[str, Any] = {
    "AlarmName": "alarm",
    "Namespace": "AWS/SageMaker",
    "MetricName": "ModelLatency",
    "Statistic": "Average",
    "Period": 60,
    "EvaluationPeriods": 3,
    "Threshold": 1.0,
    "ComparisonOperator": "GreaterThanThreshold",
}
QUERY = {"Id": "e1", "Expression": "m1/m2"}
REFUSED_ALARMS: list[tuple[dict[str, Any], str]] = [
    ({"MetricName": None}, "Exactly one of MetricName and Metrics"),
    ({"Namespace": None}, "Namespace is required"),
    ({"Statistic": None}, "Exactly one of Statistic and ExtendedStatistic"),
    ({"ExtendedStatistic": "p99"}, "Exactly one of Statistic and ExtendedStatistic"),
    ({"Statistic": None, "ExtendedStatistic": "best"}, "is not supported"),
    ({"Statistic": "Median"}, "enum value set"),
    ({"Period": 45}, "multiple of 60"),
    ({"Period": 300, "EvaluationPeriods": 289}, "more than a day"),
    ({"DatapointsToAlarm": 4}, "less than or equal to EvaluationPeriods"),
    ({"TreatMissingData": "zero"}, "TreatMissingData"),
    ({"Threshold": None}, "Threshold is required"),
    ({"ComparisonOperator": "GreaterThanUpperThreshold"}, "ThresholdMetricId"),
    ({"AlarmActions": ["not-an-arn"]}, "Invalid arn syntax"),
    ({"AlarmActions": ["arn:aws:sns:us-east-1:123456789012:t"] * 6}, "length less than or equal to 5"),
    ({"MetricName": None, "Metrics": [QUERY]}, "cannot be specified with Metrics"),
]


@pytest.mark.parametrize(("changes", "message"), REFUSED_ALARMS)
def test_alarms_that_are_refused(made: World, changes: dict[str, Any], message: str) -> None:
    given = {key: value for key, value in {**ALARM, **changes}.items() if value is not None}
    with pytest.raises(ClientError, match=message):
        made.client("cloudwatch").put_metric_alarm(**given)


def test_composite_alarms(made: World) -> None:
    template = {
        "Resources": {
            "One": {
                "Type": "AWS::CloudWatch::Alarm",
                "Properties": {key: value for key, value in ALARM.items() if key != "AlarmName"},
            },
            "Both": {
                "Type": "AWS::CloudWatch::CompositeAlarm",
                "Properties": {
                    "AlarmName": "both",
                    "AlarmRule": {"Fn::Sub": 'ALARM(${One}) AND NOT (OK("${One}") OR FALSE)'},
                },
            },
        }
    }
    name = made.create(template)
    assert made.stack(name)["StackStatus"] == "CREATE_COMPLETE", made.events(name)
    cloudwatch = made.client("cloudwatch")
    [found] = cloudwatch.describe_alarms(AlarmNames=["both"], AlarmTypes=["CompositeAlarm"])[
        "CompositeAlarms"
    ]
    assert found["AlarmRule"].startswith("ALARM(")
    with pytest.raises(ClientError, match="used by composite alarm both"):
        cloudwatch.delete_alarms(AlarmNames=[made.physical(name, "One")])
    for rule, message in (
        ("ALARM(none)", "do not exist"),
        (f"ALARM({made.physical(name, 'One')}) AND", "cannot be parsed"),
        ("TRUE", "must name at least one alarm"),
    ):
        with pytest.raises(ClientError, match=message):
            cloudwatch.put_composite_alarm(AlarmName="more", AlarmRule=rule)
    assert made.delete(name) == "DELETE_COMPLETE"
    assert not cloudwatch.describe_alarms(AlarmNames=["both"], AlarmTypes=["CompositeAlarm"])[
        "CompositeAlarms"
    ]


@pytest.mark.parametrize(
    ("expression", "good"),
    [
        ("rate(5 minutes)", True),
        ("rate(1 hour)", True),
        ("rate(1 hours)", True),
        ("rate(2 hour)", True),
        ("rate(0 minutes)", False),
        ("rate(5 seconds)", False),
        ("at(2030-01-31T07:00:00)", True),
        ("at(2030-02-31T07:00:00)", False),
        ("cron(0 7 ? * MON-FRI *)", True),
        ("cron(0/15 7-19 1W * ? 2026-2030)", True),
        ("cron(0 7 L * ? *)", True),
        ("cron(0 7 ? * 6#3 *)", True),
        ("cron(0 7 * * * *)", False),
        ("cron(0 7 ? * ? *)", False),
        ("cron(60 7 * * ? *)", False),
        ("cron(0 7 * * ?)", False),
        ("0 7 * * *", False),
    ],
)
def test_schedule_expressions(expression: str, good: bool) -> None:
    assert bool(expressions.problem(expression)) is not good
    assert expressions.problem(expression, "Mars/Olympus")


@pytest.mark.parametrize(
    ("expression", "good"),
    [
        ("rate(1 hour)", True),
        ("rate(2 hours)", True),
        ("rate(1 hours)", False),
        ("rate(2 hour)", False),
        ("at(2030-01-31T07:00:00)", False),
        ("cron(0 7 * * ? *)", True),
        ("cron(0 7 * * * *)", False),
    ],
)
def test_times_of_rules(made: World, expression: str, good: bool) -> None:
    events = made.client("events")
    if good:
        events.put_rule(Name="timed", ScheduleExpression=expression)
        return
    with pytest.raises(ClientError, match=r"not valid|Invalid Schedule Expression"):
        events.put_rule(Name="timed", ScheduleExpression=expression)


STOP = "arn:aws:scheduler:::aws-sdk:sagemaker:deleteEndpoint"
REFUSED_SCHEDULES: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"ScheduleExpression": "every day"}, {}, "Invalid Schedule Expression"),
    ({"ScheduleExpressionTimezone": "Berlin"}, {}, "Invalid time zone"),
    ({"FlexibleTimeWindow": {"Mode": "FLEXIBLE"}}, {}, "MaximumWindowInMinutes"),
    ({}, {"Arn": "arn:aws:scheduler:::aws-sdk:sagemaker:describeEndpoint"}, "only reads"),
    ({}, {"Input": "{EndpointName"}, "well-formed JSON"),
    ({}, {"RoleArn": "arn:aws:iam::123456789012:role/models-role"}, "allow AWS EventBridge Scheduler"),
    ({"Name": "a b"}, {}, "regular expression"),
]


@pytest.mark.parametrize(("changes", "of_target", "message"), REFUSED_SCHEDULES)
def test_schedules_that_are_refused(
    made: World, changes: dict[str, Any], of_target: dict[str, Any], message: str
) -> None:
    request = {
        "Name": "one",
        "ScheduleExpression": "cron(0 20 ? * MON-FRI *)",
        "ScheduleExpressionTimezone": "Europe/Berlin",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {
            "Arn": STOP,
            "RoleArn": "arn:aws:iam::123456789012:role/clock-role",
            "Input": "{}",
            **of_target,
        },
        **changes,
    }
    with pytest.raises(ClientError, match=message):
        made.client("scheduler").create_schedule(**request)


def test_what_becomes_of_asynchronous_invocations(made: World) -> None:
    template = {
        "Resources": {
            "FnRole": role("lambda", LOGS, allow("sqs:SendMessage", on={"Fn::GetAtt": ["Queue", "Arn"]})),
            "Fn": function("def handler(event, context): return 1 / 0"),
            "Queue": {"Type": "AWS::SQS::Queue"},
            "Later": {
                "Type": "AWS::Lambda::EventInvokeConfig",
                "Properties": {
                    "FunctionName": {"Ref": "Fn"},
                    "Qualifier": "$LATEST",
                    "MaximumRetryAttempts": 0,
                    "DestinationConfig": {"OnFailure": {"Destination": {"Fn::GetAtt": ["Queue", "Arn"]}}},
                },
            },
        }
    }
    name = made.create(template)
    assert made.stack(name)["StackStatus"] == "CREATE_COMPLETE", made.events(name)
    client, plain = made.client("lambda"), made.physical(name, "Fn")
    assert client.get_function_event_invoke_config(FunctionName=plain)["MaximumRetryAttempts"] == 0
    client.invoke(FunctionName=plain, InvocationType="Event", Payload=b'{"a": 1}')
    sqs = made.client("sqs")
    [message] = sqs.receive_message(QueueUrl=made.physical(name, "Queue"), WaitTimeSeconds=10)["Messages"]
    told = json.loads(message["Body"])
    assert told["requestContext"]["approximateInvokeCount"] == 1
    assert (told["requestPayload"], told["responsePayload"]["errorType"]) == ({"a": 1}, "ZeroDivisionError")
    template["Resources"]["Later"]["Properties"]["MaximumRetryAttempts"] = 1  # type: ignore[index]
    assert made.update(name, template) == "UPDATE_COMPLETE"
    assert client.get_function_event_invoke_config(FunctionName=plain)["MaximumRetryAttempts"] == 1
    assert made.delete(name) == "DELETE_COMPLETE"


def test_an_endpoint_with_a_scaled_variant_loses_it_not(made: World) -> None:
    """A variant under autoscaling can be neither removed nor moved to another instance type."""
    name = endpoint(made)
    scaling = made.client("application-autoscaling")
    scaling.register_scalable_target(**target(f"endpoint/{name}/variant/a"))
    sagemaker = made.client("sagemaker")
    for changed in (variant(VariantName="b"), variant(InstanceType="ml.g6.4xlarge")):
        with pytest.raises(ClientError, match="must be deregistered as scalable targets"):
            sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=config(made, changed))
    sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=config(made, variant(VolumeSizeInGB=9)))


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ({"Action": "sns:*"}, "out of service scope"),
        ({"Action": ["sns:Publish", "s3:GetObject"]}, "out of service scope"),
        ({"Resource": "arn:aws:sns:us-east-1:123456789012:other"}, "single resource"),
        ({"Principal": None}, "names no principal"),
        ({}, ""),
    ],
)
def test_policies_of_topics(made: World, statement: dict[str, Any], message: str) -> None:
    whole = {
        "Effect": "Allow",
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": {"Ref": "Topic"},
        **statement,
    }
    spoken = {key: value for key, value in whole.items() if value is not None}
    policy = {"Version": "2012-10-17", "Statement": [spoken]}
    template = {
        "Resources": {
            "Topic": {"Type": "AWS::SNS::Topic"},
            "May": {
                "Type": "AWS::SNS::TopicPolicy",
                "Properties": {"Topics": [{"Ref": "Topic"}], "PolicyDocument": policy},
            },
        }
    }
    name = made.create(template)
    assert made.stack(name)["StackStatus"] == ("ROLLBACK_COMPLETE" if message else "CREATE_COMPLETE")
    assert not message or any(message in line for line in made.events(name)), made.events(name)
