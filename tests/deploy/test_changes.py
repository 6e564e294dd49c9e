"""Change sets understood: actions, interruption, IAM; no server."""

from __future__ import annotations

from typing import Any

import pytest

from cfgen import document
from cfgen.deploy import changes, errors

ENDPOINT, CONFIG, MODEL = document.ENDPOINT, document.ENDPOINT_CONFIG, document.MODEL


def raw(
    action: str, name: str, kind: str, replacement: str = "", *details: dict[str, Any], **more: Any
) -> dict[str, Any]:
    found = {
        "Action": action,
        "LogicalResourceId": name,
        "ResourceType": kind,
        "Details": list(details),
        **more,
    }
    return {**found, "Replacement": replacement} if replacement else found


def detail(name: str, recreation: str = "Never", cause: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {
        "Target": {"Attribute": "Properties", "Name": name, "RequiresRecreation": recreation}
    }
    return (
        {**found, "CausingEntity": cause, "Evaluation": "Dynamic"}
        if cause
        else {**found, "Evaluation": "Static"}
    )


SWAP = [
    raw("Modify", "Model", MODEL, "True", detail("PrimaryContainer", "Always")),
    raw(
        "Modify",
        "EndpointConfig",
        CONFIG,
        "Conditional",
        detail("ProductionVariants", "Always", "Model.ModelName"),
    ),
    raw(
        "Modify",
        "Endpoint",
        ENDPOINT,
        "False",
        detail("EndpointConfigName", "Never", "EndpointConfig.EndpointConfigName"),
    ),
]


def actions(found: tuple[changes.Change, ...]) -> dict[str, str]:
    return {one.logical_id: one.action for one in found}


def change_set(found: tuple[changes.Change, ...]) -> changes.ChangeSet:
    return changes.ChangeSet("id", "stack", "name", found)


def test_a_replaced_model_replaces_its_configuration_and_not_the_endpoint() -> None:
    found = changes.understand(SWAP, {"Model": "The model"})
    assert actions(found) == {"Model": "replace", "EndpointConfig": "replace", "Endpoint": "modify"}
    assert change_set(found).interruption == "no"
    assert next(one for one in found if one.logical_id == "Model").description == "The model"


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (raw("Add", "E", ENDPOINT), "none"),
        (raw("Modify", "E", ENDPOINT, "False", detail("EndpointConfigName")), "no"),
        (raw("Modify", "E", ENDPOINT, "True", detail("EndpointName", "Always")), "yes"),
        (raw("Modify", "E", ENDPOINT, "Conditional", detail("EndpointName", "Conditionally")), "perhaps"),
        (raw("Remove", "E", ENDPOINT), "yes"),
        (raw("Modify", "L", "AWS::Logs::LogGroup", "False"), "none"),
    ],
)
def test_interruption(one: dict[str, Any], expected: str) -> None:
    assert change_set(changes.understand([one], {})).interruption == expected


def test_a_comparison_of_the_templates_settles_what_is_open() -> None:
    open_ = [
        raw("Modify", "Role", "AWS::IAM::Role", "False", detail("Policies")),
        raw("Modify", "Model", MODEL, "Conditional", detail("ExecutionRoleArn", "Always", "Role.Arn")),
        raw(
            "Modify",
            "EndpointConfig",
            CONFIG,
            "Conditional",
            detail("ProductionVariants", "Always", "Model.ModelName"),
        ),
    ]
    assert actions(changes.understand(open_, {}))["Model"] == "may replace"
    assert actions(changes.understand(open_, {}, {"Role": "modify"})) == {
        "Role": "modify",
        "Model": "modify",
        "EndpointConfig": "modify",
    }
    assert actions(changes.understand(open_, {}, {"Model": "replace"}))["EndpointConfig"] == "replace"
    assert actions(changes.understand(open_, {}, {"Model": "may replace"}))["Model"] == "may replace"


def test_retained_resources_are_let_go() -> None:
    found = changes.understand(
        [raw("Remove", "B", "AWS::S3::Bucket", PolicyAction="Retain"), raw("Remove", "C", "AWS::S3::Bucket")],
        {},
    )
    assert actions(found) == {"B": "let go", "C": "delete"}


TEMPLATE = """
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: {Effect: Allow, Principal: {Service: sagemaker.amazonaws.com}, Action: sts:AssumeRole}
      Policies:
        - PolicyName: p
          PolicyDocument:
            Statement:
              - {Effect: Allow, Action: [s3:GetObject, s3:ListBucket], Resource: x}
              - !If [C, {Effect: Allow, Action: kms:Decrypt, Resource: k}, !Ref AWS::NoValue]
"""


def test_iam_is_told_with_whom_it_trusts_and_what_it_allows() -> None:
    data = document.load(TEMPLATE)
    (grant,) = changes.grants(changes.understand([raw("Add", "Role", "AWS::IAM::Role")], {}), data)
    assert grant.trusts == ("sagemaker.amazonaws.com",)
    assert grant.actions == ("kms:Decrypt", "s3:GetObject", "s3:ListBucket")


class Paged:
    """DescribeChangeSet in two pages."""

    def describe_change_set(self, ChangeSetName: str, NextToken: str = "") -> dict[str, Any]:
        head = {"ChangeSetId": ChangeSetName, "StackId": "sid", "StackName": "s", "Status": "CREATE_COMPLETE"}
        page = SWAP[:2] if not NextToken else SWAP[2:]
        return {
            **head,
            "Changes": [{"Type": "Resource", "ResourceChange": one} for one in page],
            **({} if NextToken else {"NextToken": "2"}),
        }


def test_all_pages_are_read_and_the_table_says_what_it_means() -> None:
    found = changes.read(Paged(), "arn", document.load(TEMPLATE))
    assert len(found.changes) == 3
    text = "\n".join(changes.lines(found))
    assert "2 replaced" in text
    assert "1 modified" in text
    assert "not interrupted" in text
    assert found.data()["endpointInterrupted"] == "no"


def test_a_failed_change_set_is_an_error() -> None:
    class Failed:
        def describe_change_set(self, **_: str) -> dict[str, Any]:
            return {"Status": "FAILED", "StatusReason": "Transform failed"}

    with pytest.raises(errors.ChangeSetFailed, match="Transform failed"):
        changes.read(Failed(), "arn", {})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Resources: {A: {Type: AWS::S3::Bucket}}", ()),
        (TEMPLATE, ("CAPABILITY_IAM",)),
        ("Resources: {A: {Type: AWS::IAM::Role, Properties: {RoleName: x}}}", ("CAPABILITY_NAMED_IAM",)),
        ("Transform: AWS::Serverless-2016-10-31\nResources: {A: {Type: T}}", ("CAPABILITY_AUTO_EXPAND",)),
    ],
)
def test_capabilities(text: str, expected: tuple[str, ...]) -> None:
    assert document.capabilities(document.load(text)) == expected


def test_documents() -> None:
    data = document.load(
        "Resources:\n  A: {Type: T, Properties: {X: !GetAtt B.C.D, Y: !Sub '${E.F} ${G} ${!H}', Z: 2026-01-01}}"
    )
    assert data["Resources"]["A"]["Properties"]["X"] == {"Fn::GetAtt": ["B", "C.D"]}
    assert data["Resources"]["A"]["Properties"]["Z"] == "2026-01-01"
    assert sorted(document.references(data["Resources"])) == ["B", "E", "G"]
    for wrong in ("[]", "a: [", "Parameters: {}", "{"):
        with pytest.raises(document.NotATemplate, match="template"):
            document.load(wrong)
