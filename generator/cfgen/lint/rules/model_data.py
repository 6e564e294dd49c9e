"""E9208: model data given twice, or in a combination that is refused."""

from __future__ import annotations

from cfgen.lint.evaluate import known, mapping, text
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import MODEL, containers
from cfgen.lint.worlds import Resource


class ModelData(Rule):
    """ModelDataUrl or ModelDataSource; S3Prefix ends in a slash and is never gzipped."""

    id = "E9208"
    shortdesc = "Model data comes from one place, in one consistent form"
    description = (
        "ModelDataUrl and ModelDataSource exclude each other. S3DataType S3Prefix names a key prefix that "
        "ends in '/' and holds uncompressed files; CompressionType Gzip needs S3Object, one compressed "
        "archive. A multi-model container takes no ModelDataSource. The resource schema has each value "
        "but not their combination."
    )
    fix = "S3Prefix with None and a trailing '/', or S3Object with Gzip for a .tar.gz"
    source_url = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_S3ModelDataSource.html"
    source_title = "S3ModelDataSource"
    tags = ("resources", "sagemaker", "model", "s3")
    types = (MODEL,)

    def check(self, resource: Resource) -> Hits:
        """A URI that ends in something only AWS knows is not judged."""
        for container in containers(resource):
            if "ModelDataUrl" in container and "ModelDataSource" in container:
                yield (
                    container.where("ModelDataSource"),
                    "ModelDataUrl and ModelDataSource exclude each other",
                )
            if container.get("Mode") == "MultiModel" and "ModelDataSource" in container:
                yield container.where("ModelDataSource"), "a MultiModel container takes ModelDataUrl only"
            source = mapping(container, "ModelDataSource", "S3DataSource")
            uri, kind, compression = (source.get(key) for key in ("S3Uri", "S3DataType", "CompressionType"))
            if kind == "S3Prefix" and compression == "Gzip":
                yield (
                    source.where("CompressionType"),
                    "Gzip needs S3Object; S3Prefix holds uncompressed files",
                )
            if isinstance(uri, str) and known(uri[-1:] or "/") and not uri.endswith("⟧"):
                if kind == "S3Prefix" and not uri.endswith("/"):
                    yield source.where("S3Uri"), f"an S3Prefix ends in '/': '{text(uri)[-60:]}' does not"
                if kind == "S3Object" and uri.endswith("/"):
                    yield source.where("S3Uri"), "an S3Object names one object: its key does not end in '/'"
