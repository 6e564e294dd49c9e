"""The base template and how cases change it: nested mappings merged, ``DROP`` deletes, lists replace."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

BASE: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "base.yaml").read_text())
REGIONS = ("us-east-1", "eu-west-1")
Change = dict[str, Any]


class _Drop:
    """Deletes a key; there is only one, however often changes are copied."""

    def __deepcopy__(self, memo: Any) -> _Drop:
        return self


DROP = _Drop()


@dataclass(frozen=True)
class Case:
    """A mistake: the rule that finds it, the change that makes it, the change that would be right."""

    rule: str
    name: str
    bad: Change
    good: Change
    cfn_lint: str = ""
    """Why the rule is needed although cfn-lint says something too; empty: cfn-lint says nothing."""


def merged(base: Any, change: Any) -> Any:
    """``base`` with ``change`` laid over it."""
    if not isinstance(change, dict) or not isinstance(base, dict) or _is_function(change):
        return copy.deepcopy(change)
    result = {} if _is_function(base) else dict(base)
    for key, value in change.items():
        if value is DROP:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result


def _is_function(node: dict[str, Any]) -> bool:
    return len(node) == 1 and next(iter(node)).startswith(("Ref", "Fn::"))


def template(*changes: Change) -> str:
    """The base template with the changes, as YAML."""
    document: Any = BASE
    for change in changes:
        document = merged(document, change)
    return yaml.dump(_clean(document), sort_keys=False, Dumper=_Dumper, width=1000)


class _Dumper(yaml.SafeDumper):
    """No aliases: cases share parts."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML's hook
        return True


def _clean(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: _clean(value) for key, value in node.items() if value is not DROP}
    return [_clean(value) for value in node] if isinstance(node, list) else node


def both(*changes: Change) -> Change:
    """Several changes as one."""
    result: Any = {}
    for change in changes:
        result = _laid(result, change)
    return result


def _laid(base: Any, change: Any) -> Any:
    if not isinstance(change, dict) or not isinstance(base, dict) or _is_function(change):
        return change
    return base | {key: _laid(base.get(key), value) for key, value in change.items()}


def resource(name: str, type_: str, /, **properties: Any) -> Change:
    """A further resource; ``DependsOn`` and other attributes go in with capital letters after an underscore."""
    attributes = {key[1:]: properties.pop(key) for key in list(properties) if key.startswith("_")}
    return {"Resources": {name: {"Type": type_, **attributes, "Properties": properties}}}


def props(name: str, /, **properties: Any) -> Change:
    """Properties of an existing resource."""
    return {"Resources": {name: {"Properties": properties}}}


def model(**properties: Any) -> Change:
    return props("Model", **properties)


def container(**keys: Any) -> Change:
    return model(PrimaryContainer=keys)


def environment(**entries: Any) -> Change:
    return container(Environment=entries)


def config(**properties: Any) -> Change:
    return props("Config", **properties)


VARIANT: dict[str, Any] = BASE["Resources"]["Config"]["Properties"]["ProductionVariants"][0]


def variant(**keys: Any) -> Change:
    """The one production variant, changed."""
    return config(ProductionVariants=[_clean(merged(VARIANT, keys))])


def another(**keys: Any) -> dict[str, Any]:
    """A variant of its own, for lists."""
    made: dict[str, Any] = _clean(merged(VARIANT, keys))
    return made


def endpoint(**properties: Any) -> Change:
    return props("Endpoint", **properties)


def att(name: str, attribute: str) -> Change:
    return {"Fn::GetAtt": [name, attribute]}


def ref(name: str) -> Change:
    return {"Ref": name}


def sub(text: str) -> Change:
    return {"Fn::Sub": text}


def image(name: str) -> Change:
    """The container with another image of the same registry."""
    uri = "${Account}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}/" + name
    account = {"Account": {"Fn::FindInMap": ["Registry", {"Ref": "AWS::Region"}, "Account"]}}
    return container(Image={"Fn::Sub": [uri, account]})


INSTANCES = ("InstanceType", "InitialInstanceCount")
SERVERLESS = both(
    variant(
        InstanceType=DROP,
        InitialInstanceCount=DROP,
        ServerlessConfig={"MaxConcurrency": 5, "MemorySizeInMB": 2048},
    ),
    container(ModelDataSource=DROP, ModelDataUrl=sub("s3://models-${AWS::AccountId}/m.tar.gz")),
    image("huggingface-pytorch-inference:2.6.0-transformers5.5.3-cpu-py312-ubuntu22.04"),
    {"Parameters": {"InstanceType": DROP}},
)
TARGET = resource(
    "Target",
    "AWS::ApplicationAutoScaling::ScalableTarget",
    ServiceNamespace="sagemaker",
    ScalableDimension="sagemaker:variant:DesiredInstanceCount",
    ResourceId=sub("endpoint/${Endpoint.EndpointName}/variant/AllTraffic"),
    MinCapacity=1,
    MaxCapacity=4,
)
TRACKING = resource(
    "Tracking",
    "AWS::ApplicationAutoScaling::ScalingPolicy",
    PolicyName="tracking",
    PolicyType="TargetTrackingScaling",
    ScalingTargetId=ref("Target"),
    TargetTrackingScalingPolicyConfiguration={
        "TargetValue": 70,
        "PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"},
    },
)
SCALED = both(TARGET, TRACKING, endpoint(RetainAllVariantProperties=True))
ASYNC = config(
    AsyncInferenceConfig={"OutputConfig": {"S3OutputPath": sub("s3://models-${AWS::AccountId}/out/")}}
)
MANY = both(
    container(
        ModelDataSource=DROP, Mode="MultiModel", ModelDataUrl=sub("s3://models-${AWS::AccountId}/many/")
    ),
    image("huggingface-pytorch-inference:2.6.0-transformers5.5.3-cpu-py312-ubuntu22.04"),
    {"Parameters": {"InstanceType": {"Default": "ml.m5.xlarge"}}},
)
COMPONENT = both(
    variant(
        ModelName=DROP,
        ManagedInstanceScaling={"Status": "ENABLED", "MinInstanceCount": 1, "MaxInstanceCount": 2},
    ),
    config(ExecutionRoleArn=att("Role", "Arn")),
    resource(
        "Component",
        "AWS::SageMaker::InferenceComponent",
        EndpointName=att("Endpoint", "EndpointName"),
        VariantName="AllTraffic",
        RuntimeConfig={"CopyCount": 1},
        Specification={
            "ModelName": att("Model", "ModelName"),
            "ComputeResourceRequirements": {
                "MinMemoryRequiredInMb": 1024,
                "NumberOfAcceleratorDevicesRequired": 1,
            },
        },
    ),
)
VPC = both(
    resource("Vpc", "AWS::EC2::VPC", CidrBlock="10.0.0.0/16"),
    resource(
        "SubnetA",
        "AWS::EC2::Subnet",
        _DeletionPolicy="Retain",
        _UpdateReplacePolicy="Retain",
        VpcId=ref("Vpc"),
        CidrBlock="10.0.0.0/24",
    ),
    resource(
        "Group",
        "AWS::EC2::SecurityGroup",
        _DeletionPolicy="Retain",
        _UpdateReplacePolicy="Retain",
        VpcId=ref("Vpc"),
        GroupDescription="model",
    ),
    resource("RouteTable", "AWS::EC2::RouteTable", VpcId=ref("Vpc")),
    resource(
        "S3",
        "AWS::EC2::VPCEndpoint",
        VpcId=ref("Vpc"),
        ServiceName=sub("com.amazonaws.${AWS::Region}.s3"),
        RouteTableIds=[ref("RouteTable")],
    ),
    model(VpcConfig={"Subnets": [ref("SubnetA")], "SecurityGroupIds": [att("Group", "GroupId")]}),
)
CODE = "import cfnresponse\n\ndef handler(event, context):\n    cfnresponse.send(event, context, 'SUCCESS', {})\n"
CUSTOM = both(
    resource(
        "Function",
        "AWS::Lambda::Function",
        Runtime="python3.13",
        Handler="index.handler",
        Role=att("Role", "Arn"),
        Timeout=60,
        Code={"ZipFile": CODE},
    ),
    resource("Call", "Custom::Call", ServiceToken=att("Function", "Arn"), ServiceTimeout=300),
)
SPEC = "version: 0.2\nphases:\n  build:\n    commands: [echo hello]\n"
BUILD = both(
    resource(
        "Build",
        "AWS::CodeBuild::Project",
        ServiceRole=att("Role", "Arn"),
        Artifacts={"Type": "NO_ARTIFACTS"},
        Source={"Type": "NO_SOURCE", "BuildSpec": SPEC},
        Environment={
            "ComputeType": "BUILD_GENERAL1_SMALL",
            "Image": "aws/codebuild/amazonlinux-x86_64-standard:5.0",
            "Type": "LINUX_CONTAINER",
            "EnvironmentVariables": [{"Name": "MODE", "Value": "copy"}],
        },
        TimeoutInMinutes=60,
    ),
    {"Resources": {"Handle": {"Type": "AWS::CloudFormation::WaitConditionHandle"}}},
    resource("Wait", "AWS::CloudFormation::WaitCondition", Handle=ref("Handle"), Timeout="7200"),
)
