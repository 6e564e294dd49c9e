"""``budget``: a monthly limit and who is told before it is reached."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from cfgen.spec.base import CLEAN, SpecModel, pattern
from cfgen.spec.features.alarms import Email

Currency = Annotated[str, pattern(r"^[A-Z]{3}$", "the three letters of a currency", "USD"), CLEAN]


class Budget(SpecModel):
    """``budget``: tells when a month's cost is forecast to near a limit, and when it is over. It stops nothing."""

    monthly_limit: Annotated[float, Field(gt=0, le=10_000_000)] = Field(
        description="What a month may cost; a launcher may change it."
    )
    email: Email = Field(description="Who is told; a launcher may change it.")
    currency: Currency = Field("USD", description="Currency of the account's bill: USD, in China CNY.")
    scope: Literal["service", "stack"] = Field(
        "service",
        description="service: all of SageMaker in this account and region. stack: what has this stack's tag, which "
        "Billing must first activate as a cost allocation tag.",
    )
    forecast: Annotated[int, Field(ge=1, le=1000)] = Field(
        80, description="Percent of the limit that a forecast of the month exceeds when it is told."
    )
    actual: Annotated[int, Field(ge=1, le=1000)] = Field(
        100, description="Percent of the limit that the month's cost exceeds when it is told."
    )
