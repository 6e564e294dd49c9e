"""Refusing what no linter should be given: binary, empty, huge or exploding files; no linter imported."""

from __future__ import annotations

import re

import yaml

# CloudFormation quotas: a template body passed by S3 object is at most 1 MB.
MAX_BYTES = 1_048_576
_MAX_NODES = 200_000
_MAX_DEPTH = 120
_ALIAS = re.compile(r"(?m)(?:^|[\s\[{,:-])\*[^\s\]},*]")
# Either can nest thousands of levels deep in a megabyte, which overflows the C stack of libyaml's composer.
_MANY_BRACKETS = 3_000
_STAIRS = re.compile(r"(?:[-?:][ \t]+){7}")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")

Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Refused(Exception):
    """Why a file is not a template a linter could read, with the line it shows at (0: the whole file)."""

    def __init__(self, message: str, line: int = 0, column: int = 0) -> None:
        super().__init__(message)
        self.message, self.line, self.column = message, line, column


def readable(data: str | bytes) -> str:
    """The template's text, or Refused with the reason in words."""
    if len(data) > MAX_BYTES:
        raise Refused(f"the file has {len(data):,} bytes; CloudFormation takes at most {MAX_BYTES:,}")
    if isinstance(data, bytes):
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = data[: error.start].count(b"\n") + 1
            raise Refused(f"not UTF-8 text (byte 0x{data[error.start]:02x})", line, 1) from None
    else:
        text = data.removeprefix("\ufeff")
        if any("\ud800" <= character <= "\udfff" for character in text):
            raise Refused("not Unicode text (a lone surrogate)")
    if not text.strip():
        raise Refused("the file is empty")
    if found := _CONTROL.search(text):
        line = text.count("\n", 0, found.start()) + 1
        raise Refused(f"a control character (U+{ord(found[0]):04X}): not a text file", line, 1)
    if text.count("[") + text.count("{") > _MANY_BRACKETS or _STAIRS.search(text):
        _refuse_abysses(text)
    if _ALIAS.search(text):
        _refuse_bombs(text)
    return text


def _refuse_abysses(text: str) -> None:
    """Measure the nesting by parsing events, which needs no recursion."""
    depth = 0
    try:
        for event in yaml.parse(text, Loader=Loader):
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
                if depth > _MAX_DEPTH:
                    line = event.start_mark.line + 1 if event.start_mark else 0
                    raise Refused(f"nested more than {_MAX_DEPTH} levels deep", line, 1)
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
    except (yaml.YAMLError, ValueError):
        return  # the linter says where and why


def _refuse_bombs(text: str) -> None:
    """Count what aliases would expand to before anything walks it (ten lines can mean billions of nodes)."""
    try:
        root = yaml.compose(text, Loader=Loader)
    except (yaml.YAMLError, RecursionError, ValueError):
        return  # the linter says where and why
    sizes: dict[int, int] = {}

    def size(node: yaml.Node, above: frozenset[int]) -> int:
        if id(node) in above:
            raise Refused(
                "a YAML alias contains itself", node.start_mark.line + 1, node.start_mark.column + 1
            )
        if len(above) > _MAX_DEPTH:
            raise Refused(f"nested more than {_MAX_DEPTH} levels deep", node.start_mark.line + 1, 1)
        if id(node) not in sizes:
            inside = above | {id(node)}
            if isinstance(node, yaml.MappingNode):
                sizes[id(node)] = 1 + sum(
                    size(key, inside) + size(value, inside) for key, value in node.value
                )
            elif isinstance(node, yaml.SequenceNode):
                sizes[id(node)] = 1 + sum(size(item, inside) for item in node.value)
            else:
                sizes[id(node)] = 1
        return sizes[id(node)]

    if root is not None and size(root, frozenset()) > _MAX_NODES:
        raise Refused(f"YAML aliases expand to {sizes[id(root)]:,} nodes; at most {_MAX_NODES:,} are read")
