"""Checks that turn an overlay's YAML nodes into plain values, or report what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import yaml

from cfgen.catalogue.errors import did_you_mean
from cfgen.catalogue.overlay_yaml import INVALID, Check, Reader, join, kind, shown


def text(pattern: str, wanted: str) -> Check:
    """A scalar whose whole text matches ``pattern``."""
    compiled = re.compile(pattern)

    def check(reader: Reader, node: yaml.Node, path: str) -> Any:
        if not isinstance(node, yaml.ScalarNode):
            return reader.report(node, path, f"is {kind(node)}", wanted)
        if not compiled.fullmatch(node.value):
            return reader.report(node, path, f"{shown(node.value)} is not valid", wanted)
        return node.value

    return check


def choice(*words: str) -> Check:
    """One of a few words."""
    return text("|".join(re.escape(word) for word in words), f"one of {', '.join(words)}")


def number(lowest: float, highest: float, *, whole: bool) -> Check:
    """A number in a range, both ends included."""
    kind = "a whole number" if whole else "a number"
    wanted = f"{kind} from {lowest} to {highest}"

    def check(reader: Reader, node: yaml.Node, path: str) -> Any:
        value = text(r"\d{1,9}" if whole else r"\d{1,9}(\.\d{1,9})?", wanted)(reader, node, path)
        if value is INVALID:
            return value
        parsed = int(value) if whole else float(value)
        return (
            parsed
            if lowest <= parsed <= highest
            else reader.report(node, path, f"{value} is out of range", wanted)
        )

    return check


def boolean(reader: Reader, node: yaml.Node, path: str) -> Any:
    """``true`` or ``false``."""
    value = choice("true", "false")(reader, node, path)
    return value if value is INVALID else value == "true"


def listed(each: Check) -> Check:
    """A list without repetitions, in its own order."""

    def check(reader: Reader, node: yaml.Node, path: str) -> Any:
        if not isinstance(node, yaml.SequenceNode):
            return reader.report(node, path, f"is {kind(node)}", "a list is needed here")
        values = [each(reader, item, f"{path}[{index}]") for index, item in enumerate(node.value)]
        return list(dict.fromkeys(value for value in values if value is not INVALID))

    return check


def mapped(key: Check, value: Check) -> Check:
    """A mapping with free keys and at least one entry."""

    def check(reader: Reader, node: yaml.Node, path: str) -> Any:
        found = {}
        for name, key_node, value_node in reader.entries(node, path):
            good_key = key(reader, key_node, join(path, name))
            good_value = value(reader, value_node, join(path, name))
            if good_key is not INVALID and good_value is not INVALID:
                found[good_key] = good_value
        empty = isinstance(node, yaml.MappingNode) and not node.value
        return reader.report(node, path, "is empty", "leave it out, or give an entry") if empty else found

    return check


def known(words: Iterable[str], what: str, each: Check) -> Check:
    """A scalar that is valid for ``each`` and among ``words``."""
    words = list(words)

    def check(reader: Reader, node: yaml.Node, path: str) -> Any:
        value = each(reader, node, path)
        if value is INVALID or value in words:
            return value
        fix = did_you_mean(value, words).removeprefix("; ")
        return reader.report(node, path, f"no {what} {shown(value)}", fix)

    return check
