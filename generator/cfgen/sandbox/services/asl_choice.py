"""Amazon States Language: the rules of Choice states."""

from __future__ import annotations

from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

from cfgen.sandbox.services import asl_paths as paths


def chosen(state: dict[str, Any], data: Any, context: Any) -> str:
    """The next state's name."""
    from cfgen.sandbox.services.asl import StateError

    for rule in state["Choices"]:
        if holds(rule, data, context):
            return str(rule["Next"])
    if "Default" in state:
        return str(state["Default"])
    raise StateError("States.NoChoiceMatched", "No choice rule matched and there is no Default")


def holds(rule: dict[str, Any], data: Any, context: Any) -> bool:
    """Whether a rule's condition is true."""
    if "And" in rule:
        return all(holds(item, data, context) for item in rule["And"])
    if "Or" in rule:
        return any(holds(item, data, context) for item in rule["Or"])
    if "Not" in rule:
        return not holds(rule["Not"], data, context)
    operator = next(key for key in rule if key not in ("Variable", "Next", "Comment"))
    wanted = rule[operator]
    try:
        value = paths.get(data, rule["Variable"], context)
    except paths.PathError:
        if operator == "IsPresent":
            return not wanted
        raise
    if operator.startswith("Is"):
        return bool(_is(operator, value) == wanted)
    if operator.endswith("Path"):
        operator, wanted = operator.removesuffix("Path"), paths.get(data, wanted, context)
    if operator == "BooleanEquals":
        return value is wanted
    if operator == "StringMatches":
        return isinstance(value, str) and fnmatchcase(value, wanted.replace("[", "[[]"))
    return _compare(operator, value, wanted)


def _is(operator: str, value: Any) -> bool:
    if operator == "IsPresent":
        return True
    if operator == "IsNull":
        return value is None
    if operator == "IsTimestamp":
        return _moment(value) is not None
    kinds: Any = {"IsString": str, "IsBoolean": bool, "IsNumeric": (int, float)}[operator]
    return isinstance(value, kinds) and not (operator == "IsNumeric" and isinstance(value, bool))


def _moment(value: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(str(value).replace("Z", "+00:00"))
    except ValueError:
        return None


def _compare(operator: str, value: Any, wanted: Any) -> bool:
    for kind in ("String", "Numeric", "Timestamp"):
        if operator.startswith(kind):
            relation = operator.removeprefix(kind)
            break
    else:
        raise paths.PathError(f"unknown choice operator {operator}")
    left, right = value, wanted
    if kind == "Timestamp":
        left, right = _moment(value), _moment(wanted)
        if left is None or right is None:
            return False
    elif (kind == "String" and not (isinstance(left, str) and isinstance(right, str))) or (
        kind == "Numeric" and (isinstance(left, bool) or not isinstance(left, int | float))
    ):
        return False
    return bool(
        {
            "Equals": left == right,
            "LessThan": left < right,
            "LessThanEquals": left <= right,
            "GreaterThan": left > right,
            "GreaterThanEquals": left >= right,
        }[relation]
    )
