"""What the launcher gives: parameters, tags and regions, checked against the template before AWS is asked."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from cfgen.deploy.errors import MalformedOption, ParameterMissing, ParameterUnknown, RegionUnsupported

if TYPE_CHECKING:
    from cfgen.render.template import Template


STATE = "EndpointEnabled"
"""The parameter that says how things stand, not how they should be: a schedule changes it, a deployment leaves it."""

BY_SERVICE_ROLE = "ScheduleUsesServiceRole"
"""The parameter that leaves what a schedule switches to the stack's service role."""


def pairs(items: Iterable[str], option: str) -> dict[str, str]:
    """``K=V`` arguments as a mapping; the value may hold ``=``."""
    found = {}
    for item in items:
        key, equals, value = item.partition("=")
        if not equals or not key:
            raise MalformedOption(f"{option} {item}: not of the form KEY=VALUE")
        found[key] = value
    return found


def split_regional(items: Iterable[str]) -> tuple[list[str], dict[str, list[str]]]:
    """``K=V`` and ``REGION:K=V`` arguments apart: those for everywhere, and region → those for it alone."""
    everywhere: list[str] = []
    own: dict[str, list[str]] = {}
    for item in items:
        head, colon, rest = item.partition(":")
        if colon and "=" not in head:
            own.setdefault(head, []).append(rest)
        else:
            everywhere.append(item)
    return everywhere, own


def parameters_file(path: Path) -> dict[str, str]:
    """Parameters from a file in any of the shapes CloudFormation's tools write.

    ``[{"ParameterKey", "ParameterValue"}]`` (the AWS CLI), ``["K=V"]`` (deploy), ``{"Parameters": {…}}``
    (CodePipeline's template configuration) or a plain mapping; JSON or YAML.
    """
    import yaml

    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise MalformedOption(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from error
    except yaml.YAMLError as error:
        raise MalformedOption(f"{path}: neither JSON nor YAML: {str(error).splitlines()[0]}") from error
    if isinstance(data, Mapping):
        inner = data.get("Parameters", data)
        if isinstance(inner, Mapping):
            return {str(key): scalar(value) for key, value in inner.items()}
    if isinstance(data, list) and all(isinstance(item, str) for item in data):
        return pairs(data, str(path))
    if isinstance(data, list) and all(isinstance(item, Mapping) and "ParameterKey" in item for item in data):
        return {
            str(item["ParameterKey"]): scalar(item.get("ParameterValue", ""))
            for item in data
            if not item.get("UsePreviousValue")
        }
    raise MalformedOption(f"{path}: not a parameter file", hint='[{"ParameterKey": …, "ParameterValue": …}]')


def scalar(value: Any) -> str:
    """A parameter's value as CloudFormation takes it: text, lists joined by commas."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ",".join(scalar(item) for item in value)
    return "" if value is None else str(value)


def check_regions(template: Template, regions: Sequence[str]) -> None:
    """Raise RegionUnsupported, with the list of those that are, for a region the template refuses."""
    wrong = [region for region in regions if template.regions and region not in template.regions]
    if wrong:
        from cfgen.catalogue import load
        from cfgen.catalogue.errors import UnknownRegion

        supported = f"it can in {', '.join(template.regions)}"
        for region in wrong:
            try:
                load().region(region)
            except UnknownRegion as error:
                raise RegionUnsupported(
                    f"{template.name} cannot be launched in {region}: {error.message}", hint=supported
                ) from error
        raise RegionUnsupported(
            f"{template.name} cannot be launched in {', '.join(wrong)}",
            hint=supported,
        )


@dataclass(frozen=True, slots=True)
class Deployed:
    """A stack's parameters as they are: the values, and the defaults of the template it was made from."""

    values: Mapping[str, str]
    defaults: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Parameters:
    """What to hand over: ``overrides``; and what stays: ``kept`` (name → value in the stack, value in the spec)."""

    overrides: Mapping[str, str]
    kept: Mapping[str, tuple[str, str]]


def merge(
    template: Template, given: Mapping[str, str], deployed: Deployed | None, *, reset: bool = False
) -> Parameters:
    """Which value each parameter gets: the one given; else one a launcher once chose; else the template's.

    ``aws cloudformation deploy`` keeps the previous value of whatever is not given, so that a default changed in
    the spec would never arrive. A value that equals the *old* default was chosen by nobody: the new default
    replaces it. ``reset`` takes the template's defaults for everything not given; an endpoint that is switched off
    stays so even then.
    Raises ParameterUnknown and ParameterMissing.
    """
    declared = dict(template.parameters)
    check_known(given, [template])
    overrides = dict(given)
    kept: dict[str, tuple[str, str]] = {}
    missing: list[str] = []
    for name, default in declared.items():
        if name in given:
            continue
        if (
            deployed is not None
            and name in deployed.values
            and not (reset and default is not None and name != STATE)
        ):
            now, old = deployed.values[name], deployed.defaults.get(name)
            # NoEcho values come back masked: whatever it is, it stays
            chosen = old is None or now != old or set(now) == {"*"}
            if default is None or chosen:
                if default is not None and now != default:
                    kept[name] = (now, default)
                continue
        if default is None:
            missing.append(name)
        elif deployed is not None:
            overrides[name] = default
    if missing:
        raise ParameterMissing(
            f"{template.name}: no value for {', '.join(missing)}",
            hint=f"--parameter {missing[0]}=… or --parameters-file",
        )
    return Parameters(overrides, kept)


def overrides_json(values: Mapping[str, str]) -> str:
    """The one file shape that ``--parameter-overrides file://`` takes in both versions of the AWS CLI."""
    return json.dumps([f"{name}={value}" for name, value in values.items()])


class Parametrized(Protocol):
    """What has parameters: a template, or a plan of one."""

    @property
    def name(self) -> str:
        """Of the spec."""
        ...

    @property
    def parameters(self) -> Iterable[tuple[str, str | None]]:
        """Names, each with a value."""
        ...


def check_known(given: Mapping[str, str], templates: Sequence[Parametrized]) -> None:
    """Raise ParameterUnknown for a parameter that none of the templates has."""
    declared = {name for template in templates for name, _ in template.parameters}
    unknown = [name for name in given if name not in declared]
    if unknown:
        near = difflib.get_close_matches(unknown[0], declared, 1, 0.6)
        names = ", ".join(template.name for template in templates)
        hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(sorted(declared)) or 'none'}"
        raise ParameterUnknown(f"{names}: no parameter {', '.join(unknown)}", hint=hint)
