"""The request that proves an endpoint, and the one shown to whoever wants to try it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from cfgen.resolve.collector import Collector
from cfgen.resolve.model import DEFAULT_BODY, PlannedModel, as_text, invocation_of
from cfgen.resolve.serving import Served
from cfgen.resolve.stack import Invocation, SmokePlan
from cfgen.resolve.variants import word_of


def plan_smokes(served: tuple[Served, ...]) -> tuple[SmokePlan, ...]:
    """The requests to prove the endpoint with: one for each variant that answers, for each component and adapter."""
    plans = []
    if any(one.share for one in served):
        return tuple(_of_components(served))
    for one in served:
        plan = None if one.shadow else _plan(one.planned, one.notes)
        if plan is not None:
            several = one.name if len(served) > 1 and not any(other.shadow for other in served) else ""
            plans.append(replace(plan, id=f"{one.prefix}SmokeTest", variant=several))
    return tuple(plans)


def _of_components(served: tuple[Served, ...]) -> Iterator[SmokePlan]:
    plans = {one.name: _plan(one.planned, one.notes) for one in served}
    data = served[0].notes.spec.data
    for one in data.components or ():
        plan = plans.get(one.base or one.name)
        if plan is None or (one.smoke_test and not one.smoke_test.enabled):
            continue
        word = word_of(one.name)
        own = one.smoke_test.body if one.base and one.smoke_test else None
        yield replace(
            plan,
            id=f"{word}SmokeTest",
            component=f"{word}Component",
            body=plan.body if own is None else as_text(own),
        )


def _plan(planned: PlannedModel, notes: Collector) -> SmokePlan | None:
    """None when switched off, or when nobody knows what it answers."""
    asked = notes.spec.data.smoke_test
    body = planned.example if asked.body is None else asked.body
    if not asked.enabled:
        return None
    if body is None:
        if notes.spec.data.model.type == "custom-inference":
            notes.refuse(
                "smokeTest",
                "what code of yours answers is not known",
                "give smokeTest.body, or enabled: false",
            )
        return None
    text = as_text(body)
    if "{{resolve:" in text:
        notes.refuse("smokeTest.body", "'{{resolve:' is refused here", "leave it out")
    if len(text) > 3000:
        notes.refuse("smokeTest.body", f"has {len(text):,} characters", "at most 3,000")
    if asked.target_model and planned.plan.mode != "multi-model":
        notes.refuse("smokeTest.targetModel", "is for multi-model endpoints", "leave it out")
    return SmokePlan(
        text,
        asked.content_type if asked.body is not None else planned.content_type,
        asked.timeout,
        target_model=asked.target_model or "",
    )


def plan_invocation(planned: PlannedModel, smoke: SmokePlan | None) -> Invocation:
    """An example request: the smoke test's, or one that fits the model."""
    target = ""
    if planned.plan.mode == "multi-model":
        target = (smoke and smoke.target_model) or "MODEL.tar.gz"
    if smoke is not None:
        return invocation_of(smoke.body, smoke.content_type, target)
    return invocation_of(as_text(planned.example or DEFAULT_BODY), planned.content_type, target)
