"""SageMaker hosting: models, endpoint configurations, endpoints and inference components.

moto refuses instance types from ml.g5 on and models with several containers, so this part is the sandbox's own.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import Any

from moto.core.utils import get_service_model

from cfgen.sandbox.cfn.state import now
from cfgen.sandbox.faults import faults
from cfgen.sandbox.registry import operation
from cfgen.sandbox.services import hosting_access as access
from cfgen.sandbox.settings import settings
from cfgen.sandbox.wire import AwsError, Call

PING = (
    "The primary container for production variant {variant} did not pass the ping health check. Please check "
    "CloudWatch logs for this endpoint."
)


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


def _put(store: dict[str, dict[str, Any]], call: Call, kind: str, name: str, value: dict[str, Any]) -> str:
    arn = arn_of(call, kind, name)
    if name.lower() in store:
        raise refuse(f'Cannot create already existing {kind} "{arn}".')
    store[name.lower()] = value
    tags = {tag["Key"]: tag["Value"] for tag in call.params.get("Tags") or []}
    hosting_of(call.region).tags[arn] = tags
    return arn


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
    _put(hosting.models, call, "model", p["ModelName"], model)
    return {"ModelArn": model["ModelArn"]}


@operation("sagemaker")
def describe_model(call: Call) -> Any:
    return get(hosting_of(call.region).models, call, "model", call.params["ModelName"])


@operation("sagemaker")
def delete_model(call: Call) -> Any:
    hosting = hosting_of(call.region)
    model = get(hosting.models, call, "model", call.params["ModelName"])
    del hosting.models[model["ModelName"].lower()]
    return {}


@operation("sagemaker")
def list_models(call: Call) -> Any:
    keys = ("ModelName", "ModelArn", "CreationTime")
    return {"Models": [{key: m[key] for key in keys} for m in hosting_of(call.region).models.values()]}


def instance_types() -> frozenset[str]:
    """The instance types the API model knows."""
    shape: Any = get_service_model("sagemaker").shape_for("ProductionVariantInstanceType")
    return frozenset(shape.enum)


def _check_variant(call: Call, hosting: Hosting, variant: dict[str, Any], with_components: bool) -> None:
    name = variant.get("ModelName")
    if not name and not with_components:
        raise refuse(
            "ModelName is required for a production variant unless the configuration has an ExecutionRoleArn."
        )
    if name:
        get(hosting.models, call, "model", name)
    serverless = variant.get("ServerlessConfig")
    kind = variant.get("InstanceType")
    if serverless:
        if kind or variant.get("InitialInstanceCount"):
            raise refuse(
                "A variant with ServerlessConfig can have neither InstanceType nor InitialInstanceCount."
            )
        if int(serverless["MemorySizeInMB"]) not in range(1024, 6145, 1024):
            raise refuse(
                "Memory size must be one of 1024, 2048, 3072, 4096, 5120 or 6144 MB for a serverless variant."
            )
        return
    if not kind and not variant.get("InstancePools"):
        raise refuse("InstanceType is required for a variant without ServerlessConfig.")
    if kind and kind not in instance_types():
        raise refuse(
            f"1 validation error detected: Value '{kind}' at 'productionVariants.1.member.instanceType' failed to "
            "satisfy constraint: Member must satisfy enum value set"
        )
    volume = variant.get("VolumeSizeInGB")
    if volume is not None and not 1 <= int(volume) <= 512:
        raise refuse("VolumeSizeInGB must be between 1 and 512")


@operation("sagemaker")
def create_endpoint_config(call: Call) -> Any:
    p, hosting = call.params, hosting_of(call.region)
    for variant in p["ProductionVariants"]:
        _check_variant(call, hosting, variant, bool(p.get("ExecutionRoleArn")))
    names = [variant["VariantName"] for variant in p["ProductionVariants"]]
    if len(set(names)) != len(names):
        raise refuse("Variant names must be unique within an endpoint configuration.")
    config = {**{key: value for key, value in p.items() if key != "Tags"}, "CreationTime": now()}
    config["EndpointConfigArn"] = arn_of(call, "endpoint-config", p["EndpointConfigName"])
    _put(hosting.configs, call, "endpoint-config", p["EndpointConfigName"], config)
    return {"EndpointConfigArn": config["EndpointConfigArn"]}


@operation("sagemaker")
def describe_endpoint_config(call: Call) -> Any:
    return get(hosting_of(call.region).configs, call, "endpoint-config", call.params["EndpointConfigName"])


@operation("sagemaker")
def delete_endpoint_config(call: Call) -> Any:
    hosting = hosting_of(call.region)
    config = get(hosting.configs, call, "endpoint-config", call.params["EndpointConfigName"])
    del hosting.configs[config["EndpointConfigName"].lower()]
    return {}


@operation("sagemaker")
def list_endpoint_configs(call: Call) -> Any:
    keys = ("EndpointConfigName", "EndpointConfigArn", "CreationTime")
    return {
        "EndpointConfigs": [{key: c[key] for key in keys} for c in hosting_of(call.region).configs.values()]
    }


# endpoints ----------------------------------------------------------------------------------------------


def _variants(hosting: Hosting, config: dict[str, Any]) -> list[dict[str, Any]]:
    made = []
    for variant in config["ProductionVariants"]:
        model = hosting.models.get(str(variant.get("ModelName", "")).lower()) or {}
        containers = model.get("Containers") or (
            [model["PrimaryContainer"]] if "PrimaryContainer" in model else []
        )
        summary: dict[str, Any] = {
            "VariantName": variant["VariantName"],
            "DeployedImages": [
                {"SpecifiedImage": c["Image"], "ResolvedImage": c["Image"], "ResolutionTime": now()}
                for c in containers
                if c.get("Image")
            ],
            "CurrentWeight": float(variant.get("InitialVariantWeight", 1.0)),
            "DesiredWeight": float(variant.get("InitialVariantWeight", 1.0)),
        }
        if "ServerlessConfig" in variant:
            summary["CurrentServerlessConfig"] = variant["ServerlessConfig"]
            summary["DesiredServerlessConfig"] = variant["ServerlessConfig"]
        else:
            count = int(variant.get("InitialInstanceCount") or 0)
            summary |= {"CurrentInstanceCount": count, "DesiredInstanceCount": count}
        made.append(summary)
    return made


def _bring_up(
    call: Call, endpoint: dict[str, Any], config: dict[str, Any], old: dict[str, Any] | None
) -> None:
    """The time an endpoint takes, and how it ends."""
    hosting = hosting_of(call.region)
    time.sleep(settings.endpoint_seconds)
    name = endpoint["EndpointName"]
    problem = access.endpoint_problem(call, hosting, config)
    rule = faults.strike("endpoint", resource=name)
    if rule is not None:
        time.sleep(rule.seconds)
        problem = rule.message or PING.format(variant=config["ProductionVariants"][0]["VariantName"])
    with hosting.lock:
        if hosting.endpoints.get(name.lower()) is not endpoint:
            return
        endpoint["LastModifiedTime"] = now()
        if not problem:
            endpoint["ProductionVariants"] = _variants(hosting, config)
            endpoint["EndpointConfigName"] = config["EndpointConfigName"]
            endpoint.pop("FailureReason", None)
            endpoint["EndpointStatus"] = "InService"
            access.write_container_log(call, hosting, endpoint, config)
            return
        endpoint["FailureReason"] = problem
        if old is None:
            endpoint["EndpointStatus"] = "Failed"
        else:
            # a failed update goes back to the configuration that served before
            endpoint["EndpointConfigName"] = old["EndpointConfigName"]
            endpoint["EndpointStatus"] = "InService"


def _later(*arguments: Any) -> None:
    threading.Thread(target=_bring_up, args=arguments, daemon=True).start()


@operation("sagemaker")
def create_endpoint(call: Call) -> Any:
    p, hosting = call.params, hosting_of(call.region)
    config = get(hosting.configs, call, "endpoint-config", p["EndpointConfigName"])
    if len(p["EndpointName"]) > 63:
        raise refuse(
            f"1 validation error detected: Value '{p['EndpointName']}' at 'endpointName' failed to satisfy "
            "constraint: Member must have length less than or equal to 63"
        )
    endpoint = {
        "EndpointName": p["EndpointName"],
        "EndpointArn": arn_of(call, "endpoint", p["EndpointName"]),
        "EndpointConfigName": config["EndpointConfigName"],
        "EndpointStatus": "Creating",
        "CreationTime": now(),
        "LastModifiedTime": now(),
    }
    with hosting.lock:
        _put(hosting.endpoints, call, "endpoint", p["EndpointName"], endpoint)
    _later(call, endpoint, config, None)
    return {"EndpointArn": endpoint["EndpointArn"]}


@operation("sagemaker")
def update_endpoint(call: Call) -> Any:
    p, hosting = call.params, hosting_of(call.region)
    endpoint = get(hosting.endpoints, call, "endpoint", p["EndpointName"])
    config = get(hosting.configs, call, "endpoint-config", p["EndpointConfigName"])
    with hosting.lock:
        if endpoint["EndpointStatus"] not in ("InService", "Failed"):
            raise refuse(f'Cannot update in-progress endpoint "{endpoint["EndpointArn"]}".')
        old = hosting.configs.get(endpoint["EndpointConfigName"].lower()) or {
            "EndpointConfigName": endpoint["EndpointConfigName"]
        }
        if scaled := access.scaled_variants(endpoint["EndpointName"], old, config, call.region):
            raise refuse(
                f'The variant(s) "{scaled}" must be deregistered as scalable targets with AWS Auto Scaling before '
                "they can be removed or have their instance type updated."
            )
        endpoint["EndpointStatus"] = "Updating"
        if p.get("DeploymentConfig"):
            endpoint["LastDeploymentConfig"] = p["DeploymentConfig"]
    _later(call, endpoint, config, old)
    return {"EndpointArn": endpoint["EndpointArn"]}


@operation("sagemaker")
def update_endpoint_weights_and_capacities(call: Call) -> Any:
    hosting = hosting_of(call.region)
    endpoint = get(hosting.endpoints, call, "endpoint", call.params["EndpointName"])
    wanted = {item["VariantName"]: item for item in call.params["DesiredWeightsAndCapacities"]}
    for variant in endpoint.get("ProductionVariants", []):
        change = wanted.get(variant["VariantName"], {})
        for key, names in (
            ("DesiredWeight", ("DesiredWeight", "CurrentWeight")),
            ("DesiredInstanceCount", ("DesiredInstanceCount", "CurrentInstanceCount")),
        ):
            if key in change:
                variant.update(dict.fromkeys(names, change[key]))
    return {"EndpointArn": endpoint["EndpointArn"]}


@operation("sagemaker")
def describe_endpoint(call: Call) -> Any:
    return get(hosting_of(call.region).endpoints, call, "endpoint", call.params["EndpointName"])


@operation("sagemaker")
def delete_endpoint(call: Call) -> Any:
    hosting = hosting_of(call.region)
    endpoint = get(hosting.endpoints, call, "endpoint", call.params["EndpointName"])
    with hosting.lock:
        users = [c for c in hosting.components.values() if c["EndpointName"] == endpoint["EndpointName"]]
        if users:
            raise refuse(
                f'Cannot delete endpoint "{endpoint["EndpointArn"]}" while it has inference components.'
            )
        del hosting.endpoints[endpoint["EndpointName"].lower()]
    return {}


@operation("sagemaker")
def list_endpoints(call: Call) -> Any:
    keys = ("EndpointName", "EndpointArn", "CreationTime", "LastModifiedTime", "EndpointStatus")
    return {"Endpoints": [{key: e[key] for key in keys} for e in hosting_of(call.region).endpoints.values()]}


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
