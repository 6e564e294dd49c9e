"""Security: keys and their parameters, the policy of callers, access logs, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from cfgen.document import load
from cfgen.resolve.errors import ResolveError
from tests.specs import CONTAINER, changed, stack_of, template_of

KEY = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-123456789{:03}"
CPU = changed(
    CONTAINER,
    endpoint__instanceType="ml.c6i.2xlarge",
    model={"type": "container", "container": "tei", "modelData": "s3://my-models/bge/"},
)
CLOSED = changed(
    CPU, vpc={"mode": "create", "interfaceEndpoints": ["sagemaker.runtime"]}, security__vpcOnly=True
)


def made(data: dict[str, Any]) -> dict[str, Any]:
    """A spec's template as data."""
    found: dict[str, Any] = load(template_of(data).text)
    return found


def callers(data: dict[str, Any]) -> list[dict[str, Any]]:
    """The statements of the policy of callers."""
    policy = made(data)["Resources"]["InvokePolicy"]
    assert "ManagedPolicyName" not in policy["Properties"]
    statements: list[dict[str, Any]] = policy["Properties"]["PolicyDocument"]["Statement"]
    return statements


def keys(template: dict[str, Any]) -> dict[str, str]:
    return {
        name: body["Default"] for name, body in template["Parameters"].items() if name.endswith("KmsKeyArn")
    }


def test_one_key_is_one_parameter_for_all_that_is_kept() -> None:
    data = changed(CPU, security__kmsKey=KEY.format(1), dataCapture={}, endpoint__volumeSize=30)
    template = made({**data, "async": {}})
    assert keys(template) == {"KmsKeyArn": KEY.format(1)}
    resources = template["Resources"]
    assert resources["EndpointConfig"]["Properties"]["KmsKeyId"]["Fn::If"][1] == {"Ref": "KmsKeyArn"}
    assert resources["LogGroup"]["Properties"]["KmsKeyId"]["Fn::If"][1] == {"Ref": "KmsKeyArn"}
    for bucket in ("AsyncBucket", "CaptureBucket"):
        [rule] = resources[bucket]["Properties"]["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert rule["Fn::If"][0] == "HasKmsKey"
    said = template["Parameters"]["KmsKeyArn"]["Description"]
    for word in ("volumes", "asynchronous answers", "captured data", "logs"):
        assert word in said
    assert "model files" not in said


def test_a_key_of_its_own_goes_before_the_one_for_all() -> None:
    data = changed(CPU, security={"kmsKey": KEY.format(1), "logKmsKey": KEY.format(2)}, dataCapture={})
    assert keys(made(data)) == {"KmsKeyArn": KEY.format(1), "LogKmsKeyArn": KEY.format(2)}


def test_without_any_each_may_be_given_at_launch() -> None:
    assert keys(made(changed(CPU, dataCapture={}))) == {
        "VolumeKmsKeyArn": "",
        "CaptureKmsKeyArn": "",
        "LogKmsKeyArn": "",
    }


def test_the_key_for_all_leaves_local_storage_out() -> None:
    data = changed(CPU, endpoint__instanceType="ml.g5.xlarge", security__kmsKey=KEY.format(1))
    assert "KmsKeyId" not in made(data)["Resources"]["EndpointConfig"]["Properties"]


def test_a_topic_of_alarms_takes_the_key_for_all() -> None:
    data = changed(CPU, security__kmsKey=KEY.format(1), alarms={})
    assert keys(made(data))["AlarmKmsKeyArn"] == KEY.format(1)


def test_buckets_that_are_made_log_access_where_a_launcher_says() -> None:
    template = made(changed(CPU, security__accessLogBucket="logs-here", dataCapture={}))
    assert template["Parameters"]["AccessLogBucket"]["Default"] == "logs-here"
    assert "LoggingConfiguration" in template["Resources"]["CaptureBucket"]["Properties"]
    assert "AccessLogBucket" not in made(CPU)["Parameters"]
    assert "AccessLogBucket" not in made(changed(CPU, dataCapture={"bucket": "mine"}))["Parameters"]


def test_callers_may_invoke_this_endpoint_and_no_more() -> None:
    [statement] = callers(changed(CPU, security={"invokePolicy": {}, "rolePath": "/apps/"}))
    assert statement == {
        "Sid": "Invoke",
        "Effect": "Allow",
        "Action": ["sagemaker:InvokeEndpoint", "sagemaker:InvokeEndpointWithResponseStream"],
        "Resource": {"Ref": "Endpoint"},
    }
    template = made(changed(CPU, security={"invokePolicy": {}, "rolePath": "/apps/"}))
    assert template["Resources"]["InvokePolicy"]["Properties"]["Path"] == "/apps/"
    assert template["Outputs"]["InvokePolicyArn"]["Value"] == {"Ref": "InvokePolicy"}
    assert "InvokePolicy" not in made(CPU)["Resources"]


def test_asynchronous_callers_put_requests_and_get_answers() -> None:
    invoke, put, get, key = callers({**changed(CPU, security__invokePolicy={}), "async": {}})
    assert invoke["Action"] == ["sagemaker:InvokeEndpointAsync"]
    assert put["Action"] == "s3:PutObject"
    assert get["Action"] == "s3:GetObject"
    assert len(get["Resource"]) == 2
    assert key["Fn::If"][0] == "HasAsyncKmsKey"


def test_a_serverless_endpoint_streams_nothing() -> None:
    data = changed(
        CPU,
        endpoint=...,
        serverless={"memorySizeInMB": 4096},
        model={"type": "container", "container": "xgboost", "modelData": "s3://my-models/x/model.tar.gz"},
        smokeTest={"enabled": False},
        security__invokePolicy={},
    )
    assert callers(data)[0]["Action"] == ["sagemaker:InvokeEndpoint"]


def test_a_bearer_token_is_a_statement_of_its_own() -> None:
    _, token = callers(changed(CPU, security__invokePolicy={"bearerToken": True}))
    assert token["Action"] == "sagemaker:CallWithBearerToken"
    assert token["Resource"] == "*"


def test_callers_come_from_the_network() -> None:
    [made_there] = callers(changed(CLOSED, security__invokePolicy={}))
    assert made_there["Condition"] == {"StringEquals": {"aws:SourceVpc": {"Ref": "Vpc"}}}
    [there_before] = callers(changed(CLOSED, vpc={"mode": "existing"}, security__invokePolicy={}))
    assert there_before["Condition"] == {"StringEquals": {"aws:SourceVpc": {"Ref": "VpcId"}}}


def test_callers_come_through_interface_endpoints_that_are_named() -> None:
    asked = {"vpcEndpoints": ["vpce-0123456789abcdef0", "vpce-0123456789abcdef1"], "bearerToken": True}
    for data in (CPU, CLOSED, changed(CLOSED, vpc={"mode": "create"})):
        template = made(changed(data, security__invokePolicy=asked))
        assert template["Parameters"]["InvokeVpcEndpoints"]["Default"] == ",".join(asked["vpcEndpoints"])  # type: ignore[arg-type]
        for statement in template["Resources"]["InvokePolicy"]["Properties"]["PolicyDocument"]["Statement"]:
            assert statement["Condition"] == {
                "StringEquals": {"aws:SourceVpce": {"Ref": "InvokeVpcEndpoints"}}
            }


def test_every_role_and_policy_has_the_path_and_every_role_the_boundary() -> None:
    """Over all features at once: what a part forgets shows here."""
    data = changed(
        CLOSED,
        security={"rolePath": "/apps/", "invokePolicy": {}},
        dataCapture={},
        alarms={},
    )
    resources = made({**data, "async": {}})["Resources"].values()
    roles = [one["Properties"] for one in resources if one["Type"] == "AWS::IAM::Role"]
    policies = [one["Properties"] for one in resources if one["Type"] == "AWS::IAM::ManagedPolicy"]
    assert len(roles) >= 4
    assert {one["Path"] for one in roles + policies} == {"/apps/"}
    assert {one["PermissionsBoundary"]["Fn::If"][0] for one in roles} == {"HasPermissionsBoundary"}


REFUSED = [
    (changed(CPU, security__vpcOnly=True), "security.vpcOnly: the endpoint stands in no VPC"),
    (
        changed(CONTAINER, vpc={"mode": "create"}, security__vpcOnly=True),
        "security.vpcOnly: the container fetches the model from the hub, over the internet",
    ),
    (
        changed(CLOSED, vpc={"mode": "create"}, security__invokePolicy={}),
        "security.invokePolicy: with security.vpcOnly nobody could call",
    ),
    (
        changed(
            CLOSED,
            vpc={"mode": "existing", "securityGroupIds": ["sg-0123456789abcdef0"]},
            security__invokePolicy={},
        ),
        "security.invokePolicy: with security.vpcOnly it must say from where calls come",
    ),
    (
        {**changed(CPU, security__invokePolicy={"bearerToken": True}), "async": {}},
        "security.invokePolicy.bearerToken: an asynchronous endpoint is not called with a bearer token",
    ),
    (
        changed(CPU, security__requiredTags=["cost-center", "owner"], tags={"owner": "search"}),
        "tags: the tag cost-center is required by security.requiredTags",
    ),
    (
        changed(CPU, security__requiredTags=["owner"], tags={"owner": ""}),
        "tags: the tag owner is required by security.requiredTags",
    ),
]


@pytest.mark.parametrize(("data", "message"), REFUSED)
def test_what_cannot_be_is_refused_at_its_place(data: dict[str, Any], message: str) -> None:
    with pytest.raises(ResolveError) as raised:
        stack_of(data)
    assert message in str(raised.value)


def test_required_tags_that_are_there_are_no_fault() -> None:
    stack = stack_of(changed(CPU, security__requiredTags=["owner"], tags={"owner": "search"}))
    assert dict(stack.tags) == {"owner": "search"}
