"""A template as the stacks it can become: one world for each assignment of its parameters worth looking at.

A rule that compares two properties must see them together, under one choice of parameters and conditions;
cfn-lint's resolver yields the values of each property apart. The worlds of a template are

- the *default* world in each region: parameters at their defaults (regions whose mappings and conditions give
  the same are looked at once, unless a rule asks for every region);
- a *choice* for every other allowed value of a parameter;
- a *turn* for every condition the worlds so far leave only true or only false.

So their number grows with the template's size, not with the product of its options.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cfgen.lint.assertions import refusals, refused
from cfgen.lint.dependencies import REGIONAL, dependencies
from cfgen.lint.evaluate import Evaluator, Map, Path, Seq, pseudo, text, token, whole_token

_MOST_WORLDS = 96


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource as it would be created in one world."""

    name: str
    type: str
    properties: Map
    depends_on: frozenset[str]
    raw: Mapping[str, Any]
    world: World

    @property
    def path(self) -> Path:
        """Where the resource stands in the template."""
        return ("Resources", self.name)


class World:
    """One region and one value for every parameter. ``note`` says how it differs from the default.

    ``base`` is the world it differs from, in the names ``differs``: what depends on none of them is the same in
    both, and need not be evaluated again. ``touched`` collects the resources that were asked for.
    """

    def __init__(
        self,
        template: Template,
        region: str,
        values: Mapping[str, Any],
        note: str = "",
        forced: str = "",
        base: World | None = None,
        differs: frozenset[str] = REGIONAL,
    ) -> None:
        self.base, self.differs = base, differs
        self.touched: set[str] = set()
        self.template, self.region, self.note = template, region, note
        self.regions: tuple[str, ...] = (region,)
        self._values, self._forced = values, forced
        self._conditions: dict[str, bool] = {}
        self._resources: dict[str, Resource | None] = {}
        self._evaluator = Evaluator(template.section("Mappings"), self.condition, self.reference)

    @functools.cached_property
    def refused(self) -> bool:
        """Whether the template's own Rules refuse this region and these parameters."""
        rules = self.template.section("Rules")
        return bool(rules) and refused(rules, lambda node: self.evaluate(node, ()))

    @property
    def refusals(self) -> tuple[str, ...]:
        """What the template's Rules say against this region and these parameters, each once."""
        return tuple(
            dict.fromkeys(refusals(self.template.section("Rules"), lambda node: self.evaluate(node, ())))
        )

    def reference(self, name: str) -> Any:
        """What ``Ref`` gives."""
        if name in self._values:
            return self._values[name]
        return pseudo(name, self.region) if name.startswith("AWS::") else token(name)

    def condition(self, name: str) -> bool:
        """Whether a condition holds; one that cannot be evaluated does."""
        if name not in self._conditions:
            self._conditions[name] = True  # ends a circle, which cfn-lint reports
            holds = self._holds(self.template.section("Conditions").get(name))
            self._conditions[name] = holds != (name == self._forced)
        return self._conditions[name]

    def _holds(self, node: Any) -> bool:
        if not isinstance(node, Mapping) or len(node) != 1:
            return True
        name, arguments = next(iter(node.items()))
        if name == "Condition" and isinstance(arguments, str):
            return self.condition(arguments)
        if not isinstance(arguments, Sequence) or isinstance(arguments, str) or not arguments:
            return True
        if name == "Fn::Equals" and len(arguments) == 2:
            left, right = (text(self._evaluator.value(item, ())[0]) for item in arguments)
            return left == right
        if name == "Fn::Not":
            return not self._holds(arguments[0])
        if name in {"Fn::And", "Fn::Or"}:
            return (all if name == "Fn::And" else any)(self._holds(item) for item in arguments)
        return True

    def resource(self, name: str) -> Resource | None:
        """The resource of that name, None where its condition leaves it out."""
        self.touched.add(name)
        if name not in self._resources:
            if self.base is not None and not self.changes(name):
                same = self.base.resource(name)
                self._resources[name] = same and replace(same, world=self)
            else:
                self._resources[name] = self._make(name)
        return self._resources[name]

    def changes(self, name: str) -> bool:
        """Whether the resource can differ from the one in ``base``."""
        return not self.differs.isdisjoint(self.template.depends.get(name, frozenset()))

    def _make(self, name: str) -> Resource | None:
        raw = self.template.section("Resources").get(name)
        if not isinstance(raw, Mapping) or not isinstance(raw.get("Type"), str):
            return None
        if isinstance(raw.get("Condition"), str) and not self.condition(raw["Condition"]):
            return None
        properties, _ = self._evaluator.value(raw.get("Properties"), ("Resources", name, "Properties"))
        depends = raw.get("DependsOn", ())
        names = [depends] if isinstance(depends, str) else depends
        return Resource(
            name=name,
            type=str(raw["Type"]),
            properties=properties if isinstance(properties, Map) else Map(("Resources", name)),
            depends_on=frozenset(item for item in names if isinstance(item, str))
            if isinstance(names, Sequence)
            else frozenset(),
            raw=raw,
            world=self,
        )

    def of_type(self, *types: str) -> Iterator[Resource]:
        """The resources of these types that exist here; a type may end in ``*``."""
        for name in self.template.names_of(types):
            if found := self.resource(name):
                yield found

    def target(self, value: object, *types: str) -> Resource | None:
        """The resource a Ref or GetAtt points at, if it exists here and is of one of the types."""
        name = whole_token(value)
        found = self.resource(name.split(".")[0]) if name and ":" not in name and name != "?" else None
        return found if found and (not types or found.type in types) else None

    def evaluate(self, node: Any, path: Path) -> Any:
        """Any other part of the template in this world."""
        return self._evaluator.value(node, path)[0]


class Template:
    """A parsed template and its worlds."""

    def __init__(self, raw: Any, regions: Sequence[str], filename: str | None = None) -> None:
        self.raw: Mapping[str, Any] = raw if isinstance(raw, Mapping) else {}
        self.regions = tuple(regions) or ("us-east-1",)
        self.filename = filename
        self._names: dict[tuple[str, ...], tuple[str, ...]] = {}

    def section(self, name: str) -> Mapping[str, Any]:
        """A section of the template, empty if it is missing or malformed."""
        found = self.raw.get(name)
        return found if isinstance(found, Mapping) else {}

    def names_of(self, types: tuple[str, ...]) -> tuple[str, ...]:
        """Logical ids of the resources of these types, whatever their conditions."""
        if types not in self._names:
            self._names[types] = self._named(types)
        return self._names[types]

    def _named(self, types: tuple[str, ...]) -> tuple[str, ...]:
        exact = {kind for kind in types if not kind.endswith("*")}
        starts = tuple(kind[:-1] for kind in types if kind.endswith("*"))
        return tuple(
            str(name)
            for name, raw in self.section("Resources").items()
            if isinstance(raw, Mapping)
            and isinstance(raw.get("Type"), str)
            and (raw["Type"] in exact or (starts and raw["Type"].startswith(starts)))
        )

    @functools.cached_property
    def depends(self) -> dict[str, frozenset[str]]:
        """What each resource's evaluation can depend on."""
        return dependencies(self.raw)

    @functools.cached_property
    def defaults(self) -> dict[str, Any]:
        """Every parameter at its default, or its first allowed value, or unknown."""
        return {str(name): _default(str(name), raw) for name, raw in self.section("Parameters").items()}

    @functools.cached_property
    def by_region(self) -> tuple[World, ...]:
        """The default world in each region, but for those the template's Rules refuse."""
        found: list[World] = []
        for region in self.regions:
            world = World(self, region, self.defaults, base=found[0] if found else None)
            if not world.refused:
                found.append(world)
        return tuple(found)

    @functools.cached_property
    def distinct(self) -> tuple[World, ...]:
        """One default world for each group of regions that the template does not tell apart."""
        groups: dict[str, World] = {}
        members: dict[str, list[str]] = {}
        for world in self.by_region:
            rows = [
                table.get(world.region)
                for table in self.section("Mappings").values()
                if isinstance(table, Mapping)
            ]
            holds = [world.condition(str(name)) for name in self.section("Conditions")]
            key = repr((rows, holds, pseudo("AWS::Partition", world.region)))
            groups.setdefault(key, World(self, world.region, self.defaults, base=self.by_region[0]))
            members.setdefault(key, []).append(world.region)
        for key, world in groups.items():
            world.regions = tuple(members[key])
        return tuple(groups.values())

    @functools.cached_property
    def others(self) -> tuple[World, ...]:
        """Choices and turns, in the first region."""
        if not self.by_region:
            return ()
        base = self.by_region[0]
        found: list[World] = []
        for name, raw in self.section("Parameters").items():
            for value in _allowed(raw):
                if text(value) != text(self.defaults[str(name)]):
                    found.append(self._choice(base, str(name), value, f"{name} is {value}"))
        for name in self.section("Conditions"):
            seen = {world.condition(str(name)) for world in (*self.by_region[:1], *found[:_MOST_WORLDS])}
            if len(seen) == 1:
                found.append(self._turn(base, str(name), not seen.pop()))
        return tuple(world for world in found[:_MOST_WORLDS] if not world.refused)

    def _choice(self, base: World, name: str, value: Any, note: str) -> World:
        values = {**self.defaults, name: value}
        return World(self, base.region, values, note, base=base, differs=frozenset({name}))

    def _turn(self, base: World, name: str, wanted: bool) -> World:
        """A world in which the condition is ``wanted``: by one parameter's value if that can do it."""
        note = f"{name} is {'true' if wanted else 'false'}"
        for parameter, literal in _compared(self.section("Conditions"), name):
            if parameter in self.defaults:
                for value in (token(f"param:{parameter}"), literal):
                    world = self._choice(base, parameter, value, note)
                    if world.condition(name) == wanted:
                        return world
        return World(
            self, base.region, self.defaults, note, forced=name, base=base, differs=frozenset({name})
        )


def _default(name: str, raw: Any) -> Any:
    if not isinstance(raw, Mapping):
        return token(f"param:{name}")
    kind = str(raw.get("Type", ""))
    if kind.startswith("AWS::SSM::Parameter::Value"):
        return token(f"param:{name}")
    allowed = _allowed(raw)
    value = raw.get("Default", allowed[0] if allowed else None)
    if value is None or isinstance(value, (Mapping, list)):
        return token(f"param:{name}")
    if kind == "CommaDelimitedList" or kind.startswith("List<"):
        listed = Seq(("Parameters", name, "Default"))
        listed.extend(part.strip() for part in text(value).split(","))
        listed.paths = [listed.path] * len(listed)
        return listed
    return value


def _allowed(raw: Any) -> list[Any]:
    found = raw.get("AllowedValues") if isinstance(raw, Mapping) else None
    listed = found if isinstance(found, list) else []
    return [item for item in listed if isinstance(item, (str, int, float))]


def _compared(
    conditions: Mapping[str, Any], name: str, seen: frozenset[str] = frozenset()
) -> Iterator[tuple[str, Any]]:
    """Parameters a condition compares, with the literal each is compared to."""

    def walk(node: Any) -> Iterator[tuple[str, Any]]:
        if isinstance(node, Mapping):
            pair = node.get("Fn::Equals")
            if isinstance(pair, list) and len(pair) == 2:
                for one, other in (pair, pair[::-1]):
                    if (
                        isinstance(one, Mapping)
                        and isinstance(one.get("Ref"), str)
                        and not isinstance(other, Mapping)
                    ):
                        yield one["Ref"], other
            inner = node.get("Condition")
            if isinstance(inner, str) and inner not in seen:
                yield from _compared(conditions, inner, seen | {name})
            for item in node.values():
                yield from walk(item)
        elif isinstance(node, list):
            for item in node:
                yield from walk(item)

    yield from walk(conditions.get(name))
