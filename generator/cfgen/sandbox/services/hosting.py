"""SageMaker hosting: its state in a region, models, endpoint configurations and tags.

moto refuses instance types from ml.g5 on and models with several containers, so this part is the sandbox's own.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

from cfgen.sandbox.cfn.state import now
from cfgen.sandbox.registry import operation
from cfgen.sandbox.services import hosting_access as access
from cfgen.sandbox.services import hosting_rules as rules
from cfgen.sandbox.wire import AwsError, Call


@dataclass
class Hosting:
    """One region's hosting resources; names are looked up without regard to case, as SageMaker's ARNs are."""

    models: dict[str, dict[str, Any]] = field(default_factory=dict)
    configs: dict[str, dict[str, Any]] = field(default_factory=dict)
    endpoints: dict[str, dict[str, Any]] = field(default_factory=dict)
    components: dict[str, dict[str, Any]] = field(default_factory=dict)
    tags: dict[str, dict[str, str]] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)


_regions: dict[str, Hosting] = {}


def hosting_of(region: str) -> Hosting:
    """The hosting state of a region."""
    return _regions.setdefault(region, Hosting())


def refuse(message: str) -> AwsError:
    """SageMaker's answer to most things."""
    return AwsError("ValidationException", message)


def arn_of(call: Call, kind: str, name: str) -> str:
    """A SageMaker ARN; names stand in it in lower case."""
    return f"arn:{call.partition}:sagemaker:{call.region}:{call.account}:{kind}/{name.lower()}"


def get(store: dict[str, dict[str, Any]], call: Call, kind: str, name: str) -> dict[str, Any]:
    """A resource by name, or SageMaker's refusal."""
    found = store.get(name.rsplit("/", 1)[-1].lower())
    if found is None:
        label = kind.replace("-", " ") if kind != "endpoint-config" else "endpoint configuration"
        raise refuse(f'Could not find {label} "{arn_of(call, kind, name)}".')
    return found


def put(store: dict[str, dict[str, Any]], call: Call, kind: str, name: str, value: dict[str, Any]) -> str:
    """Enter a new resource with its tags; returns its ARN."""
    arn, hosting = arn_of(call, kind, name), hosting_of(call.region)
    label = kind.replace("inference-", "inference ")
    with hosting.lock:
        if name.lower() in store:
            raise refuse(f'Cannot create already existing {label} "{arn}".')
        store[name.lower()] = value
        hosting.tags[arn] = {tag["Key"]: tag["Value"] for tag in call.params.get("Tags") or []}
    return arn


def model_names(variant: dict[str, Any]) -> list[str]:
    """The models a variant names, its own and its instance pools'."""
    pools = variant.get("InstancePools") or []
    names = [variant.get("ModelName"), *(pool.get("ModelNameOverride") for pool in pools)]
    return [str(name) for name in names if name]


# models and configurations ------------------------------------------------------------------------------


@operation("sagemaker")
def create_model(call: Call) -> Any:
    p = call.params
    if bool(p.get("PrimaryContainer")) == bool(p.get("Containers")):
        raise refuse("One of PrimaryContainer or Containers must be specified, not both.")
    hosting = hosting_of(call.region)
    if p["ModelName"].lower() in hosting.models:
        raise refuse(f'Cannot create already existing model "{arn_of(call, "model", p["ModelName"])}".')
    access.check_model(call)
    model = {**{key: value for key, value in p.items() if key != "Tags"}, "CreationTime": now()}
    model["ModelArn"] = arn_of(call, "model", p["ModelName"])
    put(hosting.models, call, "model", p["ModelName"], model)
    return {"ModelArn": model["ModelArn"]}


@operation("sagemaker")
def describe_model(call: Call) -> Any:
    return get(hosting_of(call.region).models, call, "model", call.params["ModelName"])


@operation("sagemaker")
def delete_model(call: Call) -> Any:
    hosting = hosting_of(call.region)
    model = get(hosting.models, call, "model", call.params["ModelName"])
    hosting.models.pop(model["ModelName"].lower(), None)
    hosting.tags.pop(model["ModelArn"], None)
    return {}


@operation("sagemaker")
def list_models(call: Call) -> Any:
    keys = ("ModelName", "ModelArn", "CreationTime")
    models = list(hosting_of(call.region).models.values())
    return {"Models": [{key: model[key] for key in keys} for model in models]}


@operation("sagemaker")
def create_endpoint_config(call: Call) -> Any:
    p, hosting = call.params, hosting_of(call.region)
    for variant in [*p["ProductionVariants"], *(p.get("ShadowProductionVariants") or [])]:
        for name in model_names(variant):
            get(hosting.models, call, "model", name)
    if problem := rules.config_problem(p, hosting.models):
        raise refuse(problem)
    access.check_config(call)
    config = {**{key: value for key, value in p.items() if key != "Tags"}, "CreationTime": now()}
    config["EndpointConfigArn"] = arn_of(call, "endpoint-config", p["EndpointConfigName"])
    put(hosting.configs, call, "endpoint-config", p["EndpointConfigName"], config)
    return {"EndpointConfigArn": config["EndpointConfigArn"]}


@operation("sagemaker")
def describe_endpoint_config(call: Call) -> Any:
    return get(hosting_of(call.region).configs, call, "endpoint-config", call.params["EndpointConfigName"])


@operation("sagemaker")
def delete_endpoint_config(call: Call) -> Any:
    hosting = hosting_of(call.region)
    config = get(hosting.configs, call, "endpoint-config", call.params["EndpointConfigName"])
    hosting.configs.pop(config["EndpointConfigName"].lower(), None)
    hosting.tags.pop(config["EndpointConfigArn"], None)
    return {}


@operation("sagemaker")
def list_endpoint_configs(call: Call) -> Any:
    keys = ("EndpointConfigName", "EndpointConfigArn", "CreationTime")
    configs = list(hosting_of(call.region).configs.values())
    return {"EndpointConfigs": [{key: config[key] for key in keys} for config in configs]}


# tags ---------------------------------------------------------------------------------------------------


@operation("sagemaker")
def add_tags(call: Call) -> Any:
    tags = hosting_of(call.region).tags.setdefault(call.params["ResourceArn"], {})
    tags.update({tag["Key"]: tag["Value"] for tag in call.params["Tags"]})
    return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}


@operation("sagemaker")
def list_tags(call: Call) -> Any:
    tags = hosting_of(call.region).tags.get(call.params["ResourceArn"], {})
    return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}


@operation("sagemaker")
def delete_tags(call: Call) -> Any:
    tags = hosting_of(call.region).tags.get(call.params["ResourceArn"], {})
    for key in call.params["TagKeys"]:
        tags.pop(key, None)
    return {}
