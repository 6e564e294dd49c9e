"""Template constraints: which values a launcher of a product may choose ("Service Catalog template constraints")."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cfgen import document
from cfgen.deploy.errors import MalformedOption
from cfgen.parameters import NOT_ALLOWED, broken, plain

if TYPE_CHECKING:
    from cfgen.render.template import Template


def check_names(allowed: Mapping[str, Sequence[str]], templates: Sequence[Template]) -> None:
    """Raise MalformedOption for a product or a parameter that is not there (``[PRODUCT:]PARAMETER`` → values)."""
    for name in allowed:
        product, _, parameter = name.rpartition(":")
        meant = [one for one in templates if product in ("", one.name)]
        if not meant:
            raise MalformedOption(
                f"--allow {name}: no such product",
                hint=f"there are {', '.join(one.name for one in templates)}",
            )
        declared = {given for one in meant for given, _ in one.parameters}
        if parameter not in declared:
            near = difflib.get_close_matches(parameter, declared, 1, 0.6)
            known = ", ".join(sorted(declared)) or "none"
            raise MalformedOption(
                f"--allow {name}: {product or 'no product'} has {'no' if product else 'a'} parameter {parameter}",
                hint=f"did you mean {near[0]}?" if near else f"known: {known}",
            )


def of_product(allowed: Mapping[str, Sequence[str]], template: Template) -> dict[str, Sequence[str]]:
    """Parameter → values for one product: what is said of it alone wins over what is said of all that have it."""
    declared = dict(template.parameters)
    of_all = {name: values for name, values in allowed.items() if ":" not in name and name in declared}
    own = {
        name.rpartition(":")[2]: values
        for name, values in allowed.items()
        if name.rpartition(":")[0] == template.name
    }
    return {**of_all, **own}


def rules_of(
    template: Template,
    data: Mapping[str, Any],
    allowed: Mapping[str, Sequence[str]],
    boundary: str,
    before: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The rules of a template constraint: values a launcher may choose, and the roles a launcher may not.

    A role that a launcher types in would be passed with the launch role's rights, so it must stay the template's, or
    that of an earlier version (``before``: the rules so far), from which something may run that is to be updated.
    Raises MalformedOption for a value that the template itself refuses.
    """
    declared = document.section(data, "Parameters")
    fixed: dict[str, Sequence[str]] = {}
    for name, body in declared.items():
        if name == "ExecutionRoleArn":
            earlier = [] if name in allowed else _values(before or {}, name)
            fixed[name] = list(dict.fromkeys([*earlier, str(body.get("Default", ""))]))
        if name == "PermissionsBoundaryArn" and boundary:
            fixed[name] = [boundary]
    for name, values in allowed.items():
        for value in values:
            if why := refusal(declared[name], value):
                raise MalformedOption(f"--allow {name}={value}: {template.name} refuses it: {why}")
    return {
        f"{name}IsAllowed": {
            "Assertions": [
                {
                    "Assert": _among(name, str(declared[name].get("Type", "")), values),
                    "AssertDescription": f"{name} must be {_or(values)}",
                }
            ]
        }
        for name, values in {**fixed, **allowed}.items()
    }


def _values(rules: Mapping[str, Any], name: str) -> list[str]:
    """What a rule of ours lets a parameter be."""
    for one in rules.get(f"{name}IsAllowed", {}).get("Assertions", ()):
        if found := one["Assert"].get("Fn::Contains"):
            return [str(value) for value in found[0]]
    return []


def default_excluded(data: Mapping[str, Any], allowed: Mapping[str, Sequence[str]]) -> list[str]:
    """Parameters whose default is not among the values allowed: whoever launches must choose."""
    found = []
    for name, values in allowed.items():
        body = document.section(data, "Parameters").get(name, {})
        default = body.get("Default")
        if default is not None and not set(_items(body, str(default))) <= set(values):
            found.append(name)
    return found


def _among(name: str, kind: str, values: Sequence[str]) -> dict[str, Any]:
    """Fn::Contains takes one value; of a list, each member must be among them."""
    if "List" in kind:
        return {"Fn::EachMemberIn": [{"Ref": name}, list(values)]}
    return {"Fn::Contains": [list(values), {"Ref": name}]}


def _items(declaration: Mapping[str, Any], value: str) -> list[str]:
    """The members of a list's value, or the value."""
    return [one.strip() for one in value.split(",")] if "List" in str(declaration.get("Type")) else [value]


def refusal(declaration: Mapping[str, Any], value: str) -> str:
    """Why a parameter's own declaration refuses a value; empty when it takes it."""
    rule = broken(declaration, value)
    if rule == NOT_ALLOWED:
        return f"it takes {', '.join(plain(one) for one in declaration['AllowedValues'])}"
    return rule and " ".join(str(declaration.get("ConstraintDescription", rule)).split())


def _or(values: Sequence[str]) -> str:
    shown = [re.sub(r"\$\{AWS::\w+\}", "*", value) or "left empty" for value in values]
    return " or ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)
