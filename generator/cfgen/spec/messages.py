"""pydantic's errors in the words of the spec language: place, what is wrong, what would be right."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from cfgen.errors import Problem
from cfgen.spec.document import Document
from cfgen.spec.load import DEPLOYMENT_TYPES

Step = str | int

_WORDS = {
    "string_type": ("must be text", "put it in quotes"),
    "string_unicode": ("holds half of a surrogate pair, which no UTF-8 file can carry", ""),
    "int_type": ("must be a whole number", ""),
    "bool_type": ("must be true or false", ""),
    "dict_type": ("must be a mapping of keys to values", ""),
    "model_type": ("must be a mapping of keys to values", ""),
    "model_attributes_type": ("must be a mapping of keys to values", ""),
    "list_type": ("must be a list", "write it as [a, b] or one '- item' a line"),
}


def problems_of(error: ValidationError, document: Document, root: type[BaseModel]) -> Iterator[Problem]:
    """One problem for each of pydantic's errors, at the place of the value it is about."""
    for item in error.errors(include_url=False, include_input=True):
        yield _problem(item, document, root)


def _problem(item: Any, document: Document, root: type[BaseModel]) -> Problem:
    kind: str = item["type"]
    path = _path_in_data(item["loc"], root)
    context: dict[str, Any] = item.get("ctx") or {}
    message, fix, at_key = item["msg"], "", False
    if kind in _WORDS:
        message, fix = _WORDS[kind]
        if item.get("input", ...) is None:
            message, fix = "has no value", "give one or leave the key out"
        elif kind == "string_type" and isinstance(item["input"], dict | list):
            fix = ""
    elif kind == "extra_forbidden":
        message, at_key = "unknown key", True
        fix = _suggestion(str(path[-1]), _keys_at(path[:-1], document.data, root))
    elif kind == "missing":
        message, fix = "is required", _meaning(path, document.data, root)
    elif kind == "string_pattern_mismatch":
        message, fix = f"{_shown(item['input'])} is not allowed here", _expected(path, document.data, root)
    elif kind in {"literal_error", "enum"}:
        message, fix = f"{_shown(item['input'])} is not one of the choices", f"choose {context['expected']}"
    elif kind == "union_tag_not_found" and "kind_of" in str(context["discriminator"]):
        message, fix = (
            f"{_shown(item['input'])} is not allowed here",
            "give text, a list or a mapping; quote numbers",
        )
    elif kind == "union_tag_invalid" and str(context["tag"]).startswith("<"):
        message, fix = f"must not be a {str(context['tag']).strip('<>')}", _kinds(context)
    elif kind == "union_tag_not_found":
        key = str(context["discriminator"]).strip("'")
        path = path if key.endswith("()") else (*path, key)
        message, fix = (
            ("must be something else", _kinds(context)) if key.endswith("()") else ("is required", "")
        )
        fix = fix or f"choose one of {', '.join(_tags(path[0]))}"
    elif kind == "union_tag_invalid":
        key = str(context["discriminator"]).strip("'")
        path = (*path, key)
        message, fix = _bad_tag(str(context["tag"]), _tags(path[0]))
    else:
        message, fix = _limits(kind, context, item)
    return document.problem(path, message, fix, key=at_key)


def _bad_tag(tag: str, known: list[str]) -> tuple[str, str]:
    return f"{_shown(tag)} is not one of the choices", _suggestion(tag, known, "choose")


def _tags(section: Step) -> list[str]:
    known = {
        "model": list(DEPLOYMENT_TYPES),
        "vpc": ["none", "existing", "create"],
        "api": ["jwt", "api-key"],
    }
    return known.get(str(section), [])


def _kinds(context: dict[str, Any]) -> str:
    """Text, list or mapping: what a union of them takes."""
    kinds = re.findall(r"<(\w+)>", str(context.get("expected_tags", "")))
    return f"give a {' or a '.join(kinds)}" if kinds else ""


def _limits(kind: str, context: dict[str, Any], item: Any) -> tuple[str, str]:
    shown = _shown(item.get("input"))
    match kind:
        case "greater_than_equal":
            return f"{shown} is too small", f"at least {context['ge']:,}"
        case "less_than_equal":
            return f"{shown} is too large", f"at most {context['le']:,}"
        case "string_too_short" | "too_short":
            return "is too short", f"at least {context['min_length']}"
        case "string_too_long":
            return (
                f"is too long ({len(str(item.get('input')))} characters)",
                f"at most {context['max_length']:,}",
            )
        case "too_long":
            return (
                f"has too many entries ({context.get('actual_length')})",
                f"at most {context['max_length']:,}",
            )
    text: str = item["msg"]
    return text[:1].lower() + text[1:], ""


def _shown(value: Any) -> str:
    """A value as it may be shown in a message: short, on one line."""
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


def _suggestion(given: str, known: list[str], verb: str = "known here") -> str:
    near = difflib.get_close_matches(given, known, 1, 0.6)
    lowered = {name.lower().replace("_", ""): name for name in known}
    if not near and (same := lowered.get(given.lower().replace("_", "").replace("-", ""))):
        near = [same]
    if near:
        return f"did you mean {near[0]}?"
    return f"{verb}: {', '.join(known)}" if known else ""


def _path_in_data(loc: tuple[Step, ...], root: type[BaseModel]) -> tuple[Step, ...]:
    """pydantic's location without union tags and ``[key]`` marks: the path as it stands in the file."""
    path = [step for step in loc if step != "[key]" and not str(step).startswith("<")]
    unions = {f.alias for f in root.model_fields.values() if f.discriminator is not None or _is_tagged(f)}
    if len(path) > 1 and path[0] in unions:
        del path[1]
    if path[:2] == ["api", "auth"] and len(path) > 3:
        del path[2]
    return tuple(path)


def _is_tagged(field: Any) -> bool:
    return any(getattr(part, "discriminator", None) for part in field.metadata)


def _models_of(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif get_origin(annotation) is Annotated:
        yield from _models_of(get_args(annotation)[0])
    elif get_origin(annotation) is Union or type(annotation).__name__ == "UnionType":
        for part in get_args(annotation):
            yield from _models_of(part)
    elif get_origin(annotation) in {list, dict}:
        yield from _models_of(get_args(annotation)[-1])


def _models_at(path: tuple[Step, ...], data: Any, root: type[BaseModel]) -> list[type[BaseModel]]:
    """The models that may describe the mapping at ``path``; a union's members are narrowed by their tag."""
    models, here = [root], data
    for step in path:
        here = here.get(step) if isinstance(here, dict) else None
        fields = [f for m in models for f in m.model_fields.values() if f.alias == step]
        if not fields:
            continue  # a key of a free mapping, or an index
        models = [model for f in fields for model in _models_of(f.annotation)]
        if isinstance(here, dict) and len(models) > 1:
            models = [m for m in models if _tag_fits(m, here)] or models
    return models


def _tag_fits(model: type[BaseModel], data: dict[str, Any]) -> bool:
    for name in ("type", "mode"):
        if name in model.model_fields and data.get(name) in get_args(model.model_fields[name].annotation):
            return True
    return False


def _keys_at(path: tuple[Step, ...], data: Any, root: type[BaseModel]) -> list[str]:
    names = [str(f.alias) for m in _models_at(path, data, root) for f in m.model_fields.values()]
    return list(dict.fromkeys(names))


def _field_at(path: tuple[Step, ...], data: Any, root: type[BaseModel]) -> Any:
    while path and isinstance(path[-1], int):
        path = path[:-1]
    if not path:
        return None
    for model in _models_at(path[:-1], data, root):
        for field in model.model_fields.values():
            if field.alias == path[-1]:
                return field
    return None


def _meaning(path: tuple[Step, ...], data: Any, root: type[BaseModel]) -> str:
    field = _field_at(path, data, root)
    description = getattr(field, "description", None) or ""
    return description[:1].lower() + description[1:].rstrip(".") if description else ""


def _expected(path: tuple[Step, ...], data: Any, root: type[BaseModel]) -> str:
    """What the pattern of the field at ``path`` means, in words."""
    for owner in (path, path[:-1]):
        field = _field_at(owner, data, root)
        if field is not None and (meaning := _meaning_in(field)):
            return f"it must be {meaning}"
    return ""


def _meaning_in(field: Any) -> str | None:
    extra = getattr(field, "json_schema_extra", None)
    if isinstance(extra, dict) and "meaning" in extra:
        return str(extra["meaning"])
    for source in (*getattr(field, "metadata", ()), getattr(field, "annotation", None)):
        if found := _meaning_of(source):
            return found
    return None


def _meaning_of(annotation: Any) -> str | None:
    extra = getattr(annotation, "json_schema_extra", None)
    if isinstance(extra, dict) and "meaning" in extra:
        return str(extra["meaning"])
    for part in get_args(annotation):
        if found := _meaning_of(part):
            return found
    return None
