"""The request that proves an endpoint, and the one shown to whoever wants to try it."""

from __future__ import annotations

from cfgen.resolve.collector import Collector
from cfgen.resolve.model import DEFAULT_BODY, PlannedModel, as_text, invocation_of
from cfgen.resolve.stack import Invocation, SmokePlan


def plan_smoke(planned: PlannedModel, notes: Collector) -> SmokePlan | None:
    """The request to prove the endpoint with; None when switched off, or when nobody knows what it answers."""
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
    return SmokePlan(
        text, asked.content_type if asked.body is not None else planned.content_type, asked.timeout
    )


def plan_invocation(planned: PlannedModel, smoke: SmokePlan | None) -> Invocation:
    """An example request: the smoke test's, or one that fits the model."""
    if smoke is not None:
        return invocation_of(smoke.body, smoke.content_type)
    return invocation_of(as_text(planned.example or DEFAULT_BODY), planned.content_type)
