"""An overlay file's YAML as nodes with positions, and the reader that collects what is wrong with them.

Scalars are taken as the text that stands in the file: ``0.30`` is a version here, not a number, and an
account may begin with a zero. Anchors are refused: an overlay has no use for them, and they can unfold
without end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from cfgen.catalogue.errors import OverlayError, did_you_mean
from cfgen.errors import Problem

LARGEST_FILE = 256 * 1024
DEEPEST = 10
Check = Callable[["Reader", yaml.Node, str], Any]


class Invalid:
    """What a check returns when it has reported a problem: the value is not to be used."""


INVALID = Invalid()


class Fields(dict[str, Any]):
    """Valid fields by key. ``given`` has the keys of the others too, which were reported already."""

    def __init__(self) -> None:
        super().__init__()
        self.given: set[str] = set()

    def lacks(self, *keys: str) -> list[str]:
        """Those of ``keys`` that were not given at all."""
        return [key for key in keys if key not in self.given]


class Reader:
    """One file being read. Checks report to it, and go on."""

    def __init__(self, path: Path) -> None:
        self.file = str(path)
        self.problems: list[Problem] = []

    def report(self, node: yaml.Node | yaml.Token | None, path: str, message: str, fix: str = "") -> Invalid:
        """Note a problem at a node."""
        line, column = (node.start_mark.line + 1, node.start_mark.column + 1) if node else (0, 0)
        self.problems.append(Problem(self.file, line, column, path, message, fix))
        return INVALID

    def finish(self) -> None:
        """Raise OverlayError if anything was reported, in the file's order."""
        if self.problems:
            raise OverlayError(sorted(self.problems, key=lambda problem: (problem.line, problem.column)))

    def entries(self, node: yaml.Node, path: str) -> Iterator[tuple[str, yaml.Node, yaml.Node]]:
        """(key, key's node, value's node) of a mapping; keys that repeat or are no text are reported."""
        if not isinstance(node, yaml.MappingNode):
            self.report(node, path, f"is {kind(node)}", "a mapping is needed here")
            return
        seen: dict[str, int] = {}
        for key_node, value in node.value:
            key = key_node.value
            if not isinstance(key_node, yaml.ScalarNode):
                self.report(key_node, path, f"a key is {kind(key_node)}", "keys are plain text")
            elif key in seen:
                self.report(key_node, join(path, key), "is given twice", f"the first is in line {seen[key]}")
            else:
                seen[key] = key_node.start_mark.line + 1
                yield key, key_node, value

    def fields(self, node: yaml.Node, path: str, checks: Mapping[str, Check]) -> Fields:
        """The valid fields of a mapping whose keys are known; everything else is reported."""
        found = Fields()
        for key, key_node, value in self.entries(node, path):
            if key not in checks:
                fix = did_you_mean(key, checks).removeprefix("; ") or f"one of {', '.join(checks)}"
                self.report(key_node, join(path, key), "is not a field here", fix)
                continue
            found.given.add(key)
            result = checks[key](self, value, join(path, key))
            if result is not INVALID:
                found[key] = result
        return found


def read_root(reader: Reader, path: Path) -> tuple[yaml.Node | None, bytes]:
    """The file's root node (None when it holds nothing) and its bytes. Raises OverlayError."""
    try:
        with path.open("rb") as stream:
            data = stream.read(LARGEST_FILE + 1)
    except OSError as error:
        reader.report(None, "", f"cannot be read ({error.strerror or error})")
        reader.finish()
    root = _compose(reader, data)
    reader.finish()
    return root, data


def _compose(reader: Reader, data: bytes) -> yaml.Node | None:
    if len(data) > LARGEST_FILE:
        reader.report(None, "", "is too large", f"an overlay has at most {LARGEST_FILE // 1024} KiB")
        return None
    if b"\0" in data:
        reader.report(None, "", "is a binary file", "an overlay is YAML text in UTF-8")
        return None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        reader.report(None, "", f"is not UTF-8 text (line {line})", "an overlay is YAML text in UTF-8")
        return None
    try:
        if not _plain(reader, text):
            return None
        root: yaml.Node | None = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reader.problems.append(
            Problem(
                reader.file,
                mark.line + 1 if mark else 0,
                mark.column + 1 if mark else 0,
                "",
                f"is not YAML: {error.problem or error.context}",
            )
        )
        return None
    except yaml.YAMLError as error:
        reader.report(None, "", f"is not YAML: {' '.join(str(error).split())}")
        return None
    return root


def _plain(reader: Reader, text: str) -> bool:
    """No anchors, and no deeper than an overlay can be: PyYAML takes quadratic time for depth."""
    depth = 0
    for token in yaml.scan(text):
        if isinstance(token, yaml.AnchorToken | yaml.AliasToken):
            reader.report(token, "", "anchors and aliases are not supported", "write the value out")
            return False
        depth += isinstance(token, _STARTS)
        depth -= isinstance(token, _ENDS)
        if depth > DEEPEST:
            reader.report(token, "", "is nested too deeply", f"an overlay has at most {DEEPEST} levels")
            return False
    return True


_STARTS = (
    yaml.BlockMappingStartToken,
    yaml.BlockSequenceStartToken,
    yaml.FlowMappingStartToken,
    yaml.FlowSequenceStartToken,
)
_ENDS = (yaml.BlockEndToken, yaml.FlowMappingEndToken, yaml.FlowSequenceEndToken)


def join(path: str, key: str) -> str:
    return f"{path}.{shown(key, quote=False)}" if path else shown(key, quote=False)


def shown(value: str, *, quote: bool = True) -> str:
    """A value as a message shows it: one line, printable, not long."""
    plain = value.encode("unicode_escape").decode() if not value.isprintable() else value
    plain = plain if len(plain) <= 60 else f"{plain[:57]}..."
    return f"'{plain}'" if quote else plain


def kind(node: yaml.Node) -> str:
    if isinstance(node, yaml.MappingNode):
        return "a mapping"
    if isinstance(node, yaml.SequenceNode):
        return "a list"
    return "empty" if node.value in ("", "~", "null") else f"{shown(node.value)}"
