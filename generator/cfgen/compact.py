"""Python source made shorter: for code that must fit into a template. Readable first, packed when it must be.

Docstrings, comments and annotations of functions go, four spaces of indentation become one; names, order and
layout stay. The source with its comments stands in templates/functions.
"""

from __future__ import annotations

import ast
import base64
import bz2
import functools
import hashlib
import io
import tokenize


@functools.cache
def compact(source: str) -> str:
    """``source`` without docstrings, comments, annotations and most indentation. It does the same."""
    source = _without_comments(_without_annotations(source))
    drop = _docstring_lines(source)
    keep = _inside_strings(source)
    lines = []
    for number, line in enumerate(source.splitlines(), 1):
        if number in drop or not line.strip():
            continue
        if number in keep:
            lines.append(line)
        else:
            text = line.lstrip(" ")
            lines.append(" " * ((len(line) - len(text)) // 4) + text)
    return "\n".join(lines) + "\n"


def _without_annotations(source: str) -> str:
    """Cut the annotations of arguments and results out of the text; those of class fields mean something."""
    lines = [line.encode() for line in source.splitlines(keepends=True)]
    cuts: list[tuple[int, int, int]] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.arg) and node.annotation is not None:
            _cut(cuts, node.lineno, node.col_offset + len(node.arg.encode()), node.annotation)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.returns is not None:
            line = lines[node.returns.lineno - 1]
            _cut(cuts, node.returns.lineno, line.rindex(b" ->", 0, node.returns.col_offset), node.returns)
    for number, start, end in sorted(cuts, reverse=True):
        line = lines[number - 1]
        lines[number - 1] = line[:start] + line[end:]
    return b"".join(lines).decode()


def _cut(cuts: list[tuple[int, int, int]], line: int, start: int, annotation: ast.expr) -> None:
    if annotation.lineno == annotation.end_lineno == line and annotation.end_col_offset is not None:
        cuts.append((line, start, annotation.end_col_offset))


def _docstring_lines(source: str) -> set[int]:
    """Lines of docstrings, of bodies that hold something else as well."""
    lines: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            is_text = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
            if is_text and isinstance(first.value.value, str) and len(node.body) > 1:  # type: ignore[union-attr]
                lines.update(range(first.lineno, (first.end_lineno or first.lineno) + 1))  # type: ignore[union-attr]
    return lines


def _without_comments(source: str) -> str:
    lines = source.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            number, column = token.start
            lines[number - 1] = lines[number - 1][:column].rstrip()
    return "\n".join(lines) + "\n"


def _inside_strings(source: str) -> set[int]:
    """Lines that begin inside a string, whose spaces are part of it."""
    found: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.STRING:
            found.update(range(token.start[0] + 1, token.end[0] + 1))
    return found


@functools.cache
def packed(name: str, source: str) -> str:
    """``source`` compressed, as Python that runs it. bzip2: its output does not depend on the library's version.

    In base 85, which is shorter than base 64; ``$`` is written ``,``, for ``${`` is CloudFormation's.
    """
    text = base64.b85encode(bz2.compress(compact(source).encode())).decode().replace("$", ",")
    digest = hashlib.sha256(source.encode()).hexdigest()
    return (
        f"# {name}, packed so that the template can be launched directly; sha256 {digest}\n"
        "import base64, bz2\n"
        f'exec(bz2.decompress(base64.b85decode("{text}".replace(",", "$"))))\n'
    )
