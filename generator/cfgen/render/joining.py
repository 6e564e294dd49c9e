"""Functions that share code. Each stands alone in a template: what it imports from files beside it is joined to it."""

from __future__ import annotations

import ast
import sys
from pathlib import Path


def joined(path: Path) -> str:
    """The text of a Python file that needs no other: of those beside it that it imports, their bodies follow its own.

    A file that imports none is as it stands. Names are one space: what is joined may not define the same.
    """
    text = path.read_text(encoding="utf-8")
    beside = _beside(ast.parse(text), path.parent)
    if not beside:
        return text
    imports: dict[str, set[str]] = {}
    bodies = [_body(text, path.parent, imports)]
    todo, done = beside, {path}
    while todo:
        other = todo.pop(0)
        if other in done:
            continue
        done.add(other)
        more = other.read_text(encoding="utf-8")
        bodies.append(_body(more, path.parent, imports))
        todo += _beside(ast.parse(more), path.parent)
    tree = ast.parse(text)
    first = tree.body[0]
    docstring = "" if ast.get_docstring(tree) is None else ast.get_source_segment(text, first) or ""
    return (
        "\n\n".join(part for part in (docstring, _imports(imports)) if part)
        + "\n\n\n"
        + "\n\n\n".join(bodies)
        + "\n"
    )


def _beside(tree: ast.Module, folder: Path) -> list[Path]:
    """Files of the folder that a module takes names from."""
    named = [folder / f"{node.module}.py" for node in tree.body if isinstance(node, ast.ImportFrom)]
    return [path for path in named if path.is_file()]


def _body(text: str, folder: Path, imports: dict[str, set[str]]) -> str:
    """What follows docstring and imports. These go to ``imports``: module → names, empty for the module itself."""
    tree = ast.parse(text)
    rest = tree.body[1:] if ast.get_docstring(tree) is not None else tree.body
    start = 0
    for node in rest:
        if isinstance(node, ast.Import):
            imports.update({alias.name: imports.get(alias.name, set()) | {""} for alias in node.names})
        elif isinstance(node, ast.ImportFrom) and node.module:
            if not (folder / f"{node.module}.py").is_file():
                imports.setdefault(node.module, set()).update(alias.name for alias in node.names)
        else:
            break
        start = node.end_lineno or start
    return "\n".join(text.splitlines()[start:]).strip("\n")


def _imports(found: dict[str, set[str]]) -> str:
    """Import statements in the usual order: the standard library's, then the others'."""
    groups = []
    for own in (True, False):
        modules = sorted(name for name in found if (name.split(".")[0] in sys.stdlib_module_names) is own)
        lines = [f"import {name}" for name in modules if "" in found[name]]
        lines += [
            f"from {name} import {', '.join(names)}"
            for name in modules
            if (names := sorted(found[name] - {""}))
        ]
        groups.append("\n".join(lines))
    return "\n\n".join(group for group in groups if group)
