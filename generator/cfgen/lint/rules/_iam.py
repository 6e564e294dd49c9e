"""The policy statements of a role, wherever in the template they stand."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator

from cfgen.lint.evaluate import Map, Seq, mapping, maps, strings, tokens
from cfgen.lint.worlds import Resource, World

ATTACHED = ("AWS::IAM::Policy", "AWS::IAM::RolePolicy", "AWS::IAM::ManagedPolicy")


def statements(document: object) -> list[Map]:
    """The statements of a policy document; a single one need not stand in a list."""
    if not isinstance(document, Map):
        return []
    single = document.get("Statement")
    return [single] if isinstance(single, Map) else maps(document, "Statement")


def texts(holder: Map, key: str) -> list[str]:
    """Actions, resources or principals: one text or a list of them."""
    value = holder.get(key)
    listed = value if isinstance(value, Seq) else [value]
    return [item for item in listed if isinstance(item, str)]


def attached(world: World, role: Resource) -> Iterator[Resource]:
    """Policy resources attached to a role of the template."""
    for policy in world.of_type(*ATTACHED):
        named = [strings(policy.properties.get(key)) for key in ("Roles", "RoleName")]
        if any(
            role.name == name.split(".")[0] for found in named for value, _ in found for name in tokens(value)
        ):
            yield policy


def granted(world: World, role: Resource) -> list[Map] | None:
    """What a role may do, None when managed policies of others make that unknowable."""
    if texts(role.properties, "ManagedPolicyArns"):
        return None
    documents = [mapping(policy, "PolicyDocument") for policy in maps(role.properties, "Policies")]
    documents += [mapping(policy.properties, "PolicyDocument") for policy in attached(world, role)]
    found = [statement for document in documents for statement in statements(document)]
    return [statement for statement in found if statement.get("Effect") == "Allow"]


def allows(granted_statements: list[Map], action: str) -> bool:
    """Whether some statement allows the action on anything at all."""
    wanted = action.lower()
    for statement in granted_statements:
        if "NotAction" in statement or any("⟦" in pattern for pattern in texts(statement, "Action")):
            return True
        if any(fnmatch.fnmatchcase(wanted, pattern.lower()) for pattern in texts(statement, "Action")):
            return True
    return False
