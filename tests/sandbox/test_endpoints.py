"""What SageMaker refuses of endpoint configurations and deployments, and what an update keeps."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .conftest import World, allow, role

IMAGE = "763104351884.dkr.ecr.us-east-1.amazonaws.com/djl-inference:0.38.0-lmi29.0.0-cu130"
PULL = allow("ecr:GetAuthorizationToken", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
WATCH = allow("cloudwatch:DescribeAlarms")
READ = allow("s3:GetObject")


def variant(**more: Any) -> dict[str, Any]:
    given = {
        "VariantName": "a",
        "ModelName": "models-model",
        "InstanceType": "ml.g6.2xlarge",
        "InitialInstanceCount": 2,
        **more,
    }
    return {key: value for key, value in given.items() if value is not None}


def serverless(**more: Any) -> dict[str, Any]:
    config = {"MemorySizeInMB": 2048, "MaxConcurrency": 5, **more.pop("config", {})}
    return variant(InstanceType=None, InitialInstanceCount=None, ServerlessConfig=config, **more)


@pytest.fixture(scope="module")
def made(_sandbox: Any) -> Iterator[World]:
    """A world with a role and a model that all tests of this file use."""
    world = World(_sandbox)
    models(world)
    yield world
    _sandbox.clear_faults()


def models(world: World) -> None:
    """Two models with a role, once in a sandbox."""
    sagemaker = world.client("sagemaker")
    if any(model["ModelName"] == "models-model" for model in sagemaker.list_models()["Models"]):
        return
    template = {"Resources": {"Role": role("sagemaker", PULL, WATCH, READ, RoleName="models-role")}}
    world.create(template, "models")
    arn = world.client("iam").get_role(RoleName="models-role")["Role"]["Arn"]
    container = {"PrimaryContainer": {"Image": IMAGE}, "ExecutionRoleArn": arn}
    sagemaker.create_model(ModelName="models-model", **container)
    sagemaker.create_model(ModelName="models-isolated", EnableNetworkIsolation=True, **container)


def config(world: World, *variants: dict[str, Any], **more: Any) -> str:
    name = world.name().replace("stack", "config")
    world.client("sagemaker").create_endpoint_config(
        EndpointConfigName=name, ProductionVariants=list(variants), **more
    )
    return name


CAPTURE = {
    "InitialSamplingPercentage": 10,
    "DestinationS3Uri": "s3://captured/here",
    "CaptureOptions": [{"CaptureMode": "Input"}],
}
ASYNC = {"OutputConfig": {"S3OutputPath": "s3://out/here"}}
POOL = {"InstanceType": "ml.g6.2xlarge", "Priority": 1}
REFUSED_CONFIGS: dict[str, tuple[list[dict[str, Any]], dict[str, Any], str]] = {
    "serverless with an instance type": (
        [serverless() | {"InstanceType": "ml.m5.large"}],
        {},
        "neither InstanceType nor",
    ),
    "serverless memory between the steps": ([serverless(config={"MemorySizeInMB": 2000})], {}, "Memory size"),
    "serverless memory too large": (
        [serverless(config={"MemorySizeInMB": 7168})],
        {},
        "Member must have value less than or equal to 6144",
    ),
    "more provisioned than possible concurrency": (
        [serverless(config={"ProvisionedConcurrency": 6})],
        {},
        "less than or equal to MaxConcurrency",
    ),
    "two serverless variants": ([serverless(), serverless(VariantName="b")], {}, "one variant only"),
    "serverless with data capture": (
        [serverless()],
        {"DataCaptureConfig": CAPTURE},
        "DataCaptureConfig is not",
    ),
    "serverless and asynchronous": (
        [serverless()],
        {"AsyncInferenceConfig": ASYNC},
        "AsyncInferenceConfig is not",
    ),
    "serverless and isolated": (
        [serverless(ModelName="models-isolated")],
        {},
        "network isolation is not supported",
    ),
    "serverless with a volume": ([serverless(VolumeSizeInGB=10)], {}, "VolumeSizeInGB"),
    "a type and pools": ([variant(InstancePools=[POOL])], {}, "cannot be specified together"),
    "neither type nor pools": ([variant(InstanceType=None)], {}, "InstanceType is required"),
    "pools of one priority": (
        [variant(InstanceType=None, InstancePools=[POOL, {**POOL, "InstanceType": "ml.g5.2xlarge"}])],
        {},
        "The Priority of each instance pool must be different",
    ),
    "six pools": (
        [variant(InstanceType=None, InstancePools=[POOL] * 6)],
        {},
        "Member must have length less than or equal to 5",
    ),
    "a pool of a model that is not there": (
        [variant(InstanceType=None, InstancePools=[{**POOL, "ModelNameOverride": "gone"}])],
        {},
        "Could not find model",
    ),
    "an unknown instance type": (
        [variant(InstanceType="ml.z1.huge")],
        {},
        "Member must satisfy enum value set",
    ),
    "no instance count": ([variant(InitialInstanceCount=None)], {}, "InitialInstanceCount is required"),
    "a timeout too long": (
        [variant(ContainerStartupHealthCheckTimeoutInSeconds=3601)],
        {},
        "less than or equal to 3600",
    ),
    "a volume too large": ([variant(VolumeSizeInGB=513)], {}, "less than or equal to 512"),
    "managed scaling upside down": (
        [variant(ManagedInstanceScaling={"Status": "ENABLED", "MinInstanceCount": 3, "MaxInstanceCount": 2})],
        {},
        "less than or equal to MaxInstanceCount",
    ),
    "prefix settings without prefix routing": (
        [
            variant(
                RoutingConfig={
                    "RoutingStrategy": "RANDOM",
                    "PrefixAwareRoutingConfig": {"ConcurrencyThreshold": 5},
                }
            )
        ],
        {},
        "only with the routing strategy PREFIX_AWARE",
    ),
    "prefix routing half configured": (
        [
            variant(
                RoutingConfig={
                    "RoutingStrategy": "PREFIX_AWARE",
                    "PrefixAwareRoutingConfig": {"PrefixLength": 2048},
                }
            )
        ],
        {},
        "PrefixLength and ConcurrencyThreshold are required",
    ),
    "an unknown AMI": (
        [variant(InferenceAmiVersion="al2-ami-best")],
        {},
        "Member must satisfy enum value set",
    ),
    "two variants of one name": ([variant(), variant()], {}, "must be unique"),
    "two shadow variants": (
        [variant()],
        {"ShadowProductionVariants": [variant(VariantName="b"), variant(VariantName="c")]},
        "Only one production variant and one shadow",
    ),
    "asynchronous with a shadow": (
        [variant()],
        {"AsyncInferenceConfig": ASYNC, "ShadowProductionVariants": [variant(VariantName="b")]},
        "not supported with AsyncInferenceConfig",
    ),
    "asynchronous without a place": (
        [variant()],
        {"AsyncInferenceConfig": {"OutputConfig": {"S3FailurePath": "s3://out/no"}}},
        "S3OutputPath is required",
    ),
    "no model and no role": ([variant(ModelName=None)], {}, "ModelName is required"),
    "a role nobody may assume": (
        [variant(ModelName=None)],
        {"ExecutionRoleArn": "arn:aws:iam::123456789012:role/nobody"},
        "Could not assume role",
    ),
    "capture percentage": (
        [variant()],
        {"DataCaptureConfig": {**CAPTURE, "InitialSamplingPercentage": 101}},
        "less than or equal to 100",
    ),
}


@pytest.mark.parametrize("case", REFUSED_CONFIGS)
def test_configurations_that_are_refused(made: World, case: str) -> None:
    variants, more, message = REFUSED_CONFIGS[case]
    with pytest.raises(ClientError, match=message) as caught:
        config(made, *variants, **more)
    assert caught.value.response["Error"]["Code"] == "ValidationException"


def test_configurations_that_are_taken(made: World) -> None:
    config(made, serverless(config={"ProvisionedConcurrency": 5}))
    config(made, variant(), ShadowProductionVariants=[variant(VariantName="b")], DataCaptureConfig=CAPTURE)
    config(made, variant(), variant(VariantName="b"), AsyncInferenceConfig=ASYNC)
    pools = [POOL, {"InstanceType": "ml.g5.2xlarge", "Priority": 2, "ModelNameOverride": "models-isolated"}]
    prefix = {"PrefixLength": 1024, "ConcurrencyThreshold": 5}
    routing = {"RoutingStrategy": "PREFIX_AWARE", "PrefixAwareRoutingConfig": prefix}
    config(made, variant(InstanceType=None, InstancePools=pools, RoutingConfig=routing))


def settle(world: World, name: str) -> dict[str, Any]:
    end = time.monotonic() + 10
    while time.monotonic() < end:
        found: dict[str, Any] = world.client("sagemaker").describe_endpoint(EndpointName=name)
        if found["EndpointStatus"] not in ("Creating", "Updating"):
            return found
        time.sleep(0.02)
    raise AssertionError(found)


def endpoint(world: World, *variants: dict[str, Any], **more: Any) -> str:
    name = world.name().replace("stack", "endpoint")
    created = config(world, *(variants or [variant()]), **more)
    world.client("sagemaker").create_endpoint(EndpointName=name, EndpointConfigName=created)
    assert settle(world, name)["EndpointStatus"] == "InService"
    return name


def update(world: World, name: str, *variants: dict[str, Any], **more: Any) -> dict[str, Any]:
    target = config(world, *(variants or [variant()]))
    world.client("sagemaker").update_endpoint(EndpointName=name, EndpointConfigName=target, **more)
    return {**settle(world, name), "Wanted": target}


def blue_green(**routing: Any) -> dict[str, Any]:
    return {
        "BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": {"WaitIntervalInSeconds": 60, **routing}}
    }


def rolling(value: int = 50, kind: str = "CAPACITY_PERCENT") -> dict[str, Any]:
    size = {"Type": kind, "Value": value}
    return {"RollingUpdatePolicy": {"MaximumBatchSize": size, "WaitIntervalInSeconds": 60}}


def percent(value: int) -> dict[str, Any]:
    return {"Type": "CAPACITY_PERCENT", "Value": value}


REFUSED_DEPLOYMENTS: dict[str, tuple[dict[str, Any], str]] = {
    "both policies": ({**blue_green(Type="ALL_AT_ONCE"), **rolling()}, "Only one of"),
    "canary without a size": (blue_green(Type="CANARY"), "CanarySize is required"),
    "linear without a step": (blue_green(Type="LINEAR"), "LinearStepSize is required"),
    "all at once with a canary": (
        blue_green(Type="ALL_AT_ONCE", CanarySize=percent(10)),
        "CanarySize cannot be specified",
    ),
    "a canary of more than half": (blue_green(Type="CANARY", CanarySize=percent(60)), "between 1% and 50%"),
    "a canary of all instances": (
        blue_green(Type="CANARY", CanarySize={"Type": "INSTANCE_COUNT", "Value": 2}),
        "at most 50%",
    ),
    "steps too small": (blue_green(Type="LINEAR", LinearStepSize=percent(5)), "between 10% and 50%"),
    "batches too large": (rolling(60), "between 5% and 50%"),
    "too little time": (
        {
            "BlueGreenUpdatePolicy": {
                "TrafficRoutingConfiguration": {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 300},
                "TerminationWaitInSeconds": 300,
                "MaximumExecutionTimeoutInSeconds": 600,
            }
        },
        "must be larger than the total",
    ),
    "eleven alarms": (
        {"AutoRollbackConfiguration": {"Alarms": [{"AlarmName": f"a{i}"} for i in range(11)]}},
        "length less than or equal to 10",
    ),
}


@pytest.mark.parametrize("case", REFUSED_DEPLOYMENTS)
def test_deployments_that_are_refused(made: World, case: str) -> None:
    policy, message = REFUSED_DEPLOYMENTS[case]
    created = config(made, variant())
    with pytest.raises(ClientError, match=message):
        made.client("sagemaker").create_endpoint(
            EndpointName="never", EndpointConfigName=created, DeploymentConfig=policy
        )


def test_updates_that_are_refused(made: World) -> None:
    name = endpoint(made)
    sagemaker = made.client("sagemaker")
    with pytest.raises(ClientError, match="cannot change between serverless"):
        update(made, name, serverless())
    with pytest.raises(ClientError, match="same variant names"):
        update(made, name, variant(VariantName="b"), DeploymentConfig=rolling())
    with pytest.raises(ClientError, match="several variants"):
        update(made, name, variant(), variant(VariantName="b"), DeploymentConfig=rolling())
    with pytest.raises(ClientError, match="not currently supported"):
        update(
            made,
            name,
            RetainAllVariantProperties=True,
            ExcludeRetainedVariantProperties=[{"VariantPropertyType": "DataCaptureConfig"}],
        )
    assert sagemaker.describe_endpoint(EndpointName=name)["EndpointStatus"] == "InService"
    other = endpoint(made, serverless())
    with pytest.raises(ClientError, match="cannot change between serverless"):
        update(made, other, variant())
    # without a deployment's rules a variant may have another name
    assert update(made, name, variant(VariantName="b"))["ProductionVariants"][0]["VariantName"] == "b"


@pytest.mark.parametrize(
    ("more", "count", "weight"),
    [
        ({}, 2, 1.0),
        ({"RetainAllVariantProperties": True}, 5, 0.5),
        (
            {
                "RetainAllVariantProperties": True,
                "ExcludeRetainedVariantProperties": [{"VariantPropertyType": "DesiredInstanceCount"}],
            },
            2,
            0.5,
        ),
        (
            {
                "RetainAllVariantProperties": True,
                "ExcludeRetainedVariantProperties": [{"VariantPropertyType": "DesiredWeight"}],
            },
            5,
            1.0,
        ),
    ],
    ids=["reset", "retained", "count from the configuration", "weight from the configuration"],
)
def test_what_an_update_keeps(made: World, more: dict[str, Any], count: int, weight: float) -> None:
    name = endpoint(made)
    made.client("sagemaker").update_endpoint_weights_and_capacities(
        EndpointName=name,
        DesiredWeightsAndCapacities=[{"VariantName": "a", "DesiredInstanceCount": 5, "DesiredWeight": 0.5}],
    )
    [served] = update(made, name, **more)["ProductionVariants"]
    assert (served["CurrentInstanceCount"], served["DesiredInstanceCount"]) == (count, count)
    assert (served["CurrentWeight"], served["DesiredWeight"]) == (weight, weight)


def alarm(world: World, name: str, state: str) -> dict[str, Any]:
    cloudwatch = world.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        Namespace="AWS/SageMaker",
        MetricName="Invocation5XXErrors",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )
    cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="test")
    return {"AutoRollbackConfiguration": {"Alarms": [{"AlarmName": name}]}}


def test_an_alarm_takes_the_update_back(made: World) -> None:
    name = endpoint(made)
    before = made.client("sagemaker").describe_endpoint(EndpointName=name)["EndpointConfigName"]
    policy = {**blue_green(Type="ALL_AT_ONCE"), **alarm(made, "tripped", "ALARM")}
    after = update(made, name, DeploymentConfig=policy)
    assert (after["EndpointConfigName"], after["EndpointStatus"]) == (before, "InService")
    assert "tripped" in after["FailureReason"]
    policy = {**blue_green(Type="ALL_AT_ONCE"), **alarm(made, "tripped", "OK")}
    after = update(made, name, DeploymentConfig=policy)
    assert after["EndpointConfigName"] == after["Wanted"]
    assert "FailureReason" not in after
    # the deployment's rules hold for this update alone, unless it is asked to keep them
    alarm(made, "tripped", "ALARM")
    kept = update(made, name, RetainDeploymentConfig=True)
    assert kept["EndpointConfigName"] != kept["Wanted"]
    free = update(made, name)
    assert free["EndpointConfigName"] == free["Wanted"]


def test_the_role_must_see_the_alarms(made: World) -> None:
    iam = made.client("iam")
    made.create({"Resources": {"Role": role("sagemaker", PULL, RoleName="blind-role")}})
    arn = iam.get_role(RoleName="blind-role")["Role"]["Arn"]
    made.client("sagemaker").create_model(
        ModelName="blind", PrimaryContainer={"Image": IMAGE}, ExecutionRoleArn=arn
    )
    name = endpoint(made, variant(ModelName="blind"))
    policy = {**blue_green(Type="ALL_AT_ONCE"), **alarm(made, "quiet", "OK")}
    after = update(made, name, variant(ModelName="blind"), DeploymentConfig=policy)
    assert "cloudwatch:DescribeAlarms" in after["FailureReason"]


def test_a_rollback_that_fails_too(made: World) -> None:
    name = endpoint(made)
    made.sandbox.fault("endpoint", resource=name, code="rollback")
    assert update(made, name)["EndpointStatus"] == "UpdateRollbackFailed"


def test_what_an_endpoint_tells(made: World) -> None:
    name = endpoint(
        made,
        variant(ManagedInstanceScaling={"Status": "ENABLED", "MinInstanceCount": 1, "MaxInstanceCount": 3}),
        ShadowProductionVariants=[variant(VariantName="b")],
        DataCaptureConfig={**CAPTURE, "EnableCapture": True},
    )
    found = settle(made, name)
    assert found["ShadowProductionVariants"][0]["VariantName"] == "b"
    assert found["DataCaptureConfig"]["CaptureStatus"] == "Started"
    assert found["ProductionVariants"][0]["ManagedInstanceScaling"]["MaxInstanceCount"] == 3


def grants(world: World, name: str, *statements: dict[str, Any]) -> str:
    """A model of a role that may do this as well."""
    world.create({"Resources": {"Role": role("sagemaker", PULL, *statements, RoleName=f"{name}-role")}})
    arn = world.client("iam").get_role(RoleName=f"{name}-role")["Role"]["Arn"]
    world.client("sagemaker").create_model(
        ModelName=name, PrimaryContainer={"Image": IMAGE}, ExecutionRoleArn=arn
    )
    return name


@pytest.mark.parametrize("may", [True, False], ids=["a role that may", "a role that may not"])
def test_data_capture(made: World, may: bool) -> None:
    bucket = f"captured-{made.name()}"
    made.client("s3").create_bucket(Bucket=bucket)
    where = f"arn:aws:s3:::{bucket}/kept/*" if may else "arn:aws:s3:::other/*"
    model = grants(made, f"captured-{may}", allow("s3:PutObject", on=where))
    options = [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}]
    capture = {
        "EnableCapture": True,
        "InitialSamplingPercentage": 100,
        "DestinationS3Uri": f"s3://{bucket}/kept",
        "CaptureOptions": options,
    }
    name = endpoint(made, variant(ModelName=model), DataCaptureConfig=capture)
    made.client("sagemaker-runtime").invoke_endpoint(
        EndpointName=name, Body=b'{"a": 1}', ContentType="application/json"
    )
    found = made.client("s3").list_objects_v2(Bucket=bucket).get("Contents", [])
    assert len(found) == int(may)
    if may:
        assert found[0]["Key"].startswith(f"kept/{name}/a/")
        text = made.client("s3").get_object(Bucket=bucket, Key=found[0]["Key"])["Body"].read()
        assert b'"encoding": "JSON"' in text


@pytest.mark.parametrize("may", [True, False], ids=["a role that may", "a role that may not"])
def test_asynchronous_answers_are_told(made: World, may: bool) -> None:
    bucket = f"async-{made.name()}"
    s3, sns, sqs = made.client("s3"), made.client("sns"), made.client("sqs")
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="in", Body=b"hello")
    topics = {state: sns.create_topic(Name=f"{bucket}-{state}")["TopicArn"] for state in ("Success", "Error")}
    queue = sqs.create_queue(QueueName=bucket)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    for topic in topics.values():
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    rights = [allow("sns:Publish"), allow("s3:PutObject", on=f"arn:aws:s3:::{bucket}/*")]
    rights += [allow("s3:GetObject", on=f"arn:aws:s3:::{bucket}/*")] if may else []
    model = grants(made, f"async-{may}", *rights)
    output = {
        "S3OutputPath": f"s3://{bucket}/out",
        "S3FailurePath": f"s3://{bucket}/failed",
        "NotificationConfig": {f"{state}Topic": topic for state, topic in topics.items()},
    }
    name = endpoint(made, variant(ModelName=model), AsyncInferenceConfig={"OutputConfig": output})
    answer = made.client("sagemaker-runtime").invoke_endpoint_async(
        EndpointName=name, InputLocation=f"s3://{bucket}/in"
    )
    [message] = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=10)["Messages"]
    assert ("Completed" in message["Body"]) is may
    key = answer["OutputLocation"].rsplit("/", 1)[-1]
    kept = s3.get_object(Bucket=bucket, Key=f"{'out' if may else 'failed'}/{key}")["Body"].read()
    assert kept == b"hello" if may else b"s3:GetObject" in kept


def component(**more: Any) -> dict[str, Any]:
    given = {
        "ModelName": "models-model",
        "ComputeResourceRequirements": {
            "MinMemoryRequiredInMb": 1024,
            "NumberOfAcceleratorDevicesRequired": 1,
        },
        **more,
    }
    return {key: value for key, value in given.items() if value is not None}


def test_base_and_adapter_components(made: World) -> None:
    sagemaker = made.client("sagemaker")
    arn = made.client("iam").get_role(RoleName="models-role")["Role"]["Arn"]
    name = endpoint(made, variant(ModelName=None), ExecutionRoleArn=arn)
    other = endpoint(made, variant(ModelName=None), ExecutionRoleArn=arn)

    def create(label: str, on: str = name, **given: Any) -> None:
        sagemaker.create_inference_component(
            InferenceComponentName=label, EndpointName=on, **{"VariantName": "a", **given}
        )

    copies = {"CopyCount": 1}
    made.client("s3").create_bucket(Bucket="adapters")
    made.client("s3").put_object(Bucket="adapters", Key="one.tar.gz", Body=b"adapter")
    artifact = {"ArtifactUrl": "s3://adapters/one.tar.gz"}
    lora = {"BaseInferenceComponentName": "base", "Container": artifact}
    both = {"Specification": component(), "Specifications": [component()]}
    for given, message in (
        ({"Specification": component(), "RuntimeConfig": {"CopyCount": 0}}, "at least 1"),
        (
            {"Specification": component(ComputeResourceRequirements=None), "RuntimeConfig": copies},
            "is required",
        ),
        (
            {
                "Specification": component(
                    ComputeResourceRequirements={"MinMemoryRequiredInMb": 1024, "MaxMemoryRequiredInMb": 512}
                )
            },
            "must not be less",
        ),
        ({"Specification": component(ModelName=None), "RuntimeConfig": copies}, "a ModelName or a Container"),
        ({**both, "RuntimeConfig": copies}, "not both"),
        ({"Specification": lora}, "Could not find inference component"),
        ({"Specification": component(), "RuntimeConfig": copies, "VariantName": "z"}, "does not exist"),
    ):
        with pytest.raises(ClientError, match=message):
            create("base", **given)

    def ready(label: str) -> bool:
        found = sagemaker.describe_inference_component(InferenceComponentName=label)
        assert found["InferenceComponentStatus"] != "Failed", found
        return bool(found["InferenceComponentStatus"] == "InService")

    create("base", Specification=component(), RuntimeConfig=copies)
    while not ready("base"):
        time.sleep(0.02)
    for specification, message in (
        (
            {**lora, "ComputeResourceRequirements": {"MinMemoryRequiredInMb": 128}},
            "cannot be specified for an adapter",
        ),
        ({"BaseInferenceComponentName": "base"}, "ArtifactUrl"),
        ({**lora, "ModelName": "models-model"}, "ModelName cannot be specified"),
    ):
        with pytest.raises(ClientError, match=message):
            create("lora", Specification=specification)
    with pytest.raises(ClientError, match="is on another endpoint"):
        create("lora", other, Specification=lora)
    create("lora", Specification=lora)
    while not ready("lora"):
        time.sleep(0.02)
    with pytest.raises(ClientError, match="cannot be the base of another"):
        create("more", Specification={**lora, "BaseInferenceComponentName": "lora"})
    with pytest.raises(ClientError, match="is the base of lora"):
        sagemaker.delete_inference_component(InferenceComponentName="base")
    with pytest.raises(ClientError, match="while it has inference components"):
        sagemaker.delete_endpoint(EndpointName=name)
    for label in ("lora", "base"):
        sagemaker.delete_inference_component(InferenceComponentName=label)
    sagemaker.delete_endpoint(EndpointName=name)
