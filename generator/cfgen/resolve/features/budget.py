"""``budget`` → a monthly cost budget with two notifications.

Sources: AWS Budgets API reference, Budget.CostFilters; AWS Billing, "Activating the AWS-generated tags cost allocation
tags" (the payer's account activates them; costs carry them from then on).
"""

from __future__ import annotations

from cfgen.resolve.features.scene import Scene
from cfgen.resolve.plans.budget import BudgetPlan


def plan(scene: Scene) -> BudgetPlan | None:
    """Limit, filter and percents; what the filter does not do is noted."""
    asked, notes = scene.data.budget, scene.notes
    if asked is None:
        return None
    china = [region for region in scene.regions if region.startswith("cn-")]
    if asked.currency != "CNY" and china and len(china) == len(scene.regions):
        notes.refuse("budget.currency", f"is {asked.currency}, but bills in China are in CNY", "CNY")
    if asked.scope == "stack":
        notes.warn(
            "budget.scope",
            "counts nothing until the account that pays has activated the cost allocation tag "
            "aws:cloudformation:stack-name in Billing, and then only what the tag reaches",
        )
    elif "scope" not in asked.model_fields_set:
        notes.warn(
            "budget",
            "counts all of SageMaker in the account and region, not this stack alone",
            "say scope: service if so be it, or scope: stack, by a tag that Billing must know",
        )
    return BudgetPlan(
        limit=f"{asked.monthly_limit:.2f}".rstrip("0").rstrip("."),
        currency=asked.currency,
        email=asked.email,
        by_tag=asked.scope == "stack",
        forecast=asked.forecast,
        actual=asked.actual,
    )
