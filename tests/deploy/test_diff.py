"""Templates compared as the stacks they become; no server."""

from __future__ import annotations

from pathlib import Path

import pytest

from cfgen import document
from cfgen.deploy import diff
from cfgen.pipeline import render_checked
from tests.deploy.conftest import SMALL, SPEC, Run


def side(text: str = SMALL, **values: str) -> diff.Side:
    return diff.Side(document.load(text), values, "us-east-1")


def actions(found: diff.Difference) -> dict[str, str]:
    return {row.name: row.action for row in found.resources}


def test_the_same_template_does_not_differ() -> None:
    found = diff.compare(side(), side())
    assert found.empty
    assert diff.lines(found) == []
    # text that only looks different
    assert diff.compare(side(), side(SMALL.replace("Default: 7", 'Default: "7"'))).empty


def test_parameters_reach_the_properties_they_are_used_in() -> None:
    found = diff.compare(side(), side(Days="30"))
    assert [(row.name, row.properties[0].before, row.properties[0].after) for row in found.parameters] == [
        ("Days", "7", "30")
    ]
    assert actions(found) == {"Log": "modify"}
    assert found.resources[0].properties == (diff.Property("RetentionInDays", 7, "30"),)
    assert found.resources[0].description == "The log"


def test_create_only_properties_replace() -> None:
    found = diff.compare(side(), side(Name="two"))
    assert actions(found) == {"Parameter": "replace"}


def test_conditions_add_and_delete() -> None:
    text = SMALL.replace(
        "    Type: AWS::SSM::Parameter", "    Condition: Long\n    Type: AWS::SSM::Parameter"
    )
    assert actions(diff.compare(side(text), side(text, Days="30")))["Parameter"] == "add"
    assert actions(diff.compare(side(text, Days="30"), side(text)))["Parameter"] == "delete"
    kept = text.replace(
        "    Type: AWS::SSM::Parameter", "    DeletionPolicy: Retain\n    Type: AWS::SSM::Parameter"
    )
    assert actions(diff.compare(side(kept, Days="30"), side(kept)))["Parameter"] == "let go"


def test_secrets_are_not_shown() -> None:
    text = SMALL.replace("Name: {Type: String,", "Name: {Type: String, NoEcho: true,")
    found = diff.compare(side(text, Name="hush"), side(text, Name="psst"))
    assert found.parameters == ()
    added = diff.compare(side("Resources: {A: {Type: 'AWS::S3::Bucket'}}"), side(text, Name="hush"))
    assert "hush" not in str(added.parameters)


def test_outputs_rules_and_policies_count() -> None:
    changed = SMALL.replace("LogName: {Value: !Ref Log}", "LogName: {Value: fixed}\n  More: {Value: x}")
    found = diff.compare(side(), side(changed))
    assert {row.name: row.action for row in found.others} == {"LogName": "modify", "More": "add"}
    kept = SMALL.replace(
        "    Type: AWS::Logs::LogGroup", "    DeletionPolicy: Retain\n    Type: AWS::Logs::LogGroup"
    )
    assert actions(diff.compare(side(), side(kept))) == {"Log": "modify"}


@pytest.fixture(scope="module")
def rendered() -> str:
    return render_checked(SPEC).text


def test_a_new_model_moves_the_endpoint_without_interrupting_it(rendered: str) -> None:
    newer = rendered.replace("HF_MODEL_REVISION: ", "HF_MODEL_REVISION: x")
    assert newer != rendered
    found = diff.compare(side(rendered), side(newer))
    assert actions(found)["Model"] == "replace"
    assert actions(found)["EndpointConfig"] == "replace"
    assert actions(found)["Endpoint"] == "modify"
    assert found.interruption == "no"
    assert "not be interrupted" in diff.lines(found)[-1]


def test_a_renamed_endpoint_is_interrupted(rendered: str) -> None:
    found = diff.compare(side(rendered), side(rendered, EndpointName="other"))
    assert actions(found)["Endpoint"] == "replace"
    assert found.interruption == "yes"
    assert found.data()["endpointInterrupted"] == "yes"


@pytest.mark.usefixtures("no_aws")
def test_exit_codes_as_diff(cfgen: Run, tmp_path: Path) -> None:
    one, other = tmp_path / "one.yaml", tmp_path / "other.yaml"
    one.write_text(SMALL)
    other.write_text(SMALL.replace("Default: 7", "Default: 30"))
    assert cfgen("diff", one, "--template", one).code == 0
    differs = cfgen("diff", one, "--template", other, "--format", "json")
    assert differs.code == 1
    assert '"path": "RetentionInDays"' in differs.out
    assert cfgen("diff", one, "--template", tmp_path / "missing.yaml").code == 2
    assert cfgen("diff", "missing.yaml", "--template", one).code == 2
    assert cfgen("diff", SPEC).code == 2  # no region
    assert cfgen("diff", SPEC, "--template", one).code == 1
