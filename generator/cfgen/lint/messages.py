"""Making a linter's message readable: long lists cut with the nearest values first, regions gathered."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from cfgen.lint.findings import Finding, order

_SHOWN = 6
_REGIONS_SHOWN = 5
_LONGEST = 480
_LIST = re.compile(r"\[(?:'[^'\n]*'(?:, )?){8,}\]")
_ITEM = re.compile(r"'([^'\n]*)'")
_TAIL = re.compile(r" in (?:region )?'([a-z]{2}(?:-[a-z]+)+-\d)'\.?$")


def cut(message: str) -> str:
    """Shorten enumerations of eight or more values to those nearest to the value complained of.

    >>> cut("'b9' is not one of ['b1', 'b2', 'b3', 'b4', 'b5', 'b6', 'b7', 'b8']")
    "'b9' is not one of ['b8', 'b7', 'b6', 'b5', 'b4', 'b3', … and 2 more]"
    """
    found = _ITEM.match(message)
    value = found[1] if found else ""

    def shorten(match: re.Match[str]) -> str:
        items = _ITEM.findall(match[0])
        near = difflib.get_close_matches(value, items, _SHOWN, 0.4) if value and len(items) <= 2_000 else []
        shown = (near + [item for item in items if item not in near])[:_SHOWN]
        quoted = ", ".join(f"'{item}'" for item in shown)
        return f"[{quoted}, … and {len(items) - len(shown)} more]"

    text = _LIST.sub(shorten, message)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1].rstrip()}…"


def region_tail(regions: Sequence[str], asked: int) -> str:
    """How a message ends that holds in some of the regions asked.

    >>> region_tail(["eu-west-1", "sa-east-1"], 4)
    ' in 2 regions (eu-west-1, sa-east-1)'
    """
    if not regions:
        return ""
    if len(regions) == 1:
        return f" in {regions[0]}"
    if len(regions) == asked:
        return f" in all {asked} regions asked"
    named = ", ".join(regions[:_REGIONS_SHOWN])
    more = len(regions) - _REGIONS_SHOWN
    return f" in {len(regions)} regions ({named}{f', … and {more} more' if more > 0 else ''})"


def merge_regions(findings: Iterable[Finding], asked: Sequence[str]) -> list[Finding]:
    """Join findings that differ only in the region their message ends in, and say which regions.

    cfn-lint repeats a regional finding once a region asked ("… does not exist in 'me-central-1'").
    """
    groups: dict[tuple[object, ...], tuple[Finding, dict[str, None]]] = {}
    for finding in sorted(findings, key=order):
        regions = dict.fromkeys(finding.regions)
        if not regions and (tail := _TAIL.search(finding.message)):
            regions = {tail[1]: None}
            finding = replace(finding, message=finding.message[: tail.start()])
        place = (finding.rule_id, finding.line, finding.column, finding.path, finding.message)
        groups.setdefault(place, (finding, {}))[1].update(regions)
    merged = []
    for finding, gathered in groups.values():
        message = finding.message
        if not finding.regions:
            message += region_tail(list(gathered), len(asked))
        merged.append(replace(finding, message=message, regions=tuple(gathered)))
    return merged
