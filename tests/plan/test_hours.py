"""Hours of a week by a template's schedules, and what they save."""

from __future__ import annotations

from typing import Any

import pytest

from cfgen.document import load
from cfgen.plan.hours import hours_of_week, weekly
from cfgen.plan.text import lines
from cfgen.plan.view import world_of
from tests.plan.conftest import Planner
from tests.specs import CONTAINER, changed, template_of

DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
SCHEDULES: list[tuple[str, dict[str, Any], dict[str, Any], float | None]] = [
    ("office hours", {"from": "08:00", "to": "18:00"}, {}, 50),
    ("over midnight and the week's end", {"days": ["sat", "sun"], "from": "20:00", "to": "04:30"}, {}, 17),
    (
        "several windows",
        {"windows": [{"from": "08:00", "to": "12:00"}, {"days": ["sat"], "from": "09:00", "to": "18:00"}]},
        {},
        29,
    ),
    ("every day", {"days": DAYS, "from": "06:00", "to": "00:00"}, {}, 126),
    ("numbered days", {"start": "cron(30 8 ? * 2-6 *)", "stop": "cron(30 17 ? * 2-6 *)"}, {}, 45),
    ("scheduled actions", {"from": "08:00", "to": "18:00"}, {"async": {}, "scaling": {"max": 2}}, 50),
    ("a switch alone", {}, {}, None),
    ("something is kept", {"from": "08:00", "to": "18:00", "keep": 1}, {"scaling": {"max": 2}}, None),
    ("days of the month", {"start": "cron(0 8 1 * ? *)", "stop": "cron(0 8 2 * ? *)"}, {}, None),
    ("months", {"start": "cron(0 8 ? JAN MON *)", "stop": "cron(0 8 ? JAN TUE *)"}, {}, None),
]


@pytest.mark.parametrize(
    ("schedule", "changes", "hours"), [s[1:] for s in SCHEDULES], ids=[s[0] for s in SCHEDULES]
)
def test_hours_of_a_week(schedule: dict[str, Any], changes: dict[str, Any], hours: float | None) -> None:
    template = template_of(changed(CONTAINER, schedule=schedule, **changes))
    assert hours_of_week(world_of(load(template.text), "us-east-1", {})) == hours


def test_a_schedule_that_is_off_saves_nothing() -> None:
    template = template_of(changed(CONTAINER, schedule={"from": "08:00", "to": "18:00"}))
    assert hours_of_week(world_of(load(template.text), "us-east-1", {"ScheduleEnabled": "no"})) is None


@pytest.mark.parametrize(
    "expression", ["rate(1 day)", "cron(0 8 ? * MON *", "cron(*/5 8 ? * MON *)", "cron(0 8 ? * 0 *)", "cron(0 25 ? * MON *)"]
)  # fmt: skip
def test_what_is_not_of_a_week_tells_nothing(expression: str) -> None:
    assert weekly(expression) is None


def test_the_plan_tells_what_the_schedule_saves_and_nothing_else(plan_of: Planner) -> None:
    plan = plan_of("business-hours")
    (saving,) = plan.savings
    assert saving.kept
    whole = plan.costs[0].hourly * 730
    assert plan.costs[0].monthly == pytest.approx(whole * 50 / 168)
    assert saving.monthly == pytest.approx(plan.costs[0].monthly)
    assert saving.saved == pytest.approx(whole * (1 - 50 / 168))
    said = "\n".join(lines(plan))
    assert "$265.49 a month by its schedule" in said
    assert "What is saved of $892.06" in said


def test_a_clock_that_switches_on_is_paid_for_though_the_launch_is_off(plan_of: Planner) -> None:
    night, off = (
        plan_of("business-hours", values={"EndpointEnabled": "no", "ScheduleEnabled": clock})
        for clock in ("yes", "no")
    )
    assert night.costs == plan_of("business-hours").costs
    assert any(quota.need.critical for quota in night.quotas)
    assert off.costs[0].off
    assert off.costs[0].most == 0
    assert not any(quota.need.critical for quota in off.quotas)
