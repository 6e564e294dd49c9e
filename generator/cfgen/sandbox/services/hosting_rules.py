"""What SageMaker's API reference and developer guide say of endpoint configurations and deployments, as checks.

Single values are checked against the service's model; here stand the rules between values.
"""

from __future__ import annotations

from typing import Any

Config = dict[str, Any]

_PREFIX_SETTINGS = {"PrefixLength", "ConcurrencyThreshold"}
_NOT_SERVERLESS = (
    "InstanceType",
    "InitialInstanceCount",
    "InstancePools",
    "VolumeSizeInGB",
    "AcceleratorType",
    "ManagedInstanceScaling",
    "RoutingConfig",
    "InferenceAmiVersion",
    "CapacityReservationConfig",
)


def config_problem(p: Config, models: dict[str, Config]) -> str:
    """Why CreateEndpointConfig refuses; empty if it does not."""
    variants, shadows = list(p["ProductionVariants"]), list(p.get("ShadowProductionVariants") or [])
    names = [variant["VariantName"] for variant in [*variants, *shadows]]
    if len(set(names)) != len(names):
        return "Variant names must be unique within an endpoint configuration."
    if shadows and (len(variants), len(shadows)) != (1, 1):
        return "Only one production variant and one shadow variant can be specified with ShadowProductionVariants."
    serverless = any(variant.get("ServerlessConfig") for variant in [*variants, *shadows])
    if serverless and (problem := _serverless_problem(p, [*variants, *shadows], models)):
        return problem
    if p.get("AsyncInferenceConfig"):
        if shadows:
            return "ShadowProductionVariants are not supported with AsyncInferenceConfig."
        if not p["AsyncInferenceConfig"]["OutputConfig"].get("S3OutputPath"):
            return "S3OutputPath is required in the OutputConfig of an AsyncInferenceConfig."
    with_components = bool(p.get("ExecutionRoleArn"))
    if len({bool(variant.get("ModelName")) for variant in variants}) > 1:
        return "Either all variants name a model, or none does and inference components are deployed to them."
    for variant in [*variants, *shadows]:
        if problem := _variant_problem(variant, with_components):
            return problem
    if with_components and not any(variant.get("ModelName") for variant in variants) and shadows:
        return "ShadowProductionVariants are not supported on endpoints with inference components."
    return ""


def _serverless_problem(p: Config, variants: list[Config], models: dict[str, Config]) -> str:
    if len(variants) > 1:
        return "A serverless endpoint can have one variant only, and no shadow variant."
    for key in ("DataCaptureConfig", "AsyncInferenceConfig", "ExplainerConfig", "ExecutionRoleArn"):
        if p.get(key):
            return f"{key} is not supported with a serverless variant."
    [variant] = variants
    for key in _NOT_SERVERLESS:
        if variant.get(key) is not None:
            return f"A variant with ServerlessConfig can have neither InstanceType nor InitialInstanceCount: {key}."
    settings = variant["ServerlessConfig"]
    if int(settings["MemorySizeInMB"]) not in range(1024, 6145, 1024):
        return "Memory size must be one of 1024, 2048, 3072, 4096, 5120 or 6144 MB for a serverless variant."
    if int(settings.get("ProvisionedConcurrency") or 0) > int(settings["MaxConcurrency"]):
        return "ProvisionedConcurrency must be less than or equal to MaxConcurrency."
    model = models.get(str(variant.get("ModelName") or "").lower()) or {}
    if model.get("VpcConfig"):
        return "A model with VpcConfig is not supported with a serverless variant."
    if model.get("EnableNetworkIsolation"):
        return "A model with network isolation is not supported with a serverless variant."
    return ""


def _variant_problem(variant: Config, with_components: bool) -> str:
    if not variant.get("ModelName") and not with_components:
        return (
            "ModelName is required for a production variant unless the configuration has an ExecutionRoleArn."
        )
    if variant.get("ServerlessConfig"):
        return ""
    kind, pools = variant.get("InstanceType"), variant.get("InstancePools") or []
    if kind and pools:
        return "InstanceType and InstancePools cannot be specified together."
    if not kind and not pools:
        return "InstanceType is required for a variant without ServerlessConfig."
    for key in ("Priority", "InstanceType"):
        values = [pool[key] for pool in pools]
        if len(set(values)) != len(values):
            return f"The {key} of each instance pool must be different."
    if kind and variant.get("InitialInstanceCount") is None:
        return "InitialInstanceCount is required for a variant with an InstanceType."
    scaling = variant.get("ManagedInstanceScaling") or {}
    least, most = scaling.get("MinInstanceCount"), scaling.get("MaxInstanceCount")
    if least is not None and most is not None and int(least) > int(most):
        return "MinInstanceCount must be less than or equal to MaxInstanceCount in ManagedInstanceScaling."
    routing = variant.get("RoutingConfig") or {}
    if routing.get("PrefixAwareRoutingConfig") and routing["RoutingStrategy"] != "PREFIX_AWARE":
        return "PrefixAwareRoutingConfig can be specified only with the routing strategy PREFIX_AWARE."
    prefix = routing.get("PrefixAwareRoutingConfig") or {}
    if routing.get("RoutingStrategy") == "PREFIX_AWARE" and not prefix.keys() >= _PREFIX_SETTINGS:
        return "PrefixLength and ConcurrencyThreshold are required with the routing strategy PREFIX_AWARE."
    return ""


def is_serverless(config: Config) -> bool:
    """Whether a configuration has serverless variants."""
    return any(variant.get("ServerlessConfig") for variant in config.get("ProductionVariants", []))


def kind_problem(name: str, old: Config, new: Config) -> str:
    """Why an endpoint cannot go from one kind of configuration to another; empty where nothing speaks against it."""
    if not old.get("ProductionVariants"):
        return ""
    sides = [bool(one.get("AsyncInferenceConfig")) for one in (old, new)]
    if sides[0] != sides[1]:
        word = "removed from" if sides[0] else "added to"
        return f"The AsyncInferenceConfig parameter cannot be {word} this endpoint {name}."
    sides = [any(item.get("ModelName") for item in one["ProductionVariants"]) for one in (old, new)]
    if sides[0] != sides[1]:
        return f"Endpoint {name} cannot change between a model of its variants and inference components."
    return ""


def variant_names(config: Config) -> set[str]:
    """The names of a configuration's production variants."""
    return {variant["VariantName"] for variant in config.get("ProductionVariants", [])}


def deployment_problem(policy: Config, config: Config) -> str:
    """Why a DeploymentConfig is refused; ``config`` is the configuration to move to."""
    blue_green, rolling = policy.get("BlueGreenUpdatePolicy"), policy.get("RollingUpdatePolicy")
    if blue_green and rolling:
        return (
            "Only one of BlueGreenUpdatePolicy and RollingUpdatePolicy can be specified in DeploymentConfig."
        )
    counts = [int(item.get("InitialInstanceCount") or 0) for item in config.get("ProductionVariants", [])]
    if blue_green:
        return _blue_green_problem(blue_green, min(counts, default=0))
    if rolling:
        if is_serverless(config):
            return "RollingUpdatePolicy is not supported for serverless endpoints."
        if len(counts) > 1:
            return "RollingUpdatePolicy is not supported for endpoints with several variants."
        for key in ("MaximumBatchSize", "RollbackMaximumBatchSize"):
            if problem := _share(rolling.get(key), key, 5, 100 if key.startswith("Rollback") else 50, 0):
                return problem
    return ""


def batches_problem(policy: Config, copies: int) -> str:
    """Why the DeploymentConfig of an inference component with so many copies is refused."""
    rolling = policy.get("RollingUpdatePolicy") or {}
    for key, most in (("MaximumBatchSize", 50), ("RollbackMaximumBatchSize", 100)):
        size = rolling.get(key)
        if size and size["Type"] == "CAPACITY_PERCENT" and not 5 <= int(size["Value"]) <= most:
            return f"The value of {key} must be between 5% and {most}% of the copy count."
        if (
            size
            and size["Type"] == "COPY_COUNT"
            and copies
            and not 5 <= int(size["Value"]) * 100 / copies <= most
        ):
            return f"{key} must be between 5% and {most}% of the inference component's copy count ({copies})."
    return ""


def _blue_green_problem(policy: Config, instances: int) -> str:
    routing = policy["TrafficRoutingConfiguration"]
    kind = routing["Type"]
    needed = {"CANARY": "CanarySize", "LINEAR": "LinearStepSize"}.get(kind, "")
    for key in ("CanarySize", "LinearStepSize"):
        if (key == needed) != bool(routing.get(key)):
            word = "is required" if key == needed else "cannot be specified"
            return f"{key} {word} when the traffic routing type is {kind}."
    if problem := _share(routing.get("CanarySize"), "CanarySize", 1, 50, instances):
        return problem
    if problem := _share(routing.get("LinearStepSize"), "LinearStepSize", 10, 50, instances):
        return problem
    waits = int(policy.get("TerminationWaitInSeconds") or 0) + int(routing["WaitIntervalInSeconds"])
    limit = policy.get("MaximumExecutionTimeoutInSeconds")
    if limit is not None and int(limit) <= waits:
        return (
            "MaximumExecutionTimeoutInSeconds must be larger than the total of TerminationWaitInSeconds and "
            "WaitIntervalInSeconds."
        )
    return ""


def _share(size: Config | None, name: str, least: int, most: int, instances: int) -> str:
    """A CapacitySize within its percentages; a number of instances within them too where their count is known."""
    if not size:
        return ""
    value = int(size["Value"])
    if size["Type"] == "CAPACITY_PERCENT":
        if not least <= value <= most:
            return f"The value of {name} must be between {least}% and {most}% of the variant's capacity."
    elif instances and value * 100 > most * instances:
        return f"{name} must be at most {most}% of the variant's total instance count ({instances})."
    return ""
