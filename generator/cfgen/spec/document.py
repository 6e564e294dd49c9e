"""YAML text → plain data and the position of every value. Strict where YAML is lax.

Built on PyYAML's events (libyaml where present), not on its composer, so that nesting depth, aliases and size
have a budget before anything is built. Duplicate keys, merge of non-mappings and non-text keys are problems.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from cfgen.errors import Problem
from cfgen.spec.errors import SpecError, UnreadableSpec

MAX_BYTES = 1_000_000
MAX_DEPTH = 40
MAX_NODES = 50_000
PLAIN_TEXT_KEYS = frozenset({"env", "tags"})
"""Under these keys scalars are taken as the text that stands in the file: ``0.90`` stays ``0.90``."""

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_STR = "tag:yaml.org,2002:str"
_TEXT_TAGS = frozenset({_STR, "tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:value"})
_SCALARS = {f"tag:yaml.org,2002:{kind}" for kind in ("null", "bool", "int", "float")} | _TEXT_TAGS
_COLLECTIONS = {None, "!", "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"}
_BASE_60 = re.compile(r"[-+]?\d[\d_]*(:[0-5]?\d)+(\.\d*)?$")

Path_ = tuple[str | int, ...]
Place = tuple[int, int]


@dataclass(slots=True)
class Document:
    """Data of one YAML file. ``keys``/``values`` give (line, column), from 1, of each key and value by path."""

    file: str
    data: Any = None
    keys: dict[Path_, Place] = field(default_factory=dict)
    values: dict[Path_, Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def place(self, path: Path_, *, key: bool = False) -> Place:
        """Where ``path`` stands, or the nearest parent that does; (0, 0) in an empty document."""
        while True:
            if key and path in self.keys:
                return self.keys[path]
            if path in self.values:
                return self.values[path]
            if not path:
                return (0, 0)
            path, key = path[:-1], False

    def problem(
        self, path: Path_, message: str, fix: str = "", *, key: bool = False, warning: bool = False
    ) -> Problem:
        """A :class:`Problem` at the place of ``path``."""
        line, column = self.place(path, key=key)
        return Problem(self.file, line, column, dotted(path), message, fix, warning)


def dotted(path: Path_) -> str:
    """``("model", "env", 0)`` as ``model.env[0]``."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text


def read(path: Path) -> str:
    """The text of a spec file. Raises UnreadableSpec for what cannot be one."""

    def unreadable(message: str, fix: str = "") -> UnreadableSpec:
        return UnreadableSpec([Problem(str(path), 0, 0, "", message, fix)])

    try:
        if path.is_dir():
            raise unreadable("is a folder, not a spec", "name a .yaml file in it")
        with path.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise unreadable(f"cannot be read: {error.strerror or error}") from error
    if len(raw) > MAX_BYTES:
        raise unreadable(f"is larger than {MAX_BYTES:,} bytes", "a spec is a short YAML file")
    if b"\0" in raw:
        raise unreadable("is a binary file, not YAML", "a spec is UTF-8 text")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise unreadable(f"is not UTF-8 text (line {line})", "save it as UTF-8") from error


def parse(text: str, file: str) -> Document:
    """Parse one YAML document. Raises UnreadableSpec when it is not YAML, is empty, or exceeds the budget.

    Duplicate keys and the like are collected in ``Document.problems``; the first value is kept.
    """
    document = Document(file)
    try:
        loader = _Loader(text)
    except yaml.YAMLError as error:
        raise _not_yaml(error, file) from error
    try:
        _Builder(loader, document).build()
    except yaml.YAMLError as error:
        raise _not_yaml(error, file) from error
    except ValueError as error:  # an integer of more digits than Python converts
        raise UnreadableSpec([Problem(file, 1, 1, "", f"a number cannot be read: {error}")]) from error
    finally:
        loader.dispose()
    if document.data is None:
        problem = Problem(file, 1, 1, "", "is empty", "a spec needs at least name, model and endpoint")
        raise UnreadableSpec([problem])
    return document


def _not_yaml(error: yaml.YAMLError, file: str) -> UnreadableSpec:
    mark = getattr(error, "problem_mark", None)
    what = getattr(error, "problem", None) or getattr(error, "reason", None) or "not YAML"
    context = getattr(error, "context", None)
    message = f"is not valid YAML: {what}" + (f" ({context})" if context else "")
    line, column = (mark.line + 1, mark.column + 1) if mark is not None else (0, 0)
    return UnreadableSpec([Problem(file, line, column, "", message, "check indentation, colons and quotes")])


class _Builder:
    """Builds data from events, iterating over the stream and recursing only to MAX_DEPTH."""

    def __init__(self, loader: Any, document: Document) -> None:
        self.loader, self.document = loader, document
        self.events = self._stream()
        self.anchors: dict[str, Any] = {}
        self.open_anchors: set[str] = set()
        self.nodes = 0

    def _stream(self) -> Iterator[Any]:
        while self.loader.check_event():
            yield self.loader.get_event()

    def build(self) -> None:
        next(self.events)  # StreamStart
        event = next(self.events)
        if isinstance(event, yaml.StreamEndEvent):
            return
        self.document.data = self.node(next(self.events), (), 0, False)
        next(self.events)  # DocumentEnd
        event = next(self.events)
        if not isinstance(event, yaml.StreamEndEvent):
            self.fail(event, "holds more than one YAML document", "one spec a file")

    def fail(self, event: Any, message: str, fix: str = "", path: Path_ = ()) -> None:
        mark = event.start_mark
        problem = Problem(self.document.file, mark.line + 1, mark.column + 1, dotted(path), message, fix)
        raise UnreadableSpec([*self.document.problems, problem])

    def note(self, event: Any, path: Path_, message: str, fix: str = "") -> None:
        mark = event.start_mark
        self.document.problems.append(
            Problem(self.document.file, mark.line + 1, mark.column + 1, dotted(path), message, fix)
        )

    def count(self, event: Any, size: int = 1) -> None:
        self.nodes += size
        if self.nodes > MAX_NODES:
            self.fail(
                event, f"expands to more than {MAX_NODES:,} values", "aliases multiply: write them out less"
            )

    def node(self, event: Any, path: Path_, depth: int, plain: bool) -> Any:
        self.count(event)
        if depth > MAX_DEPTH:
            self.fail(event, f"is nested more than {MAX_DEPTH} levels deep", path=path[:3])
        if isinstance(event, yaml.AliasEvent):
            return self.alias(event, path)
        self.document.values.setdefault(path, (event.start_mark.line + 1, event.start_mark.column + 1))
        anchor = event.anchor
        if anchor is not None:
            self.open_anchors.add(anchor)
        before = self.nodes
        value: Any
        if isinstance(event, yaml.ScalarEvent):
            value = self.scalar(event, path, plain)
        else:
            if event.tag not in _COLLECTIONS:
                self.foreign_tag(event, path, event.tag)
            value = (self.sequence if isinstance(event, yaml.SequenceStartEvent) else self.mapping)(
                path, depth, plain
            )
        if anchor is not None:
            self.open_anchors.discard(anchor)
            self.anchors[anchor] = (value, self.nodes - before + 1)
        return value

    def alias(self, event: Any, path: Path_) -> Any:
        if event.anchor in self.open_anchors:
            self.fail(event, f"alias *{event.anchor} contains itself", path=path)
        if event.anchor not in self.anchors:
            self.fail(event, f"alias *{event.anchor} has no anchor", f"define &{event.anchor} above it", path)
        value, size = self.anchors[event.anchor]
        self.count(event, size)
        self.document.values.setdefault(path, (event.start_mark.line + 1, event.start_mark.column + 1))
        return value

    def scalar(self, event: Any, path: Path_, plain: bool) -> Any:
        text: str = event.value
        tag = event.tag
        if tag is None or tag == "!":
            tag = self.loader.resolve(yaml.ScalarNode, text, event.implicit)
        if tag not in _SCALARS:
            self.foreign_tag(event, path, event.tag or tag)
            return text
        if tag == "tag:yaml.org,2002:null":
            return None
        if plain or tag in _TEXT_TAGS or (tag.endswith((":int", ":float")) and _BASE_60.match(text)):
            return text
        return self.loader.construct_object(yaml.ScalarNode(tag, text, event.start_mark, event.end_mark))

    def foreign_tag(self, event: Any, path: Path_, tag: str) -> None:
        shown = tag.replace("tag:yaml.org,2002:", "!!")
        fix = "a spec is plain YAML; CloudFormation functions belong to the template"
        self.note(event, path, f"tag {shown} is not allowed here", fix)

    def sequence(self, path: Path_, depth: int, plain: bool) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            items.append(self.node(event, (*path, len(items)), depth + 1, plain))
        return items

    def mapping(self, path: Path_, depth: int, plain: bool) -> dict[str, Any]:
        result: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        while not isinstance(key_event := next(self.events), yaml.MappingEndEvent):
            name = self.key(key_event, path)
            at = (*path, name)
            if name == "<<":
                value = self.node(next(self.events), at, depth + 1, plain)
                self.merge(key_event, path, value, merged)
                continue
            if name in result:
                first = self.document.keys[at]
                self.note(
                    key_event, at, "this key stands here twice", f"keep one; the first is on line {first[0]}"
                )
                _discard(self, depth)
                continue
            self.document.keys[at] = (key_event.start_mark.line + 1, key_event.start_mark.column + 1)
            result[name] = self.node(next(self.events), at, depth + 1, plain or name in PLAIN_TEXT_KEYS)
        return {**merged, **result} if merged else result

    def key(self, event: Any, path: Path_) -> str:
        if isinstance(event, yaml.ScalarEvent):
            text: str = event.value
            return text
        self.fail(event, "a key must be plain text", path=path)
        raise AssertionError  # pragma: no cover - fail() raises

    def merge(self, event: Any, path: Path_, value: Any, merged: dict[str, Any]) -> None:
        for part in value if isinstance(value, list) else [value]:
            if not isinstance(part, dict):
                self.note(event, path, "<< merges something that is not a mapping")
            else:
                for name, inner in part.items():
                    merged.setdefault(name, inner)


def _discard(builder: _Builder, depth: int) -> None:
    """Read past one node, keeping what it defines out of the document."""
    kept = dict(builder.document.values), dict(builder.document.keys)
    builder.node(next(builder.events), ("<duplicate>",), depth + 1, False)
    builder.document.values, builder.document.keys = kept


def check(document: Document) -> None:
    """Raise SpecError when parsing noted problems."""
    if document.problems:
        raise SpecError(document.problems)
