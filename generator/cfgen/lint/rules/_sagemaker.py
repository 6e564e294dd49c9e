"""How the SageMaker resources of a template hang together, for rules that look at more than one of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from cfgen.lint.evaluate import Map, Path, known, maps, text
from cfgen.lint.worlds import Resource, World

MODEL = "AWS::SageMaker::Model"
CONFIG = "AWS::SageMaker::EndpointConfig"
ENDPOINT = "AWS::SageMaker::Endpoint"
COMPONENT = "AWS::SageMaker::InferenceComponent"
TARGET = "AWS::ApplicationAutoScaling::ScalableTarget"
POLICY = "AWS::ApplicationAutoScaling::ScalingPolicy"
ALARM = "AWS::CloudWatch::Alarm"
ROLE = "AWS::IAM::Role"

_ECR = re.compile(r"(\d{12}|⟦[^⟧]*⟧)\.dkr\.ecr(?:-fips)?\.([^./]+)\.([^/]+)/(.+)")
_CUDA = re.compile(r"(?:^|[-_])cu(\d{2})(\d)(?:[-_.]|$)")
# Floating tags without a CUDA token, known to be CUDA 13 (vLLM server v2, SGLang server v1).
_FLOATING_13 = re.compile(r"(?:^|/)(?:vllm:server-sagemaker-cuda-v2|sglang:server-sagemaker-cuda-v1)")
PARALLEL = (
    "SM_VLLM_TENSOR_PARALLEL_SIZE",
    "SM_SGLANG_TP",
    "SM_SGLANG_TP_SIZE",
    "SM_SGLANG_TENSOR_PARALLEL_SIZE",
    "OPTION_TENSOR_PARALLEL_DEGREE",
    "TENSOR_PARALLEL_DEGREE",
    "SM_NUM_GPUS",
)
DTYPES = ("SM_VLLM_DTYPE", "SM_SGLANG_DTYPE", "OPTION_DTYPE", "DTYPE")


class Typed(NamedTuple):
    """An instance type and where it is written."""

    name: str
    path: Path


def production(config: Resource) -> list[Map]:
    """The production variants of an endpoint configuration."""
    return maps(config.properties, "ProductionVariants")


def variants(config: Resource) -> list[Map]:
    """Production and shadow variants."""
    return production(config) + maps(config.properties, "ShadowProductionVariants")


def serverless(variant: Map) -> bool:
    """Whether the variant runs without instances."""
    return "ServerlessConfig" in variant


def instance_types(variant: Map) -> list[Typed]:
    """The instance types of a variant, by its InstanceType or its pools, as far as they are known."""
    found = (
        [Typed(text(variant["InstanceType"]), variant.where("InstanceType"))]
        if "InstanceType" in variant
        else []
    )
    for pool in maps(variant, "InstancePools"):
        if "InstanceType" in pool:
            found.append(Typed(text(pool["InstanceType"]), pool.where("InstanceType")))
    return [kind for kind in found if known(kind.name)]


def config_of(world: World, endpoint: Resource) -> Resource | None:
    """The configuration an endpoint serves, if it is in the template."""
    return world.target(endpoint.properties.get("EndpointConfigName"), CONFIG)


def endpoints_of(world: World, config: Resource) -> list[Resource]:
    """The endpoints of the template that serve a configuration."""
    return [endpoint for endpoint in world.of_type(ENDPOINT) if config_of(world, endpoint) is config]


def model_of(world: World, variant: Map) -> Resource | None:
    """The model a variant serves, if it is in the template."""
    return world.target(variant.get("ModelName"), MODEL)


def containers(model: Resource) -> list[Map]:
    """All containers of a model."""
    primary = model.properties.get("PrimaryContainer")
    return ([primary] if isinstance(primary, Map) else []) + maps(model.properties, "Containers")


def served(world: World) -> Iterator[tuple[Resource, Map, Resource]]:
    """Every (configuration, variant, model) whose model is in the template."""
    for config in world.of_type(CONFIG):
        for variant in variants(config):
            if model := model_of(world, variant):
                yield config, variant, model


class Image(NamedTuple):
    """The parts of an Amazon ECR image URI."""

    account: str
    region: str
    suffix: str
    name: str


def ecr(image: object) -> Image | None:
    """The parts of an ECR image, None for anything else."""
    found = _ECR.fullmatch(image) if isinstance(image, str) else None
    return Image(*found.groups()) if found else None


def cuda(image: object) -> int | None:
    """The CUDA major version an image's tag speaks of."""
    name = image if isinstance(image, str) else ""
    if _FLOATING_13.search(name):
        return 13
    found = _CUDA.search(name.rpartition(":")[2])
    return int(found[1]) if found else None


def processor(image: object) -> str | None:
    """What an image is built for, by the words in its name: ``gpu``, ``neuron``, ``cpu`` or unknown."""
    name = image.rpartition("/")[2].lower() if isinstance(image, str) else ""
    if "neuron" in name:
        return "neuron"
    if "-gpu-" in name or "cuda" in name or cuda(name):
        return "gpu"
    return "cpu" if re.search(r"-cpu[-:]|-cpu$", name) else None
