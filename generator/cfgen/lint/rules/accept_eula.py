"""E9219: a gated JumpStart artifact whose licence is not accepted."""

from __future__ import annotations

from cfgen.lint.evaluate import flag, mapping
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import MODEL, containers
from cfgen.lint.worlds import Resource


class AcceptEula(Rule):
    """jumpstart-private-cache holds what needs acceptance."""

    id = "E9219"
    shortdesc = "A gated JumpStart artifact has its licence accepted"
    description = (
        "Artifacts in jumpstart-private-cache-prod-REGION are gated: CreateModel reads them only when the "
        "S3 data source carries ModelAccessConfig with AcceptEula true. ModelDataUrl has no place for it."
    )
    fix = "read the licence, then set ModelDataSource.S3DataSource.ModelAccessConfig.AcceptEula: true"
    source_url = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ModelAccessConfig.html"
    source_title = "ModelAccessConfig"
    tags = ("resources", "sagemaker", "model", "jumpstart", "licence")
    types = (MODEL,)

    def check(self, resource: Resource) -> Hits:
        """A value only AWS knows passes."""
        for container in containers(resource):
            url = container.get("ModelDataUrl")
            if isinstance(url, str) and url.startswith("s3://jumpstart-private-cache-"):
                yield (
                    container.where("ModelDataUrl"),
                    "a gated artifact needs ModelDataSource with AcceptEula",
                )
            source = mapping(container, "ModelDataSource", "S3DataSource")
            uri = source.get("S3Uri")
            if isinstance(uri, str) and uri.startswith("s3://jumpstart-private-cache-"):
                access = mapping(source, "ModelAccessConfig")
                if flag(access.get("AcceptEula", False)) is False:
                    yield source.where("ModelAccessConfig"), "a gated artifact without AcceptEula: true"
