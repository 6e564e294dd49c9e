"""``docs/reference/spec.md``: the spec language, key by key."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from cfgen.docs.markdown import GENERATED, cell, code, slug, table
from cfgen.docs.spec_fields import Field, Schema, Section, example, sections

_HEAD = f"""# Spec language

{GENERATED}

A spec is one YAML file. Keys are camelCase. An unknown key is an error; so is a key written twice. Values are not
converted: `"1"` is text, `1` is a number. Text may hold any Unicode but `{{{{resolve:`, CloudFormation's way to put a
secret in plain sight; name secrets as [gated models](../how-to/gated.md) do.

Editors check a spec as you type when its first line names the schema:
`# yaml-language-server: $schema=../docs/spec.schema.json`. `cfgen schema` prints the same file.

A **required** key has no default. A default of `—` means absent, and cfgen decides.

"""
_WORDS = {"string": "text", "boolean": "true or false", "integer": "whole number", "number": "number"}
_PLAIN_NOT = {"yes", "no", "on", "off", "true", "false", "null"}


def page() -> str:
    """The page as Markdown."""
    found = sections()
    titles = {section.definition: section.title for section in found}
    return _HEAD + "".join(_section(section, titles) for section in found)


def _section(section: Section, titles: dict[str, str]) -> str:
    about = cell(section.about).replace("``", "`")
    rows = table(("key", "type", "default", "what it says"), (_row(one, titles) for one in section.fields))
    return f"## {section.title}\n\n{about}\n\n{rows}\n"


def _row(field: Field, titles: dict[str, str]) -> tuple[str, str, str, str]:
    about = [field.schema.get("description") or "Says which kind this is."]
    if meanings := dict.fromkeys(one["meaning"] for one in _inside(field.schema) if "meaning" in one):
        about.append(f"Form: {' or '.join(meanings)}.")
    if limits := ", ".join(_limits(field.schema)):
        about.append(f"{limits[0].upper()}{limits[1:]}.")
    return (
        f'<a id="{field.anchor}"></a>{code(field.key)}',
        _kind(field.schema, titles),
        "**required**" if field.required else _default(field.schema),
        f"{cell(' '.join(about))} Example: {code(f'{field.key}: {_flow(example(field))}')}",
    )


def _default(schema: Schema) -> str:
    default = schema.get("default")
    return "—" if default is None or default in ({}, []) else code(_flow(default))


def _flow(value: Any) -> str:
    """YAML in one line, with as few quotes as a person would write."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    if not isinstance(value, str):
        return json.dumps(value)
    special = set(value) & set(",[]{}#&*!|>'\"%@`") or ": " in value
    plain = value[:1].isalpha() and value.lower() not in _PLAIN_NOT and not special
    return value if plain else json.dumps(value, ensure_ascii=False)


def _kind(schema: Schema, titles: dict[str, str]) -> str:
    if "$ref" in schema:
        title = titles[schema["$ref"].rpartition("/")[2]]
        return f"[{title.partition(', ')[2] or title}](#{slug(title)})"
    if either := schema.get("anyOf") or schema.get("oneOf"):
        return " or ".join(dict.fromkeys(_kind(one, titles) for one in either if one.get("type") != "null"))
    if "const" in schema:
        return code(schema["const"])
    if "enum" in schema and schema.get("type") != "integer":
        return ", ".join(code(one) for one in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_kind(schema['items'], titles)}" if schema.get("items") else "list"
    if schema.get("type") == "object":
        inner = schema.get("additionalProperties")
        return f"mapping to {_kind(inner, titles)}" if isinstance(inner, dict) else "mapping"
    return _WORDS.get(str(schema.get("type")), "any value")


def _inside(schema: Schema) -> Iterator[Schema]:
    yield schema
    for one in schema.get("anyOf", ()):
        yield from _inside(one)
    if isinstance(schema.get("items"), dict):
        yield from _inside(schema["items"])


def _limits(schema: Schema) -> Iterator[str]:
    """Lengths and ranges of the value itself (not of what is inside a list), unless the description has them."""
    said = schema.get("description", "")
    for one in (schema, *schema.get("anyOf", ())):
        if "minimum" in one and "maximum" in one and str(one["minimum"]) not in said:
            yield f"{one['minimum']:,} to {one['maximum']:,}"
        if "enum" in one and one.get("type") == "integer":
            yield "one of " + ", ".join(str(value) for value in one["enum"])
        if one.get("type") == "string" and "maxLength" in one:
            yield f"at most {one['maxLength']:,} characters"
        most = one.get("maxItems") or one.get("maxProperties")
        if most and "at most" not in said:
            yield f"at most {most} entries"
