"""``variants``: several production variants behind one endpoint, or one with a shadow."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from cfgen.spec.base import CLEAN, SpecModel, Text, pattern
from cfgen.spec.model import Container, Environment, HubId, Package, RegionName, Revision, S3Uri
from cfgen.spec.sections import InstanceType


class VariantModel(SpecModel):
    """What a variant serves otherwise than ``model`` says."""

    container: Container | None = Field(None, description="Another container, or another version of it.")
    model_id: HubId | None = Field(None, description="Another repository, or another JumpStart model.")
    revision: Revision | None = Field(None, description="Another commit of the repository.")
    version: Text | None = Field(None, description="Another version of a JumpStart model.")
    model_data: S3Uri | None = Field(None, description="Other files in S3.")
    packages: dict[RegionName, Package] | None = Field(
        None, min_length=1, max_length=60, description="Another model package, in each region."
    )
    env: Environment = Field(
        default_factory=dict, max_length=100, description="Environment beside and over the model's."
    )


class Variant(SpecModel):
    """A variant: what it does not say is as ``model`` and ``endpoint`` say."""

    name: Annotated[
        str,
        pattern(
            r"^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$",
            "letters, digits and single hyphens",
            "challenger",
            max_length=63,
        ),
        CLEAN,
    ] = Field(description="Its name, for metrics, scaling and requests that want it.")
    weight: Annotated[int, Field(ge=0, le=1_000_000)] = Field(
        1, description="Its share of requests is this over the sum of all; a launcher may change it."
    )
    shadow: bool = Field(
        False,
        description="Gets a copy of the other's requests, answers nobody. Its weight over the other's is the share "
        "that is copied.",
    )
    instance_type: InstanceType | None = Field(None, description="Another instance type.")
    instance_count: Annotated[int, Field(ge=1, le=100)] | None = Field(None, description="Another count.")
    model: VariantModel | None = Field(None, description="What it serves otherwise.")
