"""E9207: a container with nothing to run, or with two things."""

from __future__ import annotations

from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import MODEL, containers
from cfgen.lint.worlds import Resource


class ContainerSource(Rule):
    """An image or a model package."""

    id = "E9207"
    shortdesc = "A container has an image or a model package"
    description = (
        "A container runs either an Image or the images of a ModelPackageName. CreateModel refuses a "
        "container with neither; artifacts (ModelDataUrl, ModelDataSource) belong to an image, because a "
        "package brings its own. Both are optional in the resource schema."
    )
    fix = "set Image, or set ModelPackageName and leave image and artifacts out"
    source_url = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ContainerDefinition.html"
    source_title = "ContainerDefinition"
    tags = ("resources", "sagemaker", "model")
    types = (MODEL,)

    def check(self, resource: Resource) -> Hits:
        """Each container by itself."""
        for container in containers(resource):
            if "Image" not in container and "ModelPackageName" not in container:
                yield container.path, "the container has neither Image nor ModelPackageName"
            if "ModelPackageName" in container:
                for name in ("Image", "ModelDataUrl", "ModelDataSource"):
                    if name in container:
                        yield (
                            container.where(name),
                            f"{name} beside ModelPackageName: the package brings its own",
                        )
