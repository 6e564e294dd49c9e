"""``model``: what is served. One class a deployment type, told apart by ``type``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from cfgen.spec.base import ARN_PARTITION, BY_KIND, CLEAN, LIST, MAPPING, TEXT, SpecModel, pattern

HubId = Annotated[
    str,
    pattern(
        r"^[A-Za-z0-9][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)?$",
        "a Hugging Face repository id such as mistralai/Mistral-7B-Instruct-v0.3",
        "mistralai/Mistral-7B-Instruct-v0.3",
        max_length=96,
    ),
    CLEAN,
]
Revision = Annotated[
    str,
    pattern(
        r"^[A-Za-z0-9_./-]+$",
        "a commit, tag or branch of the repository",
        "e0bc86c23ce5aae1db576c8cca6f06f1f73af2db",
        max_length=255,
    ),
    CLEAN,
]
SecretReference = Annotated[
    str,
    pattern(
        r"^[A-Za-z0-9_/+=.@:-]+$",
        "the name or ARN of a Secrets Manager secret, with ::key behind it when the secret is JSON",
        "huggingface-token",
        "prod/hub::token",
        max_length=2048,
    ),
    CLEAN,
]
S3Uri = Annotated[
    str,
    pattern(
        r"^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/[^\s]+$",
        "s3://bucket/key.tar.gz for one archive or s3://bucket/prefix/ for files",
        "s3://my-models/llama/",
        max_length=1024,
    ),
    CLEAN,
]
EnvironmentValue = Annotated[str, Field(max_length=1024), CLEAN]
Environment = dict[
    Annotated[
        str, pattern(r"^[a-zA-Z_][a-zA-Z0-9_]*$", "a name of letters, digits and _", max_length=1024), CLEAN
    ],
    EnvironmentValue,
]

Container = Annotated[
    str,
    pattern(
        r"^[^\s'\"]+$",
        "a family (vllm), family:version (vllm:0.30.0) or a full Amazon ECR image URI",
        "vllm",
        "vllm:0.30.0",
        "tei",
        max_length=255,
    ),
    CLEAN,
]
Task = Annotated[
    str,
    pattern(
        r"^[a-z][a-z0-9-]*$",
        "a pipeline task such as text-classification",
        "feature-extraction",
        max_length=64,
    ),
    CLEAN,
]

ComputeType = Literal[
    "BUILD_GENERAL1_SMALL",
    "BUILD_GENERAL1_MEDIUM",
    "BUILD_GENERAL1_LARGE",
    "BUILD_GENERAL1_XLARGE",
    "BUILD_GENERAL1_2XLARGE",
]


class License(SpecModel):
    """The model's licence and whether whoever wrote the spec accepts it."""

    id: Annotated[
        str,
        Field(
            max_length=100,
            description="The licence's SPDX id or the hub's name for it.",
            examples=["apache-2.0", "llama3.1"],
        ),
        CLEAN,
    ]
    accepted: bool = Field(False, description="Whether its terms are accepted for this use.")


class _Sourced(SpecModel):
    license: License | None = Field(None, description="The model's licence; yours to check.")
    description: Annotated[str, Field(max_length=200), CLEAN] | None = Field(
        None, description="A line about the model, for people."
    )


class ContainerModel(_Sourced):
    """A model served by a ready-made container: vLLM, SGLang, DJL LMI, TGI, TEI, Triton, PyTorch and kin."""

    type: Literal["container"]
    container: Container = Field(
        description="The container: family, family:version, or an Amazon ECR image URI."
    )
    model_id: HubId | None = Field(None, description="The Hugging Face repository the container loads.")
    revision: Revision | None = Field(None, description="Pins the repository; a warning when absent.")
    model_data: S3Uri | None = Field(
        None, description="Model files already in S3: a .tar.gz, or a prefix that ends in a slash."
    )
    env: Environment = Field(
        default_factory=dict,
        max_length=100,
        description="Environment of the container; overrides cfgen's defaults.",
    )
    task: Task | None = Field(None, description="HF_TASK for the general huggingface container.")
    gated: bool | None = Field(
        None,
        description="Whether the hub asks for a token. Unknown when absent; well-known publishers are known.",
    )
    token_secret: SecretReference | None = Field(
        None, description="Secrets Manager secret with the hub token. Never the token itself."
    )
    allow_token_in_environment: bool = Field(
        False,
        description="Accept that whoever may describe the model reads the token in its environment.",
    )
    staging: Literal["hub", "s3"] = Field(
        "hub", description="hub: fetched by the container at start-up. s3: copied once by CodeBuild."
    )
    code_build_compute_type: ComputeType = Field(
        "BUILD_GENERAL1_SMALL", description="Compute type of the build, when staged to S3."
    )
    mode: Literal["single-model", "multi-model"] = Field(
        "single-model",
        description="multi-model: every .tar.gz below the prefix modelData is a model, loaded when a request names it.",
    )
    model_cache: bool = Field(
        True, description="Whether models stay in memory; off for many models that are asked for seldom."
    )


class Package(SpecModel):
    """A model package in one region."""

    arn: Annotated[
        str,
        pattern(
            rf"^{ARN_PARTITION}:sagemaker:[a-z0-9-]+:[0-9]{{12}}:model-package/[A-Za-z0-9-]{{1,63}}(/[0-9]{{1,9}})?$",
            "a model package ARN such as arn:aws:sagemaker:us-east-1:865070037744:model-package/NAME",
            "arn:aws:sagemaker:us-east-1:865070037744:model-package/example-1-0123456789abcdef0123456789abcdef",
            max_length=176,
        ),
        CLEAN,
    ] = Field(description="The package's ARN in this region.")


RegionName = Annotated[
    str,
    pattern(r"^[a-z]{2,4}(-[a-z]+)+-[0-9]$", "an AWS region such as us-east-1", "us-east-1", max_length=24),
    CLEAN,
]


class ModelPackageModel(_Sourced):
    """A SageMaker model package: JumpStart or Marketplace, with one ARN a region."""

    type: Literal["model-package"]
    packages: dict[RegionName, Package] = Field(
        min_length=1, max_length=60, description="The package's ARN in each region where it may launch."
    )


JumpStartId = Annotated[
    str,
    pattern(
        r"^[A-Za-z0-9][A-Za-z0-9._-]*$",
        "a JumpStart model id such as meta-textgeneration-llama-3-1-8b-instruct",
        "meta-textgeneration-llama-3-1-8b-instruct",
        max_length=256,
    ),
    CLEAN,
]
JumpStartVersion = Annotated[
    str,
    pattern(
        r"^([0-9]+(\.([0-9]+|\*)){0,3}|\*)$",
        'a version in quotes such as "2.2.4", or its beginning ("2")',
        "2.2.4",
        "2",
        max_length=32,
    ),
    CLEAN,
]


class JumpStartModel(_Sourced):
    """A model of SageMaker JumpStart's by id: files, image and environment as AWS lists them."""

    type: Literal["jumpstart"]
    model_id: JumpStartId = Field(description="JumpStart's id; `cfgen catalog models` searches them.")
    version: JumpStartVersion | None = Field(
        None, description="Pins the version, or its beginning; the newest that can be served when absent."
    )
    accept_eula: bool = Field(
        False,
        description="Accept the model's licence (EULA). Required for gated models; the launcher can refuse.",
    )
    env: Environment = Field(
        default_factory=dict,
        max_length=100,
        description="Environment of the container; overrides what AWS lists.",
    )


FilePattern = Annotated[str, Field(min_length=1, max_length=200, examples=["*.safetensors", "onnx/*"]), CLEAN]


class HubModel(SpecModel):
    """One repository of several, with what of it is copied."""

    id: HubId = Field(description="The Hugging Face repository.")
    revision: Revision | None = Field(None, description="Pins the repository; a warning when absent.")
    include: list[FilePattern] | None = Field(None, description="Copy only files that match one of these.")
    exclude: list[FilePattern] | None = Field(None, description="Leave out files that match one of these.")


Repository = Annotated[Annotated[HubId, TEXT] | Annotated[HubModel, MAPPING], BY_KIND]
Repositories = Annotated[
    Annotated[HubId, TEXT] | Annotated[list[Repository], Field(min_length=1, max_length=20), LIST], BY_KIND
]


class CustomInferenceModel(_Sourced):
    """Models served with inference code of your own; CodeBuild copies both to S3."""

    type: Literal["custom-inference"]
    model_id: Repositories = Field(
        description="One Hugging Face repository or several, as ids or with revision, include and exclude."
    )
    revision: Revision | None = Field(None, description="Pins a single repository.")
    container: Container = Field("huggingface", description="The container that runs the code.")
    code_folder: Annotated[str, Field(min_length=1, max_length=500), CLEAN] = Field(
        description="Folder with inference.py, relative to the spec. .cfgenignore in it leaves files out."
    )
    env: Environment = Field(
        default_factory=dict, max_length=100, description="Environment of the container."
    )
    task: Task | None = Field(None, description="HF_TASK for the general huggingface container.")
    gated: bool | None = Field(None, description="Whether the hub asks for a token.")
    token_secret: SecretReference | None = Field(
        None, description="Secrets Manager secret with the hub token; read by the build alone."
    )
    code_build_compute_type: ComputeType = Field(
        "BUILD_GENERAL1_SMALL", description="Compute type of the build. Copying is bound by the network."
    )


Model = Annotated[
    ContainerModel | ModelPackageModel | JumpStartModel | CustomInferenceModel, Field(discriminator="type")
]
