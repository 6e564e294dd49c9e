"""``schedule``: the endpoint switched off and on, by hand or by the clock."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from cfgen.spec.base import CLEAN, SpecModel, pattern

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Time = Annotated[
    str,
    pattern(
        r"^([01][0-9]|2[0-3]):[0-5][0-9]$", "a time such as 08:00, in quotes", "08:00", "18:30", max_length=5
    ),
    CLEAN,
]
Expression = Annotated[
    str,
    pattern(
        r"^cron\([0-9A-Z*?,/#LW -]+\)$",
        "cron(minutes hours day-of-month month day-of-week year)",
        "cron(0 8 ? * MON-FRI *)",
        max_length=200,
    ),
    CLEAN,
]
Days = Annotated[list[Day], Field(min_length=1, max_length=7)]
WORKING: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri")


class Window(SpecModel):
    """Hours of some days. An end that is not after the beginning is that of the next day."""

    days: Days = Field(
        default_factory=lambda: list(WORKING),
        description="Days on which the endpoint is switched on; Monday to Friday when absent.",
    )
    opens: Time = Field(alias="from", description="When it is switched on. It serves some minutes later.")
    closes: Time = Field(alias="to", description="When it is switched off.")


class Schedule(SpecModel):
    """``schedule``: when the endpoint is there. ``{}`` adds a switch for your hand alone.

    Times are those of ``windows``, or of one window that stands here itself, or two cron expressions.
    """

    time_zone: Annotated[
        str,
        pattern(
            r"^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}$",
            "the name of a time zone",
            "Europe/Berlin",
            max_length=50,
        ),
        CLEAN,
    ] = Field("UTC", description="Time zone of all times; summer time is kept.")
    days: Days | None = Field(
        None, description="Days on which the endpoint is switched on; Monday to Friday when absent."
    )
    opens: Time | None = Field(
        None, alias="from", description="When it is switched on. It serves some minutes later."
    )
    closes: Time | None = Field(None, alias="to", description="When it is switched off.")
    windows: Annotated[list[Window], Field(min_length=1, max_length=4)] | None = Field(
        None, description="Several windows instead (at most 4)."
    )
    start: Expression | None = Field(
        None, description="Instead of windows: when it is switched on, as a cron expression of EventBridge."
    )
    stop: Expression | None = Field(None, description="With `start`: when it is switched off.")
    keep: Annotated[int, Field(ge=0, le=1000)] = Field(
        0,
        description="Capacity that is kept when the hours are over. 0 is none; more needs `scaling`, "
        "whose bounds it lowers.",
    )
    attempts: Annotated[int, Field(ge=1, le=6)] = Field(
        3,
        description="How often, an hour apart, an endpoint is switched in case it could not be (1 to 6): the stack "
        "was busy, instances were short.",
    )
