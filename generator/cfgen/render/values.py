"""How values are printed into a template: one JSON-compatible scalar or flow value each, whatever they hold.

This is what makes templates injection-proof: every expression of every part ends in :func:`scalar`
(Jinja's ``finalize``). A string is printed plain only when it is a word that YAML cannot take for anything else;
otherwise it stands in double quotes with everything escaped that could end the scalar or trick a reader.
"""

from __future__ import annotations

import functools
import re
import textwrap
from collections.abc import Iterable, Mapping
from typing import Any

from cfgen.render.errors import UnprintableValue

# Begins with a letter, so it is no number, date or indicator; only characters without a meaning in YAML.
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*\Z")
# YAML 1.1's booleans and nulls (PyYAML's resolver knows all but y and n; other readers know those too).
_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})

# Escaped: quotes and backslash; C0, DEL and C1 controls; YAML's other line breaks (NEL, LS, PS); the byte order
# mark and noncharacters; surrogates; characters that reorder or hide text (bidi and zero-width controls).
_ESCAPED = re.compile(
    '["\\\\\\x00-\\x1f\\x7f-\\xa0\\xad\\u061c\\u180e\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f'
    "\\ud800-\\udfff\\ufeff\\ufff0-\\uffff]"
)
_SHORT = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}


class Literal(str):
    """Text printed as it stands: a block scalar that a filter has already laid out."""

    __slots__ = ()


def _escape(match: re.Match[str]) -> str:
    char = match.group()
    return _SHORT.get(char) or f"\\u{ord(char):04x}"


def quoted(text: str) -> str:
    """``text`` in double quotes, as JSON and as YAML."""
    return f'"{_ESCAPED.sub(_escape, text)}"'


def scalar(value: Any) -> str:
    """One JSON-compatible scalar or flow value. Raises UnprintableValue for anything else (None included)."""
    if isinstance(value, str):
        if type(value) is Literal:
            return value
        if _PLAIN.match(value) and value.lower() not in _WORDS:
            return value
        return quoted(value)
    return _flow(value)


def _flow(value: Any) -> str:
    if isinstance(value, str):
        return scalar(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{scalar(str(key))}: {_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_flow(item) for item in value) + "]"
    raise UnprintableValue(f"a part prints {type(value).__name__} {value!r}, which has no JSON form")


@functools.cache
def literal(text: str, indent: int) -> Literal:
    """``text`` as a YAML literal block whose lines stand ``indent`` spaces in. For code, never for spec values."""
    if any(not char.isprintable() and char != "\n" for char in text):
        raise UnprintableValue("code to embed holds control characters")
    pad = " " * indent
    lines = text.strip("\n").split("\n")
    return Literal("|\n" + "\n".join(f"{pad}{line.rstrip()}" if line.strip() else "" for line in lines))


def tag_list(pairs: Any) -> list[dict[str, str]]:
    """Pairs as CloudFormation's list of ``Key``/``Value``."""
    return [{"Key": key, "Value": value} for key, value in pairs]


def plain(text: str) -> Literal:
    """``text`` without quotes, inside a block scalar or comment: digits, letters and base64's signs only."""
    if not re.fullmatch(r"[A-Za-z0-9+/=]+", text):
        raise UnprintableValue(f"{text[:40]!r} cannot stand without quotes")
    return Literal(text)


def path(text: str) -> Literal:
    """``text`` without quotes, for ``Fn::Sub`` outside flow values: a path of names and ``${References}`` to ours."""
    if not re.fullmatch(r"[a-z][a-z0-9]*:([A-Za-z0-9:/.*-]|\$\{[A-Za-z0-9:.]+\})*(?<=[A-Za-z0-9}*])", text):
        raise UnprintableValue(f"{text[:40]!r} cannot stand without quotes")
    return Literal(text)


def wrapped(items: Iterable[str], indent: int) -> Literal:
    """A flow list over as many lines as it needs, continued ``indent`` spaces in."""
    text = textwrap.fill(", ".join(map(scalar, items)), 100, break_long_words=False, break_on_hyphens=False)
    return Literal("[" + text.replace("\n", "\n" + " " * (indent + 1)) + "]")
