"""Which resources a change replaces: by their schema, and by what they take of others that are replaced."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from cfgen.lint.evaluate import tokens
from cfgen.lint.worlds import World


@dataclass(frozen=True, slots=True)
class Property:
    """One value that differs. ``before`` or ``after`` is None where there is none."""

    path: str
    before: Any
    after: Any


@dataclass
class Cascade:
    """Which resources are replaced for certain, and which perhaps, because of others."""

    certain: set[str] = field(default_factory=set)
    perhaps: set[str] = field(default_factory=set)


def cascade(changed: dict[str, list[Property]], kinds: Mapping[str, str], new: World, region: str) -> Cascade:
    """Settle replacements from resource to resource; adds the properties that change only because of one."""
    found = Cascade()
    moved = True
    while moved:
        moved = False
        for name, properties in changed.items():
            resource = new.resource(name)
            if resource is None:
                continue
            for key, value in resource.properties.items():
                sources = {token.split(".")[0] for token in tokens_in(value)}
                if sources & found.certain and not any(
                    one.path.split(".")[0].split("[")[0] == key for one in properties
                ):
                    source = sorted(sources & found.certain)[0]
                    properties.append(Property(key, f"of the old {source}", f"of the new {source}"))
                    moved = True
            fixed, conditional = create_only(kinds[name], region)
            touched = {one.path.split(".")[0].split("[")[0] for one in properties}
            paths = {one.path for one in properties}
            if name not in found.certain and any(
                _under(path, rule) for path in paths | touched for rule in fixed
            ):
                found.certain.add(name)
                moved = True
            elif name not in found.certain | found.perhaps and any(
                _under(path, rule) for path in paths for rule in conditional
            ):
                found.perhaps.add(name)
    return found


def _under(path: str, rule: str) -> bool:
    """Whether a changed path lies at or below a createOnly one, or holds it."""
    bare = "".join(piece.split("]")[-1] for piece in path.split("["))
    return bare == rule or bare.startswith(f"{rule}.") or rule.startswith(f"{bare}.")


def tokens_in(value: Any) -> Iterator[str]:
    """The names of all tokens anywhere in a value: ``Model.ModelName``."""
    if isinstance(value, Mapping):
        for item in value.values():
            yield from tokens_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from tokens_in(item)
    else:
        yield from tokens(value)


@functools.cache
def create_only(kind: str, region: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Properties whose change replaces a resource, and those whose change may (its schema, as cfn-lint bundles it)."""
    if kind.startswith("Custom::") or kind == "AWS::CloudFormation::CustomResource":
        return ("ServiceToken",), ()
    schema = _schema(kind, region)

    def of(key: str) -> tuple[str, ...]:
        return tuple(path.removeprefix("/properties/").replace("/", ".") for path in schema.get(key, ()))

    return of("createOnlyProperties"), of("conditionalCreateOnlyProperties")


# a policy's name is its target's alone; its primary identifier is an ARN
_WITHIN = {"AWS::ApplicationAutoScaling::ScalingPolicy": ("PolicyName", "ScalingTargetId", "ResourceId")}


@functools.cache
def identity(kind: str, region: str) -> tuple[str, ...]:
    """The properties that say which resource it is, so that two of the same values cannot stand side by side.

    Its primary identifier where the template writes all of it, and a name that only a replacement changes.
    """
    if kind in _WITHIN:
        return _WITHIN[kind]
    schema = _schema(kind, region)
    written, read = (
        [path.removeprefix("/properties/").replace("/", ".") for path in schema.get(key) or ()]
        for key in ("primaryIdentifier", "readOnlyProperties")
    )
    names = [path for path in create_only(kind, region)[0] if path.rpartition(".")[2] == _name_of(kind)]
    own = [] if set(written) & set(read) else written
    return tuple(dict.fromkeys([*own, *names]))


def _name_of(kind: str) -> str:
    """``AWS::SageMaker::Endpoint`` → ``EndpointName``."""
    return f"{kind.rpartition('::')[2]}Name"


def _schema(kind: str, region: str) -> Mapping[str, Any]:
    """A resource type's schema as cfn-lint bundles it; empty for a type or region it does not know."""
    from cfgen.lint.hermetic import use_bundled_schemas

    use_bundled_schemas()
    from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER  # type: ignore[import-untyped, unused-ignore]

    try:
        found: Mapping[str, Any] = PROVIDER_SCHEMA_MANAGER.get_resource_schema(region, kind).schema
    except Exception:  # an unknown type or region is cfn-lint's to report, whichever error it has for it
        return {}
    return found
