"""Keys and the policy of callers in the sandbox, with IAM enforced: enough, and no more."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.sandbox.conftest import World
from tests.sandbox.test_modes import PLAIN
from tests.specs import changed, template_of

CALLED = changed(PLAIN, security__invokePolicy={})
BODY = b'{"inputs": "a"}'


def caller(world: World, policy: str) -> Any:
    """Clients of a role that has that policy and nothing else."""
    iam, name = world.client("iam"), f"caller-{world.name()}"
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    iam.attach_role_policy(RoleName=name, PolicyArn=policy)
    keys = world.client("sts").assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]

    def client(service: str) -> Any:
        return boto3.client(
            service,
            region_name=world.region,
            endpoint_url=world.sandbox.url,
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys["SessionToken"],
        )

    client.detach = lambda: iam.detach_role_policy(RoleName=name, PolicyArn=policy)  # type: ignore[attr-defined]
    return client


def denied(call: Any, **arguments: Any) -> bool:
    with pytest.raises(ClientError) as raised:
        call(**arguments)
    return "AccessDenied" in raised.value.response["Error"]["Code"]


def test_callers_invoke_this_endpoint_and_nothing_else(world: World) -> None:
    name, other = world.create(template_of(CALLED).text), world.create(template_of(PLAIN).text)
    told = world.outputs(name)
    client = caller(world, told["InvokePolicyArn"])
    runtime = client("sagemaker-runtime")
    asked = {"ContentType": "application/json", "Body": BODY}
    assert runtime.invoke_endpoint(EndpointName=told["EndpointName"], **asked)["Body"].read()
    assert denied(runtime.invoke_endpoint, EndpointName=world.outputs(other)["EndpointName"], **asked)
    assert denied(client("sagemaker").describe_endpoint, EndpointName=told["EndpointName"])
    assert denied(client("sagemaker").list_endpoints)
    assert denied(client("logs").describe_log_streams, logGroupName=told["LogGroupName"])
    # a policy that is attached cannot be deleted: who hands it out takes it back first
    client.detach()
    assert world.update(name, template_of(PLAIN).text) == "UPDATE_COMPLETE", world.events(name)
    assert "InvokePolicyArn" not in world.outputs(name)
    assert {world.delete(one) for one in (name, other)} == {"DELETE_COMPLETE"}


def test_asynchronous_callers_put_requests_and_get_answers(world: World) -> None:
    name = world.create(template_of({**CALLED, "async": {}}).text)
    told = world.outputs(name)
    client = caller(world, told["InvokePolicyArn"])
    bucket, _, prefix = told["AsyncInput"].removeprefix("s3://").partition("/")
    s3 = client("s3")
    s3.put_object(Bucket=bucket, Key=f"{prefix}one", Body=BODY)
    answer = client("sagemaker-runtime").invoke_endpoint_async(
        EndpointName=told["EndpointName"],
        InputLocation=f"s3://{bucket}/{prefix}one",
        ContentType="application/json",
    )
    where = answer["OutputLocation"].removeprefix(f"s3://{bucket}/")
    world.client("s3").get_waiter("object_exists").wait(
        Bucket=bucket, Key=where, WaiterConfig={"Delay": 1, "MaxAttempts": 20}
    )
    assert s3.get_object(Bucket=bucket, Key=where)["Body"].read()
    assert denied(s3.get_object, Bucket=bucket, Key=f"{prefix}one")
    assert denied(s3.put_object, Bucket=bucket, Key=where, Body=b"")
    client.detach()
    assert world.delete(name) == "DELETE_COMPLETE"


def test_callers_from_outside_the_network_are_refused(world: World) -> None:
    endpoints = {"security__invokePolicy": {"vpcEndpoints": ["vpce-0123456789abcdef0"]}}
    name = world.create(template_of(changed(PLAIN, **endpoints)).text)
    told = world.outputs(name)
    client = caller(world, told["InvokePolicyArn"])
    call = client("sagemaker-runtime").invoke_endpoint
    assert denied(call, EndpointName=told["EndpointName"], ContentType="application/json", Body=BODY)
    assert world.update(name, template_of(CALLED).text) == "UPDATE_COMPLETE"
    assert call(EndpointName=told["EndpointName"], ContentType="application/json", Body=BODY)["Body"].read()
    client.detach()
    assert world.delete(name) == "DELETE_COMPLETE"


def logs_key(world: World, *services: str) -> str:
    """A key that its account's roles may use, and these services."""
    kms = world.client("kms")
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
                "Action": "kms:*",
                "Resource": "*",
            },
            *(
                {
                    "Effect": "Allow",
                    "Principal": {"Service": service},
                    "Action": ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*"],
                    "Resource": "*",
                }
                for service in services
            ),
        ],
    }
    return str(kms.create_key(Policy=json.dumps(policy))["KeyMetadata"]["Arn"])


def test_a_key_for_logs_comes_and_goes_and_must_let_logs_in(world: World) -> None:
    name = world.create(template_of(PLAIN).text)
    group = world.outputs(name)["LogGroupName"]

    def key() -> str:
        [found] = world.client("logs").describe_log_groups(logGroupNamePrefix=group)["logGroups"]
        return str(found.get("kmsKeyId", ""))

    assert key() == ""
    with_key = changed(PLAIN, security__kmsKey=logs_key(world, "logs.us-east-1.amazonaws.com"))
    assert world.update(name, template_of(with_key).text) == "UPDATE_COMPLETE", world.events(name)
    assert key() == with_key["security"]["kmsKey"]
    closed = changed(PLAIN, security__kmsKey=logs_key(world))
    parameter = [{"ParameterKey": "KmsKeyArn", "ParameterValue": closed["security"]["kmsKey"]}]
    assert world.update(name, None, Parameters=parameter) == "UPDATE_ROLLBACK_COMPLETE"
    assert any("not allowed to be used with LogGroup" in event for event in world.events(name))
    assert key() == with_key["security"]["kmsKey"]
    assert world.update(name, template_of(PLAIN).text) == "UPDATE_COMPLETE"
    assert key() == ""
    assert world.delete(name) == "DELETE_COMPLETE"
