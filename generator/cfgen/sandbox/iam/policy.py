"""Policy evaluation: statements, wildcards, variables and conditions, as IAM's documentation describes it.

Pure functions over documents; where the documents come from is `principals`' business.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from fnmatch import translate
from functools import lru_cache
from typing import Any

Context = Mapping[str, Any]
Statement = Mapping[str, Any]


def as_list(value: Any) -> list[Any]:
    """A policy's "one or a list of" as a list."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


@lru_cache(maxsize=4096)
def _pattern(text: str, fold: bool) -> re.Pattern[str]:
    # fnmatch's [..] is no wildcard of IAM's
    return re.compile(translate(text.replace("[", "[[]")), re.IGNORECASE | re.S if fold else re.S)


def like(value: str, pattern: str, *, fold: bool = False) -> bool:
    """IAM's ``*`` and ``?``."""
    return _pattern(pattern, fold).match(value) is not None


def _substitute(text: str, context: Context) -> str | None:
    """Policy variables such as ``${aws:PrincipalAccount}``; None if one has no value (no match then)."""
    missing = False

    def value(match: re.Match[str]) -> str:
        nonlocal missing
        name, _, default = match.group(1).partition(",")
        if name in ("*", "?", "$"):
            return name
        found = _lookup(context, name.strip())
        if found is None:
            if default:
                return default.strip().strip("'\"")
            missing = True
            return ""
        return str(as_list(found)[0])

    result = re.sub(r"\$\{([^}]+)\}", value, text)
    return None if missing else result


def _lookup(context: Context, key: str) -> Any:
    if key in context:
        return context[key]
    folded = key.lower()
    return next((value for name, value in context.items() if name.lower() == folded), None)


def _resource_matches(resource: str, patterns: Iterable[Any], context: Context) -> bool:
    for pattern in patterns:
        text = _substitute(str(pattern), context)
        if text is not None and like(resource, text):
            return True
    return False


def _action_matches(action: str, patterns: Iterable[Any]) -> bool:
    return any(like(action, str(pattern), fold=True) for pattern in patterns)


def _date(text: Any) -> float:
    try:
        return float(text)
    except ValueError:
        return datetime.fromisoformat(str(text).replace("Z", "+00:00")).timestamp()


def _test(operator: str, actual: str, wanted: str) -> bool:
    if operator.startswith("Numeric"):
        left, right = float(actual), float(wanted)
        return _compare(operator.removeprefix("Numeric"), left, right)
    if operator.startswith("Date"):
        return _compare(operator.removeprefix("Date"), _date(actual), _date(wanted))
    if operator in ("IpAddress", "NotIpAddress"):
        return ipaddress.ip_address(actual) in ipaddress.ip_network(wanted, strict=False)
    if operator in ("Bool", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"):
        return str(actual).lower() == str(wanted).lower()
    if operator in ("StringLike", "StringNotLike", "ArnLike", "ArnNotLike", "ArnEquals", "ArnNotEquals"):
        return like(actual, wanted)
    return actual == wanted


def _compare(operator: str, left: float, right: float) -> bool:
    return {
        "Equals": left == right,
        "NotEquals": left == right,
        "LessThan": left < right,
        "LessThanEquals": left <= right,
        "GreaterThan": left > right,
        "GreaterThanEquals": left >= right,
    }[operator]


def _condition_holds(operator: str, key: str, wanted: list[Any], context: Context) -> bool:
    scope, _, plain = operator.rpartition(":")
    optional = plain.endswith("IfExists")
    plain = plain.removesuffix("IfExists")
    actual = _lookup(context, key)
    if plain == "Null":
        return (actual is None) == (str(wanted[0]).lower() == "true")
    negative = "Not" in plain
    if actual is None:
        return optional or scope == "ForAllValues" or (negative and scope != "ForAnyValue")
    values = [str(item) for item in as_list(actual)]
    patterns = [_substitute(str(item), context) for item in wanted]

    def one(value: str) -> bool:
        hit = any(pattern is not None and _test(plain, value, _text(pattern)) for pattern in patterns)
        return hit != negative

    return (
        all(one(value) for value in values) if scope == "ForAllValues" or negative else any(map(one, values))
    )


def _text(value: str) -> str:
    return {"True": "true", "False": "false"}.get(value, value)


def conditions_hold(statement: Statement, context: Context) -> bool:
    """Whether every condition of a statement holds."""
    for operator, block in (statement.get("Condition") or {}).items():
        for key, wanted in block.items():
            if not _condition_holds(operator, key, as_list(wanted), context):
                return False
    return True


def applies(statement: Statement, action: str, resource: str, context: Context) -> bool:
    """Whether a statement speaks about this action on this resource in this context."""
    if "Action" in statement and not _action_matches(action, as_list(statement["Action"])):
        return False
    if "NotAction" in statement and _action_matches(action, as_list(statement["NotAction"])):
        return False
    if "Resource" in statement and not _resource_matches(resource, as_list(statement["Resource"]), context):
        return False
    if "NotResource" in statement and _resource_matches(resource, as_list(statement["NotResource"]), context):
        return False
    return conditions_hold(statement, context)


# a service's principal may carry a region, and a partition's suffix
_SERVICE = re.compile(r"^([a-z0-9-]+)(?:\.[a-z]{2}(?:-[a-z]+)+-\d)?\.amazonaws\.com(?:\.cn)?$")


def principal_matches(statement: Statement, kinds: Mapping[str, list[str]]) -> bool:
    """Whether a resource policy's statement names one of the caller's identities.

    ``kinds`` is, for example, ``{"AWS": [role ARN, account root ARN], "Service": [...]}``.
    """
    if "NotPrincipal" in statement:
        return not _names(statement["NotPrincipal"], kinds)
    return _names(statement.get("Principal"), kinds)


def _names(principal: Any, kinds: Mapping[str, list[str]]) -> bool:
    if principal == "*":
        return True
    if not isinstance(principal, Mapping):
        return False
    for kind, named in principal.items():
        mine = kinds.get(kind, [])
        for name in as_list(named):
            if kind == "Service":
                name = _SERVICE.sub(r"\1.amazonaws.com", str(name))
            if name in mine or (name == "*" and mine):
                return True
    return False


def evaluate(statements: Iterable[Statement], action: str, resource: str, context: Context) -> str:
    """``deny`` if any statement denies, else ``allow`` if one allows, else ``none``."""
    answer = "none"
    for statement in statements:
        if applies(statement, action, resource, context):
            if statement.get("Effect") == "Deny":
                return "deny"
            answer = "allow"
    return answer


def statements_of(document: Any) -> list[Statement]:
    """The statements of a policy document."""
    return as_list((document or {}).get("Statement"))
