"""Parameters, tags and regions, before AWS is asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from cfgen.deploy import errors, inputs
from tests.deploy.conftest import template


def test_pairs_split_at_the_first_equals_sign() -> None:
    assert inputs.pairs(["A=1", "B=x=y", "C="], "--parameter") == {"A": "1", "B": "x=y", "C": ""}


@pytest.mark.parametrize("wrong", ["A", "=1", ""])
def test_malformed_pairs_are_refused(wrong: str) -> None:
    with pytest.raises(errors.MalformedOption, match="KEY=VALUE"):
        inputs.pairs([wrong], "--tags")


@pytest.mark.parametrize(
    "text",
    [
        '[{"ParameterKey": "A", "ParameterValue": "1"}, {"ParameterKey": "B", "ParameterValue": "x,y"},'
        ' {"ParameterKey": "Z", "UsePreviousValue": true}]',
        '["A=1", "B=x,y"]',
        '{"Parameters": {"A": "1", "B": "x,y"}, "Tags": {}}',
        "A: 1\nB: [x, y]\n",
        "Parameters:\n  A: 1\n  B: [x, y]\n",
    ],
)
def test_parameter_files_have_cloudformations_own_shapes(tmp_path: Path, text: str) -> None:
    file = tmp_path / "parameters.json"
    file.write_text(text)
    assert inputs.parameters_file(file) == {"A": "1", "B": "x,y"}


@pytest.mark.parametrize(
    ("text", "said"),
    [("3", "not a parameter file"), ("[1]", "not a parameter file"), ("{", "neither JSON nor YAML")],
)
def test_other_files_are_refused(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "p.json"
    file.write_text(text)
    with pytest.raises(errors.MalformedOption, match=said):
        inputs.parameters_file(file)
    with pytest.raises(errors.MalformedOption, match="cannot read"):
        inputs.parameters_file(tmp_path / "missing.json")


def test_unsupported_regions_are_refused_with_the_list() -> None:
    with pytest.raises(errors.RegionUnsupported) as caught:
        inputs.check_regions(template(), ["us-east-1", "mars-north-1"])
    assert "mars-north-1" in caught.value.message
    assert "eu-west-1" in caught.value.hint
    assert caught.value.exit_code == 2


def test_a_new_stack_gets_what_is_given_and_the_templates_defaults() -> None:
    found = inputs.merge(template(), {"Days": "30"}, None)
    assert (found.overrides, found.kept) == ({"Days": "30"}, {})


def test_unknown_parameters_are_refused_with_a_guess() -> None:
    with pytest.raises(errors.ParameterUnknown) as caught:
        inputs.merge(template(), {"Dayz": "30"}, None)
    assert caught.value.hint == "did you mean Days?"


def test_missing_parameters_are_refused_all_at_once() -> None:
    with pytest.raises(errors.ParameterMissing, match="VpcId, SubnetIds"):
        inputs.merge(template(parameters=(("VpcId", None), ("SubnetIds", None), ("Days", "7"))), {}, None)


DEPLOYED = inputs.Deployed({"Days": "14", "Name": "one"}, {"Days": "14", "Name": "one"})


def test_a_default_changed_in_the_spec_arrives() -> None:
    # the AWS CLI alone would keep 14
    assert inputs.merge(template(), {}, DEPLOYED).overrides == {"Days": "7", "Name": "one"}


def test_a_value_somebody_chose_stays() -> None:
    chosen = inputs.Deployed({"Days": "90", "Name": "one"}, {"Days": "14", "Name": "one"})
    found = inputs.merge(template(), {}, chosen)
    assert "Days" not in found.overrides
    assert found.kept == {"Days": ("90", "7")}
    assert inputs.merge(template(), {}, chosen, reset=True).overrides["Days"] == "7"


def test_required_and_masked_values_stay() -> None:
    shaped = template(parameters=(("VpcId", None), ("Secret", "none")))
    found = inputs.merge(
        shaped, {}, inputs.Deployed({"VpcId": "vpc-1", "Secret": "****"}, {"Secret": "****"})
    )
    assert found.overrides == {}
    assert inputs.merge(shaped, {}, inputs.Deployed({"VpcId": "vpc-1"}, {}), reset=True).overrides == {
        "Secret": "none"
    }


def test_overrides_are_a_list_that_both_versions_of_the_cli_read() -> None:
    assert inputs.overrides_json({"A": "x y,=", "B": '"'}) == '["A=x y,=", "B=\\""]'


def test_a_region_that_is_none_is_told_with_what_was_meant() -> None:
    with pytest.raises(errors.RegionUnsupported, match="no region 'us-east1'; did you mean 'us-east-1'"):
        inputs.check_regions(template(), ["us-east1"])
