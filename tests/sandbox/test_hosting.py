"""SageMaker hosting: what an endpoint needs from its role, how it fails, how an update goes back."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .conftest import World, allow, role

IMAGE = "763104351884.dkr.ecr.us-east-1.amazonaws.com/djl-inference:0.38.0-lmi29.0.0-cu130"
PULL = allow("ecr:GetAuthorizationToken", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
READ = [
    allow("s3:GetObject", on={"Fn::Sub": "arn:aws:s3:::${Data}/model/*"}),
    {
        **allow("s3:ListBucket", on={"Fn::Sub": "arn:aws:s3:::${Data}"}),
        "Condition": {"StringLike": {"s3:prefix": "model/*"}},
    },
]


def _template(
    bucket: str, *statements: dict[str, Any], word: str = "a", kind: str = "ml.g6.2xlarge"
) -> dict[str, Any]:
    source = {
        "S3Uri": {"Fn::Sub": "s3://${Data}/model/"},
        "S3DataType": "S3Prefix",
        "CompressionType": "None",
    }
    return {
        "Parameters": {"Data": {"Type": "String", "Default": bucket}},
        "Resources": {
            "Role": role("sagemaker", *(statements or (PULL, *READ))),
            "Model": {
                "Type": "AWS::SageMaker::Model",
                "Properties": {
                    "ExecutionRoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
                    "PrimaryContainer": {
                        "Image": IMAGE,
                        "Environment": {"WORD": word},
                        "ModelDataSource": {"S3DataSource": source},
                    },
                },
            },
            "Config": {
                "Type": "AWS::SageMaker::EndpointConfig",
                "Properties": {
                    "ProductionVariants": [
                        {
                            "VariantName": "AllTraffic",
                            "ModelName": {"Fn::GetAtt": ["Model", "ModelName"]},
                            "InstanceType": kind,
                            "InitialInstanceCount": 1,
                            "InitialVariantWeight": 1,
                        }
                    ]
                },
            },
            "Endpoint": {
                "Type": "AWS::SageMaker::Endpoint",
                "Properties": {"EndpointConfigName": {"Fn::GetAtt": ["Config", "EndpointConfigName"]}},
            },
        },
        "Outputs": {
            "Name": {"Value": {"Fn::GetAtt": ["Endpoint", "EndpointName"]}},
            "Ref": {"Value": {"Ref": "Endpoint"}},
            "Model": {"Value": {"Ref": "Model"}},
        },
    }


@pytest.fixture
def bucket(world: World) -> str:
    name = f"data-{world.name()}"
    s3 = world.client("s3")
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="model/config.json", Body=b"{}")
    return name


def test_an_endpoint_serves_and_moves(world: World, bucket: str) -> None:
    name = world.create(_template(bucket))
    outputs = world.outputs(name)
    assert outputs["Ref"].endswith(f":endpoint/{outputs['Name'].lower()}")
    assert ":model/" in outputs["Model"]
    sagemaker, runtime = world.client("sagemaker"), world.client("sagemaker-runtime")
    before = sagemaker.describe_endpoint(EndpointName=outputs["Name"])
    assert before["EndpointStatus"] == "InService"
    answer = runtime.invoke_endpoint(EndpointName=outputs["Name"], Body=b"ping", ContentType="text/plain")
    assert answer["Body"].read() == b"ping"
    assert answer["InvokedProductionVariant"] == "AllTraffic"
    assert world.update(name, _template(bucket, word="b")) == "UPDATE_COMPLETE"
    after = sagemaker.describe_endpoint(EndpointName=outputs["Name"])
    assert after["EndpointArn"] == before["EndpointArn"]
    assert after["EndpointConfigName"] != before["EndpointConfigName"]
    assert len(sagemaker.list_models(NameContains=name)["Models"]) >= 1
    assert world.delete(name) == "DELETE_COMPLETE"
    with pytest.raises(ClientError, match="Could not find endpoint"):
        sagemaker.describe_endpoint(EndpointName=outputs["Name"])


@pytest.mark.parametrize(
    ("statements", "message"),
    [
        ((PULL, READ[1]), "s3:GetObject"),
        ((PULL, READ[0]), "s3:ListBucket"),
        ((*READ, allow("ecr:GetAuthorizationToken")), "ecr:BatchGetImage"),
        (
            (PULL, READ[0], {**READ[1], "Condition": {"StringLike": {"s3:prefix": "other/*"}}}),
            "s3:ListBucket",
        ),
    ],
    ids=["object", "list", "image", "prefix"],
)
def test_a_role_that_lacks_something(world: World, bucket: str, statements: Any, message: str) -> None:
    name = world.create(_template(bucket, *statements))
    assert world.stack(name)["StackStatus"] == "ROLLBACK_COMPLETE"
    assert any(message in line and "FAILED" in line for line in world.events(name)), world.events(name)


def test_an_endpoint_that_never_gets_healthy(world: World, bucket: str) -> None:
    world.sandbox.fault("endpoint", resource="*")
    name = world.create(_template(bucket))
    assert world.stack(name)["StackStatus"] == "ROLLBACK_COMPLETE"
    assert any("did not pass the ping health check" in line for line in world.events(name))


def test_an_update_that_fails_goes_back(world: World, bucket: str) -> None:
    name = world.create(_template(bucket))
    endpoint = world.outputs(name)["Name"]
    before = world.client("sagemaker").describe_endpoint(EndpointName=endpoint)["EndpointConfigName"]
    world.sandbox.fault("endpoint", resource=endpoint)
    assert world.update(name, _template(bucket, word="b")) == "UPDATE_ROLLBACK_COMPLETE"
    after = world.client("sagemaker").describe_endpoint(EndpointName=endpoint)
    assert (after["EndpointStatus"], after["EndpointConfigName"]) == ("InService", before)


def test_an_instance_type_that_does_not_exist(world: World, bucket: str) -> None:
    name = world.create(_template(bucket, kind="ml.z99.huge"))
    assert world.stack(name)["StackStatus"] == "ROLLBACK_COMPLETE"


def test_model_data_that_is_not_there(world: World, bucket: str) -> None:
    world.client("s3").delete_object(Bucket=bucket, Key="model/config.json")
    name = world.create(_template(bucket))
    assert any("Could not find model data" in line for line in world.events(name)), world.events(name)


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(400 if body == b"bad" else 200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps({"got": body.decode()}).encode())

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@pytest.fixture
def responder() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/invocations"
    server.shutdown()
    server.server_close()


def test_a_responder_answers(world: World, bucket: str, responder: str) -> None:
    name = world.create(_template(bucket))
    endpoint = world.outputs(name)["Name"]
    world.sandbox.configure(responders={endpoint: responder})
    runtime = world.client("sagemaker-runtime")
    answer = runtime.invoke_endpoint(EndpointName=endpoint, Body=b"x", ContentType="text/plain")
    assert json.loads(answer["Body"].read()) == {"got": "x"}
    with pytest.raises(ClientError, match=r"Received client error \(400\) from primary") as caught:
        runtime.invoke_endpoint(EndpointName=endpoint, Body=b"bad", ContentType="text/plain")
    assert caught.value.response["OriginalStatusCode"] == 400
    assert json.loads(caught.value.response["OriginalMessage"]) == {"got": "bad"}
    stream = runtime.invoke_endpoint_with_response_stream(
        EndpointName=endpoint, Body=b"y", ContentType="text/plain"
    )
    assert b"".join(part["PayloadPart"]["Bytes"] for part in stream["Body"]) == b'{"got": "y"}'


def test_inference_components(world: World, bucket: str) -> None:
    template = _template(bucket)
    resources = template["Resources"]
    variant = resources["Config"]["Properties"]["ProductionVariants"][0]
    del variant["ModelName"]
    resources["Config"]["Properties"]["ExecutionRoleArn"] = {"Fn::GetAtt": ["Role", "Arn"]}
    resources["Component"] = {
        "Type": "AWS::SageMaker::InferenceComponent",
        "Properties": {
            "EndpointName": {"Fn::GetAtt": ["Endpoint", "EndpointName"]},
            "VariantName": "AllTraffic",
            "Specification": {
                "ModelName": {"Fn::GetAtt": ["Model", "ModelName"]},
                "ComputeResourceRequirements": {
                    "MinMemoryRequiredInMb": 1024,
                    "NumberOfAcceleratorDevicesRequired": 1,
                },
            },
            "RuntimeConfig": {"CopyCount": 1},
        },
    }
    name = world.create(template)
    outputs = world.outputs(name)
    component = world.physical(name, "Component").rsplit("/", 1)[-1]
    runtime = world.client("sagemaker-runtime")
    arguments = {"EndpointName": outputs["Name"], "Body": b"hi"}
    assert runtime.invoke_endpoint(**arguments, InferenceComponentName=component)["Body"].read() == b"hi"
    with pytest.raises(ClientError, match="Inference Component Name header is required"):
        runtime.invoke_endpoint(**arguments)
    assert world.delete(name) == "DELETE_COMPLETE"


def test_a_scaled_variant_keeps_its_instance_type(world: World, bucket: str) -> None:
    template = _template(bucket)
    template["Resources"]["Target"] = {
        "Type": "AWS::ApplicationAutoScaling::ScalableTarget",
        "Properties": {
            "MinCapacity": 1,
            "MaxCapacity": 2,
            "ResourceId": {"Fn::Sub": "endpoint/${Endpoint.EndpointName}/variant/AllTraffic"},
            "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
            "ServiceNamespace": "sagemaker",
        },
    }
    name = world.create(template)
    assert world.stack(name)["StackStatus"] == "CREATE_COMPLETE", world.events(name)
    variant = template["Resources"]["Config"]["Properties"]["ProductionVariants"][0]
    variant["InstanceType"] = "ml.g6.4xlarge"
    assert world.update(name, template) == "UPDATE_ROLLBACK_COMPLETE"
    assert any("must be deregistered as scalable targets" in line for line in world.events(name))
    assert world.delete(name) == "DELETE_COMPLETE"
