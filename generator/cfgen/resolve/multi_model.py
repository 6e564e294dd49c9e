"""``model.mode: multi-model`` → one container that loads the models below a prefix as requests name them."""

from __future__ import annotations

from dataclasses import replace

from cfgen.catalogue import Instance
from cfgen.resolve.collector import Collector
from cfgen.resolve.model import PlannedModel
from cfgen.spec.model import ContainerModel

CPU_FAMILIES = frozenset(
    {"huggingface", "knn", "linear-learner", "mxnet", "pytorch", "randomcutforest", "sagemaker-tritonserver", "sklearn",
     "tensorflow", "xgboost"}
)  # fmt: skip
"""Containers with the contract of multi-model endpoints (SageMaker: Supported algorithms for multi-model endpoints)."""
GPU_FAMILIES = frozenset({"sagemaker-tritonserver"})
GPU_INSTANCES = frozenset({"g4dn", "g5", "p2", "p3"})
"""With GPUs: Triton alone, on these instance families (the same page)."""


def as_multi_model(planned: PlannedModel, instance: Instance, notes: Collector) -> PlannedModel:
    """``planned`` for many models; notes what cannot hold many."""
    data = notes.spec.data
    model = data.model
    if not isinstance(model, ContainerModel) or model.mode != "multi-model" or planned.image is None:
        return planned
    family = planned.image.family
    wanted = CPU_FAMILIES if instance.processor == "cpu" else GPU_FAMILIES
    if not family:
        notes.warn(
            "model.mode",
            "the image must have multi-model endpoints' contract: its label says so, not its name",
        )
    elif family not in wanted:
        notes.refuse(
            "model.mode",
            f"{family} on {instance.name} cannot load models while it runs",
            f"one of {', '.join(sorted(wanted))}",
        )
    if instance.processor == "gpu" and instance.family not in GPU_INSTANCES:
        notes.refuse(
            "endpoint.instanceType",
            f"{instance.name} does not serve multi-model endpoints",
            "with GPUs: a g4dn or g5 type",
        )
    if planned.plan.data is None or planned.plan.data.archive:
        notes.refuse(
            "model.modelData",
            "must say below which prefix the models lie, each a .tar.gz",
            "a prefix that ends in a slash",
        )
    if data.smoke_test.body is not None and data.smoke_test.target_model is None:
        notes.refuse("smokeTest.targetModel", "is needed: a request names its model", "such as first.tar.gz")
    for key, there in (("async", data.asynchronous), ("serverless", data.serverless)):
        if there is not None:
            notes.refuse(key, "serves one model; this endpoint serves many", "leave one of the two out")
    if any(one.shadow for one in data.variants or ()):
        notes.refuse("variants", "with a shadow serve one model a variant", "leave the shadow out")
    plan = replace(planned.plan, mode="multi-model", cache=model.model_cache)
    return replace(planned, plan=plan, example=None)
