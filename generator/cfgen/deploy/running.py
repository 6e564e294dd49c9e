"""What runs behind a stack's endpoints: the variants' instances and the copies of inference components."""

from __future__ import annotations

from typing import Any

from cfgen.deploy.session import aws_errors, code_of
from cfgen.deploy.stack import StackView
from cfgen.document import COMPONENT

_GONE = {"ValidationException", "ResourceNotFound"}


def endpoint(stack: StackView, name: str) -> dict[str, Any]:
    """One endpoint: its state, configuration and variants. One that is gone is said to be."""
    client = stack.aws.client("sagemaker")
    with aws_errors(f"describe the endpoint {name}"):
        try:
            raw = client.describe_endpoint(EndpointName=name)
        except Exception as error:
            if code_of(error) not in _GONE:
                raise
            return {
                "name": name, "status": "missing", "config": "",
                "reason": "it was deleted outside the stack", "variants": [],
            }  # fmt: skip
    types: dict[str, str] = {}
    with aws_errors(f"describe the endpoint configuration {raw['EndpointConfigName']}"):
        try:
            config = client.describe_endpoint_config(EndpointConfigName=raw["EndpointConfigName"])
            types = {
                one["VariantName"]: one.get("InstanceType", "")
                for one in config.get("ProductionVariants", ())
            }
        except Exception as error:
            if code_of(error) not in _GONE:
                raise
    return {
        "name": name,
        "status": raw["EndpointStatus"],
        "config": raw["EndpointConfigName"],
        "reason": raw.get("FailureReason", ""),
        "variants": [
            _variant(one, types.get(one["VariantName"], "")) for one in raw.get("ProductionVariants", ())
        ],
    }


def _variant(raw: dict[str, Any], instance_type: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": raw["VariantName"],
        "instanceType": instance_type,
        "instances": raw.get("CurrentInstanceCount", 0),
        "wanted": raw.get("DesiredInstanceCount", 0),
        "status": ", ".join(state.get("Status", "") for state in raw.get("VariantStatus", ())),
    }
    if pools := raw.get("InstancePools"):
        found["pools"] = [
            {"instanceType": one["InstanceType"], "instances": one.get("CurrentInstanceCount", 0)}
            for one in pools
        ]
    if serverless := raw.get("CurrentServerlessConfig"):
        found["serverless"] = {
            "memoryMb": serverless.get("MemorySizeInMB", 0),
            "maxConcurrency": serverless.get("MaxConcurrency", 0),
            "provisionedConcurrency": serverless.get("ProvisionedConcurrency", 0),
        }
    return found


def components(stack: StackView) -> list[dict[str, Any]]:
    """The stack's inference components, in the order of its resources. One that is gone is said to be.

    ``copies`` run, ``wanted`` are asked for; an adapter has none of its own: it lives on the copies of its ``base``.
    """
    return [_component(stack, one.rsplit("/", 1)[-1]) for one in stack.physical(COMPONENT)]


def _component(stack: StackView, name: str) -> dict[str, Any]:
    with aws_errors(f"describe the inference component {name}"):
        try:
            raw = stack.aws.client("sagemaker").describe_inference_component(InferenceComponentName=name)
        except Exception as error:
            if code_of(error) not in _GONE:
                raise
            raw = {
                "InferenceComponentStatus": "missing",
                "FailureReason": "it was deleted outside the stack",
            }
    counts = raw.get("RuntimeConfig") or {}
    return {
        "name": raw.get("InferenceComponentName", name),
        "endpoint": raw.get("EndpointName", ""),
        "variant": raw.get("VariantName", ""),
        "status": raw["InferenceComponentStatus"],
        "reason": raw.get("FailureReason", ""),
        "copies": counts.get("CurrentCopyCount", 0),
        "wanted": counts.get("DesiredCopyCount", 0),
        "base": (raw.get("Specification") or {}).get("BaseInferenceComponentName", ""),
    }


def lines(endpoints: list[dict[str, Any]], found: list[dict[str, Any]]) -> list[str]:
    """As a person reads it: each endpoint with its variants and components; then components of none of them."""
    shown = []
    for one in endpoints:
        why = f": {one['reason']}" if one["reason"] else ""
        shown.append(f"endpoint {one['name']}: {one['status']}{why}, configuration {one['config']}")
        shown += [f"  {variant['name']}: {_counted(variant)}".rstrip() for variant in one["variants"]]
        shown += [f"  {_line(item)}" for item in found if _same(item["endpoint"], one["name"])]
    loose = [item for item in found if not any(_same(item["endpoint"], one["name"]) for one in endpoints)]
    return shown + [_line(item) for item in loose]


def _same(one: str, other: str) -> bool:
    # ARNs, and so the names that are read off them, are in lower case
    return one.casefold() == other.casefold()


def _counted(variant: dict[str, Any]) -> str:
    if serverless := variant.get("serverless"):
        kept = serverless["provisionedConcurrency"]
        ready = f", {kept} kept ready" if kept else ""
        most = serverless["maxConcurrency"]
        return f"serverless, {serverless['memoryMb']:,} MB, up to {most} at once{ready} {variant['status']}"
    kinds = variant["instanceType"] or "instances"
    if pools := variant.get("pools"):
        kinds = "instances: " + ", ".join(f"{pool['instances']} {pool['instanceType']}" for pool in pools)
    return f"{variant['instances']} of {variant['wanted']} {kinds} {variant['status']}"


def _line(item: dict[str, Any]) -> str:
    why = f": {item['reason']}" if item["reason"] else ""
    copies = f"on {item['base']}" if item["base"] else f"{item['copies']} of {item['wanted']} copies"
    told = "" if item["status"] == "missing" else f", {copies}"
    return f"component {item['name']}: {item['status']}{told}{why}"
