"""Another instance type of a variant that scales, from the command line: refused with the way to it, then in two steps."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from cfgen.deploy import diff, two_step, updates
from cfgen.deploy.launch import Launch
from cfgen.deploy.stack import StackView
from cfgen.sandbox import Sandbox
from tests.deploy.conftest import Run, template
from tests.deploy.matrix import TEI
from tests.specs import changed

HERE = ("--region", "us-east-1", "--no-confirm", "--no-request")


def spec(folder: Path, name: str, **changes: Any) -> Path:
    path = folder / "spec.yaml"
    path.write_text(yaml.safe_dump(changed(TEI, name=name, **changes), sort_keys=False))
    return path


def served(sandbox: Sandbox, name: str) -> tuple[str, int]:
    """The endpoint's instance type, and how many targets scale it."""
    client, scaling = sandbox.client("sagemaker"), sandbox.client("application-autoscaling")
    (endpoint,) = [
        one["EndpointName"] for one in client.list_endpoints()["Endpoints"] if name in one["EndpointName"]
    ]
    config = client.describe_endpoint(EndpointName=endpoint)["EndpointConfigName"]
    found = client.describe_endpoint_config(EndpointConfigName=config)["ProductionVariants"][0]
    targets = scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
    return found["InstanceType"], sum(f"/{endpoint}/" in one["ResourceId"] for one in targets)


def test_another_type_of_a_variant_that_scales(
    sandbox: Sandbox, cfgen: Run, name: str, tmp_path: Path
) -> None:
    first = spec(tmp_path, name, scaling={"max": 3})
    assert cfgen("deploy", first, *HERE).code == 0
    other = spec(tmp_path, name, scaling={"max": 3}, endpoint={"instanceType": "ml.m5.xlarge"})

    seen = cfgen("diff", other, "--region", "us-east-1")
    assert seen.code == 1
    assert "REFUSED: Endpoint: variant AllTraffic scales" in seen.out
    data = json.loads(cfgen("diff", other, "--region", "us-east-1", "--format", "json").out)
    assert [one["id"] for one in data["refused"]] == ["scaled-variant"]

    refused = cfgen("deploy", other, *HERE)
    assert refused.code == 1
    assert "its instance type changes: ml.c6i.2xlarge → ml.m5.xlarge" in refused.err
    assert "aws cloudformation update-stack --use-previous-template" in refused.err
    assert "ParameterKey=ScalingEnabled,ParameterValue=no" in refused.err
    assert "--parameter ScalingEnabled=yes" in refused.err
    assert served(sandbox, name) == ("ml.c6i.2xlarge", 1)
    made = sandbox.client("cloudformation").list_change_sets(StackName=name)["Summaries"]
    assert [one for one in made if one["ExecutionStatus"] == "AVAILABLE"] == []

    tried = cfgen("deploy", other, *HERE, "--skip-preflight")
    assert tried.code == 1
    assert "must be deregistered as scalable targets" in tried.err
    assert served(sandbox, name) == ("ml.c6i.2xlarge", 1)

    # the second step fails: scaling is on again, with the old type
    sandbox.fault("resource", resource="AWS::SageMaker::Endpoint", action="update", message="no capacity")
    failed = cfgen("deploy", other, *HERE, "--two-step")
    assert failed.code == 1
    assert "no capacity" in failed.err
    sandbox.clear_faults()
    assert served(sandbox, name) == ("ml.c6i.2xlarge", 1)

    done = cfgen("deploy", other, *HERE, "--two-step", "--format", "json")
    assert done.code == 0, done.said
    assert json.loads(done.out)[0]["outcome"] == "updated"
    assert "switching automatic scaling off (ScalingEnabled=no)" in done.err
    assert served(sandbox, name) == ("ml.m5.xlarge", 1)

    # nothing in the way: --two-step changes nothing
    assert (
        json.loads(cfgen("deploy", other, *HERE, "--two-step", "--format", "json").out)[0]["outcome"]
        == "unchanged"
    )
    assert cfgen("destroy", name, "--region", "us-east-1", "--no-confirm").code == 0


SCALED = """\
Parameters:
  Type: {Type: String, Default: ml.m5.large}
Resources:
  Config:
    Type: AWS::SageMaker::EndpointConfig
    Properties:
      ProductionVariants: [{VariantName: a, ModelName: m, InstanceType: !Ref Type, InitialInstanceCount: 1}]
  Endpoint:
    Type: AWS::SageMaker::Endpoint
    Properties: {EndpointConfigName: !GetAtt Config.EndpointConfigName}
  Target:
    Type: AWS::ApplicationAutoScaling::ScalableTarget
    Properties: {ResourceId: !Sub "endpoint/${Endpoint.EndpointName}/variant/a"}
"""


def side(text: str, **values: str) -> diff.Side:
    from cfgen import document

    return diff.Side(document.load(text), values)


def test_a_template_without_the_switch_has_no_two_steps() -> None:
    (refusal,) = diff.compare(side(SCALED), side(SCALED, Type="ml.m5.xlarge")).refusals
    assert (refusal.id, refusal.two_step) == ("scaled-variant", False)
    stack = StackView(None, {"StackName": "s", "StackId": "i"})  # type: ignore[arg-type]
    error = two_step.refuse(Launch(template(), "s", "us-east-1"), stack, [refusal])
    assert "--two-step" not in (error.hint or "")


TOPIC = "Resources: {A: {Type: 'AWS::SNS::Topic', Properties: {TopicName: t, FifoTopic: %s}}}"
CUSTOM = "Resources: {A: {Type: 'Custom::A', Properties: {ServiceToken: %s}}}"
WAIT = "Resources: {A: {Type: 'AWS::CloudFormation::WaitCondition', Properties: {Handle: h, Timeout: %s}}}"
KIND = "Resources: {A: {Type: 'AWS::%s'}}"
MOVED = """
Resources:
  E: {Type: "AWS::SageMaker::Endpoint", Properties: {EndpointName: %s, EndpointConfigName: c}}
  A: {Type: "AWS::SageMaker::InferenceComponent", Properties: {EndpointName: !GetAtt E.EndpointName, VariantName: v}}
"""


@pytest.mark.parametrize(
    ("text", "before", "after", "limit"),
    [
        (TOPIC, "false", "true", "name-taken"),
        (CUSTOM, "arn:a", "arn:b", "service-token"),
        (WAIT, "60", "70", "wait-condition"),
        (KIND, "SNS::Topic", "SQS::Queue", "resource-type"),
        (MOVED, "one", "two", "component-endpoint"),
    ],
)
def test_limits_of_cloudformation(text: str, before: str, after: str, limit: str) -> None:
    assert [one.id for one in diff.compare(side(text % before), side(text % after)).refusals] == [limit]
    assert diff.compare(side(text % before), side(text % before)).refusals == ()


def test_every_limit_is_tested() -> None:
    from tests.deploy.matrix import refusals

    tested = {one.limit for one in refusals()}
    tested |= {"name-taken", "service-token", "wait-condition", "resource-type", "component-endpoint"}
    assert [one.id for one in updates.LIMITS if one.id not in tested] == []
    assert all(one.source.startswith("https://") and one.title and one.instead for one in updates.LIMITS)
