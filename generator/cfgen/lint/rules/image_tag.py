"""W9218: an image whose tag moves."""

from __future__ import annotations

from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import MODEL, containers, ecr
from cfgen.lint.worlds import Resource


class ImageTag(Rule):
    """No tag, or :latest."""

    id = "W9218"
    shortdesc = "An image is pinned by tag or digest"
    description = (
        "Without a tag, or with :latest, the image changes under the endpoint: a new instance may run "
        "other code than its neighbours, and an update of the stack sees no change to roll out."
    )
    fix = "name a version's tag, or a digest"
    source_url = "https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-tag-mutability.html"
    source_title = "Preventing image tags from being overwritten in Amazon ECR"
    tags = ("resources", "sagemaker", "model", "image")
    types = (MODEL,)

    def check(self, resource: Resource) -> Hits:
        """Only images whose whole name is known."""
        for container in containers(resource):
            image = ecr(container.get("Image"))
            if image is None or image.name.endswith("⟧") or "@" in image.name:
                continue
            name, _, tag = image.name.partition(":")
            if not tag:
                yield container.where("Image"), f"'{name[:60]}' has no tag"
            elif tag == "latest":
                yield container.where("Image"), f"'{image.name[:60]}' moves with every push"
