"""E9216: an image from a registry SageMaker does not pull from."""

from __future__ import annotations

import re

from cfgen.lint.evaluate import mapping
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import MODEL, containers, ecr
from cfgen.lint.worlds import Resource

_PUBLIC = re.compile(
    r"(?:docker\.io|ghcr\.io|quay\.io|nvcr\.io|gcr\.io|public\.ecr\.aws|mcr\.microsoft\.com)/"
)
_BARE = re.compile(r"[a-z0-9_-]+(?:/[a-z0-9._-]+)?(?:[:@][\w.:-]+)?")


class ImageRegistry(Rule):
    """Amazon ECR, or a private registry inside the VPC."""

    id = "E9216"
    shortdesc = "An image comes from Amazon ECR or from a registry in the VPC"
    description = (
        "SageMaker pulls images from private Amazon ECR repositories, or, with ImageConfig "
        "RepositoryAccessMode Vpc, from a registry in the model's VPC. Docker Hub, GitHub, NVIDIA and ECR "
        "Public are not reachable."
    )
    fix = "copy the image into Amazon ECR (a pull-through cache does it), or set ImageConfig and VpcConfig"
    source_url = (
        "https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-containers-inference-private.html"
    )
    source_title = "Use a Private Docker Registry for Real-Time Inference Containers"
    tags = ("resources", "sagemaker", "model", "image")
    types = (MODEL,)

    def check(self, resource: Resource) -> Hits:
        """An image with a part only AWS knows is not judged."""
        for container in containers(resource):
            image = container.get("Image")
            vpc = mapping(container, "ImageConfig").get("RepositoryAccessMode") == "Vpc"
            if vpc and "VpcConfig" not in resource.properties:
                yield container.where("ImageConfig"), "RepositoryAccessMode Vpc needs the model's VpcConfig"
            if not isinstance(image, str) or "⟦" in image or vpc or ecr(image):
                continue
            if _PUBLIC.match(image) or _BARE.fullmatch(image):
                yield container.where("Image"), f"'{image[:80]}' is not in a private Amazon ECR repository"
