"""The form that CloudFormation's console draws for a template's parameters, as data: groups, labels, fields.

Pure: it looks at a template as plain data (``cfgen.document.load``) and knows nothing of where it is drawn.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

OTHERS = "Other parameters"
"""The console's own heading for parameters that no group names."""
_PICKERS = {
    "AWS::EC2::AvailabilityZone::Name": "availability zone",
    "AWS::EC2::Image::Id": "machine image",
    "AWS::EC2::Instance::Id": "instance",
    "AWS::EC2::KeyPair::KeyName": "key pair",
    "AWS::EC2::SecurityGroup::GroupName": "security group",
    "AWS::EC2::SecurityGroup::Id": "security group",
    "AWS::EC2::Subnet::Id": "subnet",
    "AWS::EC2::Volume::Id": "volume",
    "AWS::EC2::VPC::Id": "VPC",
    "AWS::Route53::HostedZone::Id": "hosted zone",
    "AWS::SSM::Parameter::Name": "Systems Manager parameter",
}


@dataclass(frozen=True, slots=True)
class Field:
    """One parameter as the console shows it.

    ``control``: ``text``, ``number``, ``password`` (NoEcho), ``select`` (one of ``choices``), ``picker`` (one of the
    account's own resources, ``picks`` says of what) or ``pickers`` (several of them). ``default`` is None where the
    launcher must fill the field in; an empty default may stay empty. ``constraints`` are short sentences without a
    full stop, in the order the console would meet them.
    """

    name: str
    label: str
    type: str
    description: str
    control: str
    default: str | None
    choices: tuple[str, ...] = ()
    picks: str = ""
    constraints: tuple[str, ...] = ()

    @property
    def required(self) -> bool:
        """Whether the launcher must fill it in."""
        return self.default is None


@dataclass(frozen=True, slots=True)
class Group:
    """Fields under one heading, in the order they are shown."""

    title: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Form:
    """The whole form: ``groups`` in the console's order."""

    groups: tuple[Group, ...]

    @property
    def fields(self) -> tuple[Field, ...]:
        """All fields, in the order they are shown."""
        return tuple(field for group in self.groups for field in group.fields)

    def data(self) -> list[dict[str, Any]]:
        """As plain data, for JSON."""
        return [asdict(group) for group in self.groups]


def form_of(template: Mapping[str, Any]) -> Form:
    """The form of a template given as data (``!Ref`` spelt out or not: parameters hold no functions).

    Groups and labels come from ``Metadata.AWS::CloudFormation::Interface``; a parameter that no group names stands
    under ``Other parameters``, by name; one without a label shows its name ("AWS::CloudFormation::Interface").
    A group with unknown parameters shows the known ones; an empty one is not shown.
    """
    declared = _mapping(template.get("Parameters"))
    interface = _mapping(_mapping(template.get("Metadata")).get("AWS::CloudFormation::Interface"))
    labels = _mapping(interface.get("ParameterLabels"))
    left = dict.fromkeys(declared)
    groups = []
    for group in interface.get("ParameterGroups") or []:
        names = [name for name in group.get("Parameters") or [] if name in left]
        for name in names:
            left.pop(name, None)
        if names:
            groups.append((str(_mapping(group.get("Label")).get("default", "")), names))
    if left:
        groups.append((OTHERS if groups else "Parameters", sorted(left)))
    return Form(
        tuple(
            Group(title, tuple(_field(name, _mapping(declared[name]), labels) for name in names))
            for title, names in groups
        )
    )


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ",".join(map(_text, value))
    return str(value)


def _field(name: str, body: Mapping[str, Any], labels: Mapping[str, Any]) -> Field:
    kind = str(body.get("Type", "String"))
    choices = tuple(_text(value) for value in body.get("AllowedValues") or ())
    control, picks = _control(kind, secret=_text(body.get("NoEcho", False)) == "true", choices=bool(choices))
    return Field(
        name=name,
        label=str(_mapping(labels.get(name)).get("default", name)),
        type=kind,
        description=" ".join(str(body.get("Description", "")).split()),
        control=control,
        default=_text(body["Default"]) if "Default" in body else None,
        choices=choices,
        picks=picks,
        constraints=tuple(_constraints(body)),
    )


def _control(kind: str, *, secret: bool, choices: bool) -> tuple[str, str]:
    if secret:
        return "password", ""
    if choices:
        return "select", ""
    if kind == "Number":
        return "number", ""
    if kind in _PICKERS:
        return "picker", _PICKERS[kind]
    if kind.startswith("List<") and kind[5:-1] in _PICKERS:
        return "pickers", _PICKERS[kind[5:-1]]
    return "text", ""


def _constraints(body: Mapping[str, Any]) -> list[str]:
    """Constraints in words. A pattern is told by its ConstraintDescription where there is one."""
    found = [
        *_range(body, "MinValue", "MaxValue", ""),
        *_range(body, "MinLength", "MaxLength", " characters"),
    ]
    said = " ".join(str(body.get("ConstraintDescription", "")).split())
    if said:
        found.append(said)
    elif "AllowedPattern" in body:
        found.append(f"matches {body['AllowedPattern']}")
    return found


def _range(body: Mapping[str, Any], low: str, high: str, unit: str) -> list[str]:
    if low in body and high in body:
        return [f"{_text(body[low])} to {_text(body[high])}{unit}"]
    if low in body:
        return [f"at least {_text(body[low])}{unit}"]
    return [f"at most {_text(body[high])}{unit}"] if high in body else []
