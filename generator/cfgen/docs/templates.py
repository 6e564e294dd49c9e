"""``docs/reference/templates.md``: what each part adds to a template, from rendering the examples and variants."""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from cfgen import pipeline
from cfgen.catalogue import load
from cfgen.docs import template_words as words
from cfgen.docs.markdown import GENERATED, cell, code, slug, table
from cfgen.paths import specs_dir
from cfgen.render import parts
from cfgen.render.rendering import rendered
from cfgen.resolve import resolve
from cfgen.resolve.stack import Stack
from cfgen.spec import find_specs, load_spec, parse_spec

Texts = dict[str, None]
"""Different texts, in the order they were met."""
_CONTENT = re.compile(r"(?<=[a-z])[0-9a-f]{12}$")
"""The content's hash at the end of a logical id."""
_HEAD = f"""# Templates

{GENERATED}

A template is made of parts. Each stands in one file of `templates/parts` and brings its own parameters, rules,
mappings, conditions, resources and outputs. This page lists what the parts bring, gathered by rendering every spec
of `specs/` and a few variants of them. A parameter's default is the value of the spec key named beside it.
Resources are shown with the description in their `Metadata`. `…` stands for the beginning
of the content's hash, or for a variant's name.

"""


class _Loader(yaml.SafeLoader):
    """CloudFormation's YAML; short functions are read as their bare values."""


def _short(loader: _Loader, _: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_mapping(node, deep=True)  # type: ignore[arg-type]


_Loader.add_multi_constructor("!", _short)


@dataclass(slots=True)
class Entry:
    """A parameter, resource or output, with everything the examples say of it."""

    kind: Texts = field(default_factory=dict)
    about: Texts = field(default_factory=dict)
    limits: Texts = field(default_factory=dict)


Part = dict[str, dict[str, Entry]]
"""Section → name → entry."""


def page() -> str:
    """The page as Markdown."""
    found = gathered()
    index = [(f"[`{name}`](#{slug(name)})", parts.TITLES[name], words.WHEN.get(name, "")) for name in found]
    sections = [_part(name, part) for name, part in found.items()]
    return _HEAD + table(("part", "console group", "present when"), index) + "\n" + "\n".join(sections)


def gathered() -> dict[str, Part]:
    """What each part brings, over all examples and variants; parts in the order of ``parts.TITLES``."""
    found: dict[str, Part] = {}
    for stack in _stacks():
        for piece in rendered(stack, "packed"):
            name = piece.name
            found.setdefault(name, {})
            for section in ("Parameters", "Rules", "Resources", "Outputs"):
                body = yaml.load(piece.sections.get(section, ""), Loader=_Loader) or {}
                entries = found[name].setdefault(section, {}) if body else {}
                for key, value in body.items():
                    plain = key.rstrip("0123456789") if section == "Rules" else _CONTENT.sub("…", key)
                    plain = _without_variant(plain, stack)
                    _add(entries, plain, value)
    return {name: found[name] for name in parts.TITLES if name in found}


def _without_variant(key: str, stack: Stack) -> str:
    """A logical id without the name of the variant or component that it begins with."""
    words = [one.weight_parameter.removesuffix("Weight") for one in stack.endpoint.variants]
    if stack.components:
        words += [one.word for one in stack.components.every]
    for word in words:
        if word and key.startswith(word):
            return f"…{key.removeprefix(word)}"
    return key


def _stacks() -> Iterator[Stack]:
    catalogue = load()
    for path in find_specs([specs_dir()]):
        yield pipeline.plan(load_spec(path), catalogue)
    with tempfile.TemporaryDirectory() as folder:
        code_folder = Path(folder) / "code"
        code_folder.mkdir()
        (code_folder / "inference.py").write_bytes(_incompressible(40_000))
        for text in words.VARIANTS:
            yield resolve(parse_spec(text, folder=Path(folder)), catalogue)


def _incompressible(size: int) -> bytes:
    """The same bytes every time, which no compression makes fit into a template."""
    blocks = (hashlib.sha256(str(number).encode()).digest() for number in range(size // 32))
    return b"".join(blocks)


def _add(entries: dict[str, Entry], key: str, value: dict[str, Any]) -> None:
    entry = entries.setdefault(key, Entry())
    if "Type" in value:
        entry.kind[value["Type"]] = None
    if "Metadata" in value:
        # what follows names the model or service of one example
        entry.about[re.sub(r"(: | that serves | to [a-z]+[.]).*", "", value["Metadata"]["Description"])] = (
            None
        )
    elif "Description" in value:
        entry.about[value["Description"]] = None
    for assertion in value.get("Assertions", ()):
        entry.about[assertion["AssertDescription"]] = None
    if limits := _limits(value):
        entry.limits[limits] = None


def _limits(value: dict[str, Any]) -> str:
    if "AllowedValues" in value:
        return "one of " + ", ".join(map(str, value["AllowedValues"]))
    if "MinValue" in value and "MaxValue" not in value:
        return f"at least {value['MinValue']:,}"
    if "MinValue" in value:
        return f"{value['MinValue']:,} to {value['MaxValue']:,}"
    return str(value.get("ConstraintDescription", ""))


def _part(name: str, part: Part) -> str:
    tables = []
    if entries := part.get("Parameters"):
        rows = [_parameter(key, one) for key, one in entries.items()]
        tables.append(table(("parameter", "type", "spec key", "what it says"), rows))
    if entries := part.get("Rules"):
        refused = [(code(key), words.RULES.get(key) or _joined(one.about)) for key, one in entries.items()]
        tables.append(table(("rule", "refuses"), refused))
    if entries := part.get("Resources"):
        made = [(code(key), _joined(one.kind), _joined(one.about)) for key, one in entries.items()]
        tables.append(table(("resource", "type", "what it is"), made))
    if entries := part.get("Outputs"):
        told = [(code(key), _joined(one.about)) for key, one in entries.items()]
        tables.append(table(("output", "what it is"), told))
    return f"## {name}\n\n" + ("\n".join(tables) or f"{words.MAPPINGS.get(name, 'A mapping.')}\n")


def _parameter(key: str, entry: Entry) -> tuple[str, str, str, str]:
    limits = words.ALLOWED.get(key) or " or ".join(entry.limits)
    about = _joined(entry.about) + (f" {limits[0].upper()}{limits[1:]}." if limits else "")
    path = words.FIELDS.get(key, "")
    return code(key), cell(" or ".join(map(code, entry.kind))), code(path) if path else "—", cell(about)


def _joined(texts: Texts) -> str:
    return cell(" / ".join(texts))
