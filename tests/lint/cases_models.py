"""Mistakes in models and their containers."""

from __future__ import annotations

from tests.lint.kit import (
    DROP,
    MANY,
    SERVERLESS,
    Case,
    att,
    both,
    container,
    environment,
    image,
    model,
    ref,
    resource,
    sub,
    variant,
)

PRIMARY = {"Image": sub("${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}/mine:1")}
PACKAGE = sub("arn:${AWS::Partition}:sagemaker:${AWS::Region}:${AWS::AccountId}:model-package/m/1")
PACKAGED = both(
    container(Image=DROP, Environment=DROP, ModelDataSource=DROP, ModelPackageName=PACKAGE),
    model(EnableNetworkIsolation=True),
)
PIPELINE = model(
    PrimaryContainer=DROP,
    Containers=[{**PRIMARY, "ContainerHostname": "one"}, {**PRIMARY, "ContainerHostname": "two"}],
)
SOURCE = {
    "S3Uri": sub("s3://models-${AWS::AccountId}/m/"),
    "S3DataType": "S3Prefix",
    "CompressionType": "None",
}
ARCHIVE = sub("s3://models-${AWS::AccountId}/m.tar.gz")
DATA = container(ModelDataSource=DROP, ModelDataUrl=ARCHIVE)
GATED = sub("s3://jumpstart-private-cache-prod-${AWS::Region}/m/")
CU130 = image("vllm:0.30.0-gpu-py312-cu130-ubuntu24.04-sagemaker")
CPU = image("huggingface-pytorch-inference:2.6.0-transformers5.5.3-cpu-py312-ubuntu22.04")
NEURON = image("djl-inference:0.36.0-neuronx-sdk2.27.0")


def instance(name: str) -> dict[str, object]:
    return {"Parameters": {"InstanceType": {"Default": name}}}


CASES = [
    Case("E9201", "environment value of 1,025 bytes", environment(A="x" * 1025), environment(A="x" * 1024)),
    Case(
        "E9201",
        "environment value of 1,024 characters and 1,025 bytes",
        environment(A="é" + "x" * 1023),
        environment(A="é" + "x" * 1022),
    ),
    Case(
        "E9201",
        "101 environment entries",
        environment(**{f"V{i}": "x" for i in range(101)}),
        environment(**{f"V{i}": "x" for i in range(98)}),
    ),
    Case(
        "E9201",
        "environment of more than 32 KB",
        environment(**{f"V{i}": "x" * 1000 for i in range(34)}),
        environment(**{f"V{i}": "x" * 900 for i in range(34)}),
    ),
    Case(
        "E9201",
        "environment value too long by a parameter's default",
        both({"Parameters": {"Long": {"Type": "String", "Default": "x" * 1025}}}, environment(A=ref("Long"))),
        both({"Parameters": {"Long": {"Type": "String", "Default": "x"}}}, environment(A=ref("Long"))),
    ),
    Case(
        "E9202",
        "environment name with a dash",
        environment(**{"MAX-LENGTH": "1"}),
        environment(MAX_LENGTH="1"),
    ),
    Case(
        "E9202",
        "environment value that is a list",
        environment(ARGS=["a", "b"]),
        environment(ARGS='["a", "b"]'),
    ),
    Case(
        "E9203",
        "Hugging Face token in the environment",
        environment(HF_TOKEN="hf_" + "a" * 34),
        environment(HF_HOME="/tmp"),
    ),
    Case(
        "E9203",
        "AWS access key in a parameter's default",
        {"Parameters": {"InstanceType": {"Description": "AKIA" + "A" * 16}}},
        {},
    ),
    Case(
        "E9203",
        "OpenAI-style key in the environment",
        environment(OPENAI_API_KEY="sk-" + "a1" * 12),
        environment(TASK="sk-learn"),
    ),
    Case(
        "W9204",
        "secret by dynamic reference in the environment",
        environment(HF_TOKEN="{{resolve:secretsmanager:hf:SecretString:token}}"),
        environment(HF_HOME="/tmp"),
    ),
    Case(
        "W9204",
        "NoEcho parameter in the environment",
        both({"Parameters": {"Word": {"Type": "String", "NoEcho": True}}}, environment(WORD=ref("Word"))),
        both({"Parameters": {"Word": {"Type": "String", "Default": "x"}}}, environment(WORD=ref("Word"))),
    ),
    Case("W9205", "named Model", model(ModelName="mine"), {}),
    Case(
        "W9205",
        "EndpointConfig named after the stack",
        {"Resources": {"Config": {"Properties": {"EndpointConfigName": sub("${AWS::StackName}-config")}}}},
        {},
    ),
    Case("E9206", "PrimaryContainer and Containers", model(Containers=[PRIMARY]), {}),
    Case("E9206", "model without a container", model(PrimaryContainer=DROP), {}),
    Case("E9207", "container without image", container(Image=DROP), {}),
    Case(
        "E9207", "image beside a model package", both(PACKAGED, container(Image=PRIMARY["Image"])), PACKAGED
    ),
    Case("E9208", "ModelDataUrl and ModelDataSource", container(ModelDataUrl=ARCHIVE), DATA),
    Case(
        "E9208",
        "S3Prefix without a slash",
        container(ModelDataSource={"S3DataSource": {"S3Uri": sub("s3://models-${AWS::AccountId}/m")}}),
        {},
    ),
    Case(
        "E9208",
        "Gzip with S3Prefix",
        container(ModelDataSource={"S3DataSource": {"CompressionType": "Gzip"}}),
        container(
            ModelDataSource={
                "S3DataSource": {"CompressionType": "Gzip", "S3DataType": "S3Object", "S3Uri": ARCHIVE}
            }
        ),
    ),
    Case("E9208", "multi-model container with ModelDataSource", container(Mode="MultiModel"), DATA),
    Case(
        "W9209",
        "ModelDataUrl that is no archive",
        container(ModelDataSource=DROP, ModelDataUrl=sub("s3://models-${AWS::AccountId}/model/")),
        DATA,
    ),
    Case(
        "W9209",
        "multi-model container with one archive",
        both(DATA, container(Mode="MultiModel")),
        MANY,
    ),
    Case(
        "E9210",
        "two containers of one hostname",
        model(
            PrimaryContainer=DROP,
            Containers=[{**PRIMARY, "ContainerHostname": "a"}, {**PRIMARY, "ContainerHostname": "a"}],
        ),
        PIPELINE,
    ),
    Case(
        "E9210",
        "only one container has a hostname",
        model(PrimaryContainer=DROP, Containers=[{**PRIMARY, "ContainerHostname": "a"}, PRIMARY]),
        model(PrimaryContainer=DROP, Containers=[PRIMARY, PRIMARY]),
    ),
    Case(
        "E9210",
        "direct invocation without hostnames",
        model(
            PrimaryContainer=DROP, Containers=[PRIMARY, PRIMARY], InferenceExecutionConfig={"Mode": "Direct"}
        ),
        both(PIPELINE, model(InferenceExecutionConfig={"Mode": "Direct"})),
    ),
    Case(
        "E9211",
        "MultiModelConfig on a single model",
        both(DATA, container(MultiModelConfig={"ModelCacheSetting": "Disabled"})),
        both(MANY, container(MultiModelConfig={"ModelCacheSetting": "Disabled"})),
    ),
    Case(
        "E9224",
        "one archive for many models",
        both(MANY, container(ModelDataUrl=sub("s3://models-${AWS::AccountId}/one.tar.gz"))),
        MANY,
    ),
    Case(
        "E9224",
        "many models on GPUs without Triton",
        both(
            MANY,
            image("huggingface-pytorch-inference:2.6.0-transformers5.5.3-gpu-py312-cu124-ubuntu22.04"),
            instance("ml.g5.xlarge"),
        ),
        MANY,
    ),
    Case("W9212", "environment beside a model package", both(PACKAGED, environment(A="1")), PACKAGED),
    Case(
        "W9213",
        "model package without isolation",
        both(PACKAGED, model(EnableNetworkIsolation=False)),
        PACKAGED,
    ),
    Case(
        "W9214",
        "model that does not wait for its role's policy",
        {"Resources": {"Model": {"DependsOn": DROP}}},
        {},
    ),
    Case(
        "E9215",
        "hub model in network isolation",
        both(
            model(EnableNetworkIsolation=True),
            container(ModelDataSource=DROP, Environment={"HF_MODEL_ID": "a/b"}),
        ),
        model(EnableNetworkIsolation=True),
    ),
    Case("E9216", "image from Docker Hub", container(Image="vllm/vllm-openai:v0.30.0"), {}),
    Case("E9216", "image from ECR Public", container(Image="public.ecr.aws/x/vllm:1"), {}),
    Case(
        "E9217",
        "image of another region",
        container(Image=sub("${AWS::AccountId}.dkr.ecr.us-east-1.${AWS::URLSuffix}/mine:1")),
        container(Image=PRIMARY["Image"]),
    ),
    Case(
        "E9217",
        "model package of another region",
        both(
            PACKAGED,
            container(
                ModelPackageName=sub(
                    "arn:${AWS::Partition}:sagemaker:us-east-1:${AWS::AccountId}:model-package/m/1"
                )
            ),
        ),
        PACKAGED,
    ),
    Case(
        "W9218",
        "image without tag",
        container(Image=sub("${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}/mine")),
        container(Image=PRIMARY["Image"]),
    ),
    Case(
        "W9218",
        "image tagged latest",
        container(Image=sub("${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}/mine:latest")),
        container(Image=PRIMARY["Image"]),
    ),
    Case(
        "E9219",
        "gated artifact without accepted licence",
        container(ModelDataSource={"S3DataSource": {"S3Uri": GATED}}),
        container(
            ModelDataSource={"S3DataSource": {"S3Uri": GATED, "ModelAccessConfig": {"AcceptEula": True}}}
        ),
    ),
    Case("E9220", "GPU image on a CPU instance", instance("ml.m5.2xlarge"), {}),
    Case("E9220", "Neuron image on a GPU instance", NEURON, both(NEURON, instance("ml.inf2.xlarge"))),
    Case(
        "W9221",
        "CPU image on a GPU instance",
        both(CPU, environment(SM_NUM_GPUS=DROP)),
        both(CPU, instance("ml.m5.2xlarge"), environment(SM_NUM_GPUS=DROP)),
    ),
    Case(
        "E9222",
        "tensor parallel over more GPUs than there are",
        environment(SM_NUM_GPUS="4"),
        both(environment(SM_NUM_GPUS="4"), instance("ml.g5.12xlarge")),
    ),
    Case(
        "E9222",
        "tensor parallel beyond an allowed instance type",
        both(
            environment(SM_NUM_GPUS="4"),
            {
                "Parameters": {
                    "InstanceType": {
                        "Default": "ml.g5.12xlarge",
                        "AllowedValues": ["ml.g5.12xlarge", "ml.g5.2xlarge"],
                    }
                }
            },
        ),
        both(
            environment(SM_NUM_GPUS="4"),
            {
                "Parameters": {
                    "InstanceType": {
                        "Default": "ml.g5.12xlarge",
                        "AllowedValues": ["ml.g5.12xlarge", "ml.g5.24xlarge"],
                    }
                }
            },
        ),
    ),
    Case(
        "E9223",
        "bfloat16 on a T4",
        both(environment(OPTION_DTYPE="bf16"), instance("ml.g4dn.xlarge")),
        both(environment(OPTION_DTYPE="fp16"), instance("ml.g4dn.xlarge")),
    ),
    Case(
        "E9313",
        "CUDA 13 image on the default AMI",
        CU130,
        both(CU130, variant(InferenceAmiVersion="al2023-ami-sagemaker-inference-gpu-4-1")),
    ),
    Case(
        "E9313",
        "CUDA 13 image on an older AMI",
        both(CU130, variant(InferenceAmiVersion="al2-ami-sagemaker-inference-gpu-3-1")),
        variant(InferenceAmiVersion="al2-ami-sagemaker-inference-gpu-3-1"),
    ),
    Case(
        "E9706",
        "execution role that trusts only Lambda",
        {
            "Resources": {
                "Role": {
                    "Properties": {
                        "AssumeRolePolicyDocument": {
                            "Statement": [
                                {
                                    "Effect": "Allow",
                                    "Principal": {"Service": "lambda.amazonaws.com"},
                                    "Action": "sts:AssumeRole",
                                }
                            ]
                        }
                    }
                }
            }
        },
        {},
    ),
    Case(
        "E9303", "serverless model in a VPC", both(SERVERLESS, model(EnableNetworkIsolation=True)), SERVERLESS
    ),
    Case(
        "W9712",
        "role without the right to list the artifact's prefix",
        {
            "Resources": {
                "Policy": {
                    "Properties": {
                        "PolicyDocument": {
                            "Statement": [
                                {
                                    "Effect": "Allow",
                                    "Action": ["s3:GetObject", "ecr:BatchGetImage"],
                                    "Resource": {"Fn::Sub": "arn:${AWS::Partition}:s3:::m/*"},
                                }
                            ]
                        }
                    }
                }
            }
        },
        {},
    ),
    Case(
        "W9712",
        "asynchronous output the role may not write",
        both(
            {
                "Resources": {
                    "Config": {
                        "Properties": {
                            "AsyncInferenceConfig": {
                                "OutputConfig": {"S3OutputPath": sub("s3://models-${AWS::AccountId}/out/")}
                            }
                        }
                    }
                }
            },
            {
                "Resources": {
                    "Policy": {
                        "Properties": {
                            "PolicyDocument": {
                                "Statement": [
                                    {
                                        "Effect": "Allow",
                                        "Action": ["s3:GetObject", "s3:ListBucket", "ecr:BatchGetImage"],
                                        "Resource": {"Fn::Sub": "arn:${AWS::Partition}:s3:::m/*"},
                                    }
                                ]
                            }
                        }
                    }
                }
            },
        ),
        {},
    ),
    Case(
        "W9214",
        "model that waits for one of two policies",
        resource(
            "More",
            "AWS::IAM::Policy",
            PolicyName="more",
            Roles=[ref("Role")],
            PolicyDocument={
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Action": "s3:GetObject",
                        "Resource": sub("arn:${AWS::Partition}:s3:::m/*"),
                    }
                ],
            },
        ),
        resource(
            "More",
            "AWS::IAM::Policy",
            PolicyName="more",
            Roles=[ref("Other")],
            PolicyDocument={
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Action": "s3:GetObject",
                        "Resource": sub("arn:${AWS::Partition}:s3:::m/*"),
                    }
                ],
            },
        )
        | both(
            {
                "Resources": {
                    "Other": {
                        "Type": "AWS::IAM::Role",
                        "Properties": {
                            "AssumeRolePolicyDocument": {
                                "Version": "2012-10-17",
                                "Statement": [
                                    {
                                        "Effect": "Allow",
                                        "Principal": {"Service": "lambda.amazonaws.com"},
                                        "Action": "sts:AssumeRole",
                                    }
                                ],
                            }
                        },
                    }
                }
            },
            resource(
                "More",
                "AWS::IAM::Policy",
                PolicyName="more",
                Roles=[ref("Other")],
                PolicyDocument={
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Action": "s3:GetObject",
                            "Resource": sub("arn:${AWS::Partition}:s3:::m/*"),
                        }
                    ],
                },
            ),
        ),
    ),
    Case(
        "E9408",
        "variant that names its model by Ref",
        variant(ModelName=ref("Model")),
        variant(ModelName=att("Model", "ModelName")),
    ),
]
