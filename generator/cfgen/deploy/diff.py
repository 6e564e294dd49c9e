"""Two templates with their parameters, compared as the stacks they become: resources, properties, what it means.

Nothing is asked of AWS: functions are evaluated as far as they can be, and a resource that must be replaced (its
schema's createOnlyProperties) passes that on to whatever takes its name or ARN.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from cfgen import document
from cfgen.deploy.replacement import Property, cascade
from cfgen.deploy.updates import Refusal, Stand, Update, refused
from cfgen.document import ENDPOINT
from cfgen.lint.worlds import Template as Evaluated
from cfgen.lint.worlds import World

_ATTRIBUTES = ("DeletionPolicy", "UpdateReplacePolicy")


@dataclass(frozen=True, slots=True)
class Row:
    """One resource, parameter, output or rule that differs."""

    action: str
    name: str
    type: str
    description: str = ""
    properties: tuple[Property, ...] = ()


@dataclass(frozen=True, slots=True)
class Side:
    """A template and its parameters' values, in one region."""

    template: Mapping[str, Any]
    values: Mapping[str, str]
    region: str = "us-east-1"


@dataclass(frozen=True, slots=True)
class Difference:
    """All that differs. ``interruption`` as in a change set: none, no, yes, perhaps.

    ``refusals``: what CloudFormation or SageMaker would refuse of it.
    """

    resources: tuple[Row, ...] = ()
    parameters: tuple[Row, ...] = ()
    others: tuple[Row, ...] = ()
    interruption: str = "none"
    refusals: tuple[Refusal, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether nothing differs."""
        return not (self.resources or self.parameters or self.others)

    def data(self) -> dict[str, Any]:
        """For ``--format json``."""
        return {
            "different": not self.empty,
            "endpointInterrupted": self.interruption,
            "refused": [asdict(one) for one in self.refusals],
            **{
                kind: [asdict(row) for row in getattr(self, kind)]
                for kind in ("resources", "parameters", "others")
            },
        }


def compare(before: Side, after: Side) -> Difference:
    """What makes ``after`` of ``before``."""
    old, new = _world(before), _world(after)
    changed: dict[str, list[Property]] = {}
    resources = tuple(_resources(before, after, old, new, changed))
    update = Update(
        _stands(before, old),
        _stands(after, new),
        {row.name: row.action for row in resources},
        {name: properties for name, properties in changed.items() if properties},
        after.region,
        frozenset(document.section(before.template, "Parameters")),
    )
    return Difference(
        resources,
        tuple(_parameters(before, after)),
        tuple(_others(before, after, old, new)),
        _interruption(resources),
        refused(update),
    )


def _stands(side: Side, world: World) -> dict[str, Stand]:
    found = {name: world.resource(name) for name in document.resources(side.template)}
    return {name: Stand(one.type, _plain(one.properties)) for name, one in found.items() if one}


def _world(side: Side) -> World:
    declared = document.section(side.template, "Parameters")
    values: dict[str, Any] = {}
    for name, body in declared.items():
        kind = str(body.get("Type", "")) if isinstance(body, dict) else ""
        value: Any = side.values.get(name, body.get("Default") if isinstance(body, dict) else None)
        if value is None:
            continue
        if kind == "CommaDelimitedList" or kind.startswith("List<"):
            value = (
                [piece.strip() for piece in str(value).split(",")] if not isinstance(value, list) else value
            )
        values[name] = value
    return World(Evaluated(side.template, [side.region]), side.region, values)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


def leaves(before: Any, after: Any, path: str = "") -> Iterator[Property]:
    """Where two values differ, as deep as they have the same shape. CloudFormation takes ``2`` for ``"2"``."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in dict.fromkeys((*before, *after)):
            yield from leaves(before.get(key), after.get(key), f"{path}.{key}" if path else key)
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from leaves(one, other, f"{path}[{index}]")
    elif _text(before) != _text(after):
        yield Property(path, before, after)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return f"{value:g}" if isinstance(value, float) else str(value)
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)


def _resources(
    before: Side, after: Side, old: World, new: World, changed: dict[str, list[Property]]
) -> Iterator[Row]:
    """The rows; fills ``changed``, the properties that differ of each resource on both sides."""
    names = list(dict.fromkeys((*document.resources(after.template), *document.resources(before.template))))
    texts = {**document.descriptions(before.template), **document.descriptions(after.template)}
    kinds: dict[str, str] = {}
    for name in names:
        one, other = old.resource(name), new.resource(name)
        kinds[name] = other.type if other else one.type if one else ""
        if one and other and one.type == other.type:
            changed[name] = list(leaves(_plain(one.properties), _plain(other.properties)))
            changed[name] += [
                Property(key, one.raw.get(key), other.raw.get(key))
                for key in _ATTRIBUTES
                if one.raw.get(key) != other.raw.get(key)
            ]
    passed_on = cascade(changed, kinds, new, after.region)
    for name in names:
        one, other = old.resource(name), new.resource(name)
        text = texts.get(name, "")
        if one and other and one.type != other.type:
            yield Row("replace", name, other.type, text, (Property("Type", one.type, other.type),))
        elif one and other:
            if changed[name]:
                action = (
                    "replace"
                    if name in passed_on.certain
                    else "may replace"
                    if name in passed_on.perhaps
                    else "modify"
                )
                yield Row(action, name, other.type, text, tuple(changed[name]))
        elif other:
            yield Row("add", name, other.type, text)
        elif one:
            kept = str(one.raw.get("DeletionPolicy", "")).startswith("Retain")
            yield Row("let go" if kept else "delete", name, one.type, text)


def _parameters(before: Side, after: Side) -> Iterator[Row]:
    old, new = (document.section(side.template, "Parameters") for side in (before, after))
    for name in dict.fromkeys((*new, *old)):
        kind = str((new.get(name) or old.get(name) or {}).get("Type", ""))
        hidden = any(str((side.get(name) or {}).get("NoEcho", "")).lower() == "true" for side in (old, new))
        values = [_value(side, name) for side in (before, after)]
        if name not in old or name not in new:
            shown = ["****" if hidden and value is not None else value for value in values]
            yield Row("add" if name not in old else "delete", name, kind, "", (Property("value", *shown),))
        elif values[0] != values[1] and not hidden:
            yield Row("modify", name, kind, "", (Property("value", *values),))
        else:
            limits = list(leaves({**old[name], "Default": None}, {**new[name], "Default": None}))
            limits = [one for one in limits if not one.path.startswith("Description")]
            if limits:
                yield Row("modify", name, kind, "", tuple(limits))


def _value(side: Side, name: str) -> str | None:
    body = document.section(side.template, "Parameters").get(name)
    if not isinstance(body, dict):
        return None
    value = side.values.get(name, body.get("Default"))
    return None if value is None else ",".join(map(str, value)) if isinstance(value, list) else _text(value)


def _others(before: Side, after: Side, old: World, new: World) -> Iterator[Row]:
    for kind, label in (("Outputs", "output"), ("Rules", "rule")):
        one, other = document.section(before.template, kind), document.section(after.template, kind)
        for name in dict.fromkeys((*other, *one)):
            if name not in one or name not in other:
                yield Row("add" if name not in one else "delete", name, label)
                continue
            values = one[name], other[name]
            if kind == "Outputs":
                values = _plain(old.evaluate(values[0], ())), _plain(new.evaluate(values[1], ()))
            differing = [one for one in leaves(*values) if one.path != "Description"]
            if differing:
                yield Row("modify", name, label, "", tuple(differing) if kind == "Outputs" else ())


def _interruption(rows: tuple[Row, ...]) -> str:
    actions = {row.action for row in rows if row.type == ENDPOINT} - {"add"}
    if actions & {"replace", "delete"}:
        return "yes"
    return "perhaps" if "may replace" in actions else "no" if actions else "none"


def lines(difference: Difference) -> list[str]:
    """As a person reads it: ``+`` added, ``-`` gone, ``~`` changed, ``!`` replaced."""
    signs = {"add": "+", "delete": "-", "let go": "-", "modify": "~", "replace": "!", "may replace": "?"}
    shown = []
    for row in (*difference.parameters, *difference.resources, *difference.others):
        name = f"{row.name}: {row.description}" if row.description else row.name
        shown.append(f"{signs[row.action]} {row.action} {name} ({row.type or 'parameter'})")
        shown += [f"    {one.path}: {_short(one.before)} → {_short(one.after)}" for one in row.properties]
    says = {
        "yes": "The endpoint would be INTERRUPTED: it is replaced or deleted.",
        "perhaps": "The endpoint may be interrupted.",
        "no": "The endpoint would not be interrupted: it moves to its new configuration when that is healthy.",
    }
    shown += [says[difference.interruption]] if difference.interruption in says else []
    return [*shown, *(line for one in difference.refusals for line in told(one))]


def told(refusal: Refusal) -> list[str]:
    """A refusal as a person reads it."""
    return [
        f"REFUSED: {refusal.resource}: {refusal.message}",
        f"    instead: {refusal.instead} ({refusal.source})",
    ]


def _short(value: Any) -> str:
    if value is None:
        return "none"
    text = _text(value).replace("⟦", "<").replace("⟧", ">")
    text = " ".join(text.split())
    return text if len(text) <= 90 else f"{text[:60]}… ({len(text):,} characters)"
