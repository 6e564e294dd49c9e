"""What ``cfgen status`` says of what runs: instances, pools, serverless variants, copies of inference components."""

from __future__ import annotations

from typing import Any

import pytest

from cfgen.deploy import errors, running
from cfgen.deploy.stack import Resource, StackView
from cfgen.document import COMPONENT

from .fakes import Client, failure, stack

ARN = "arn:aws:sagemaker:us-east-1:111122223333:inference-component/{}"
COMPONENTS: dict[str, Any] = {
    "chat-1": {
        "InferenceComponentName": "Chat-1",
        "EndpointName": "E",
        "VariantName": "AllTraffic",
        "InferenceComponentStatus": "InService",
        "RuntimeConfig": {"CurrentCopyCount": 1, "DesiredCopyCount": 3},
        "Specification": {"ModelName": "m"},
    },
    "tuned-1": {
        "InferenceComponentName": "tuned-1",
        "EndpointName": "e",
        "InferenceComponentStatus": "Failed",
        "FailureReason": "no such file",
        "Specification": {"BaseInferenceComponentName": "Chat-1"},
    },
    "gone-1": failure("ValidationException", "Could not find inference component"),
}


def _stack(variants: list[dict[str, Any]], configured: Any = None, names: Any = COMPONENTS) -> StackView:
    sagemaker = Client(
        describe_endpoint={
            "EndpointName": "e",
            "EndpointStatus": "InService",
            "EndpointConfigName": "new",
            "ProductionVariants": variants,
        },
        describe_endpoint_config=configured or {"ProductionVariants": []},
        describe_inference_component=lambda InferenceComponentName: COMPONENTS[InferenceComponentName],
    )
    found = stack(sagemaker)
    rows = [Resource(f"{one}C", ARN.format(one), COMPONENT, "CREATE_COMPLETE") for one in names]
    found.resources = (*found.resources, *rows)
    return found


def _lines(found: StackView) -> list[str]:
    return running.lines(
        [running.endpoint(found, name) for name in found.endpoints], running.components(found)
    )


def test_components_stand_with_their_endpoint() -> None:
    found = _stack([{"VariantName": "AllTraffic", "CurrentInstanceCount": 1, "DesiredInstanceCount": 2}])
    assert running.components(found)[0] == {
        "name": "Chat-1", "endpoint": "E", "variant": "AllTraffic", "status": "InService", "reason": "",
        "copies": 1, "wanted": 3, "base": "",
    }  # fmt: skip
    assert _lines(found) == [
        "endpoint e: InService, configuration new",
        "  AllTraffic: 1 of 2 instances",
        "  component Chat-1: InService, 1 of 3 copies",
        "  component tuned-1: Failed, on Chat-1: no such file",
        "component gone-1: missing: it was deleted outside the stack",
    ]


def test_what_may_not_be_looked_at_is_an_error() -> None:
    found = _stack([], names=["gone-1"])
    found.aws.client("sagemaker")._answers["describe_inference_component"] = failure(
        "AccessDeniedException", "is not authorized to perform: sagemaker:DescribeInferenceComponent"
    )
    with pytest.raises(errors.AccessDenied, match="describe the inference component gone-1"):
        running.components(found)


@pytest.mark.parametrize(
    ("variant", "configured", "line"),
    [
        (
            {"CurrentInstanceCount": 2, "DesiredInstanceCount": 2, "VariantStatus": [{"Status": "Baking"}]},
            {"ProductionVariants": [{"VariantName": "v", "InstanceType": "ml.m5.large"}]},
            "v: 2 of 2 ml.m5.large Baking",
        ),
        (
            {"CurrentServerlessConfig": {"MemorySizeInMB": 4096, "MaxConcurrency": 20}},
            failure("ValidationException"),
            "v: serverless, 4,096 MB, up to 20 at once",
        ),
        (
            {
                "CurrentServerlessConfig": {
                    "MemorySizeInMB": 2048,
                    "MaxConcurrency": 5,
                    "ProvisionedConcurrency": 2,
                }
            },
            None,
            "v: serverless, 2,048 MB, up to 5 at once, 2 kept ready",
        ),
        (
            {
                "CurrentInstanceCount": 3,
                "DesiredInstanceCount": 4,
                "InstancePools": [
                    {"InstanceType": "ml.g6.xlarge", "CurrentInstanceCount": 1},
                    {"InstanceType": "ml.g5.xlarge", "CurrentInstanceCount": 2},
                ],
            },
            None,
            "v: 3 of 4 instances: 1 ml.g6.xlarge, 2 ml.g5.xlarge",
        ),
    ],
)
def test_variants_of_every_kind(variant: dict[str, Any], configured: Any, line: str) -> None:
    assert _lines(_stack([{"VariantName": "v", **variant}], configured, []))[1] == f"  {line}"
