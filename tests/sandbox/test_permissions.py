"""IAM is enforced: policies, conditions, boundaries, bucket policies, trust, passed roles, service roles."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from cfgen.sandbox.iam import policy

from .conftest import IAM, World, allow, role


def _evaluate(statement: dict[str, Any], action: str, resource: str, **context: Any) -> str:
    body = {"Effect": "Allow", **statement}
    keys = {key.replace("__", ":"): value for key, value in context.items()}
    return policy.evaluate([body], action, resource, keys)


@pytest.mark.parametrize(
    ("statement", "action", "resource", "context", "answer"),
    [
        (
            {"Action": "s3:Get*", "Resource": "arn:aws:s3:::b/*"},
            "s3:GetObject",
            "arn:aws:s3:::b/k",
            {},
            "allow",
        ),
        ({"Action": "S3:getobject", "Resource": "*"}, "s3:GetObject", "arn:aws:s3:::b/k", {}, "allow"),
        ({"Action": "s3:Get*", "Resource": "arn:aws:s3:::b"}, "s3:GetObject", "arn:aws:s3:::b/k", {}, "none"),
        ({"NotAction": "s3:*", "Resource": "*"}, "s3:GetObject", "x", {}, "none"),
        ({"NotAction": "iam:*", "Resource": "*"}, "s3:GetObject", "x", {}, "allow"),
        (
            {"Action": "s3:*", "NotResource": "arn:aws:s3:::b/secret/*"},
            "s3:GetObject",
            "arn:aws:s3:::b/secret/k",
            {},
            "none",
        ),
        ({"Action": "*", "Resource": "*", "Effect": "Deny"}, "s3:GetObject", "x", {}, "deny"),
        (
            {
                "Action": "*",
                "Resource": "*",
                "Condition": {"StringEquals": {"aws:RequestedRegion": ["eu-west-1", "us-east-1"]}},
            },
            "s3:GetObject",
            "x",
            {"aws__RequestedRegion": "us-east-1"},
            "allow",
        ),
        (
            {
                "Action": "*",
                "Resource": "*",
                "Condition": {"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1", "us-east-1"]}},
            },
            "s3:GetObject",
            "x",
            {"aws__RequestedRegion": "us-east-1"},
            "none",
        ),
        (
            {"Action": "*", "Resource": "*", "Condition": {"StringEquals": {"a:b": "c"}}},
            "s3:GetObject",
            "x",
            {},
            "none",
        ),
        (
            {"Action": "*", "Resource": "*", "Condition": {"StringEqualsIfExists": {"a:b": "c"}}},
            "s3:GetObject",
            "x",
            {},
            "allow",
        ),
        (
            {"Action": "*", "Resource": "*", "Condition": {"Null": {"a:b": "true"}}},
            "s3:GetObject",
            "x",
            {},
            "allow",
        ),
        (
            {"Action": "*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
            "s3:GetObject",
            "x",
            {"aws__SecureTransport": "true"},
            "none",
        ),
        (
            {"Action": "*", "Resource": "*", "Condition": {"NumericLessThan": {"a:n": "5"}}},
            "s3:GetObject",
            "x",
            {"a__n": 4},
            "allow",
        ),
        (
            {
                "Action": "*",
                "Resource": "*",
                "Condition": {"ForAllValues:StringEquals": {"aws:TagKeys": ["a", "b"]}},
            },
            "s3:GetObject",
            "x",
            {"aws__TagKeys": ["a", "c"]},
            "none",
        ),
        (
            {"Action": "*", "Resource": "arn:aws:s3:::${aws:PrincipalAccount}/*"},
            "s3:GetObject",
            "arn:aws:s3:::1/k",
            {"aws__PrincipalAccount": "1"},
            "allow",
        ),
        ({"Action": "*", "Resource": "arn:aws:s3:::[b]/*"}, "s3:GetObject", "arn:aws:s3:::b/k", {}, "none"),
    ],
)
def test_evaluation(
    statement: dict[str, Any], action: str, resource: str, context: dict[str, Any], answer: str
) -> None:
    assert _evaluate(statement, action, resource, **context) == answer


def _session(world: World, role_arn: str) -> Any:
    keys = world.client("sts").assume_role(RoleArn=role_arn, RoleSessionName="test")["Credentials"]

    def client(service: str) -> Any:
        return boto3.client(
            service,
            region_name="us-east-1",
            endpoint_url=world.sandbox.url,
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys["SessionToken"],
        )

    return client


def _role(world: World, *statements: dict[str, Any], **more: Any) -> str:
    name = world.create({"Resources": {"Role": role("lambda", *statements, **more)}})
    assert world.stack(name)["StackStatus"] == "CREATE_COMPLETE", world.events(name)
    return f"arn:aws:iam::123456789012:role/{world.physical(name, 'Role')}"


def _may(call: Any, **arguments: Any) -> str:
    try:
        call(**arguments)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


def test_actions_and_resources_of_s3(world: World) -> None:
    s3 = world.client("s3")
    s3.create_bucket(Bucket="perm-bucket")
    s3.put_object(Bucket="perm-bucket", Key="models/a", Body=b"a")
    s3.put_object(Bucket="perm-bucket", Key="other/a", Body=b"a")
    listing = {
        **allow("s3:ListBucket", on="arn:aws:s3:::perm-bucket"),
        "Condition": {"StringLike": {"s3:prefix": "models/*"}},
    }
    mine = _session(
        world,
        _role(world, allow("s3:GetObject", "s3:PutObject", on="arn:aws:s3:::perm-bucket/models/*"), listing),
    )("s3")
    bucket = {"Bucket": "perm-bucket"}
    assert _may(mine.get_object, **bucket, Key="models/a") == ""
    assert _may(mine.get_object, **bucket, Key="other/a") == "AccessDenied"
    assert _may(mine.put_object, **bucket, Key="models/b", Body=b"b") == ""
    assert _may(mine.delete_object, **bucket, Key="models/b") == "AccessDenied"
    assert _may(mine.list_objects_v2, **bucket, Prefix="models/") == ""
    assert _may(mine.list_objects_v2, **bucket) == "AccessDenied"
    assert _may(mine.list_objects_v2, **bucket, Prefix="other/") == "AccessDenied"
    upload = mine.create_multipart_upload(**bucket, Key="models/big")["UploadId"]
    part = mine.upload_part(**bucket, Key="models/big", UploadId=upload, PartNumber=1, Body=b"x")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    assert (
        _may(
            mine.complete_multipart_upload, **bucket, Key="models/big", UploadId=upload, MultipartUpload=parts
        )
        == ""
    )
    assert _may(mine.abort_multipart_upload, **bucket, Key="models/big", UploadId="u") == "AccessDenied"
    assert _may(mine.list_multipart_uploads, **bucket) == "AccessDenied"
    assert _may(mine.delete_objects, **bucket, Delete={"Objects": [{"Key": "models/a"}]}) == "AccessDenied"
    source = {"Bucket": "perm-bucket", "Key": "other/a"}
    assert _may(mine.copy_object, **bucket, Key="models/c", CopySource=source) == "AccessDenied"


def test_a_bucket_policy_denies_even_the_operator(world: World) -> None:
    s3 = world.client("s3")
    s3.create_bucket(Bucket="locked-bucket")
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:DeleteObject",
        "Resource": "arn:aws:s3:::locked-bucket/*",
    }
    s3.put_bucket_policy(
        Bucket="locked-bucket", Policy=json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    )
    assert _may(s3.delete_object, Bucket="locked-bucket", Key="k") == "AccessDenied"
    assert _may(s3.put_object, Bucket="locked-bucket", Key="k", Body=b"") == ""


def test_a_boundary_limits(world: World) -> None:
    document = {"Version": "2012-10-17", "Statement": [allow("sns:*")]}
    boundary = world.client("iam").create_policy(PolicyName="boundary", PolicyDocument=json.dumps(document))[
        "Policy"
    ]["Arn"]
    client = _session(
        world, _role(world, allow("sns:ListTopics", "ssm:DescribeParameters"), PermissionsBoundary=boundary)
    )
    assert _may(client("sns").list_topics) == ""
    with pytest.raises(
        ClientError, match="because no permissions boundary allows the ssm:DescribeParameters action"
    ):
        client("ssm").describe_parameters()


def test_managed_policies_count(world: World) -> None:
    client = _session(
        world, _role(world, ManagedPolicyArns=["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"])
    )
    assert _may(client("s3").list_buckets) == ""
    assert _may(client("s3").create_bucket, Bucket="nope-bucket") == "AccessDenied"


def test_messages_are_shaped_as_awss(world: World) -> None:
    client = _session(world, _role(world, allow("ec2:DescribeVpcs")))
    with pytest.raises(ClientError) as caught:
        client("sagemaker").describe_endpoint(EndpointName="e")
    assert caught.value.response["Error"]["Code"] == "AccessDeniedException"
    assert (
        "is not authorized to perform: sagemaker:DescribeEndpoint on resource: "
        "arn:aws:sagemaker:us-east-1:123456789012:endpoint/e because no identity-based policy allows"
    ) in caught.value.response["Error"]["Message"]
    assert _may(client("ec2").describe_subnets) == "UnauthorizedOperation"
    assert _may(client("iam").list_roles) == "AccessDenied"
    assert _may(client("cloudformation").list_stacks) == "AccessDenied"


def test_only_those_trusted_may_assume(world: World) -> None:
    target = _role(world, allow("sns:ListTopics"))
    sts = _session(world, _role(world, allow("sts:AssumeRole")))("sts")
    assert _may(sts.assume_role, RoleArn=target, RoleSessionName="xx") == "AccessDenied"


def test_a_service_role_of_the_stack_is_held_to_its_policies(world: World) -> None:
    name = world.create(
        {
            "Resources": {
                "Role": role(
                    "cloudformation",
                    allow(
                        "ssm:PutParameter", "ssm:GetParameter", "ssm:DeleteParameter", "ssm:AddTagsToResource"
                    ),
                )
            }
        }
    )
    arn = f"arn:aws:iam::123456789012:role/{world.physical(name, 'Role')}"
    parameter = {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": "x"}}
    good = world.create({"Resources": {"P": parameter}}, RoleARN=arn)
    assert world.stack(good)["StackStatus"] == "CREATE_COMPLETE", world.events(good)
    assert world.stack(good)["RoleARN"] == arn
    bad = world.create({"Resources": {"T": {"Type": "AWS::SNS::Topic"}}}, RoleARN=arn)
    assert world.stack(bad)["StackStatus"] in ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED")
    assert any("is not authorized to perform: sns:" in line for line in world.events(bad))
    with pytest.raises(ClientError, match="is invalid or cannot be assumed"):
        world.create({"Resources": {"P": parameter}}, RoleARN="arn:aws:iam::123456789012:role/none")


def test_passing_a_role_needs_permission(world: World) -> None:
    target = _role(world, allow("sns:ListTopics"))
    client = _session(world, _role(world, allow("lambda:CreateFunction")))("lambda")
    with pytest.raises(ClientError, match="is not authorized to perform: iam:PassRole on resource"):
        client.create_function(
            FunctionName="passed",
            Role=target,
            Runtime="python3.12",
            Handler="index.handler",
            Code={"ZipFile": b"x"},
        )


def test_encryption_with_a_key_needs_the_key(world: World) -> None:
    template = {
        "Resources": {
            "Key": {
                "Type": "AWS::KMS::Key",
                "Properties": {
                    "KeyPolicy": {
                        "Version": "2012-10-17",
                        "Statement": [
                            {
                                "Effect": "Allow",
                                "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
                                "Action": "kms:*",
                                "Resource": "*",
                            }
                        ],
                    }
                },
            },
            "Bucket": {
                "Type": "AWS::S3::Bucket",
                "Properties": {
                    "BucketEncryption": {
                        "ServerSideEncryptionConfiguration": [
                            {
                                "ServerSideEncryptionByDefault": {
                                    "SSEAlgorithm": "aws:kms",
                                    "KMSMasterKeyID": {"Fn::GetAtt": ["Key", "Arn"]},
                                }
                            }
                        ]
                    }
                },
            },
        }
    }
    name = world.create(template)
    bucket = world.physical(name, "Bucket")
    key = f"arn:aws:kms:us-east-1:123456789012:key/{world.physical(name, 'Key')}"
    objects = allow("s3:PutObject", "s3:GetObject", on=f"arn:aws:s3:::{bucket}/*")
    without = _session(world, _role(world, objects))("s3")
    assert _may(without.put_object, Bucket=bucket, Key="k", Body=b"") == "AccessDenied"
    writer = _session(world, _role(world, objects, allow("kms:GenerateDataKey", on=key)))("s3")
    assert _may(writer.put_object, Bucket=bucket, Key="k", Body=b"") == ""
    assert _may(writer.get_object, Bucket=bucket, Key="k") == "AccessDenied"
    reader = _session(world, _role(world, objects, allow("kms:Decrypt", on=key)))("s3")
    assert _may(reader.get_object, Bucket=bucket, Key="k") == ""


def test_a_secret_under_a_key_needs_the_key(world: World) -> None:
    key = world.client("kms").create_key()["KeyMetadata"]
    secrets = world.client("secretsmanager")
    secret = secrets.create_secret(Name="under-a-key", SecretString="s", KmsKeyId=key["KeyId"])["ARN"]
    plain = secrets.create_secret(Name="under-no-key", SecretString="s")["ARN"]
    read = allow("secretsmanager:GetSecretValue", on="*")
    without = _session(world, _role(world, read))("secretsmanager")
    assert _may(without.get_secret_value, SecretId=plain) == ""
    assert _may(without.get_secret_value, SecretId=secret) == "AccessDeniedException"
    through = {"StringLike": {"kms:ViaService": "secretsmanager.us-east-1.amazonaws.com*"}}
    decrypt = {**allow("kms:Decrypt", on="arn:aws:kms:us-east-1:*:key/*"), "Condition": through}
    reader = _session(world, _role(world, read, decrypt))("secretsmanager")
    assert _may(reader.get_secret_value, SecretId=secret) == ""


def test_enforcement_can_be_switched_off_to_find_a_cause(world: World) -> None:
    client = _session(world, _role(world, allow("ec2:DescribeVpcs")))("sns")
    assert _may(client.list_topics) == "AuthorizationError"
    world.sandbox.configure(enforce_iam=False)
    try:
        assert _may(client.list_topics) == ""
    finally:
        world.sandbox.configure(enforce_iam=True)
    assert IAM
