"""E9217: an image, artifact or model package of another region."""

from __future__ import annotations

import re

from cfgen.lint.evaluate import mapping
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import MODEL, containers, ecr
from cfgen.lint.worlds import Resource

_PACKAGE = re.compile(r"arn:[^:]*:sagemaker:([a-z0-9-]+):")
_JUMPSTART = re.compile(r"s3://jumpstart-(?:private-)?cache-prod-([a-z]{2}(?:-[a-z]+)+-\d)/")


class ImageRegion(Rule):
    """All three must be in the region of the model."""

    id = "E9217"
    shortdesc = "Image, artifact and model package are in the stack's region"
    description = (
        "The image in Amazon ECR, the artifacts in S3 and the model package must be in the region of the "
        "model; CreateModel refuses any other. A template with one region's registry written out launches "
        "in that one only."
    )
    fix = "build the name from AWS::Region, and keep what differs by region in a mapping"
    source_url = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ContainerDefinition.html"
    source_title = "ContainerDefinition"
    tags = ("resources", "sagemaker", "model", "region")
    types = (MODEL,)
    every_region = True
    choices = False

    def check(self, resource: Resource) -> Hits:
        """Regions are read off the names; nothing is looked up."""
        world = resource.world
        for container in containers(resource):
            image = ecr(container.get("Image"))
            if image and "⟦" not in image.region and image.region != world.region:
                yield (
                    container.where("Image"),
                    f"the image is in {image.region}, which does not serve a model",
                )
            package = container.get("ModelPackageName")
            found = _PACKAGE.match(package) if isinstance(package, str) else None
            if found and found[1] != world.region:
                yield (
                    container.where("ModelPackageName"),
                    f"the model package is in {found[1]}, not where the model is",
                )
            source = mapping(container, "ModelDataSource", "S3DataSource")
            for holder, key in ((container, "ModelDataUrl"), (source, "S3Uri")):
                value = holder.get(key)
                bucket = _JUMPSTART.match(value) if isinstance(value, str) else None
                if bucket and bucket[1] != world.region:
                    yield (
                        holder.where(key),
                        f"the artifact's bucket is in {bucket[1]}, not where the model is",
                    )
