"""The regions table: partitions and names from botocore, resource types from cfn-lint's regional schemas."""

from __future__ import annotations

from typing import Any

from cfgen.catalogue.refresh_instances import hosting_regions
from cfgen.catalogue.refresh_sources import Package, RefreshError

PARTITIONS = "botocore/data/partitions.json"
SCHEMAS = "cfnlint/data/schemas/providers/"

_HOSTING = {"AWS::SageMaker::Model", "AWS::SageMaker::EndpointConfig", "AWS::SageMaker::Endpoint"}
_FLAGS = {
    "inference_components": {"AWS::SageMaker::InferenceComponent"},
    "codebuild": {"AWS::CodeBuild::Project"},
    "service_catalog": {"AWS::ServiceCatalog::CloudFormationProduct"},
}


def derive_regions(botocore: Package, cfn_lint: Package) -> dict[str, Any]:
    """The content of regions.json, without its sources. Raises RefreshError."""
    try:
        priced = set().union(*hosting_regions(cfn_lint).values())
        regions: dict[str, Any] = {}
        schemas = set(cfn_lint.names(SCHEMAS))
        for partition in botocore.json(PARTITIONS)["partitions"]:
            for name, body in partition["regions"].items():
                if name.endswith("-global"):
                    continue  # a stand-in for services without regions
                schema = f"{SCHEMAS}{name}.json"
                types = set(cfn_lint.json(schema)) if schema in schemas else set()
                row: dict[str, Any] = {
                    "partition": partition["id"],
                    "url_suffix": partition["outputs"]["dnsSuffix"],
                    "description": body["description"],
                    "sagemaker": types >= _HOSTING,
                }
                row |= {flag: True for flag, wanted in _FLAGS.items() if types >= wanted}
                if name in priced and not row["sagemaker"]:
                    row["unsure"] = True
                regions[name] = row
    except (KeyError, TypeError, AttributeError) as error:
        raise RefreshError(
            f"a region source has an unknown shape ({type(error).__name__}: {error})",
            hint="A package is laid out differently now: the refresh has to learn the new shape.",
        ) from error
    return {"regions": dict(sorted(regions.items()))}
