"""What ``cfgen lint`` is given, found and read: specs, finished templates, folders, globs."""

from __future__ import annotations

import glob
from collections.abc import Iterator, Sequence
from pathlib import Path

import yaml

from cfgen.errors import CfgenError, shorten
from cfgen.lint import guard
from cfgen.lint.findings import TemplateSource

_SUFFIXES = (".yaml", ".yml", ".json", ".template")
# Folders of tools and of other people's packages, never meant by "lint this folder".
_SKIPPED = {".git", ".venv", "node_modules", "__pycache__", ".tox", ".mypy_cache"}
_MARKS = ("Resources", "AWSTemplateFormatVersion", "Transform")


class NothingToLint(CfgenError):
    """A path names no file, or a folder holds neither spec nor template."""


class UnreadableFile(CfgenError):
    """The operating system does not let us read a file."""


def find(paths: Sequence[str]) -> list[Path]:
    """The files that ``paths`` name. A folder gives its specs and templates, at any depth, in sorted order."""
    found: dict[Path, None] = {}
    for given in paths:
        if not given:
            raise NothingToLint("a file's name is empty", hint="a variable of the shell without a value?")
        try:
            found.update(dict.fromkeys(_named_by(given)))
        except OSError as error:
            raise UnreadableFile(f"cannot read {shorten(given)}: {error.strerror or error}") from error
    return list(found)


def _named_by(given: str) -> list[Path]:
    path = Path(given)
    if path.is_dir():
        files = [file for file in _files(path) if kind(file)]
        if not files:
            raise NothingToLint(f"no spec and no template in {given}")
        return files
    if path.exists():
        return [path]
    names = glob.glob(given, recursive=True)  # noqa: PTH207 - any pattern, absolute ones too
    files = sorted(Path(name) for name in names if Path(name).is_file())
    if not files:
        what = "a link that leads nowhere" if path.is_symlink() else "no such file"
        raise NothingToLint(f"{what}: {given}", hint="give a spec, a template, a folder or a glob")
    return files


def _files(folder: Path) -> Iterator[Path]:
    for file in sorted(folder.rglob("*")):
        inside = set(file.relative_to(folder).parts[:-1])
        if file.suffix in _SUFFIXES and not inside & _SKIPPED and file.is_file():
            yield file


def read(path: Path, regions: Sequence[str] = ()) -> TemplateSource:
    """One file as a template: rendered first if it is a spec. ``regions`` override what the template says.

    Raises what loading and rendering a spec raises, and UnreadableFile.
    """
    if kind(path) == "spec":
        source = from_spec(path)
        return TemplateSource(source.name, source.text, tuple(regions) or source.regions, rendered=True)
    return TemplateSource(str(path), _bytes(path), tuple(regions))


def from_spec(path: Path) -> TemplateSource:
    """Render a spec. The one place where lint asks for a rendering; imported only now."""
    from cfgen.pipeline import render_spec

    template = render_spec(path)
    return TemplateSource(str(path), template.text, tuple(template.regions), rendered=True)


def kind(path: Path) -> str:
    """``spec``, ``template`` or, for any other file, nothing. By content: a spec has a model, a template resources.

    A file that cannot be told apart (broken YAML) counts as a template: the linter says what is wrong with it.
    """
    data = _bytes(path)
    try:
        text = guard.readable(data)
        keys = _top_keys(text)
    except guard.Refused:
        return "template"
    except (yaml.YAMLError, RecursionError, ValueError):
        return "template" if any(f"{mark}" in text for mark in _MARKS) else ""
    if any(mark in keys for mark in _MARKS):
        return "template"
    return "spec" if "model" in keys and ("name" in keys or "endpoint" in keys) else ""


def _top_keys(text: str) -> set[str]:
    """The first-level keys, read from events so that the rest of the file is not built."""
    keys: set[str] = set()
    depth, expects_key = 0, False
    for event in yaml.parse(text, Loader=guard.Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            if depth == 0 and not isinstance(event, yaml.MappingStartEvent):
                return set()
            depth += 1
            expects_key = depth == 1 or expects_key
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
            expects_key = depth == 1
        elif isinstance(event, yaml.ScalarEvent) and depth == 1:
            if expects_key:
                keys.add(event.value)
            expects_key = not expects_key
    return keys


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(guard.MAX_BYTES + 1)  # one more than is taken: enough to refuse it
    except OSError as error:
        raise UnreadableFile(f"cannot read {path}: {error.strerror or error}") from error
