"""What a run of taskcat found, as text for people, and as JSON and JUnit for machines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import groupby

from cfgen.lint.report.formats import xml_attribute, xml_text
from cfgen.publish.taskcat import Project
from cfgen.publish.taskcat_run import Run


def as_text(project: Project, run: Run) -> str:
    """A line a region, what went wrong beneath it, and a count."""
    return "".join(f"{line}\n" for line in _lines(project, run))


def _lines(project: Project, run: Run) -> Iterator[str]:
    wide = max((len(result.region) for result in run.results), default=0)
    for name, group in groupby(run.results, key=lambda result: result.test):
        yield name
        for one in group:
            took = f"{one.seconds:g} s" if one.seconds else ""
            kept = f"kept: {one.stack}" if one.kept and one.stack else ""
            said = one.complaint or ", ".join(
                filter(None, [f"created in {took}" if took else "created", kept])
            )
            yield f"  {'passed' if one.good else 'FAILED'}  {one.region:<{wide}}  {' '.join(said.split())}"
    for dropped in project.dropped:
        yield str(dropped)
    for note in run.notes:
        yield f"note: {note}"
    good = sum(result.good for result in run.results)
    stopped = f" ({run.stopped})" if run.stopped else ""
    yield (
        f"{len(project.tests)} test{'' if len(project.tests) == 1 else 's'}, {good} of {len(run.results)} regions "
        f"passed in {run.seconds:g} s{stopped}"
    )


def as_json(project: Project, run: Run) -> str:
    """``{"passed", "seconds", "results": […], "leftOut": […]}``."""
    report = {
        "passed": run.passed,
        "seconds": run.seconds,
        "stopped": run.stopped,
        "results": [result.data() for result in run.results],
        "leftOut": [
            {"test": one.name, "region": one.region, "reason": one.reason} for one in project.dropped
        ],
        "notes": run.notes,
    }
    return json.dumps(report, indent=2, ensure_ascii=False) + "\n"


def as_junit(project: Project, run: Run) -> str:
    """A suite a test, a case a region; a region left out is a skipped case."""
    suites: list[str] = []
    names = dict.fromkeys([*(test.name for test in project.tests), *(one.name for one in project.dropped)])
    for name in names:
        results = [result for result in run.results if result.test == name]
        dropped = [one for one in project.dropped if one.name == name]
        failures = sum(not result.good for result in results)
        took = sum(result.seconds for result in results)
        suites.append(
            f'  <testsuite name={xml_attribute(name)} tests="{len(results) + len(dropped)}" failures="{failures}" '
            f'errors="0" skipped="{len(dropped)}" time="{took:.1f}">'
        )
        for one in results:
            place = f"classname={xml_attribute(name)} name={xml_attribute(one.region)}"
            case = f'    <testcase {place} time="{one.seconds:.1f}"'
            if one.good:
                suites.append(f"{case}/>")
                continue
            events = "\n".join(
                f"{item['resource']} {item['type']}: {item['reason']}" for item in one.failures
            )
            kind = (
                f"type={xml_attribute(one.status or 'NOT_LAUNCHED')} message={xml_attribute(one.complaint)}"
            )
            suites.append(f"{case}><failure {kind}>{xml_text(events)}</failure></testcase>")
        suites += [
            f"    <testcase classname={xml_attribute(name)} name={xml_attribute(one.region)}>"
            f"<skipped message={xml_attribute(one.reason)}/></testcase>"
            for one in dropped
        ]
        suites.append("  </testsuite>")
    return (
        "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', "<testsuites>", *suites, "</testsuites>"]) + "\n"
    )


FORMATS = {"text": as_text, "json": as_json, "junit": as_junit}
