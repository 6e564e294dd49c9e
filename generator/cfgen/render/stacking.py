"""Joining parts section by section, as text, so that comments and order survive into the template."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from cfgen.render import values
from cfgen.render.errors import BadPart

SECTIONS = ("Parameters", "Rules", "Mappings", "Conditions", "Resources", "Outputs")
_HEADING = re.compile(r"^([A-Za-z]+):[ ]*$", re.MULTILINE)
_ENTRY = re.compile(r"^  ([A-Za-z0-9]+):", re.MULTILINE)
_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z]|$)|[A-Z][a-z0-9]*")
_ACRONYMS = {
    "Arn": "ARN",
    "Id": "ID",
    "Ids": "IDs",
    "Kms": "KMS",
    "Vpc": "VPC",
    "S3": "S3",
    "Cidr": "CIDR",
    "Eula": "EULA",
    "Api": "API",
    "Jwt": "JWT",
}
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Piece:
    """What one part adds: its title, and section → text of the section's body."""

    name: str
    title: str
    sections: Mapping[str, str]

    def entries(self, section: str) -> list[str]:
        """Logical ids the part defines in a section."""
        return _ENTRY.findall(self.sections.get(section, ""))


def split(name: str, title: str, text: str) -> Piece:
    """Take a part's rendering apart. Raises BadPart for an unknown section or text outside sections."""
    sections: dict[str, str] = {}
    headings = list(_HEADING.finditer(text))
    before = text[: headings[0].start()] if headings else text
    if before.strip():
        raise BadPart(f"part {name}: text before the first section: {before.strip()[:60]!r}")
    for heading, following in zip(headings, [*headings[1:], None], strict=True):
        section = heading.group(1)
        if section not in SECTIONS or section in sections:
            raise BadPart(f"part {name}: section {section} is unknown or stands there twice")
        body = text[heading.end() : following.start() if following else len(text)]
        if body.strip():
            sections[section] = body.strip("\n")
    return Piece(name, title, sections)


def label(parameter: str) -> str:
    """A parameter's name as people read it: ``VolumeKmsKeyArn`` → ``Volume KMS key ARN``."""
    words = _WORD.findall(parameter)
    spoken = [_ACRONYMS.get(word, word.lower()) for word in words]
    text = " ".join(spoken)
    return text[:1].upper() + text[1:]


def interface(pieces: Iterable[Piece]) -> str:
    """The console's parameter groups and labels (AWS::CloudFormation::Interface), from where parameters stand."""
    groups: dict[str, list[str]] = {}
    for piece in pieces:
        if names := piece.entries("Parameters"):
            groups.setdefault(piece.title, []).extend(names)
    if not groups:
        return ""
    lines = ["  AWS::CloudFormation::Interface:", "    ParameterGroups:"]
    for title, names in groups.items():
        lines += [f"      - Label: {{default: {values.quoted(title)}}}", "        Parameters:"]
        lines += [f"          - {name}" for name in names]
    lines.append("    ParameterLabels:")
    lines += [
        f"      {name}: {{default: {values.quoted(label(name))}}}"
        for names in groups.values()
        for name in names
    ]
    return "\n".join(lines)


def join(pieces: list[Piece]) -> str:
    """All sections in CloudFormation's order; each part's share under a comment with its title."""
    blocks = []
    for section in SECTIONS:
        shares = [piece for piece in pieces if section in piece.sections]
        if not shares:
            continue
        _refuse_clashes(section, shares)
        bodies, title = [], ""
        for piece in shares:
            heading = f"  # {piece.title}\n" if section == "Resources" and piece.title != title else ""
            title = piece.title
            bodies.append(heading + piece.sections[section])
        body = "\n".join(bodies)
        blocks.append(f"{section}:\n" + (_spaced(body) if section == "Resources" else body))
    return "\n\n".join(blocks) + "\n"


def _spaced(body: str) -> str:
    """A blank line before each resource and the comments above it (control lines swallow those of the source)."""
    lines: list[str] = []
    above = ""
    for line in body.split("\n"):
        if not line.strip():
            continue
        starts = line.startswith("  ") and line[2] != " "
        if starts and lines and not above.startswith("  #"):
            lines.append("")
        lines.append(line)
        above = line if starts else ""
    return "\n".join(lines)


def _refuse_clashes(section: str, shares: list[Piece]) -> None:
    owner: dict[str, str] = {}
    for piece in shares:
        for entry in piece.entries(section):
            if entry in owner:
                raise BadPart(f"parts {owner[entry]} and {piece.name} both define {section}.{entry}")
            owner[entry] = piece.name


def refuse_duplicates(text: str) -> None:
    """Raise BadPart when any mapping of the template holds a key twice, or the text is no YAML.

    Walks PyYAML's events: half the time of building the data, and every template pays it.
    """
    try:
        _walk(_Loader(text))
    except yaml.YAMLError as error:
        raise BadPart(f"the parts do not make YAML: {error}") from error


def _walk(loader: Any) -> None:
    next_event = loader.get_event
    keys: set[str] | None = None  # of the mapping around, None inside a sequence
    at_key = True
    outer: list[tuple[set[str] | None, bool]] = []
    while True:
        event = next_event()
        kind = type(event)
        if kind is yaml.ScalarEvent:
            if keys is not None:
                if at_key:
                    if event.value in keys:
                        line = event.start_mark.line + 1
                        raise BadPart(f"line {line} of the template repeats the key {event.value!r}")
                    keys.add(event.value)
                at_key = not at_key
        elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
            outer.append((keys, not at_key))
            keys, at_key = (set() if kind is yaml.MappingStartEvent else None), True
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            keys, at_key = outer.pop()
        elif kind is yaml.StreamEndEvent:
            return
