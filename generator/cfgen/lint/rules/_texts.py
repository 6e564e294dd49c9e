"""The texts of a template as they are written, for rules about what should not be written there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cfgen.lint.evaluate import Path
from cfgen.lint.worlds import Template

# Prose and code: neither becomes an ARN or a host name by CloudFormation's doing.
_NOT_VALUES = {"Description", "Metadata", "ZipFile", "BuildSpec", "Comment", "Tags"}


def written(template: Template) -> Iterator[tuple[str, Path]]:
    """Texts that become values of resources and outputs."""
    for section in ("Resources", "Outputs"):
        yield from _walk(template.section(section), (section,))


def _walk(node: Any, path: Path) -> Iterator[tuple[str, Path]]:
    if isinstance(node, str):
        yield node, path
    elif isinstance(node, Mapping):
        for key, value in node.items():
            if key not in _NOT_VALUES:
                yield from _walk(value, (*path, key))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from _walk(value, (*path, index))


def source_line(template: Template, path: Path) -> int | None:
    """The line (from 0) a value of the template starts at, by the marks cfn-lint's decoder leaves."""
    node: Any = template.raw
    mark = None
    for step in path:
        if isinstance(node, Mapping):
            mark = next((getattr(key, "start_mark", None) for key in node if key == step), mark)
            node = node.get(step)
        elif isinstance(node, list) and isinstance(step, int) and step < len(node):
            node = node[step]
        mark = getattr(node, "start_mark", mark)
    line = getattr(mark, "line", None)
    return line if isinstance(line, int) else None
