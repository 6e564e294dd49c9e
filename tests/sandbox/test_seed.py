"""Example data: what templates refer to comes to be, once, and what is there already or given is left alone."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cfgen.cli.sandbox import command
from cfgen.errors import CfgenError
from cfgen.sandbox import Sandbox
from cfgen.sandbox.hub import WHAT
from cfgen.sandbox.seed import sample

REGION = "eu-west-1"
ELSEWHERE = "arn:aws:{}:eu-west-1:999999999999:{}"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


def template(*resources: Any, **parameters: Any) -> dict[str, Any]:
    """A template with these parameters, by default strings with a default."""
    bodies = {
        name: given if isinstance(given, dict) else {"Type": "String", "Default": given}
        for name, given in parameters.items()
    }
    return {"Parameters": bodies, "Resources": {f"R{at}": one for at, one in enumerate(resources)}}


def of_type(kind: str, default: str = "") -> dict[str, str]:
    return {"Type": kind, **({"Default": default} if default else {})}


def test_model_data_as_an_archive_and_as_a_prefix(sandbox: Sandbox) -> None:
    s3 = sandbox.client("s3", REGION)
    given = template(ModelDataBucket="seed-data", ModelDataKey="a/model.tar.gz")
    seeded = sandbox.seed(given, {}, REGION)
    assert (len(seeded.made), seeded.parameters) == (2, {})
    data = s3.get_object(Bucket="seed-data", Key="a/model.tar.gz")["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        assert "config.json" in archive.getnames()
    assert sandbox.seed(given, {}, REGION).made == []
    sandbox.seed(template(OtherModelDataBucket="seed-data", OtherModelDataKey="b/"), {}, REGION)
    found = s3.get_object(Bucket="seed-data", Key="b/README.md")["Body"].read().decode()
    assert WHAT in found


def test_a_bucket_of_another_region_has_another_name(sandbox: Sandbox) -> None:
    given = template(ModelDataBucket="seed-regions", ModelDataKey="a/")
    assert sandbox.seed(given, {}, "us-east-1").parameters == {}
    for _ in range(2):
        assert sandbox.seed(given, {}, REGION).parameters == {"ModelDataBucket": f"seed-regions-{REGION}"}
    assert sandbox.client("s3", REGION).list_objects_v2(Bucket=f"seed-regions-{REGION}")["KeyCount"] > 1


def test_a_network(sandbox: Sandbox) -> None:
    given = template(
        VpcId=of_type("AWS::EC2::VPC::Id"),
        SubnetIds=of_type("List<AWS::EC2::Subnet::Id>", "subnet-1,subnet-2"),
        SecurityGroupIds=of_type("List<AWS::EC2::SecurityGroup::Id>", "sg-1"),
    )
    seeded = sandbox.seed(given, {}, REGION)
    assert len(seeded.made) == 1
    chosen = seeded.parameters
    ec2 = sandbox.client("ec2", REGION)
    subnets = ec2.describe_subnets(SubnetIds=chosen["SubnetIds"].split(","))["Subnets"]
    assert {one["VpcId"] for one in subnets} == {chosen["VpcId"]}
    assert len({one["AvailabilityZone"] for one in subnets}) == 2
    (group,) = ec2.describe_security_groups(GroupIds=[chosen["SecurityGroupIds"]])["SecurityGroups"]
    assert group["VpcId"] == chosen["VpcId"]
    again = sandbox.seed(given, {}, REGION)
    assert (again.made, again.parameters) == ([], chosen)
    # ids that are there are taken as they are
    own = template(VpcId=of_type("AWS::EC2::VPC::Id", chosen["VpcId"]))
    assert sandbox.seed(own, {}, REGION).parameters == {}


@pytest.mark.parametrize(
    ("name", "value", "service", "operation", "argument"),
    [
        ("TokenSecret", "seed-token", "secretsmanager", "describe_secret", "SecretId"),
        ("VolumeKmsKeyArn", ELSEWHERE.format("kms", "key/0-1"), "kms", "describe_key", "KeyId"),
        ("TopicArn", ELSEWHERE.format("sns", "seed-topic"), "sns", "get_topic_attributes", "TopicArn"),
        ("PermissionsBoundaryArn", "arn:aws:iam::999999999999:policy/a/b", "iam", "get_policy", "PolicyArn"),
    ],
)
def test_what_a_parameter_names(
    sandbox: Sandbox, name: str, value: str, service: str, operation: str, argument: str
) -> None:
    given = template(**{name: value})
    seeded = sandbox.seed(given, {}, REGION)
    assert len(seeded.made) == 1
    there = seeded.parameters.get(name, value)
    assert getattr(sandbox.client(service, REGION), operation)(**{argument: there})
    again = sandbox.seed(given, {}, REGION)
    assert (again.made, again.parameters) == ([], seeded.parameters)


def test_a_secret_by_its_arn(sandbox: Sandbox) -> None:
    given = template(TokenSecret=ELSEWHERE.format("secretsmanager", "secret:seed/token-AbCdEf"))
    arn = sandbox.seed(given, {}, REGION).parameters["TokenSecret"]
    assert sandbox.client("secretsmanager", REGION).describe_secret(SecretId=arn)["Name"] == "seed/token"


def test_a_role_that_sagemaker_may_take(sandbox: Sandbox) -> None:
    given = template(ExecutionRoleArn="arn:aws:iam::999999999999:role/ours/serving")
    arn = sandbox.seed(given, {}, REGION).parameters["ExecutionRoleArn"]
    assert arn == "arn:aws:iam::123456789012:role/serving"
    assert sandbox.seed(given, {}, REGION).made == []


def test_a_bucket_for_access_logs_takes_them(sandbox: Sandbox) -> None:
    sandbox.seed(template(AccessLogBucket="seed-logs"), {}, REGION)
    policy = json.loads(sandbox.client("s3", REGION).get_bucket_policy(Bucket="seed-logs")["Policy"])
    assert policy["Statement"][0]["Principal"] == {"Service": "logging.s3.amazonaws.com"}


def test_what_is_given_or_asked_for_by_nobody_is_left_alone(sandbox: Sandbox) -> None:
    managed = "arn:aws:iam::aws:policy/PowerUserAccess"
    given = template(
        TokenSecret="seed-given", ExecutionRoleArn="", AccessLogBucket="", InstanceType="ml.m5.xlarge",
        AssetBucket={"Type": "String"}, PermissionsBoundaryArn=managed,
    )  # fmt: skip
    seeded = sandbox.seed(given, {"TokenSecret": "mine"}, REGION)
    assert (seeded.made, seeded.parameters) == ([], {})


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("*Q4_K_M.gguf", "stand-inQ4_K_M.gguf"),
        ("gguf/", "gguf/stand-in.safetensors"),
        ("gguf/**/*.gguf", "gguf/stand-in/stand-in.gguf"),
        ("part-?-of-[0-9].safetensors", "part-x-of-0.safetensors"),
        ("exact.gguf", "exact.gguf"),
    ],
)
def test_a_path_for_a_pattern(pattern: str, path: str) -> None:
    assert sample(pattern) == path
    assert fnmatch(path, pattern + "*" * pattern.endswith("/"))


def test_files_that_a_build_chooses(sandbox: Sandbox) -> None:
    config = {
        "models": [
            {"id": "org/usual", "include": ["*.json", "*.safetensors"]},
            {"id": "org/some", "include": ["*.json", "*Q4.gguf"]},
            {"id": "org/none", "exclude": ["*.safetensors"]},
        ]
    }
    build = {"Type": "Custom::ModelBuild", "Properties": {"Config": json.dumps(config)}}
    seeded = sandbox.seed(template(build), {}, REGION)
    assert seeded.hub_files == {"org/some": ["stand-inQ4.gguf"], "org/none": ["model.gguf"]}


def test_seeding_from_the_command_line(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    spec = tmp_path / "spec.yaml"
    spec.write_text(
        "name: seeded\n"
        "model: {type: container, container: huggingface, task: text-classification, modelData: s3://seed-cli/m/}\n"
        "endpoint: {instanceType: ml.m5.xlarge}\n"
        "vpc: {mode: existing}\n"
    )
    asked = ["seed", str(spec), "--region", REGION, "--folder", str(tmp_path)]
    with pytest.raises(CfgenError, match="No sandbox is running"):
        CliRunner().invoke(command, asked, catch_exceptions=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL", sandbox.url)
    done = CliRunner().invoke(command, asked, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert sorted(line.partition("=")[0] for line in done.stdout.split()) == ["SubnetIds", "VpcId"]
    assert "example data in eu-west-1: bucket seed-cli\n" in done.stderr


def test_what_nobody_imitates_is_refused_by_name_and_not_tried_again(sandbox: Sandbox) -> None:
    quotas = sandbox.client("service-quotas", REGION)
    with pytest.raises(quotas.exceptions.ClientError, match="not imitated by the cfgen sandbox") as error:
        quotas.get_auto_management_configuration()
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert error.value.response["ResponseMetadata"]["RetryAttempts"] == 0


def test_the_models_that_a_first_request_names(sandbox: Sandbox) -> None:
    given = template(ModelDataBucket="seed-many", ModelDataKey="many/")
    given["Resources"]["SmokeTest"] = {
        "Type": "Custom::SmokeTest",
        "Properties": {"TargetModel": "berlin.tar.gz"},
    }
    sandbox.seed(given, {}, REGION)
    [found] = sandbox.client("s3", REGION).list_objects_v2(Bucket="seed-many")["Contents"]
    assert found["Key"] == "many/berlin.tar.gz"
