"""The keys of the spec language with their place, taken from its JSON Schema."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cfgen.docs.examples import EXAMPLES
from cfgen.spec.schema import json_schema

Schema = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Field:
    """One key. ``definition``: the schema definition it stands in, ``spec`` for the root."""

    definition: str
    path: str
    key: str
    schema: Schema
    required: bool

    @property
    def anchor(self) -> str:
        """The key's anchor on the page."""
        return f"{self.definition}-{self.key}".lower()


@dataclass(frozen=True, slots=True)
class Section:
    """A mapping of the language: ``title`` names it to people (``vpc, mode create``)."""

    definition: str
    title: str
    about: str
    fields: tuple[Field, ...]


def sections() -> tuple[Section, ...]:
    """Every mapping of the language, outside in, each once."""
    root = json_schema()
    found: dict[str, Section] = {}
    _collect("spec", "", root, root["$defs"], found)
    return tuple(found.values())


def _collect(name: str, path: str, schema: Schema, defs: Schema, found: dict[str, Section]) -> None:
    required = schema.get("required", [])
    prefix = f"{path}." if path else ""
    fields = tuple(
        Field(name, f"{prefix}{key}", key, field, key in required)
        for key, field in schema["properties"].items()
    )
    kinds = [f", {field.key} {field.schema['const']}" for field in fields if "const" in field.schema]
    title = f"{path}{''.join(kinds)}" if path else "The whole"
    found[name] = Section(name, title, schema.get("description", ""), fields)
    for field in fields:
        for inner, place in _references(field.schema, field.path):
            if inner not in found:
                _collect(inner, place, defs[inner], defs, found)


def _references(schema: Any, path: str) -> Iterator[tuple[str, str]]:
    """Definitions that a key's value may be, each with the path at which it stands."""
    if "$ref" in schema:
        yield schema["$ref"].rpartition("/")[2], path
    for one in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        yield from _references(one, path)
    if isinstance(schema.get("items"), dict):
        yield from _references(schema["items"], f"{path}[]")
    if isinstance(schema.get("additionalProperties"), dict):
        yield from _references(schema["additionalProperties"], f"{path}.KEY")


def example(field: Field) -> Any:
    """A value of the key: from ``examples``, the schema, or its type. Raises KeyError when none gives one."""
    if (given := EXAMPLES.get((field.definition, field.key))) is not None:
        return given
    schema = field.schema
    if "const" in schema:
        return schema["const"]
    for one in (schema, *schema.get("anyOf", ())):
        if one.get("examples"):
            return one["examples"][0]
        if one.get("enum"):
            return one["enum"][-1]
        if one.get("type") == "boolean":
            return not schema.get("default")
        if one.get("type") == "integer" and "minimum" in one:
            return schema.get("default") or one["minimum"]
    raise KeyError(f"no example of {field.path}: add one to cfgen/docs/examples.py")
