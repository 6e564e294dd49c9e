"""Mistakes in endpoint configurations, endpoints and inference components."""

from __future__ import annotations

from typing import Any

from tests.lint.kit import (
    ASYNC,
    COMPONENT,
    DROP,
    MANY,
    SERVERLESS,
    TARGET,
    Case,
    another,
    att,
    both,
    config,
    container,
    endpoint,
    image,
    props,
    ref,
    resource,
    sub,
    variant,
)


def instance(name: str) -> dict[str, object]:
    return {"Parameters": {"InstanceType": {"Default": name}}}


def serverless(**keys: Any) -> dict[str, Any]:
    return {
        "VariantName": "AllTraffic",
        "ModelName": att("Model", "ModelName"),
        "InitialVariantWeight": 1,
    } | {"ServerlessConfig": {"MaxConcurrency": 5, "MemorySizeInMB": 2048} | keys}


TWO = [another(), another(VariantName="Second")]
KEY = sub(
    "arn:${AWS::Partition}:kms:${AWS::Region}:${AWS::AccountId}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
)
ROUTING = {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0}
GREEN = {"TrafficRoutingConfiguration": ROUTING}
ROLLING = {"MaximumBatchSize": {"Type": "CAPACITY_PERCENT", "Value": 50}, "WaitIntervalInSeconds": 60}
CAPTURE = {
    "EnableCapture": True,
    "InitialSamplingPercentage": 10,
    "DestinationS3Uri": sub("s3://models-${AWS::AccountId}/capture"),
    "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
}
MANAGED = {"Status": "ENABLED", "MinInstanceCount": 1, "MaxInstanceCount": 2}
SPECIFICATION = {
    "ModelName": att("Model", "ModelName"),
    "ComputeResourceRequirements": {"MinMemoryRequiredInMb": 1024},
}
ADAPTER = both(
    COMPONENT,
    {
        "Parameters": {"BaseName": {"Type": "String", "Default": "base"}},
        "Resources": {"Adapter": {"DependsOn": "Component"}},
    },
    props("Component", InferenceComponentName=ref("BaseName")),
    resource(
        "Adapter",
        "AWS::SageMaker::InferenceComponent",
        EndpointName=att("Endpoint", "EndpointName"),
        Specification={
            "BaseInferenceComponentName": ref("BaseName"),
            "Container": {"ArtifactUrl": sub("s3://models-${AWS::AccountId}/adapter.tar.gz")},
        },
    ),
)


def canary(value: int) -> dict[str, Any]:
    size = {"Type": "CAPACITY_PERCENT", "Value": value}
    return endpoint(
        DeploymentConfig={
            "BlueGreenUpdatePolicy": {
                "TrafficRoutingConfiguration": {
                    "Type": "CANARY",
                    "WaitIntervalInSeconds": 60,
                    "CanarySize": size,
                }
            }
        }
    )


def needs(**keys: Any) -> dict[str, Any]:
    return both(COMPONENT, props("Component", Specification={"ComputeResourceRequirements": keys}))


def rolling(policy: dict[str, Any], copies: int = 4) -> dict[str, Any]:
    """A component that is updated so."""
    runtime = {"CopyCount": copies}
    deployment = {"RollingUpdatePolicy": policy}
    return both(COMPONENT, props("Component", RuntimeConfig=runtime, DeploymentConfig=deployment))


PAIR = [{"InstanceType": "ml.g5.2xlarge", "Priority": 1}, {"InstanceType": "ml.g6.2xlarge", "Priority": 2}]
UNUSED = {"Parameters": {"InstanceType": DROP}}

CASES = [
    Case(
        "E9301",
        "serverless with an instance type",
        both(SERVERLESS, config(ProductionVariants=[serverless() | {"InstanceType": "ml.m5.large"}])),
        SERVERLESS,
    ),
    Case(
        "E9302",
        "serverless memory of 2,000 MB",
        both(SERVERLESS, config(ProductionVariants=[serverless(MemorySizeInMB=2000)])),
        SERVERLESS,
    ),
    Case(
        "E9302",
        "provisioned above maximum concurrency",
        both(SERVERLESS, config(ProductionVariants=[serverless(ProvisionedConcurrency=9)])),
        both(SERVERLESS, config(ProductionVariants=[serverless(ProvisionedConcurrency=5)])),
    ),
    Case(
        "E9303",
        "serverless with data capture",
        both(SERVERLESS, config(DataCaptureConfig=CAPTURE)),
        SERVERLESS,
    ),
    Case(
        "E9303",
        "serverless with two variants",
        both(SERVERLESS, config(ProductionVariants=[serverless(), serverless() | {"VariantName": "B"}])),
        SERVERLESS,
    ),
    Case("E9303", "serverless with asynchronous inference", both(SERVERLESS, ASYNC), SERVERLESS),
    Case(
        "E9303",
        "serverless with ModelDataSource",
        both(
            SERVERLESS,
            container(
                ModelDataUrl=DROP,
                ModelDataSource={
                    "S3DataSource": {
                        "S3Uri": sub("s3://models-${AWS::AccountId}/m/"),
                        "S3DataType": "S3Prefix",
                        "CompressionType": "None",
                    }
                },
            ),
        ),
        SERVERLESS,
    ),
    Case(
        "W9304",
        "KMS key on instances with local storage",
        config(KmsKeyId=KEY),
        both(
            config(KmsKeyId=KEY),
            instance("ml.g6.2xlarge"),
            instance("ml.m5.2xlarge"),
            image("huggingface-pytorch-inference:2.6.0-transformers5.5.3-cpu-py312-ubuntu22.04"),
        ),
    ),
    Case(
        "W9304",
        "KMS key by a condition that holds by default",
        both(
            {
                "Parameters": {"Key": {"Type": "String", "Default": "alias/mine"}},
                "Conditions": {"HasKey": {"Fn::Not": [{"Fn::Equals": [ref("Key"), ""]}]}},
            },
            config(KmsKeyId={"Fn::If": ["HasKey", ref("Key"), ref("AWS::NoValue")]}),
        ),
        both(
            {
                "Parameters": {"Key": {"Type": "String", "Default": ""}},
                "Conditions": {"HasKey": {"Fn::Not": [{"Fn::Equals": [ref("Key"), ""]}]}},
            },
            config(KmsKeyId={"Fn::If": ["HasKey", ref("Key"), ref("AWS::NoValue")]}),
        ),
    ),
    Case(
        "E9305",
        "volume size on instances with local storage",
        variant(VolumeSizeInGB=100),
        both(
            variant(VolumeSizeInGB=100),
            instance("ml.m5.2xlarge"),
            image("huggingface-pytorch-inference:2.6.0-transformers5.5.3-cpu-py312-ubuntu22.04"),
        ),
    ),
    Case("E9306", "variant without instances", both(variant(InstanceType=DROP), UNUSED), {}),
    Case(
        "E9306",
        "InstanceType beside InstancePools",
        variant(InstancePools=PAIR),
        both(variant(InstanceType=DROP, InstancePools=PAIR), UNUSED),
    ),
    Case(
        "E9318",
        "pools of one priority",
        both(
            variant(InstanceType=DROP, InstancePools=[PAIR[0], PAIR[1] | {"Priority": PAIR[0]["Priority"]}]),
            UNUSED,
        ),
        both(variant(InstanceType=DROP, InstancePools=PAIR), UNUSED),
    ),
    Case("E9320", "asynchronous multi-model endpoint", both(ASYNC, MANY), MANY),
    Case(
        "E9321",
        "answers in a topic that is not there",
        config(
            AsyncInferenceConfig={
                "OutputConfig": {
                    "S3OutputPath": sub("s3://models-${AWS::AccountId}/out/"),
                    "NotificationConfig": {"IncludeInferenceResponseIn": ["ERROR_NOTIFICATION_TOPIC"]},
                }
            }
        ),
        ASYNC,
    ),
    Case("E9306", "no InitialInstanceCount", variant(InitialInstanceCount=DROP), {}),
    Case(
        "E9307",
        "instance type missing in one region",
        instance("ml.g7e.2xlarge"),
        {},
    ),
    Case("W9308", "P3 instance", instance("ml.p3.2xlarge"), {}),
    Case(
        "W9308",
        "T2 instance",
        both(instance("ml.t2.medium"), image("mine:1-cpu-")),
        both(instance("ml.m5.large"), image("mine:1-cpu-")),
    ),
    Case(
        "E9309",
        "two variants of one name",
        config(ProductionVariants=[another(), another()]),
        config(ProductionVariants=TWO),
    ),
    Case(
        "E9310",
        "shadow beside two production variants",
        config(ProductionVariants=TWO, ShadowProductionVariants=[another(VariantName="Shadow")]),
        config(ShadowProductionVariants=[another(VariantName="Shadow")]),
    ),
    Case(
        "E9310",
        "shadow of an asynchronous endpoint",
        both(ASYNC, config(ShadowProductionVariants=[another(VariantName="Shadow")])),
        ASYNC,
    ),
    Case(
        "E9311",
        "all weights zero",
        variant(InitialVariantWeight=0),
        config(ProductionVariants=[another(), another(VariantName="B", InitialVariantWeight=0)]),
    ),
    Case(
        "E9312",
        "managed scaling with minimum above maximum",
        both(
            COMPONENT,
            config(
                ProductionVariants=[
                    another(ModelName=DROP, ManagedInstanceScaling=MANAGED | {"MinInstanceCount": 3})
                ]
            ),
        ),
        COMPONENT,
    ),
    Case(
        "E9314",
        "Neuron AMI on a GPU instance",
        variant(InferenceAmiVersion="al2-ami-sagemaker-inference-neuron-2"),
        variant(InferenceAmiVersion="al2-ami-sagemaker-inference-gpu-3-1"),
    ),
    Case(
        "W9315",
        "asynchronous endpoint without output path",
        config(AsyncInferenceConfig={"OutputConfig": {}}),
        ASYNC,
    ),
    Case("E9316", "variant without model and no role", variant(ModelName=DROP), COMPONENT),
    Case(
        "E9316",
        "variants with and without a model",
        config(
            ProductionVariants=[another(), another(VariantName="B", ModelName=DROP)],
            ExecutionRoleArn=att("Role", "Arn"),
        ),
        COMPONENT,
    ),
    Case(
        "E9317",
        "prefix settings with random routing",
        variant(
            RoutingConfig={"RoutingStrategy": "RANDOM", "PrefixAwareRoutingConfig": {"PrefixLength": 2048}}
        ),
        variant(
            RoutingConfig={
                "RoutingStrategy": "PREFIX_AWARE",
                "PrefixAwareRoutingConfig": {"PrefixLength": 2048, "ConcurrencyThreshold": 8},
            }
        ),
    ),
    Case(
        "E9317",
        "prefix routing with one of its numbers",
        variant(
            RoutingConfig={
                "RoutingStrategy": "PREFIX_AWARE",
                "PrefixAwareRoutingConfig": {"PrefixLength": 2048},
            }
        ),
        variant(RoutingConfig={"RoutingStrategy": "LEAST_OUTSTANDING_REQUESTS"}),
    ),
    Case(
        "E9318",
        "pool of one type twice",
        both(variant(InstanceType=DROP, InstancePools=[PAIR[0], PAIR[0] | {"Priority": 2}]), UNUSED),
        both(variant(InstanceType=DROP, InstancePools=PAIR), UNUSED),
    ),
    Case(
        "W9319",
        "capture mode repeated",
        config(
            DataCaptureConfig=CAPTURE
            | {"CaptureOptions": [{"CaptureMode": "InputAndOutput"}, {"CaptureMode": "Input"}]}
        ),
        config(DataCaptureConfig=CAPTURE),
    ),
    Case(
        "W9319",
        "capture of 0 %",
        config(DataCaptureConfig=CAPTURE | {"InitialSamplingPercentage": 0}),
        config(DataCaptureConfig=CAPTURE),
    ),
    Case(
        "E9401",
        "endpoint name of 64 characters",
        {"Parameters": {"Name": {"Type": "String", "Default": "ab-" * 21 + "a"}}}
        | endpoint(EndpointName=ref("Name")),
        {"Parameters": {"Name": {"Type": "String", "Default": "ab-" * 20 + "abc"}}}
        | endpoint(EndpointName=ref("Name")),
    ),
    Case(
        "E9402",
        "both update policies",
        endpoint(DeploymentConfig={"BlueGreenUpdatePolicy": GREEN, "RollingUpdatePolicy": ROLLING}),
        endpoint(DeploymentConfig={"RollingUpdatePolicy": ROLLING}),
    ),
    Case(
        "E9403",
        "rolling update of two variants",
        both(config(ProductionVariants=TWO), endpoint(DeploymentConfig={"RollingUpdatePolicy": ROLLING})),
        both(config(ProductionVariants=TWO), endpoint(DeploymentConfig={"BlueGreenUpdatePolicy": GREEN})),
    ),
    Case(
        "E9403",
        "rolling update of a serverless endpoint",
        both(SERVERLESS, endpoint(DeploymentConfig={"RollingUpdatePolicy": ROLLING})),
        SERVERLESS,
    ),
    Case(
        "W9404",
        "deployment guardrails on Inf1",
        both(
            instance("ml.inf1.xlarge"),
            image("mine:1"),
            endpoint(DeploymentConfig={"BlueGreenUpdatePolicy": GREEN}),
        ),
        endpoint(DeploymentConfig={"BlueGreenUpdatePolicy": GREEN}),
    ),
    Case("E9405", "canary of 60 %", canary(60), canary(30)),
    Case(
        "E9405",
        "canary without a size",
        endpoint(
            DeploymentConfig={
                "BlueGreenUpdatePolicy": {
                    "TrafficRoutingConfiguration": {"Type": "CANARY", "WaitIntervalInSeconds": 60}
                }
            }
        ),
        canary(30),
    ),
    Case(
        "E9405",
        "no waiting time in traffic routing",
        endpoint(
            DeploymentConfig={
                "BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": {"Type": "ALL_AT_ONCE"}}
            }
        ),
        endpoint(DeploymentConfig={"BlueGreenUpdatePolicy": GREEN}),
    ),
    Case(
        "E9406",
        "deployment shorter than its waits",
        endpoint(
            DeploymentConfig={
                "BlueGreenUpdatePolicy": GREEN
                | {"TerminationWaitInSeconds": 900, "MaximumExecutionTimeoutInSeconds": 600}
            }
        ),
        endpoint(
            DeploymentConfig={
                "BlueGreenUpdatePolicy": GREEN
                | {"TerminationWaitInSeconds": 300, "MaximumExecutionTimeoutInSeconds": 600}
            }
        ),
    ),
    Case(
        "E9407",
        "retained property of an unknown type",
        endpoint(
            RetainAllVariantProperties=True,
            ExcludeRetainedVariantProperties=[{"VariantPropertyType": "InstanceCount"}],
        ),
        endpoint(
            RetainAllVariantProperties=True,
            ExcludeRetainedVariantProperties=[{"VariantPropertyType": "DesiredWeight"}],
        ),
    ),
    Case(
        "E9408",
        "endpoint that names its configuration by Ref",
        endpoint(EndpointConfigName=ref("Config")),
        {},
    ),
    Case(
        "E9408",
        "scalable target that names its endpoint by Ref",
        both(
            TARGET,
            endpoint(RetainAllVariantProperties=True),
            props("Target", ResourceId=sub("endpoint/${Endpoint}/variant/AllTraffic")),
        ),
        both(TARGET, endpoint(RetainAllVariantProperties=True)),
    ),
    Case(
        "W9409",
        "log group named after an unnamed endpoint",
        resource(
            "Log",
            "AWS::Logs::LogGroup",
            _DeletionPolicy="Delete",
            _UpdateReplacePolicy="Delete",
            LogGroupName=sub("/aws/sagemaker/Endpoints/${Endpoint.EndpointName}"),
            RetentionInDays=30,
        ),
        resource(
            "Log",
            "AWS::Logs::LogGroup",
            _DeletionPolicy="Delete",
            _UpdateReplacePolicy="Delete",
            LogGroupName=sub("/aws/sagemaker/Endpoints/${AWS::StackName}"),
            RetentionInDays=30,
        ),
    ),
    Case(
        "E9501",
        "component on a variant with a model",
        both(COMPONENT, variant(ManagedInstanceScaling=MANAGED), config(ExecutionRoleArn=DROP)),
        COMPONENT,
    ),
    Case(
        "E9501",
        "component on a variant that is not there",
        both(COMPONENT, props("Component", VariantName="Blue")),
        COMPONENT,
    ),
    Case(
        "E9502",
        "component with CopyCount 0",
        both(COMPONENT, props("Component", RuntimeConfig={"CopyCount": 0})),
        COMPONENT,
    ),
    Case(
        "E9503",
        "adapter with compute of its own",
        both(
            ADAPTER,
            props("Adapter", Specification={"ComputeResourceRequirements": {"MinMemoryRequiredInMb": 1024}}),
        ),
        ADAPTER,
    ),
    Case(
        "E9503",
        "adapter without an artifact",
        both(ADAPTER, props("Adapter", Specification={"Container": DROP})),
        ADAPTER,
    ),
    Case(
        "E9504",
        "component without memory",
        both(COMPONENT, props("Component", Specification={"ComputeResourceRequirements": DROP})),
        COMPONENT,
    ),
    Case(
        "E9504",
        "component that needs more GPUs than an instance has",
        needs(NumberOfAcceleratorDevicesRequired=4),
        COMPONENT,
    ),
    Case(
        "E9504",
        "component with minimum memory above maximum",
        needs(MinMemoryRequiredInMb=2048, MaxMemoryRequiredInMb=1024),
        needs(MaxMemoryRequiredInMb=2048),
    ),
    Case(
        "E9505",
        "model split over more GPUs than its component has",
        both(COMPONENT, container(Environment={"SM_VLLM_TENSOR_PARALLEL_SIZE": "4"})),
        both(COMPONENT, container(Environment={"SM_VLLM_TENSOR_PARALLEL_SIZE": "1"})),
    ),
    Case(
        "E9506",
        "update of a component without a policy",
        both(
            COMPONENT,
            props(
                "Component",
                DeploymentConfig={"AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "errors"}]}},
            ),
        ),
        rolling(ROLLING),
    ),
    Case(
        "E9506",
        "update of a component that waits for nothing said",
        rolling({"MaximumBatchSize": ROLLING["MaximumBatchSize"]}),
        rolling(ROLLING),
    ),
    Case(
        "E9506",
        "all copies of a component in one batch",
        rolling(ROLLING | {"MaximumBatchSize": {"Type": "COPY_COUNT", "Value": 2}}, copies=2),
        rolling(ROLLING | {"MaximumBatchSize": {"Type": "COPY_COUNT", "Value": 1}}, copies=2),
    ),
    Case(
        "E9405",
        "most copies of a component in one batch",
        rolling(ROLLING | {"MaximumBatchSize": {"Type": "CAPACITY_PERCENT", "Value": 80}}),
        rolling(ROLLING),
    ),
    Case(
        "E9406",
        "update of a component shorter than its wait",
        rolling(ROLLING | {"WaitIntervalInSeconds": 900, "MaximumExecutionTimeoutInSeconds": 600}),
        rolling(ROLLING | {"WaitIntervalInSeconds": 300, "MaximumExecutionTimeoutInSeconds": 600}),
    ),
    Case(
        "E9322",
        "managed instance scaling of a variant with a model",
        variant(ManagedInstanceScaling=MANAGED),
        COMPONENT,
    ),
]
