"""Intrinsic functions evaluated as CloudFormation would, for one assignment of parameters and one region.

What only AWS can know stays in the text as a token: ``⟦Model.ModelName⟧`` for GetAtt, ``⟦Model⟧`` for the Ref
of a resource, ``⟦param:VpcId⟧`` for a parameter without a value, ``⟦AWS::StackName⟧``, ``⟦?⟧``. Text around
tokens are joined and split as usual. Every container remembers where in the template each of its values was
written, so that a finding points at the branch of ``Fn::If`` that is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

Path = tuple[str | int, ...]

_SUB = re.compile(r"\$\{(!?)([^{}]+)\}")
_TOKEN = re.compile(r"⟦([^⟦⟧]*)⟧")
_PARTITIONS = {"cn": ("aws-cn", "amazonaws.com.cn"), "us-gov": ("aws-us-gov", "amazonaws.com")}
NO_VALUE = object()


class Map(dict[str, Any]):
    """A mapping after evaluation; ``where(key)`` is the path of that value in the template."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.paths: dict[str, Path] = {}

    def where(self, key: str) -> Path:
        """The path of ``key``'s value, or of the whole mapping when it has no such key."""
        return self.paths.get(key, self.path)


class Seq(list[Any]):
    """A list after evaluation; ``paths[i]`` is where item ``i`` was written."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.paths: list[Path] = []


def token(name: str) -> str:
    """A stand-in for a value that only AWS can know."""
    return f"⟦{name}⟧"


def tokens(value: object) -> list[str]:
    """The names of the tokens in a text: ``["Model.ModelName"]``."""
    return _TOKEN.findall(value) if isinstance(value, str) else []


def known(value: object) -> bool:
    """Whether the value is a literal through and through."""
    return isinstance(value, (str, int, float)) and not (isinstance(value, str) and "⟦" in value)


def whole_token(value: object) -> str | None:
    """The token's name when the text is nothing but one token."""
    found = _TOKEN.fullmatch(value) if isinstance(value, str) else None
    return found[1] if found else None


def pseudo(name: str, region: str) -> Any:
    """The value of a pseudo parameter: known by the region, else a token."""
    prefix = next((key for key in _PARTITIONS if region.startswith(f"{key}-")), "")
    partition, suffix = _PARTITIONS.get(prefix, ("aws", "amazonaws.com"))
    if name == "AWS::NoValue":
        return NO_VALUE
    known_values = {"AWS::Region": region, "AWS::Partition": partition, "AWS::URLSuffix": suffix}
    return known_values.get(name, token(name))


class Evaluator:
    """Evaluates template nodes; ``condition`` and ``reference`` answer for one world."""

    def __init__(
        self, mappings: Mapping[str, Any], condition: Callable[[str], bool], reference: Callable[[str], Any]
    ) -> None:
        self._mappings, self._condition, self._reference = mappings, condition, reference

    def value(self, node: Any, path: Path) -> tuple[Any, Path]:
        """The node's value and the path it was finally found at."""
        if isinstance(node, Mapping):
            if len(node) == 1:
                name = next(iter(node))
                if name == "Fn::If":
                    return self._if(node[name], path)
                if isinstance(name, str) and (name == "Ref" or name.startswith("Fn::")):
                    return self._function(name, node[name], (*path, name)), path
            result = Map(path)
            for key, item in node.items():
                inner, where = self.value(item, (*path, key))
                if inner is not NO_VALUE:
                    result[str(key)] = inner
                    result.paths[str(key)] = where
            return result, path
        if isinstance(node, Sequence) and not isinstance(node, (str, bytes)):
            listed = Seq(path)
            for index, item in enumerate(node):
                inner, where = self.value(item, (*path, index))
                if inner is not NO_VALUE:
                    listed.append(inner)
                    listed.paths.append(where)
            return listed, path
        return node, path

    def _if(self, arguments: Any, path: Path) -> tuple[Any, Path]:
        if not isinstance(arguments, Sequence) or len(arguments) != 3 or not isinstance(arguments[0], str):
            return token("?"), path
        branch = 1 if self._condition(arguments[0]) else 2
        return self.value(arguments[branch], (*path, "Fn::If", branch))

    def _function(self, name: str, arguments: Any, path: Path) -> Any:
        if name == "Ref":
            return self._reference(arguments) if isinstance(arguments, str) else token("?")
        if name == "Fn::GetAtt":
            parts = [arguments] if isinstance(arguments, str) else arguments
            if isinstance(parts, Sequence) and all(isinstance(part, str) for part in parts):
                return token(".".join(parts))
            return token("?")
        if name == "Fn::Sub":
            return self._sub(arguments, path)
        inner, _ = self.value(arguments, path)
        handler = getattr(self, f"_fn_{name[4:].lower()}", None)
        return handler(inner) if handler else token("?")

    def _sub(self, arguments: Any, path: Path) -> Any:
        given: Any = {}
        if isinstance(arguments, Sequence) and not isinstance(arguments, str) and len(arguments) == 2:
            given, _ = self.value(arguments[1], (*path, 1))
            arguments = arguments[0]
        if not isinstance(arguments, str):
            return token("?")

        def replaced(match: re.Match[str]) -> str:
            if match[1]:
                return f"${{{match[2]}}}"
            name = match[2].strip()
            if isinstance(given, Map) and name in given:
                return text(given[name])
            return text(token(name) if "." in name else self._reference(name))

        return _SUB.sub(replaced, arguments)

    def _fn_findinmap(self, arguments: Any) -> Any:
        if not isinstance(arguments, Seq) or len(arguments) < 3:
            return token("?")
        found: Any = self._mappings
        for key in arguments[:3]:
            found = found.get(text(key), NO_VALUE) if isinstance(found, Mapping) else NO_VALUE
        if found is NO_VALUE and len(arguments) > 3 and isinstance(arguments[3], Mapping):
            found = arguments[3].get("DefaultValue", NO_VALUE)
        if found is NO_VALUE:
            return token("?")
        value, _ = self.value(found, ("Mappings", *(text(key) for key in arguments[:3])))
        return value

    @staticmethod
    def _fn_join(arguments: Any) -> Any:
        if isinstance(arguments, Seq) and len(arguments) == 2 and isinstance(arguments[1], Seq):
            return text(arguments[0]).join(text(item) for item in arguments[1])
        return token("?")

    @staticmethod
    def _fn_split(arguments: Any) -> Any:
        if isinstance(arguments, Seq) and len(arguments) == 2 and arguments[0]:
            result = Seq(arguments.path)
            result.extend(text(arguments[1]).split(text(arguments[0])))
            result.paths = [arguments.path] * len(result)
            return result
        return token("?")

    @staticmethod
    def _fn_select(arguments: Any) -> Any:
        if isinstance(arguments, Seq) and len(arguments) == 2 and isinstance(arguments[1], Seq):
            index = number(arguments[0])
            if index is not None and 0 <= index < len(arguments[1]):
                return arguments[1][int(index)]
        return token("?")

    @staticmethod
    def _fn_base64(arguments: Any) -> Any:
        return arguments

    @staticmethod
    def _fn_importvalue(arguments: Any) -> Any:
        return token(f"import:{text(arguments)}")


def text(value: object) -> str:
    """A scalar as CloudFormation would write it into a string."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (str, int, float)) else token("?")


def number(value: object) -> float | None:
    """The number a scalar stands for; CloudFormation takes ``"2"`` for 2."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        result = float(value)
    except ValueError:
        return None
    return result if result == result and abs(result) != float("inf") else None


def flag(value: object) -> bool | None:
    """The boolean a scalar stands for, None when it is not known."""
    return {"true": True, "false": False}.get(text(value).lower()) if known(value) else None


def mapping(node: object, *keys: str) -> Map:
    """The mapping below ``keys``; an empty one where there is none."""
    for key in keys:
        node = node.get(key) if isinstance(node, Map) else None
    return node if isinstance(node, Map) else Map(())


def maps(node: object, key: str) -> list[Map]:
    """The mappings in the list ``key``."""
    found = node.get(key) if isinstance(node, Map) else None
    return [item for item in found if isinstance(item, Map)] if isinstance(found, Seq) else []


def strings(value: object, path: Path = ()) -> Iterator[tuple[str, Path]]:
    """Every text in a value, with where it was written."""
    if isinstance(value, str):
        yield value, path
    elif isinstance(value, Map):
        for key, item in value.items():
            yield from strings(item, value.where(key))
    elif isinstance(value, Seq):
        for item, where in zip(value, value.paths, strict=False):
            yield from strings(item, where)
