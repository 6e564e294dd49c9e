"""``model.container`` → the image: from the catalogue, or an Amazon ECR URI of the user's."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from cfgen.catalogue import Catalogue, Instance
from cfgen.errors import CfgenError
from cfgen.resolve.collector import Collector, Stop

_ECR = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr(-fips)?\.(?P<region>[a-z0-9-]+)\.(?P<suffix>[a-z0-9.-]+)/"
    r"(?P<repository>[a-z0-9]+(?:[._/-]+[a-z0-9]+)*)(?P<reference>:[\w][\w.-]{0,127}|@sha256:[0-9a-f]{64})?$"
)


@dataclass(frozen=True, slots=True)
class ChosenImage:
    """An image with where it can be pulled. ``family`` is empty for an image of the user's own."""

    family: str
    version: str
    repository: str
    reference: str
    accounts: Mapping[str, str]
    cuda: str | None
    neuron_sdk: str | None

    @property
    def label(self) -> str:
        """How the image is called to people."""
        return f"{self.family} {self.version}" if self.family else f"{self.repository}{self.reference}"


def choose_image(container: str, instance: Instance, catalogue: Catalogue, notes: Collector) -> ChosenImage:
    """The image for ``container`` on ``instance``. Raises Stop after noting why there is none."""
    if "/" in container or ".dkr.ecr" in container:
        return _own_image(container, notes)
    family, _, version = container.partition(":")
    try:
        image = catalogue.image(family, version or None, instance.processor, instance.architecture)
    except CfgenError as error:
        raise notes.stop("model.container", error) from error
    if image.neuron_sdk and instance.neuron_sdk and image.neuron_sdk != instance.neuron_sdk:
        notes.refuse(
            "endpoint.instanceType",
            f"{instance.name} needs the {instance.neuron_sdk} SDK; {image.name} has {image.neuron_sdk}",
            "choose an Inferentia2 or Trainium type"
            if image.neuron_sdk == "neuronx"
            else "choose an inf1 type",
        )
    return ChosenImage(
        image.family,
        image.version,
        image.repository,
        f":{image.tag}",
        image.accounts,
        image.cuda,
        image.neuron_sdk,
    )


def _own_image(uri: str, notes: Collector) -> ChosenImage:
    match = _ECR.match(uri)
    if match is None:
        notes.refuse(
            "model.container",
            f"{uri} is not an Amazon ECR image URI; SageMaker pulls images from Amazon ECR only",
            "ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY:TAG, or a family such as vllm",
        )
        raise Stop
    reference = match["reference"]
    if reference is None:
        reference = ":latest"
        notes.warn("model.container", "the image has no tag, so latest is taken", "name a tag or a digest")
    regions = notes.spec.data.regions or [match["region"]]
    if match["region"] not in regions:
        notes.refuse("regions", f"does not list {match['region']}, where the image lies", "add it")
    accounts = dict.fromkeys(sorted(regions), match["account"])
    cuda = re.search(r"cu(\d\d)(\d)(?!\d)", reference)
    return ChosenImage(
        "", "", match["repository"], reference, accounts, f"{cuda[1]}.{cuda[2]}" if cuda else None, None
    )


# Driver by CUDA major version, and the families the SageMaker SDK sets it for (API reference:
# ProductionVariant.InferenceAmiVersion); elsewhere SageMaker's own choice stands.
_AMI = {"13": "al2023-ami-sagemaker-inference-gpu-4-1", "12": "al2-ami-sagemaker-inference-gpu-3-1"}
_AMI_FAMILIES = frozenset({"g4dn", "g5", "g6", "g6e", "p4d", "p4de", "p5", "p5e", "p5en"})


def inference_ami(cuda: str | None, instance: Instance) -> str | None:
    """The inference AMI whose GPU driver runs ``cuda``; None where SageMaker's default is to stand."""
    if cuda is None or instance.processor != "gpu" or instance.family not in _AMI_FAMILIES:
        return None
    return _AMI.get(cuda.split(".")[0])
