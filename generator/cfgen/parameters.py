"""Values against the constraints that a template's parameters declare, as CloudFormation holds them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

NOT_ALLOWED = "must be one of AllowedValues"


def plain(value: Any) -> str:
    """A default or allowed value as the string it stands for."""
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def broken(declaration: Mapping[str, Any], value: str) -> str:
    """The first constraint that ``value`` breaks, in CloudFormation's words; empty when it breaks none.

    Lists come joined by commas; each of their items must hold.
    """
    kind = str(declaration["Type"])
    items = [part.strip() for part in value.split(",")] if "List" in kind else [value]
    if value == "" and "List" in kind:
        items = []
    if allowed := declaration.get("AllowedValues"):
        choices = [plain(item) for item in allowed]
        if any(item not in choices for item in items) and value not in choices:
            return NOT_ALLOWED
    pattern = declaration.get("AllowedPattern")
    if pattern and any(not re.fullmatch(str(pattern), item) for item in items):
        return f"must match pattern {pattern}"
    if kind in ("Number", "List<Number>"):
        for item in items:
            if rule := _number(declaration, item):
                return rule
    if "MinLength" in declaration and len(value) < int(declaration["MinLength"]):
        return f"must contain at least {declaration['MinLength']} characters"
    if "MaxLength" in declaration and len(value) > int(declaration["MaxLength"]):
        return f"must contain at most {declaration['MaxLength']} characters"
    return "must be at most 4096 bytes long" if len(value.encode()) > 4096 else ""


def _number(declaration: Mapping[str, Any], item: str) -> str:
    try:
        number = float(item)
    except ValueError:
        return "must be a number"
    if "MinValue" in declaration and number < float(declaration["MinValue"]):
        return f"must be a number not less than {declaration['MinValue']}"
    if "MaxValue" in declaration and number > float(declaration["MaxValue"]):
        return f"must be a number not greater than {declaration['MaxValue']}"
    return ""
