"""``components``: several models on one endpoint, each with its share of the instances, copies and scaling."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag

from cfgen.spec.base import CLEAN, SpecModel, pattern
from cfgen.spec.features.scaling import Scaling
from cfgen.spec.features.variants import VariantModel
from cfgen.spec.model import ContainerModel, CustomInferenceModel
from cfgen.spec.sections import Seconds, SmokeTest

ComponentName = Annotated[
    str,
    pattern(
        r"^[a-z0-9](-*[a-z0-9]){0,39}$",
        "at most 40 lower-case letters, digits and single hyphens",
        "chat",
        max_length=40,
    ),
    CLEAN,
]
Memory = Annotated[int, Field(ge=128, le=16_777_216)]


def _model_kind(value: Any) -> str:
    """A model of its own says its type; without one it is what differs from the root's."""
    kind = value.get("type") if isinstance(value, dict) else getattr(value, "type", None)
    if kind is None:
        return "<difference>"
    return "<custom-inference>" if kind == "custom-inference" else "<container>"


ComponentModel = Annotated[
    Annotated[VariantModel, Tag("<difference>")]
    | Annotated[ContainerModel, Tag("<container>")]
    | Annotated[CustomInferenceModel, Tag("<custom-inference>")],
    Discriminator(_model_kind),
]


class Component(SpecModel):
    """An inference component: what it does not say is as ``model`` and ``endpoint`` say. Or an adapter of another."""

    name: ComponentName = Field(
        description="Its name. SageMaker's own name for it has a part of the stack's id behind this."
    )
    model: ComponentModel | None = Field(
        None,
        description="What it serves otherwise than the root's model; with a type, a model that owes it nothing.",
    )
    base: ComponentName | None = Field(
        None, description="For an adapter: the component whose model it changes, and on which it lives."
    )
    adapter: (
        Annotated[
            str,
            pattern(
                r"^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/[^\s*?$]+\.tar\.gz$",
                "the s3:// URI of a .tar.gz",
                "s3://my-adapters/support.tar.gz",
                max_length=1024,
            ),
            CLEAN,
        ]
        | None
    ) = Field(None, description="For an adapter: its LoRA weights, a .tar.gz; a launcher may give another.")
    copies: Annotated[int, Field(ge=1, le=100)] | None = Field(
        None, description="How many copies at first, 1 when absent; a launcher may give another number."
    )
    accelerators: Annotated[int, Field(ge=0, le=64)] | None = Field(
        None,
        description="GPUs or Neuron devices of a copy; tensor parallelism follows. 1 when absent, where there are any.",
    )
    cpus: Annotated[float, Field(ge=0.25, le=1024)] | None = Field(
        None, description="CPU cores kept for a copy; 1 when absent, on instances without accelerators."
    )
    min_memory: Memory | None = Field(
        None,
        alias="minMemoryInMB",
        description="Host memory kept for a copy, in MB; 1024 when absent. Much less than an instance's can be kept.",
    )
    max_memory: Memory | None = Field(
        None,
        alias="maxMemoryInMB",
        description="Host memory that a copy may take, in MB; no limit when absent.",
    )
    context: Annotated[int, Field(ge=16, le=10_000_000)] | None = Field(
        None, description="Longest prompt plus answer, in tokens; the endpoint's when absent."
    )
    startup_health_check_timeout: Seconds | None = Field(
        None, description="Seconds its container has to answer the first health check (60 to 3600)."
    )
    model_data_download_timeout: Seconds | None = Field(
        None, description="Seconds SageMaker has to fetch its files from S3 (60 to 3600)."
    )
    scaling: Scaling | None = Field(
        None, description="As many copies as there is work for, from zero if so asked."
    )
    smoke_test: SmokeTest | None = Field(
        None, description="The request it must answer, instead of the root's."
    )
