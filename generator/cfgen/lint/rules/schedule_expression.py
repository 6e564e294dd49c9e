"""E9630: a schedule whose time no clock shows."""

from __future__ import annotations

import zoneinfo

from cfgen.cron import wrong_cron
from cfgen.lint.evaluate import known, maps
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import TARGET
from cfgen.lint.worlds import Resource

SCHEDULE = "AWS::Scheduler::Schedule"


class ScheduleExpression(Rule):
    """Cron expressions have six fields, one of the two days open; zones are those of the IANA."""

    id = "E9630"
    shortdesc = "A schedule's expression and time zone can be read"
    description = (
        "EventBridge Scheduler and Application Auto Scaling refuse a cron expression without six fields, with a "
        "value out of range, or with ? in both or none of day-of-month and day-of-week, and a time zone that the "
        "IANA does not list. The resource schemas take any text."
    )
    fix = "write cron(minutes hours day-of-month month day-of-week year), such as cron(0 8 ? * MON-FRI *)"
    source_url = "https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html"
    source_title = "Schedule types in EventBridge Scheduler"
    tags = ("resources", "scheduler", "scaling")
    types = (SCHEDULE, TARGET)

    def check(self, resource: Resource) -> Hits:
        """Schedules, and the scheduled actions of scalable targets."""
        if resource.type == SCHEDULE:
            places = [(resource.properties, "ScheduleExpression", "ScheduleExpressionTimezone")]
        else:
            places = [(one, "Schedule", "Timezone") for one in maps(resource.properties, "ScheduledActions")]
        zones = zoneinfo.available_timezones()
        for holder, expression, zone in places:
            value = holder.get(expression)
            if (
                isinstance(value, str)
                and known(value)
                and value.startswith("cron(")
                and (wrong := wrong_cron(value))
            ):
                yield holder.where(expression), f"{value} {wrong}"
            name = holder.get(zone)
            if isinstance(name, str) and known(name) and zones and name not in zones:
                yield holder.where(zone), f"there is no time zone {name}"
