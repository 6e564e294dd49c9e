"""``components`` → inference components, their adapters and their scaling.

Sources: Amazon SageMaker, "Scale an endpoint to zero instances"; API reference, InferenceComponentSpecification;
Application Auto Scaling, PredefinedMetricSpecification. What does not go together is noted in resolve/components.
"""

from __future__ import annotations

from cfgen.resolve.components import Share
from cfgen.resolve.features.scaling import LANGUAGE_MODELS, TARGETS
from cfgen.resolve.features.scene import Scene
from cfgen.resolve.plans.components import AdapterPlan, ComponentPlan, ComponentScalingPlan, ComponentsPlan
from cfgen.resolve.serving import Served
from cfgen.resolve.stack import ModelPlan
from cfgen.resolve.variants import word_of

PREDEFINED = {
    "concurrency": "SageMakerInferenceComponentConcurrentRequestsPerCopyHighResolution",
    "invocations": "SageMakerInferenceComponentInvocationsPerCopy",
}
"""The spec's metrics at Application Auto Scaling."""


def plan(scene: Scene) -> ComponentsPlan | None:
    """Each component with its model, and each adapter with its base."""
    asked = scene.data.components
    if asked is None:
        return None
    planned = tuple(
        _component(one, one.share, model)
        for one, model in zip(scene.served, scene.models, strict=True)
        if one.share is not None
    )
    bases = {one.name: one for one in planned}
    adapters = tuple(
        AdapterPlan(one.name, word_of(one.name), bases[one.base].id, one.base, one.adapter)
        for one in asked
        if one.base is not None and one.adapter is not None
    )
    isolated = any(model.network_isolation for model in scene.models)
    return ComponentsPlan(scene.endpoint.variant.name, planned, adapters, isolated)


def _component(one: Served, share: Share, model: ModelPlan) -> ComponentPlan:
    asked, endpoint = share.asked, one.notes.spec.data.endpoint
    return ComponentPlan(
        name=asked.name,
        word=share.word,
        model=model.id,
        title=model.title,
        copies=share.copies,
        accelerators=share.need.accelerators,
        cpus=f"{share.need.cpus:g}" if share.need.cpus else "",
        min_memory=share.need.memory,
        max_memory=asked.max_memory,
        startup_health_check_timeout=endpoint.startup_health_check_timeout or one.planned.startup_timeout,
        model_data_download_timeout=endpoint.model_data_download_timeout or one.planned.download_timeout,
        scaling=_scaling(share, one.notes.spec.data.model.type),
    )


def _scaling(share: Share, kind: str) -> ComponentScalingPlan | None:
    asked = share.asked.scaling
    if asked is None:
        return None
    # a long answer keeps a copy busy for as long as it streams: count requests under way, not requests begun
    metric = asked.metric or ("concurrency" if kind in LANGUAGE_MODELS else "invocations")
    return ComponentScalingPlan(
        minimum=1 if asked.min is None else asked.min,
        maximum=asked.max,
        metric=metric,
        predefined=PREDEFINED[metric],
        target=f"{asked.target or TARGETS[metric]:g}",
        scale_in_cooldown=asked.scale_in_cooldown,
        scale_out_cooldown=asked.scale_out_cooldown,
        scale_in=asked.scale_in,
    )
