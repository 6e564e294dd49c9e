"""The console's form: what a launcher sees of a template's parameters."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cfgen import document
from cfgen.render.form import OTHERS, Field, form_of
from tests.conftest import ROOT

GOLDENS = sorted((ROOT / "tests" / "goldens").glob("*.template.yaml"))


def one(body: dict[str, Any]) -> Field:
    (field,) = form_of({"Parameters": {"P": body}}).fields
    return field


def test_groups_labels_and_order_are_the_interfaces() -> None:
    form = form_of(
        {
            "Metadata": {
                "AWS::CloudFormation::Interface": {
                    "ParameterGroups": [
                        {"Label": {"default": "Second things"}, "Parameters": ["B", "Gone", "A"]},
                        {"Label": {"default": "Nothing left"}, "Parameters": ["Gone"]},
                    ],
                    "ParameterLabels": {"A": {"default": "The A"}},
                }
            },
            "Parameters": {name: {"Type": "String"} for name in "ZABY"},
        }
    )
    assert [(group.title, [field.label for field in group.fields]) for group in form.groups] == [
        ("Second things", ["B", "The A"]),
        (OTHERS, ["Y", "Z"]),
    ]


@pytest.mark.parametrize(
    ("body", "control", "picks"),
    [
        ({"Type": "String"}, "text", ""),
        ({"Type": "String", "AllowedValues": ["a", "b"]}, "select", ""),
        ({"Type": "Number", "AllowedValues": [1, 2]}, "select", ""),
        ({"Type": "Number"}, "number", ""),
        ({"Type": "String", "NoEcho": True}, "password", ""),
        ({"Type": "String", "NoEcho": "true", "AllowedValues": ["a"]}, "password", ""),
        ({"Type": "AWS::EC2::VPC::Id"}, "picker", "VPC"),
        ({"Type": "List<AWS::EC2::Subnet::Id>"}, "pickers", "subnet"),
        ({"Type": "List<Number>"}, "text", ""),
        ({"Type": "CommaDelimitedList"}, "text", ""),
        ({"Type": "AWS::SSM::Parameter::Value<String>"}, "text", ""),
    ],
)
def test_controls(body: dict[str, Any], control: str, picks: str) -> None:
    assert (one(body).control, one(body).picks) == (control, picks)


@pytest.mark.parametrize(
    ("body", "constraints"),
    [
        ({"MinValue": 1, "MaxValue": 9}, ("1 to 9",)),
        ({"MinValue": 0}, ("at least 0",)),
        ({"MaxLength": 63}, ("at most 63 characters",)),
        ({"AllowedPattern": "^a$"}, ("matches ^a$",)),
        ({"MaxLength": 3, "AllowedPattern": "^a*$", "ConstraintDescription": "only a"},
         ("at most 3 characters", "only a")),
    ],
)  # fmt: skip
def test_constraints_in_words(body: dict[str, Any], constraints: tuple[str, ...]) -> None:
    assert one({"Type": "String", **body}).constraints == constraints


def test_a_field_without_a_default_is_required_and_an_empty_default_is_not() -> None:
    assert one({"Type": "String"}).required
    assert not one({"Type": "String", "Default": ""}).required
    assert one({"Type": "Number", "Default": 3}).default == "3"
    assert one({"Type": "String", "AllowedValues": [True, False], "Default": True}).choices == (
        "true",
        "false",
    )


def test_no_parameters_no_groups() -> None:
    assert form_of({"Resources": {}}).groups == ()


@pytest.mark.parametrize("path", GOLDENS, ids=lambda path: path.name.split(".template")[0])
def test_every_field_of_what_we_render_reads_well(path: Any) -> None:
    form = form_of(document.load(path.read_text()))
    assert all(group.title not in ("", OTHERS) for group in form.groups)
    assert len({group.title for group in form.groups}) == len(form.groups)
    for field in form.fields:
        # an address at the end takes no full stop
        assert field.description.endswith(".") or "https://" in field.description.split()[-1], field.name
        assert "matches" not in " ".join(field.constraints), f"{field.name}: a pattern nobody explains"
        if field.choices and field.default:
            assert field.default in field.choices
    assert json.loads(json.dumps(form.data()))[0]["title"] == form.groups[0].title
