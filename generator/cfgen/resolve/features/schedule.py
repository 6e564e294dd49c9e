"""``schedule`` → what switches the endpoint off and on, and when.

Where scaling reaches zero, or is to keep something, scheduled actions move its bounds. Any other endpoint is a resource
under a condition: its stack is updated with another value of a parameter, so that CloudFormation knows what is there.

Sources: EventBridge Scheduler, "Schedule types" and "Using universal targets"; Application Auto Scaling, "Scheduled
scaling"; CloudFormation, UpdateStack and "Service role"; Amazon SageMaker, InvokeEndpointAsync (RequestTTLSeconds).
"""

from __future__ import annotations

import zoneinfo

from cfgen.cron import wrong_cron
from cfgen.resolve import times
from cfgen.resolve.features.scene import Scene
from cfgen.resolve.plans.schedule import SchedulePlan, TimesPlan
from cfgen.spec.features.schedule import Schedule, Window

TTL = 6 * 60
"""Minutes that a request waits in the queue of an asynchronous endpoint at most (RequestTTLSeconds: 21,600)."""
TIMES = ("days", "opens", "closes", "windows", "start", "stop")
KEYS = {"opens": "from", "closes": "to"}


def plan(scene: Scene) -> SchedulePlan | None:
    """By which means, at what times; what cannot be switched is noted."""
    asked, notes = scene.data.schedule, scene.notes
    if asked is None:
        return None
    _check_zone(asked, scene)
    windows = _windows(asked, scene)
    switch = _switch(asked, scene)
    if asked.start or asked.stop:
        return SchedulePlan(switch, asked.time_zone, _expressions(asked, scene), asked.keep, None)
    week = [span for window in windows for span in times.spans(window.days, window.opens, window.closes)]
    for window, path in _placed(windows, asked):
        (begin, end), *_ = times.spans(window.days, window.opens, window.closes)
        if end - begin < times.LEAST:
            notes.refuse(
                path,
                f"is a window of {end - begin} minutes, in which an endpoint hardly comes",
                "an hour or more",
            )
    if week and (what := times.clash(week)):
        path = "schedule.windows" if asked.windows else "schedule"
        fix = {
            "overlap": "windows that stand apart",
            "meet": "one window for both; an endpoint that is always there needs no schedule",
        }.get(what, "an hour or more: switching off and on takes that long")
        notes.refuse(path, "has windows that " + what, fix)
        return None
    if week and not switch and asked.keep == 0 and scene.data.asynchronous and _longest_pause(week) > TTL:
        notes.warn("schedule", "a request that waits for more than 6 hours while it is closed is dropped")
    return SchedulePlan(
        switch=switch,
        zone=asked.time_zone,
        times=tuple(
            _times(window, index, asked.attempts if switch else 1, week)
            for index, window in enumerate(windows)
        ),
        keep=asked.keep,
        hours=sum(end - begin for begin, end in week) / 60 if week else None,
    )


def _check_zone(asked: Schedule, scene: Scene) -> None:
    known = zoneinfo.available_timezones()  # none on a machine without time zone data
    if known and asked.time_zone not in known:
        import difflib

        near = difflib.get_close_matches(asked.time_zone, known, 1, 0.6)
        scene.notes.refuse(
            "schedule.timeZone",
            f"{asked.time_zone} is not a time zone",
            f"did you mean {near[0]}?" if near else "such as Europe/Berlin",
        )


def _windows(asked: Schedule, scene: Scene) -> tuple[Window, ...]:
    """The windows asked for; none for a switch alone, for expressions, and where they contradict each other."""
    notes = scene.notes
    given = [name for name in TIMES if getattr(asked, name) is not None]
    own = [name for name in given if name in ("days", "opens", "closes")]
    cron = [name for name in given if name in ("start", "stop")]
    if asked.windows and (own or cron):
        other = KEYS.get((own + cron)[0], (own + cron)[0])
        notes.refuse(f"schedule.{other}", "stands beside windows, which say when", "one or the other")
        return ()
    if own and cron:
        notes.refuse(
            f"schedule.{cron[0]}",
            f"stands beside {KEYS.get(own[0], own[0])}",
            "expressions or times, not both",
        )
        return ()
    if len(cron) == 1:
        missing = "stop" if cron == ["start"] else "start"
        notes.refuse(f"schedule.{cron[0]}", f"stands without {missing}", f"give {missing} too")
    if own and (asked.opens is None or asked.closes is None):
        missing = "from" if asked.opens is None else "to"
        notes.refuse("schedule", f"says no time for {missing}", f'such as {missing}: "08:00"')
        return ()
    if asked.opens is not None and asked.closes is not None:
        every = {"days": asked.days} if asked.days else {}
        return (Window.model_validate({**every, "from": asked.opens, "to": asked.closes}),)
    if not given and asked.keep:
        notes.refuse(
            "schedule.keep", "says what is kept when hours are over, and there are none", "give from and to"
        )
    return tuple(asked.windows or ())


def _placed(windows: tuple[Window, ...], asked: Schedule) -> list[tuple[Window, str]]:
    return [
        (window, f"schedule.windows.{index}" if asked.windows else "schedule")
        for index, window in enumerate(windows)
    ]


def _switch(asked: Schedule, scene: Scene) -> bool:
    """Whether the endpoint itself goes and comes, rather than its capacity; what does neither is noted."""
    notes, data = scene.notes, scene.data
    timed = any(getattr(asked, name) is not None for name in TIMES)
    components = scene.plans.get("components")
    serverless = scene.endpoint.serverless
    if components is not None:
        if asked.keep:
            notes.refuse(
                "schedule.keep", "is about scaling of an endpoint, not of components", "leave it out"
            )
        # copies that cannot go to zero hold their instances: then all of the endpoint goes
        return not timed or any(one.scaling is None or one.scaling.minimum for one in components.components)
    if serverless and not serverless.provisioned_concurrency and timed:
        notes.refuse(
            "schedule",
            "saves nothing: a serverless endpoint costs nothing while nobody asks",
            "leave it out",
        )
    scaling = scene.plans.get("scaling")
    if asked.keep:
        if scaling is None:
            notes.refuse(
                "schedule.keep", "needs scaling, whose bounds it lowers", "give scaling, or leave it out"
            )
        elif asked.keep > scaling.maximum:
            notes.refuse("schedule.keep", f"is more than scaling.max, {scaling.maximum}", "less")
        return False
    if scaling is not None and scaling.least == 0 and timed:
        return False
    if timed and data.asynchronous:
        notes.warn(
            "schedule",
            "the endpoint goes when the hours are over, and refuses requests: with scaling they would wait for it",
        )
    return True


def _expressions(asked: Schedule, scene: Scene) -> tuple[TimesPlan, ...]:
    for name, text in (("start", asked.start), ("stop", asked.stop)):
        if text and (wrong := wrong_cron(text)):
            scene.notes.refuse(
                f"schedule.{name}", wrong, "cron(minutes hours day-of-month month day-of-week year)"
            )
    if asked.start and asked.start == asked.stop:
        scene.notes.refuse("schedule.stop", "is when it starts", "another time")
    return (TimesPlan("", asked.start or "", asked.stop or ""),)


def _times(window: Window, index: int, attempts: int, week: list[times.Span]) -> TimesPlan:
    found = times.spans(window.days, window.opens, window.closes)
    ordered = sorted(week)
    begins = [begin for begin, _ in ordered]
    pause = min(
        next((begin for begin in begins if begin >= end), begins[0] + times.WEEK) - end for _, end in found
    )
    length = found[0][1] - found[0][0]
    return TimesPlan(
        suffix=str(index + 1) if index else "",
        start=times.cron([begin for begin, _ in found], times.attempts_within(length, attempts)),
        stop=times.cron([end for _, end in found], times.attempts_within(pause, attempts)),
    )


def _longest_pause(week: list[times.Span]) -> int:
    ordered = sorted(week)
    following = [*ordered[1:], (ordered[0][0] + times.WEEK, 0)]
    return max(start - end for (_, end), (start, _) in zip(ordered, following, strict=True))
