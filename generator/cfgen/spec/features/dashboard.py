"""``dashboard``: one CloudWatch dashboard."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from cfgen.spec.base import SpecModel
from cfgen.spec.features.alarms import given


class Dashboard(SpecModel):
    """``dashboard``: requests, latency, use of the instances, alarms and recent errors on one page."""

    hours: Annotated[int, Field(ge=1, le=672)] = Field(
        3, description="Hours that it shows when it is opened (1 to 672)."
    )
    log_errors: bool = Field(
        True,
        description="List recent lines of the log that look like errors. Each look scans the log, which costs.",
    )


DashboardOrTrue = Annotated[
    Dashboard, BeforeValidator(given, json_schema_input_type=Literal[True] | Dashboard)
]
"""``dashboard: true`` is ``dashboard: {}``."""
