"""What every model of the spec language shares: strictness, camelCase keys, and the text types."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Discriminator, Field, Tag
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError


class SpecModel(BaseModel):
    """Base of all parts of a spec: unknown keys refused, no coercion, immutable."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        extra="forbid",
        frozen=True,
        strict=True,
        defer_build=True,
        use_attribute_docstrings=False,
        hide_input_in_errors=True,
    )


def _clean_text(value: str) -> str:
    """Refuse what no UTF-8 file can carry and what CloudFormation would take for a secret's reference."""
    if any(0xD800 <= ord(char) <= 0xDFFF for char in value):
        raise PydanticCustomError(
            "surrogate", "holds half of a surrogate pair, which no UTF-8 file can carry"
        )
    if "{{resolve:" in value:
        raise PydanticCustomError(
            "dynamic_reference",
            "'{{resolve:' is refused here: CloudFormation would put the secret in plain sight",
        )
    return value


CLEAN = AfterValidator(_clean_text)
"""Ends the list of a text field's constraints; before them it would keep them out of the JSON Schema."""
Text = Annotated[str, CLEAN]
"""Free text: any Unicode, but no lone surrogates and no dynamic reference."""


def pattern(regex: str, meaning: str, *examples: str, **limits: Any) -> Any:
    """Constraints of a text field and how to say in words what would be right."""
    extra: dict[str, Any] = {"meaning": meaning}
    return Field(pattern=regex, json_schema_extra=extra, examples=list(examples) or None, **limits)


ARN_PARTITION = r"arn:aws[a-z-]*"


def kind_of(value: Any) -> str | None:
    """Tells the members of a union of text, list and mapping apart. Such tags are stripped from error paths."""
    if isinstance(value, str):
        return "<text>"
    if isinstance(value, list):
        return "<list>"
    return "<mapping>" if isinstance(value, dict | SpecModel) else None


TEXT, LIST, MAPPING = Tag("<text>"), Tag("<list>"), Tag("<mapping>")
BY_KIND = Discriminator(kind_of)
