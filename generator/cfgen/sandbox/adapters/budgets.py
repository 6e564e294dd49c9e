# ruff: noqa: ARG002 - every adapter has the base class's signatures
"""Budgets: budgets with their notifications."""

from __future__ import annotations

from cfgen.sandbox.adapters.base import (
    Adapter,
    Context,
    Made,
    Props,
    quietly,
    refuse_existing,
    register,
    shaped,
)


class Budget(Adapter):
    """A budget."""

    type = "AWS::Budgets::Budget"

    def create(self, ctx: Context, p: Props) -> Made:
        name = (p.get("Budget") or {}).get("BudgetName") or ctx.name(100)
        client = ctx.client("budgets")
        refuse_existing(ctx, name, lambda: client.describe_budget(AccountId=ctx.account, BudgetName=name))
        self._make(ctx, name, p)
        return Made(name)

    def _make(self, ctx: Context, name: str, p: Props) -> None:
        arguments = shaped("budgets", "CreateBudget", p, AccountId=ctx.account)
        arguments["Budget"]["BudgetName"] = name
        ctx.client("budgets").create_budget(**arguments)

    def update(self, ctx: Context, made: Made, old: Props, new: Props) -> Made:
        # moto knows no UpdateBudget
        self.delete(ctx, made, old)
        self._make(ctx, made.id, new)
        return made

    def delete(self, ctx: Context, made: Made, p: Props) -> None:
        client = ctx.client("budgets")
        quietly(lambda: client.delete_budget(AccountId=ctx.account, BudgetName=made.id))


register(Budget)
