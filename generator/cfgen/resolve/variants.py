"""``variants`` → for each variant the spec as it would be alone, and the view of the notes that belongs to it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from pydantic.alias_generators import to_camel

from cfgen.resolve.collector import Collector
from cfgen.spec.features.variants import Variant, VariantModel
from cfgen.spec.schema import SpecData


@dataclass(frozen=True, slots=True)
class Alone:
    """A variant as a spec of its own. ``prefix`` begins its logical ids, ``word`` is its name as part of one."""

    asked: Variant
    prefix: str
    word: str
    notes: Collector


def alone(notes: Collector) -> Iterator[Alone]:
    """Each variant alone, in order; notes what does not fit together."""
    data = notes.spec.data
    asked = data.variants or []
    _check(data, asked, notes)
    for index, one in enumerate(asked):
        word = word_of(one.name)
        spec, places = _applied(data, one, index, notes)
        view = notes.view(replace(notes.spec, data=spec), places)
        yield Alone(one, word if index else "", word, view)


def word_of(name: str) -> str:
    """``b-2`` → ``B2``: a name as it stands in logical ids."""
    word = "".join(part[:1].upper() + part[1:] for part in re.split(r"-+", name))
    return f"V{word}" if word[0].isdigit() else word


def _check(data: SpecData, asked: list[Variant], notes: Collector) -> None:
    words: dict[str, str] = {}
    for index, one in enumerate(asked):
        before = words.setdefault(word_of(one.name).lower(), one.name)
        if before is not one.name or [two.name for two in asked].index(one.name) != index:
            notes.refuse(
                f"variants.{index}.name", f"{one.name} is too like {before}", "give each a name of its own"
            )
    if "variant_name" in data.endpoint.model_fields_set:
        notes.refuse("endpoint.variantName", "stands beside variants, which have names", "leave it out")
    production = [one for one in asked if not one.shadow]
    shadows = [index for index, one in enumerate(asked) if one.shadow]
    if shadows and (len(shadows) > 1 or len(production) != 1):
        notes.refuse(
            f"variants.{shadows[0]}.shadow",
            f"an endpoint has one production and one shadow variant, not {len(production)} and {len(shadows)}",
            "keep one of each",
        )
    elif asked[0].shadow:
        notes.refuse("variants.0.shadow", "the first variant answers requests", "put the shadow second")
    if production and not any(one.weight for one in production):
        notes.refuse("variants", "have weight 0, all of them: nobody would answer", "give one a weight")
    for key, there in (("async", data.asynchronous), ("serverless", data.serverless)):
        if there is not None:
            notes.refuse(key, "serves one variant; there are several", "leave one of the two out")
    if shadows and data.model.type == "model-package":
        notes.refuse(
            f"variants.{shadows[0]}.shadow", "Marketplace packages have no shadow tests", "leave it out"
        )


def _applied(data: SpecData, one: Variant, index: int, notes: Collector) -> tuple[SpecData, dict[str, str]]:
    """The spec with what the variant says put in, and where in the file that stands."""
    places: dict[str, str] = {}
    endpoint: dict[str, Any] = {"variant_name": one.name}
    if one.instance_type is not None:
        # what may be chosen instead of one type need not do instead of another
        endpoint |= {
            "instance_type": one.instance_type,
            "allowed_instance_types": None,
            "instance_pools": None,
        }
        places["endpoint.instanceType"] = f"variants.{index}.instanceType"
    if one.instance_count is not None:
        endpoint["instance_count"] = one.instance_count
        places["endpoint.instanceCount"] = f"variants.{index}.instanceCount"
    changed: dict[str, Any] = {"endpoint": data.endpoint.model_copy(update=endpoint)}
    if one.model is not None:
        update = changed_model(data, one.model, f"variants.{index}.model", places, notes)
        changed["model"] = data.model.model_copy(update=update)
    return data.model_copy(update=changed), places


def changed_model(
    data: SpecData, asked: VariantModel, at: str, places: dict[str, str], notes: Collector
) -> dict[str, Any]:
    """The fields of the spec's model that ``asked``, which stands at ``at`` in the file, changes; fills ``places``."""
    update: dict[str, Any] = {}
    for field in asked.model_fields_set:
        key = to_camel(field)
        path = f"{at}.{key}"
        if not hasattr(data.model, field):
            notes.refuse(path, f"models of type {data.model.type} have no {key}", "leave it out")
            continue
        if getattr(asked, field) is None and field not in {"revision", "version"}:
            notes.refuse(path, "has no value", "give one or leave the key out")
            continue
        places[f"model.{key}"] = path
        update[field] = getattr(asked, field)
    if "env" in update:
        base: dict[str, str] = getattr(data.model, "env", {})
        update["env"] = base | asked.env
        places |= {f"model.env.{name}": f"{at}.env.{name}" for name in asked.env}
        del places["model.env"]
    known = type(data.model).model_fields.keys()
    # what named the files that are served no more
    if "model_id" in update:
        update = {one: None for one in ("revision", "version", "model_data") if one in known} | update
    elif "model_data" in update:
        update = {one: None for one in ("model_id", "revision") if one in known} | update
    return update
