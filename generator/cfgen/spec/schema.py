"""The root of the spec language and its JSON Schema."""

from __future__ import annotations

import unicodedata
from typing import Annotated, Any

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from cfgen.spec.base import CLEAN, SpecModel, pattern
from cfgen.spec.features.alarms import AlarmsOrTrue
from cfgen.spec.features.api import Api
from cfgen.spec.features.asynchronous import Async
from cfgen.spec.features.budget import Budget
from cfgen.spec.features.components import Component
from cfgen.spec.features.dashboard import DashboardOrTrue
from cfgen.spec.features.data_capture import DataCapture
from cfgen.spec.features.deployment import Deployment
from cfgen.spec.features.scaling import Scaling
from cfgen.spec.features.schedule import Schedule
from cfgen.spec.features.serverless import Serverless
from cfgen.spec.features.variants import Variant
from cfgen.spec.model import Model, RegionName
from cfgen.spec.sections import Build, Endpoint, Logs, NoVpc, Security, SmokeTest, Vpc


def _not_reserved(key: str) -> str:
    """Keys that begin with ``aws:`` are AWS's own (AWS tagging documentation)."""
    if key.lower().startswith("aws:"):
        raise PydanticCustomError("reserved_tag", "keys that begin with aws: are reserved")
    return key


def _tag_text(text: str) -> str:
    """Beyond ASCII only letters, digits and spaces (the pattern of Tag in CloudFormation's schemas)."""
    if any(ord(char) > 127 and unicodedata.category(char)[0] not in "LNZ" for char in text):
        raise PydanticCustomError("tag_text", "holds a character that tags cannot have")
    return text


# without \p classes, which not every reader of a JSON Schema knows
_TAG = r"[^!-*,;<>?\[-\^`\{-~\x00-\x1f\x7f]"
_TAG_MEANING = "letters, digits, spaces and _.:/=+-@"
Tags = dict[
    Annotated[
        str,
        pattern(rf"^{_TAG}+$", _TAG_MEANING, max_length=128),
        CLEAN,
        AfterValidator(_not_reserved),
        AfterValidator(_tag_text),
    ],
    Annotated[str, pattern(rf"^{_TAG}*$", _TAG_MEANING, max_length=256), CLEAN, AfterValidator(_tag_text)],
]


class SpecData(SpecModel):
    """A model, the endpoint that serves it, and the network, roles and logs around them."""

    name: Annotated[
        str,
        pattern(
            r"^[a-z][a-z0-9-]{0,39}$",
            "1 to 40 lower-case letters, digits and hyphens, beginning with a letter",
            "mistral-7b-instruct",
        ),
        CLEAN,
    ] = Field(description="Stem of the stack's and the endpoint's name.")
    description: Annotated[str, Field(max_length=700), CLEAN] | None = Field(
        None, description="What it is, for whoever reads the stack."
    )
    model: Model = Field(description="What is served.")
    endpoint: Endpoint = Field(
        default_factory=Endpoint, description="On what it is served. Required, but for serverless."
    )
    variants: Annotated[list[Variant], Field(min_length=2, max_length=10)] | None = Field(
        None, description="Several variants behind one endpoint, by weight, or one with a shadow."
    )
    serverless: Serverless | None = Field(None, description="Without instances.")
    vpc: Vpc = Field(default_factory=lambda: NoVpc(mode="none"), description="In which network.")
    security: Security = Field(default_factory=Security, description="Roles, keys and isolation.")
    build: Build | None = Field(None, description="How models are copied to S3.")
    smoke_test: SmokeTest = Field(
        default_factory=SmokeTest,
        description="The request an endpoint must answer before the stack succeeds.",
    )
    asynchronous: Async | None = Field(
        None, alias="async", description="Requests and answers in S3 instead of a call that waits."
    )
    scaling: Scaling | None = Field(None, description="As many instances as there is work for.")
    schedule: Schedule | None = Field(None, description="Off and on: business hours, and a switch.")
    deployment: Deployment | None = Field(
        None,
        description="How an endpoint moves from one configuration to the next, or each component from model to model.",
    )
    data_capture: DataCapture | None = Field(
        None, description="Requests and answers, kept in S3 to look at later."
    )
    components: Annotated[list[Component], Field(min_length=1, max_length=100)] | None = Field(
        None,
        description="Several models on one endpoint, or on one model several adapters: inference components.",
    )
    alarms: AlarmsOrTrue | None = Field(
        None,
        description="Who is told when requests fail, take long or wait, or instances are full; true for what is usual.",
    )
    dashboard: DashboardOrTrue | None = Field(
        None, description="One CloudWatch dashboard of the endpoint; true for what is usual."
    )
    budget: Budget | None = Field(None, description="A monthly limit, and who is told before it is reached.")
    api: Api | None = Field(None, description="An HTTP front door that speaks OpenAI's API.")
    logs: Logs = Field(default_factory=Logs, description="The endpoint's log group.")
    regions: Annotated[list[RegionName], Field(min_length=1, max_length=60)] | None = Field(
        None, description="Narrow the regions in which the template may launch; all that can, when absent."
    )
    tags: Annotated[Tags, Field(max_length=45)] = Field(
        default_factory=dict, description="Tags on everything that takes them (at most 45)."
    )


def json_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of the spec language, for editors."""
    SpecData.model_rebuild()
    schema = SpecData.model_json_schema(by_alias=True)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "cfgen spec"
    return schema
