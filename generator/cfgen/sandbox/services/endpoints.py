"""SageMaker endpoints: created, updated with a deployment's rules and rollback, scaled, deleted."""

from __future__ import annotations

import copy
import threading
import time
from typing import Any

from cfgen.sandbox.cfn.state import now
from cfgen.sandbox.faults import faults
from cfgen.sandbox.iam import enforce, kms
from cfgen.sandbox.registry import operation
from cfgen.sandbox.services import hosting_access as access
from cfgen.sandbox.services import hosting_rules as rules
from cfgen.sandbox.services.hosting import Hosting, arn_of, get, hosting_of, put, refuse
from cfgen.sandbox.settings import settings
from cfgen.sandbox.wire import Call

PING = (
    "The primary container for production variant {variant} did not pass the ping health check. Please check "
    "CloudWatch logs for this endpoint."
)


def _variants(hosting: Hosting, variants: list[dict[str, Any]]) -> list[dict[str, Any]]:
    made = []
    for variant in variants:
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
            for key in ("ManagedInstanceScaling", "RoutingConfig"):
                if key in variant:
                    summary[key] = variant[key]
            if pools := variant.get("InstancePools"):
                first = min(pools, key=lambda pool: int(pool["Priority"]))
                summary["InstancePools"] = [
                    {
                        "InstanceType": pool["InstanceType"],
                        "CurrentInstanceCount": count if pool is first else 0,
                    }
                    for pool in pools
                ]
        made.append(summary)
    return made


# what UpdateEndpoint may keep of a variant, under the names DescribeEndpoint shows it by
_RETAINED = {
    "DesiredInstanceCount": ("CurrentInstanceCount", "DesiredInstanceCount"),
    "DesiredWeight": ("CurrentWeight", "DesiredWeight"),
}


def _retain(request: dict[str, Any], before: list[dict[str, Any]], after: list[dict[str, Any]]) -> None:
    """Counts and weights as they were, where the request says so; else the new configuration's hold."""
    if not request.get("RetainAllVariantProperties"):
        return
    excluded = {item["VariantPropertyType"] for item in request.get("ExcludeRetainedVariantProperties") or []}
    old = {variant["VariantName"]: variant for variant in before}
    for variant in after:
        for name, keys in _RETAINED.items():
            if name not in excluded:
                kept = old.get(variant["VariantName"], {})
                variant.update({key: kept[key] for key in keys if key in kept and key in variant})


def _serve(
    hosting: Hosting, endpoint: dict[str, Any], config: dict[str, Any], request: dict[str, Any]
) -> None:
    """The endpoint in service with a configuration."""
    variants = _variants(hosting, config["ProductionVariants"])
    _retain(request, endpoint.get("ProductionVariants", []), variants)
    endpoint["ProductionVariants"] = variants
    endpoint["EndpointConfigName"] = config["EndpointConfigName"]
    endpoint["EndpointStatus"] = "InService"
    for key in ("FailureReason", "ShadowProductionVariants", "AsyncInferenceConfig", "DataCaptureConfig"):
        endpoint.pop(key, None)
    if shadows := config.get("ShadowProductionVariants"):
        endpoint["ShadowProductionVariants"] = _variants(hosting, shadows)
    if asynchronous := config.get("AsyncInferenceConfig"):
        endpoint["AsyncInferenceConfig"] = asynchronous
    if capture := config.get("DataCaptureConfig"):
        on = bool(capture.get("EnableCapture"))
        endpoint["DataCaptureConfig"] = {
            "EnableCapture": on,
            "CaptureStatus": "Started" if on else "Stopped",
            "CurrentSamplingPercentage": capture["InitialSamplingPercentage"],
            "DestinationS3Uri": capture["DestinationS3Uri"],
            "KmsKeyId": capture.get("KmsKeyId") or "",
        }


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
    if not problem and old is not None:
        # the new fleet is up: it bakes under the alarms
        policy = endpoint.get("LastDeploymentConfig") or {}
        problem = access.alarm_problem(policy, hosting, config, call.region)
    with hosting.lock:
        if hosting.endpoints.get(name.lower()) is not endpoint:
            return
        endpoint["LastModifiedTime"] = now()
        if not problem:
            _serve(hosting, endpoint, config, call.params if old is not None else {})
            access.write_container_log(call, hosting, endpoint, config)
            return
        endpoint["FailureReason"] = problem
        if old is None:
            endpoint["EndpointStatus"] = "Failed"
        elif rule is not None and rule.code == "rollback":
            endpoint["EndpointStatus"] = "UpdateRollbackFailed"
        else:
            # a failed update goes back to the configuration that served before, with all its counts
            endpoint["EndpointConfigName"] = old["EndpointConfigName"]
            endpoint["EndpointStatus"] = "InService"


def _later(*arguments: Any) -> None:
    threading.Thread(target=_bring_up, args=arguments, daemon=True).start()


def _check_volume_key(call: Call, config: dict[str, Any]) -> None:
    """Volumes use their key by a grant, which whoever makes the endpoint must be allowed to create."""
    key = kms.find(config["KmsKeyId"], call.region) if config.get("KmsKeyId") else None
    if key is not None:
        enforce.also(call, [("kms:CreateGrant", [str(key.arn)])], {"kms:GrantIsForAWSResource": "true"})


@operation("sagemaker")
def create_endpoint(call: Call) -> Any:
    p, hosting = call.params, hosting_of(call.region)
    config = get(hosting.configs, call, "endpoint-config", p["EndpointConfigName"])
    _check_volume_key(call, config)
    if problem := rules.deployment_problem(p.get("DeploymentConfig") or {}, config):
        raise refuse(problem)
    endpoint = {
        "EndpointName": p["EndpointName"],
        "EndpointArn": arn_of(call, "endpoint", p["EndpointName"]),
        "EndpointConfigName": config["EndpointConfigName"],
        "EndpointStatus": "Creating",
        "CreationTime": now(),
        "LastModifiedTime": now(),
    }
    if p.get("DeploymentConfig"):
        endpoint["LastDeploymentConfig"] = p["DeploymentConfig"]
    put(hosting.endpoints, call, "endpoint", p["EndpointName"], endpoint)
    _later(call, endpoint, config, None)
    return {"EndpointArn": endpoint["EndpointArn"]}


def _check_update(p: dict[str, Any], old: dict[str, Any], config: dict[str, Any]) -> None:
    policy = p.get("DeploymentConfig") or {}
    if problem := rules.deployment_problem(policy, config):
        raise refuse(problem)
    if policy and old.get("ProductionVariants") and rules.variant_names(old) != rules.variant_names(config):
        raise refuse(
            "The new endpoint configuration must have the same variant names as the old one when a DeploymentConfig "
            "is used."
        )
    for item in p.get("ExcludeRetainedVariantProperties") or []:
        if item["VariantPropertyType"] == "DataCaptureConfig":
            raise refuse("The variant property type DataCaptureConfig is not currently supported.")


@operation("sagemaker")
def update_endpoint(call: Call) -> Any:
    p, hosting = call.params, hosting_of(call.region)
    endpoint = get(hosting.endpoints, call, "endpoint", p["EndpointName"])
    config = get(hosting.configs, call, "endpoint-config", p["EndpointConfigName"])
    _check_volume_key(call, config)
    with hosting.lock:
        if endpoint["EndpointStatus"] not in ("InService", "Failed", "UpdateRollbackFailed"):
            raise refuse(f'Cannot update in-progress endpoint "{endpoint["EndpointArn"]}".')
        old = hosting.configs.get(endpoint["EndpointConfigName"].lower()) or {
            "EndpointConfigName": endpoint["EndpointConfigName"]
        }
        if scaled := access.scaled_variants(endpoint["EndpointName"], old, config, call.region):
            raise refuse(
                f'The variant(s) "{scaled}" must be deregistered as scalable targets with AWS Auto Scaling before '
                "they can be removed or have their instance type updated."
            )
        if old.get("ProductionVariants") and rules.is_serverless(old) != rules.is_serverless(config):
            raise refuse(
                f'Cannot update endpoint "{endpoint["EndpointArn"]}": an endpoint cannot change between serverless '
                "and instance-based inference."
            )
        if problem := rules.kind_problem(endpoint["EndpointName"], old, config):
            raise refuse(problem)
        _check_update(p, old, config)
        if p.get("DeploymentConfig"):
            endpoint["LastDeploymentConfig"] = p["DeploymentConfig"]
        elif not p.get("RetainDeploymentConfig"):
            endpoint.pop("LastDeploymentConfig", None)
        endpoint["EndpointStatus"] = "Updating"
    _later(call, endpoint, config, old)
    return {"EndpointArn": endpoint["EndpointArn"]}


@operation("sagemaker")
def update_endpoint_weights_and_capacities(call: Call) -> Any:
    hosting = hosting_of(call.region)
    endpoint = get(hosting.endpoints, call, "endpoint", call.params["EndpointName"])
    wanted = {item["VariantName"]: item for item in call.params["DesiredWeightsAndCapacities"]}
    with hosting.lock:
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
    hosting = hosting_of(call.region)
    with hosting.lock:
        # as it is at one moment: it is written out while a thread may bring the endpoint up
        return copy.deepcopy(get(hosting.endpoints, call, "endpoint", call.params["EndpointName"]))


@operation("sagemaker")
def delete_endpoint(call: Call) -> Any:
    hosting = hosting_of(call.region)
    with hosting.lock:
        endpoint = get(hosting.endpoints, call, "endpoint", call.params["EndpointName"])
        users = [c for c in hosting.components.values() if c["EndpointName"] == endpoint["EndpointName"]]
        if users:
            raise refuse(
                f'Cannot delete endpoint "{endpoint["EndpointArn"]}" while it has inference components.'
            )
        del hosting.endpoints[endpoint["EndpointName"].lower()]
        hosting.tags.pop(endpoint["EndpointArn"], None)
    return {}


@operation("sagemaker")
def list_endpoints(call: Call) -> Any:
    keys = ("EndpointName", "EndpointArn", "CreationTime", "LastModifiedTime", "EndpointStatus")
    endpoints = list(hosting_of(call.region).endpoints.values())
    return {"Endpoints": [{key: endpoint[key] for key in keys} for endpoint in endpoints]}
