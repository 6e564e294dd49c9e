"""The report for people: by file, a line a finding, how to mend it, and a count at the end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from cfgen.lint.findings import Finding, Severity, counts

_COLOURS: dict[Severity, str] = {"error": "31", "warning": "33", "info": "36"}


def as_pretty(
    findings: Sequence[Finding], files: Sequence[str], *, colour: bool = False, notes: bool = False
) -> str:
    """The whole report, ending in a newline; ``notes`` also lists what is only worth knowing."""
    return "".join(f"{line}\n" for line in _lines(findings, files, colour, notes))


def _lines(findings: Sequence[Finding], files: Sequence[str], colour: bool, notes: bool) -> Iterator[str]:
    def paint(text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if colour else text

    shown = [finding for finding in findings if notes or finding.severity != "info"]
    for file, group in groupby(shown, key=lambda finding: finding.file):
        yield paint(file, "1")
        for finding in group:
            mark = paint(f"{finding.severity}", _COLOURS[finding.severity])
            yield f"  {finding.place} {paint(finding.rule_id, '1')} {mark}: {_one_line(finding.message)}"
            if finding.fix:
                yield f"      fix: {_one_line(finding.fix)}"
        yield ""
    number = counts(findings)
    said = [_count(number[kind], kind) for kind in ("error", "warning") if number[kind]] or ["nothing wrong"]
    if number["info"]:
        said.append(_count(number["info"], "info") + ("" if notes else " (--notes shows them)"))
    yield f"{_count(len(files), 'template')}: {', '.join(said)}"


def _one_line(text: str) -> str:
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())


def _count(number: int, noun: str) -> str:
    plural = {"info": "notes"}.get(noun, f"{noun}s")
    return f"{number} {('note' if noun == 'info' else noun) if number == 1 else plural}"
