"""What every rendered template has, whatever its parts: tags, descriptions, labels, exact permissions."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from cfgen.pipeline import render_spec
from cfgen.render import render
from cfgen.render.errors import BadPart
from cfgen.render.stacking import join, label, refuse_duplicates, split
from tests.conftest import SPECS
from tests.specs import CONTAINER, PACKAGE, changed, stack_of, template_of
from tests.templates import load

TEMPLATES = {spec.stem: load(render_spec(spec).text) for spec in SPECS}
NAMES = list(TEMPLATES)
VARIED = {
    "tags": changed(CONTAINER, tags={"a": "b"}),
    "staged": changed(CONTAINER, model__staging="s3", tags={"a": "b"}),
    "existing": changed(CONTAINER, vpc={"mode": "existing"}, tags={"a": "b"}),
    "created": changed(CONTAINER, vpc={"mode": "create", "interfaceEndpoints": ["logs"]}, tags={"a": "b"}),
    "package": changed(PACKAGE, tags={"a": "b"}),
}


def takes_tags(resource_type: str) -> bool:
    """Whether the resource type's schema says that it takes tags (CloudFormation resource provider schema)."""
    if resource_type.startswith(("Custom::", "AWS::CloudFormation::")):
        return False
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", resource_type).schema
    tagging = schema.get("tagging", {})
    return bool(tagging.get("taggable", "Tags" in schema["properties"])) and "Tags" in schema["properties"]


@pytest.mark.parametrize("case", VARIED)
def test_tags_stand_on_everything_that_takes_them(case: str) -> None:
    for name, resource in load(template_of(VARIED[case]).text)["Resources"].items():
        if takes_tags(resource["Type"]):
            assert {"Key": "a", "Value": "b"} in resource["Properties"].get("Tags", []), name


@pytest.mark.parametrize("name", NAMES)
def test_every_resource_is_described(name: str) -> None:
    for logical_id, resource in TEMPLATES[name]["Resources"].items():
        assert resource["Metadata"]["Description"], logical_id


@pytest.mark.parametrize("name", NAMES)
def test_every_parameter_is_described_grouped_and_labelled(name: str) -> None:
    template = TEMPLATES[name]
    interface = template["Metadata"]["AWS::CloudFormation::Interface"]
    grouped = [p for group in interface["ParameterGroups"] for p in group["Parameters"]]
    assert sorted(grouped) == sorted(template["Parameters"]) == sorted(interface["ParameterLabels"])
    for parameter in template["Parameters"].values():
        assert parameter["Description"]
        if "AllowedPattern" in parameter:
            assert parameter["ConstraintDescription"]


@pytest.mark.parametrize("name", NAMES)
def test_defaults_meet_their_own_constraints(name: str) -> None:
    for key, parameter in TEMPLATES[name]["Parameters"].items():
        default = parameter.get("Default")
        if default is None:
            continue
        if "AllowedPattern" in parameter:
            assert re.search(parameter["AllowedPattern"], default), key
        assert default in parameter.get("AllowedValues", [default]), key


@pytest.mark.parametrize(("case", "owner"), [("existing", "*"), ("created", "${AWS::AccountId}")])
def test_subnets_of_another_account_can_be_used_where_the_network_is_not_ours(case: str, owner: str) -> None:
    made = load(template_of(VARIED[case]).text)["Resources"]
    for role in ("ExecutionRole", "NetworkInterfacesRole"):
        [policy] = made[role]["Properties"]["Policies"]
        found = [
            one["Fn::Sub"]
            for statement in policy["PolicyDocument"]["Statement"]
            if isinstance(statement.get("Resource"), list)
            for one in statement["Resource"]
            if ":subnet/" in one.get("Fn::Sub", "") or ":security-group/" in one.get("Fn::Sub", "")
        ]
        assert len(found) == 2
        assert all(f":${{AWS::Region}}:{owner}:" in one for one in found), role


def statements(template: dict[str, Any]) -> list[dict[str, Any]]:
    found = []
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::IAM::Role":
            for whole in resource["Properties"]["Policies"]:
                policy = whole["Fn::If"][1] if "Fn::If" in whole else whole
                for statement in policy["PolicyDocument"]["Statement"]:
                    found.append(statement["Fn::If"][1] if "Fn::If" in statement else statement)
    return found


# Actions that know no resources, or whose resources do not exist yet (Service Authorization Reference)
WITHOUT_RESOURCES = {
    "cloudwatch:PutMetricData", "ecr:GetAuthorizationToken", "ec2:DescribeDhcpOptions", "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs",
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_no_statement_allows_everything(name: str) -> None:
    for statement in statements(TEMPLATES[name]):
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        assert not [action for action in actions if "*" in action]
        if statement["Resource"] == "*":
            assert set(actions) <= WITHOUT_RESOURCES


def test_wildcards_carry_their_reason() -> None:
    for spec in SPECS:
        for line in render_spec(spec).text.splitlines():
            if re.search(r'(Resource|Principal): "\*"', line):
                assert " # " in line or "  # " in line, line


def test_an_own_role_leaves_none_made() -> None:
    template = load(
        template_of(changed(CONTAINER, security__executionRoleArn="arn:aws:iam::111122223333:role/mine")).text
    )
    assert template["Parameters"]["ExecutionRoleArn"]["Default"] == "arn:aws:iam::111122223333:role/mine"
    assert template["Resources"]["ExecutionRole"]["Condition"] == "MakesExecutionRole"


def test_every_role_takes_boundary_and_path() -> None:
    for name in NAMES:
        for resource in TEMPLATES[name]["Resources"].values():
            if resource["Type"] == "AWS::IAM::Role":
                assert resource["Properties"]["PermissionsBoundary"]["Fn::If"][0] == "HasPermissionsBoundary"
                assert resource["Properties"]["Path"]


def test_models_and_configurations_are_never_named() -> None:
    for template in TEMPLATES.values():
        for resource in template["Resources"].values():
            if resource["Type"] == "AWS::SageMaker::Model":
                assert "ModelName" not in resource["Properties"]
        assert "EndpointConfigName" not in template["Resources"]["EndpointConfig"]["Properties"]


def test_code_of_functions_compiles() -> None:
    for template in TEMPLATES.values():
        for resource in template["Resources"].values():
            if resource["Type"] == "AWS::Lambda::Function" and "python" in resource["Properties"]["Runtime"]:
                compile(resource["Properties"]["Code"]["ZipFile"], "index.py", "exec")


def test_outputs_give_what_a_client_needs() -> None:
    for template in TEMPLATES.values():
        assert {"EndpointName", "EndpointArn", "ConsoleUrl", "InvokeCommand"} <= set(template["Outputs"])


@pytest.mark.parametrize(
    ("parameter", "words"),
    [
        ("VolumeKmsKeyArn", "Volume KMS key ARN"),
        ("VpcId", "VPC ID"),
        ("InstanceType", "Instance type"),
        ("SubnetIds", "Subnet IDs"),
    ],
)
def test_labels_are_words(parameter: str, words: str) -> None:
    assert label(parameter) == words


def test_changed_content_changes_the_model_and_the_same_does_not() -> None:
    def model(**changes: Any) -> str:
        return json.dumps(
            load(template_of(changed(CONTAINER, model__staging="s3", **changes)).text)["Resources"]["Model"]
        )

    assert model() == model()
    assert model() == model(tags={}, endpoint__instanceCount=3)
    assert len({model(), model(model__revision="main"), model(build={"exclude": ["x"]})}) == 3


BAD_PARTS = [
    ("no section", "hello\n", "text before the first section"),
    ("unknown section", "Things:\n  A: 1\n", "Things is unknown"),
    ("section twice", "Resources:\n  A: 1\nResources:\n  B: 1\n", "stands there twice"),
]


@pytest.mark.parametrize(("text", "words"), [b[1:] for b in BAD_PARTS], ids=[b[0] for b in BAD_PARTS])
def test_a_part_that_is_no_document_is_refused(text: str, words: str) -> None:
    with pytest.raises(BadPart, match=words):
        split("x", "X", text)


def test_parts_that_clash_are_refused() -> None:
    pieces = [split(name, "X", "Resources:\n  A:\n    Type: B\n") for name in ("one", "two")]
    with pytest.raises(BadPart, match=r"parts one and two both define Resources\.A"):
        join(pieces)


@pytest.mark.parametrize(
    "text", ["a: 1\na: 2\n", "a: {b: 1, b: 2}\n", "a:\n- b: 1\n  b: 2\n", 'a: 1\n"a": 2\n']
)
def test_repeated_keys_are_refused(text: str) -> None:
    with pytest.raises(BadPart, match="repeats the key"):
        refuse_duplicates(text)


def test_what_is_no_yaml_is_refused() -> None:
    with pytest.raises(BadPart, match="do not make YAML"):
        refuse_duplicates("a: [")


def test_comments_of_parts_survive() -> None:
    assert "# the action knows no resources" in render(stack_of(CONTAINER)).text
