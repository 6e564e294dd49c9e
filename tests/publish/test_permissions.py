"""Launch roles: derived from resource types, no wider than the schemas say, with nobody else's roles to pass."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cfgen import document
from cfgen.publish import lookups, names, permissions
from cfgen.publish.errors import UnknownPermissions
from tests.conftest import ROOT

GOLDENS = sorted((ROOT / "tests" / "goldens").glob("*.template.yaml"))
RULES = permissions.rules()


def types_rendered() -> set[str]:
    return {
        body["Type"]
        for path in GOLDENS
        for body in document.resources(document.load(path.read_text())).values()
        if not body["Type"].startswith("Custom::")
    }


@pytest.mark.parametrize("kind", sorted(RULES))
def test_the_table_speaks_of_what_the_schema_lists(kind: str) -> None:
    rule, handled = RULES[kind], permissions.handled(kind)
    spoken = {action for actions in rule.needs.values() for action in actions} | rule.never
    if rule.actions is not None:
        assert not handled, f"{kind}: its schema lists handlers now; leave `actions` out"
        assert all(map(permissions.exists, rule.actions))
    else:
        assert handled, f"{kind}: give `actions`"
        assert spoken <= handled, f"{kind}: no longer in the schema: {spoken - handled}"


@pytest.mark.parametrize("kind", sorted(RULES))
def test_nothing_beyond_the_schema_and_nothing_dropped_unsaid(kind: str) -> None:
    rule = RULES[kind]
    listed = frozenset(rule.actions) if rule.actions is not None else permissions.handled(kind)
    everything = permissions.actions_of(kind, rule.needs)
    nothing = permissions.actions_of(kind, ())
    beyond = {action for actions in rule.also.values() for action in actions}
    assert nothing <= everything <= listed | beyond
    dropped = {action for action in listed - everything if permissions.exists(action)}
    assert dropped <= rule.never | {"iam:PassRole", "iam:CreateServiceLinkedRole"}
    if "iam:PassRole" in listed and kind not in ("AWS::S3::Bucket",):
        assert rule.roles, f"{kind} hands a role over: say by which property, to whom"


def test_every_type_that_is_rendered_has_a_rule() -> None:
    assert types_rendered() <= set(RULES)


@pytest.mark.parametrize("path", GOLDENS, ids=lambda path: path.name.split(".template")[0])
def test_what_our_templates_need(path: Any) -> None:
    grants = permissions.grants_of(document.load(path.read_text()))
    assert len({grant.sid for grant in grants}) == len(grants)
    for grant in grants:
        assert all(map(permissions.exists, grant.actions))
        assert not any("*" in action for action in grant.actions)
        if grant.resources == ("*",):
            assert not any(map(permissions.takes_resources, grant.actions)), grant
            assert grant.why
        else:
            # of this account, or of a bucket named after the stack; others' ARNs name no account
            allowed = (
                "${AWS::AccountId}",
                ":s3:::sc-",
                ":apigateway:${AWS::Region}::/",
                ":route53:::hostedzone/",
            )
            assert all(any(one in arn for one in allowed) for arn in grant.resources), grant
        if "iam:PassRole" in grant.actions:
            assert all(":role/" in arn and arn.endswith("/SC-*") for arn in grant.resources)
            assert grant.condition[0][1] == "iam:PassedToService"


def model(role: Any, **more: Any) -> dict[str, Any]:
    resource = {"Type": "AWS::SageMaker::Model", "Properties": {"ExecutionRoleArn": role}}
    return {"Resources": {"Model": resource, **more}}


ROLE = {"Type": "AWS::IAM::Role", "Properties": {"Path": "/ml/"}}


def passed(template: dict[str, Any]) -> set[str]:
    return {
        arn
        for grant in permissions.grants_of(template)
        if "iam:PassRole" in grant.actions
        for arn in grant.resources
    }


def test_roles_that_can_be_passed() -> None:
    own = "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/ml/SC-*"
    given_role = "arn:aws:iam::123456789012:role/given"
    typed = {"Fn::If": ["Makes", {"Fn::GetAtt": ["Role", "Arn"]}, {"Ref": "RoleArn"}]}
    template = model(typed, Role=ROLE)
    template["Parameters"] = {"RoleArn": {"Type": "String", "Default": ""}}
    assert passed(template) == {own}
    template["Parameters"]["RoleArn"]["Default"] = given_role
    assert passed(template) == {own, given_role}
    assert passed(model(given_role)) == {given_role}
    # what a launcher types in is nobody's to pass
    assert passed({**model({"Ref": "RoleArn"}), "Parameters": {"RoleArn": {"Type": "String"}}}) == set()


def test_a_boundary_is_kept() -> None:
    bounded = {**ROLE, "Properties": {**ROLE["Properties"], "PermissionsBoundary": "x", "Policies": []}}  # type: ignore[dict-item]
    grants = permissions.grants_of({"Resources": {"Role": bounded}}, "arn:aws:iam::aws:policy/B")
    actions = {action: grant.condition for grant in grants for action in grant.actions}
    assert "iam:DeleteRolePermissionsBoundary" not in actions
    for action in ("iam:CreateRole", "iam:PutRolePolicy", "iam:PutRolePermissionsBoundary"):
        assert actions[action] == (("StringEquals", "iam:PermissionsBoundary", "arn:aws:iam::aws:policy/B"),)
    assert actions["iam:DeleteRole"] == ()


def granted(kind: str, **properties: Any) -> dict[str, permissions.Grant]:
    template = {"Resources": {"X": {"Type": kind, "Properties": properties}}}
    return {action: grant for grant in permissions.grants_of(template) for action in grant.actions}


def test_what_services_look_for_besides_the_schema() -> None:
    scaled = "AWS::ApplicationAutoScaling::ScalableTarget"
    on_variant = granted(scaled, ResourceId="x", ScalableDimension="sagemaker:variant:DesiredInstanceCount")
    assert "sagemaker:UpdateInferenceComponentRuntimeConfig" not in on_variant
    assert all(
        ":sagemaker:" in arn for arn in on_variant["sagemaker:UpdateEndpointWeightsAndCapacities"].resources
    )
    assert all(
        ":application-autoscaling:" in arn
        for arn in on_variant["application-autoscaling:RegisterScalableTarget"].resources
    )
    on_copies = granted(scaled, ScalableDimension="sagemaker:inference-component:DesiredCopyCount")
    assert "sagemaker:UpdateInferenceComponentRuntimeConfig" in on_copies
    assert "sagemaker:UpdateEndpointWeightsAndCapacities" not in on_copies
    config = "AWS::SageMaker::EndpointConfig"
    assert "kms:CreateGrant" not in granted(config)
    grant = granted(config, KmsKeyId="x")["kms:CreateGrant"]
    assert grant.condition == (("Bool", "kms:GrantIsForAWSResource", "true"),)
    endpoint = "AWS::EC2::VPCEndpoint"
    assert "route53:AssociateVPCWithHostedZone" not in granted(endpoint)
    assert "route53:AssociateVPCWithHostedZone" in granted(endpoint, PrivateDnsEnabled=True)
    policy = "AWS::ApplicationAutoScaling::ScalingPolicy"
    assert granted(policy)["cloudwatch:GetMetricData"].resources == ("*",)


def test_a_type_without_a_rule_gets_what_its_schema_lists() -> None:
    (grant, *_) = permissions.grants_of({"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}})
    assert "sqs:CreateQueue" in grant.actions


def test_a_type_of_which_nothing_is_known_is_refused() -> None:
    with pytest.raises(UnknownPermissions, match="AWS::Nowhere::Thing"):
        permissions.grants_of({"Resources": {"X": {"Type": "AWS::Nowhere::Thing"}}})


def test_what_cloudformation_looks_up() -> None:
    template = {
        "Parameters": {
            "Vpc": {"Type": "AWS::EC2::VPC::Id"},
            "Subnets": {"Type": "List<AWS::EC2::Subnet::Id>"},
            "Image": {"Type": "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>", "Default": "/aws/image"},
            "Plain": {"Type": "String"},
        },
        "Resources": {
            "L": {
                "Type": "AWS::CloudFormation::WaitConditionHandle",
                "Metadata": [
                    {"Fn::GetAZs": ""},
                    "{{resolve:secretsmanager:token:SecretString:key}}",
                    "{{resolve:secretsmanager:arn:aws:secretsmanager:us-east-1:1:secret:own-AbCdEf:SecretString:key}}",
                    "{{resolve:ssm:/some/name:1}}",
                ],
            }
        },
    }
    found = {(action, on) for grant in permissions.grants_of(template) for action in grant.actions
             for on in grant.resources}  # fmt: skip
    ssm = "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/"
    secret = "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:"
    assert found == {
        *((f"ec2:Describe{what}", "*")
          for what in ("Vpcs", "Subnets", "Images", "AvailabilityZones", "AccountAttributes")),
        ("ssm:GetParameters", f"{ssm}aws/image"),
        ("ssm:GetParameters", f"{ssm}some/name"),
        ("secretsmanager:GetSecretValue", f"{secret}token*"),
        ("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:us-east-1:1:secret:own-AbCdEf"),
    }  # fmt: skip
    for action in [*lookups.PARAMETERS.values(), *lookups.ZONES]:
        assert permissions.exists(action)
        assert not permissions.takes_resources(action)


# Names


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("plain", ("plain",)),
        (None, ("SC-*",)),
        ({"Ref": "AWS::NoValue"}, ("SC-*",)),
        ({"Ref": "Parameter"}, ("*",)),
        ({"Ref": "AWS::StackName"}, ("SC-*",)),
        ({"Fn::Sub": "a-${AWS::Region}-${P}"}, ("a-${AWS::Region}-*",)),
        ({"Fn::Sub": ["cfgen-${Id}", {"Id": "x"}]}, ("cfgen-*",)),
        ({"Fn::If": ["C", "a", "b"]}, ("a", "b")),
        ({"Fn::If": ["C", {"Ref": "P"}, "b"]}, ("*",)),
        ({"Fn::Join": ["-", ["a", {"Ref": "P"}, {"Ref": "Q"}]]}, ("a-*-*",)),
        ({"Fn::ImportValue": "x"}, ("*",)),
    ],
)
def test_patterns_of_names(value: Any, expected: tuple[str, ...]) -> None:
    assert names.patterns(value, ["SC-*"]) == expected


@given(
    st.lists(st.sampled_from(["${A}", "b", "-", "${AWS::StackName}"]), min_size=1), st.text("xyz", min_size=1)
)
def test_a_pattern_covers_every_name_it_stands_for(pieces: list[str], word: str) -> None:
    text = "".join(pieces)
    name = text.replace("${A}", word).replace("${AWS::StackName}", f"SC-{word}")
    (pattern,) = names.patterns({"Fn::Sub": text})
    assert fnmatchcase(name, pattern)
