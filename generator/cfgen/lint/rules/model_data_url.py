"""W9209: ModelDataUrl that is not one gzipped archive (or, with several models, is)."""

from __future__ import annotations

from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import MODEL, containers
from cfgen.lint.worlds import Resource


class ModelDataUrl(Rule):
    """One .tar.gz for a single model, a prefix for many."""

    id = "W9209"
    shortdesc = "ModelDataUrl is one .tar.gz, or a prefix for MultiModel"
    description = (
        "ModelDataUrl must point to a single gzip-compressed tar archive; anything else fails when the "
        "endpoint is created, after the instance has started. In Mode MultiModel it is the prefix under "
        "which archives lie."
    )
    fix = "name the .tar.gz; for a folder of files use ModelDataSource with S3Prefix"
    source_url = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ContainerDefinition.html"
    source_title = "ContainerDefinition"
    tags = ("resources", "sagemaker", "model", "s3")
    types = (MODEL,)

    def check(self, resource: Resource) -> Hits:
        """Only the end of the URI is looked at."""
        for container in containers(resource):
            url = container.get("ModelDataUrl")
            if not isinstance(url, str) or not url or url.endswith("⟧"):
                continue
            archive = url.endswith((".tar.gz", ".tgz"))
            if container.get("Mode") == "MultiModel":
                if archive:
                    yield container.where("ModelDataUrl"), "Mode MultiModel takes a prefix, not one archive"
            elif not archive:
                yield container.where("ModelDataUrl"), f"'{url[-60:]}' does not end in .tar.gz"
