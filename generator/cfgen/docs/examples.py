"""Example values of spec keys whose schema names none: (definition, key) → value."""

from __future__ import annotations

from typing import Any

_COMMIT = "e0bc86c23ce5aae1db576c8cca6f06f1f73af2db"
_ENV = {"HF_TASK": "feature-extraction"}
_PACKAGE = "arn:aws:sagemaker:us-east-1:865070037744:model-package/example-1-0123456789abcdef0123456789abcdef"
_LICENSE = {"id": "apache-2.0", "accepted": True}

EXAMPLES: dict[tuple[str, str], Any] = {
    ("spec", "description"): "Mistral 7B Instruct, for the search team",
    ("spec", "model"): {"type": "container", "modelId": "BAAI/bge-small-en-v1.5", "container": "tei"},
    ("spec", "endpoint"): {"instanceType": "ml.g6.2xlarge"},
    ("spec", "vpc"): {"mode": "existing"},
    ("spec", "security"): {"rolePath": "/sagemaker/"},
    ("spec", "build"): {"exclude": ["original/*"]},
    ("spec", "smokeTest"): {"enabled": False},
    ("spec", "logs"): {"retentionDays": 90},
    ("spec", "regions"): ["us-east-1", "eu-west-1"],
    ("spec", "tags"): {"team": "search"},
    ("ContainerModel", "license"): _LICENSE,
    ("ContainerModel", "description"): "Mistral 7B Instruct",
    ("ContainerModel", "env"): {"SM_VLLM_MAX_NUM_SEQS": "64"},
    ("ContainerModel", "gated"): True,
    ("ContainerModel", "allowTokenInEnvironment"): True,
    ("ContainerModel", "staging"): "s3",
    ("ContainerModel", "codeBuildComputeType"): "BUILD_GENERAL1_MEDIUM",
    ("ModelPackageModel", "license"): {"id": "other", "accepted": True},
    ("ModelPackageModel", "description"): "Example text model",
    ("ModelPackageModel", "packages"): {"us-east-1": {"arn": _PACKAGE}},
    ("Package", "arn"): _PACKAGE,
    ("CustomInferenceModel", "license"): _LICENSE,
    ("CustomInferenceModel", "description"): "Two embedding models and a reranker",
    ("CustomInferenceModel", "modelId"): [
        "sentence-transformers/all-MiniLM-L6-v2",
        "intfloat/multilingual-e5-large",
    ],
    ("CustomInferenceModel", "container"): "huggingface",
    ("CustomInferenceModel", "codeFolder"): "embeddings/code",
    ("CustomInferenceModel", "env"): _ENV,
    ("CustomInferenceModel", "gated"): True,
    ("CustomInferenceModel", "codeBuildComputeType"): "BUILD_GENERAL1_MEDIUM",
    ("License", "accepted"): True,
    ("HubModel", "include"): ["*.safetensors", "*.json"],
    ("HubModel", "exclude"): ["onnx/*"],
    ("Endpoint", "instanceCount"): 2,
    ("Endpoint", "allowedInstanceTypes"): ["ml.g6.4xlarge", "ml.g6e.2xlarge"],
    ("Endpoint", "context"): 8192,
    ("Endpoint", "startupHealthCheckTimeout"): 1800,
    ("Endpoint", "modelDataDownloadTimeout"): 1800,
    ("Endpoint", "volumeSize"): 30,
    ("ExistingVpc", "subnetIds"): ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
    ("ExistingVpc", "securityGroupIds"): ["sg-0123456789abcdef0"],
    ("CreatedVpc", "availabilityZones"): 3,
    ("CreatedVpc", "interfaceEndpoints"): ["sagemaker.runtime", "logs"],
    ("Security", "volumeKmsKeyOnLocalStorage"): True,
    (
        "Security",
        "artifactKmsKey",
    ): "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    ("Security", "rolePath"): "/sagemaker/",
    ("Security", "networkIsolation"): True,
    ("Build", "timeout"): 360,
    ("Build", "queueTimeout"): 60,
    ("Build", "include"): ["*.safetensors", "*.json"],
    ("Build", "exclude"): ["original/*"],
    ("Build", "allowPickle"): True,
    ("Build", "archive"): "tar.gz",
    ("Build", "retainOnDelete"): True,
    ("SmokeTest", "enabled"): False,
    ("SmokeTest", "body"): {"inputs": "Is anyone there?"},
    ("SmokeTest", "timeout"): 300,
    ("Logs", "retentionDays"): 90,
}
