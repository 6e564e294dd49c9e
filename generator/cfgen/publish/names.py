"""Which names a resource of a template can have, as IAM patterns: what is known is kept, the rest is ``*``.

Stacks that Service Catalog makes are called ``SC-ACCOUNT-pp-ID``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import product
from typing import Any

STACK = "SC-*"
_KEPT = ("AWS::Partition", "AWS::Region", "AWS::AccountId", "AWS::URLSuffix")
_NOTHING = "AWS::NoValue"


def patterns(value: Any, generated: Iterable[str] = ("*",)) -> tuple[str, ...]:
    """The patterns of a property's value, sorted; ``generated`` for a value that may be missing.

    A pattern that another one covers is left out; so ``*`` stands alone.
    """
    found = set(_patterns(value, tuple(generated)))
    return ("*",) if "*" in found else tuple(sorted(found))


def _patterns(value: Any, generated: tuple[str, ...]) -> Iterable[str]:
    if value is None:
        return generated
    if isinstance(value, str):
        return (value,)
    if isinstance(value, bool | int):
        return (str(value),)
    if isinstance(value, Mapping) and len(value) == 1:
        ((function, given),) = value.items()
        if function == "Ref":
            return generated if given == _NOTHING else (_reference(str(given)),)
        if function == "Fn::If" and isinstance(given, list) and len(given) == 3:
            return (*_patterns(given[1], generated), *_patterns(given[2], generated))
        if function == "Fn::Sub":
            return (_substituted(given if isinstance(given, str) else given[0]),)
        if function == "Fn::Join" and isinstance(given, list) and isinstance(given[1], list):
            pieces = [tuple(_patterns(one, ("*",))) for one in given[1]]
            return tuple(_short(str(given[0]).join(one)) for one in product(*pieces))
    return ("*",)


def _reference(name: str) -> str:
    if name == "AWS::StackName":
        return STACK
    return "${" + name + "}" if name in _KEPT else "*"


def _substituted(text: str) -> str:
    def one(match: re.Match[str]) -> str:
        return match[0] if match[1].startswith("!") else _reference(match[1].strip())

    return _short(re.sub(r"\$\{([^}]+)\}", one, text))


def _short(text: str) -> str:
    """One star says as much as two, and nothing is known of what follows ``SC-*-``."""
    return re.sub(r"\*{2,}", "*", text)
