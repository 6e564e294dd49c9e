"""SageMaker inference components."""

from __future__ import annotations

import threading
import time
from datetime import datetime
from typing import Any

from cfgen.sandbox.cfn.state import now
from cfgen.sandbox.faults import faults
from cfgen.sandbox.registry import operation
from cfgen.sandbox.services import hosting_access as access
from cfgen.sandbox.services import hosting_rules as rules
from cfgen.sandbox.services.hosting import Hosting, arn_of, get, hosting_of, put, refuse
from cfgen.sandbox.settings import settings
from cfgen.sandbox.wire import Call

_KIND = "inference-component"


def _check(call: Call, hosting: Hosting, p: dict[str, Any]) -> None:
    if bool(p.get("Specification")) == bool(p.get("Specifications")):
        raise refuse("One of Specification or Specifications must be specified, not both.")
    specification = p.get("Specification") or p["Specifications"][0]
    base = specification.get("BaseInferenceComponentName")
    if base:
        found = get(hosting.components, call, _KIND, base)
        if found["EndpointName"].lower() != str(p["EndpointName"]).rsplit("/", 1)[-1].lower():
            raise refuse(f"The base inference component {base} is on another endpoint.")
        if found["InferenceComponentStatus"] != "InService":
            raise refuse(f"The base inference component {base} is not InService.")
        if (found.get("Specification") or {}).get("BaseInferenceComponentName"):
            raise refuse(
                f"{base} is an adapter inference component itself, and cannot be the base of another."
            )
        if not (specification.get("Container") or {}).get("ArtifactUrl"):
            raise refuse("An adapter inference component needs the ArtifactUrl of its Container.")
        if specification.get("ModelName"):
            raise refuse("ModelName cannot be specified for an adapter inference component.")
        if specification.get("ComputeResourceRequirements"):
            raise refuse(
                "ComputeResourceRequirements cannot be specified for an adapter inference component."
            )
    elif not specification.get("ComputeResourceRequirements"):
        raise refuse(
            "ComputeResourceRequirements is required for an inference component without a base component."
        )
    needs = specification.get("ComputeResourceRequirements") or {}
    most = needs.get("MaxMemoryRequiredInMb")
    if most is not None and int(most) < int(needs["MinMemoryRequiredInMb"]):
        raise refuse("MaxMemoryRequiredInMb must not be less than MinMemoryRequiredInMb.")
    if not base and not specification.get("ModelName") and not specification.get("Container"):
        raise refuse("An inference component needs a ModelName or a Container.")
    if name := specification.get("ModelName"):
        get(hosting.models, call, "model", name)
    count = (p.get("RuntimeConfig") or {}).get("CopyCount")
    if not base and count is not None and int(count) < 1:
        raise refuse("CopyCount must be at least 1 when an inference component is created.")


@operation("sagemaker")
def create_inference_component(call: Call) -> Any:
    p, hosting = call.params, hosting_of(call.region)
    name = p["InferenceComponentName"]
    arn = arn_of(call, _KIND, name)
    endpoint = get(hosting.endpoints, call, "endpoint", p["EndpointName"])
    if endpoint["EndpointStatus"] != "InService":
        raise refuse(f'Endpoint "{endpoint["EndpointArn"]}" is not InService.')
    config = hosting.configs.get(endpoint["EndpointConfigName"].lower()) or {}
    variants = {variant["VariantName"]: variant for variant in config.get("ProductionVariants", [])}
    variant = p.get("VariantName") or next(iter(variants), "")
    if variant not in variants:
        raise refuse(f"Variant {variant} does not exist on endpoint {endpoint['EndpointName']}.")
    if variants[variant].get("ModelName"):
        raise refuse("Inference components need a variant without a ModelName.")
    _check(call, hosting, p)
    component = {
        **{key: value for key, value in p.items() if key != "Tags"},
        "VariantName": variant,
        "InferenceComponentArn": arn,
        "EndpointArn": endpoint["EndpointArn"],
        "EndpointName": endpoint["EndpointName"],
        "InferenceComponentStatus": "Creating",
        "CreationTime": now(),
        "RuntimeConfig": _counts(p),
    }
    put(hosting.components, call, _KIND, name, component)
    _later(call.region, component)
    return {"InferenceComponentArn": arn}


def _counts(p: dict[str, Any]) -> dict[str, Any]:
    count = int((p.get("RuntimeConfig") or {}).get("CopyCount") or 0)
    return {"DesiredCopyCount": count, "CurrentCopyCount": count}


def _later(region: str, component: dict[str, Any], before: dict[str, Any] | None = None) -> None:
    """Settle it in the background, by what it is asked to be now."""
    asked = component["LastModifiedTime"] = now()
    threading.Thread(target=_settle, args=(region, component, before, asked), daemon=True).start()


def _settle(region: str, component: dict[str, Any], before: dict[str, Any] | None, asked: datetime) -> None:
    """The time a component takes, and how it ends: an update that fails goes back to the specification ``before``."""
    hosting = hosting_of(region)
    time.sleep(settings.endpoint_seconds)
    specification = component.get("Specification") or {}
    model = hosting.models.get(str(specification.get("ModelName", "")).lower())
    problem = access.model_problem(model, region) if model else ""
    endpoint = hosting.endpoints.get(component["EndpointName"].lower()) or {}
    config = hosting.configs.get(str(endpoint.get("EndpointConfigName", "")).lower()) or {}
    if artifact := (specification.get("Container") or {}).get("ArtifactUrl"):
        role = str(config.get("ExecutionRoleArn") or "")
        problem = access.data_problem({"ModelDataUrl": artifact}, role, region)
    if rule := faults.strike("endpoint", resource=component["InferenceComponentName"]):
        problem = rule.message or "The inference component did not pass the health check."
    if not problem and before not in (None, specification):
        policy = component.get("LastDeploymentConfig") or {}
        problem = access.alarm_problem(policy, hosting, config, region)
    with hosting.lock:
        if component["LastModifiedTime"] != asked:
            return  # an update has come since, and ends it
        component["LastModifiedTime"] = now()
        if problem and before is not None:
            component.update(
                InferenceComponentStatus="InService", FailureReason=problem, Specification=before
            )
        elif problem:
            component.update(InferenceComponentStatus="Failed", FailureReason=problem)
        else:
            component["InferenceComponentStatus"] = "InService"
            component.pop("FailureReason", None)


@operation("sagemaker")
def describe_inference_component(call: Call) -> Any:
    name = call.params["InferenceComponentName"]
    hosting = hosting_of(call.region)
    with hosting.lock:
        component = dict(get(hosting.components, call, _KIND, name))
    specification = dict(component.get("Specification") or {})
    if image := (specification.get("Container") or {}).get("Image"):
        specification["Container"] = {
            **specification["Container"],
            "DeployedImage": {"SpecifiedImage": image},
        }
    return {**component, "Specification": specification}


@operation("sagemaker")
def update_inference_component(call: Call) -> Any:
    p, hosting = call.params, hosting_of(call.region)
    component = get(hosting.components, call, _KIND, p["InferenceComponentName"])
    before = component.get("Specification") or {}
    policy = p.get("DeploymentConfig") or {}
    if problem := rules.batches_problem(policy, int(component["RuntimeConfig"]["CurrentCopyCount"])):
        raise refuse(problem)
    if "Specification" in p:
        _check(call, hosting, {**component, **p, "RuntimeConfig": None})
    with hosting.lock:
        if "Specification" in p:
            component["Specification"] = p["Specification"]
        if "RuntimeConfig" in p:
            component["RuntimeConfig"] = _counts(p)
        component["LastDeploymentConfig"] = policy
        component["InferenceComponentStatus"] = "Updating"
        _later(call.region, component, before)
    return {"InferenceComponentArn": component["InferenceComponentArn"]}


@operation("sagemaker")
def update_inference_component_runtime_config(call: Call) -> Any:
    p = call.params
    component = get(hosting_of(call.region).components, call, _KIND, p["InferenceComponentName"])
    count = int(p["DesiredRuntimeConfig"]["CopyCount"])
    component["RuntimeConfig"] = {"DesiredCopyCount": count, "CurrentCopyCount": count}
    return {"InferenceComponentArn": component["InferenceComponentArn"]}


@operation("sagemaker")
def delete_inference_component(call: Call) -> Any:
    hosting = hosting_of(call.region)
    with hosting.lock:
        component = get(hosting.components, call, _KIND, call.params["InferenceComponentName"])
        users = [
            item["InferenceComponentName"]
            for item in hosting.components.values()
            if (item.get("Specification") or {}).get("BaseInferenceComponentName")
            == component["InferenceComponentName"]
        ]
        if users:
            raise refuse(f"Inference component is the base of {', '.join(users)}.")
        del hosting.components[component["InferenceComponentName"].lower()]
        hosting.tags.pop(component["InferenceComponentArn"], None)
    return {}


@operation("sagemaker")
def list_inference_components(call: Call) -> Any:
    keys = (
        "CreationTime",
        "InferenceComponentArn",
        "InferenceComponentName",
        "EndpointArn",
        "EndpointName",
        "VariantName",
        "InferenceComponentStatus",
        "LastModifiedTime",
    )
    wanted = call.params.get("EndpointNameEquals")
    return {
        "InferenceComponents": [
            {key: item[key] for key in keys}
            for item in list(hosting_of(call.region).components.values())
            if wanted in (None, item["EndpointName"])
        ]
    }
