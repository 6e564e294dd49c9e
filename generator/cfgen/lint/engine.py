"""cfn-lint in process: rules loaded once, any number of templates, each in all of its own regions.

Not a wrapper around the command: nothing is read but the template's text (see ``hermetic``), and whatever
goes wrong inside a linter comes back as a finding.
"""

# mypy: disable-error-code="import-untyped"

from __future__ import annotations

import functools
import logging
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cfgen.errors import CfgenError
from cfgen.lint import guard
from cfgen.lint.context import linting
from cfgen.lint.findings import Finding, Severity, TemplateSource, ignored, of_source, order
from cfgen.lint.messages import cut, merge_regions

if TYPE_CHECKING:
    from cfnlint.match import Match
    from cfnlint.rules import Rules

OWN_RULES = Path(__file__).parent / "rules"
DEFAULT_REGION = "us-east-1"
UNREADABLE = "E9200"
_SEVERITY: dict[str, Severity] = {"E": "error", "W": "warning", "I": "info"}
_OWN_ID = re.compile(r"[EWI]9[2-8]\d\d")


class RegionError(CfgenError):
    """A region cfn-lint has no schemas for."""


@functools.cache
def rules(own: bool = True) -> Rules:
    """cfn-lint's rules and (``own``) cfgen's, each made once; both sets share nothing."""
    from cfnlint.config import _DEFAULT_RULESDIR
    from cfnlint.rules import Rules

    from cfgen.lint.hermetic import use_bundled_schemas
    from cfgen.lint.speed import quicken

    logging.getLogger("cfnlint").addHandler(
        logging.NullHandler()
    )  # its complaints become findings, not noise
    use_bundled_schemas()
    collected = Rules.create_from_directory(_DEFAULT_RULESDIR)
    if own:
        collected.update(Rules.create_from_directory(str(OWN_RULES)))
    quicken(collected)
    return collected


def lint_templates(
    sources: Sequence[TemplateSource],
    *,
    ignore: Iterable[str] = (),
    own_rules: bool = True,
    processes: int = 0,
) -> list[Finding]:
    """Lint each source in all of its regions; findings in the order of files and lines.

    ``ignore`` leaves out rule ids or prefixes, ``own_rules=False`` asks cfn-lint alone, ``processes`` is how
    many to use (0: chosen by the number of templates). Raises RegionError for a region that does not exist.
    """
    from cfgen.lint.workers import in_processes

    _refuse_unknown_regions(sources)
    findings = in_processes(sources, own_rules, processes)
    if findings is None:
        findings = [finding for source in sources for finding in lint_one(source, own_rules)]
    skip = tuple(ignore)
    return sorted((finding for finding in findings if not ignored(finding.rule_id, skip)), key=order)


def lint_one(source: TemplateSource, own_rules: bool = True) -> list[Finding]:
    """Lint one template; a file no linter can read, or one that breaks cfn-lint, is a finding too."""
    try:
        text = guard.readable(source.text)
    except guard.Refused as refused:
        return [unreadable(source.name, refused.message, refused.line, refused.column)]
    try:
        template, matches = _decode(text)
        regions = source.regions or template_regions(template)
        if not matches:
            with linting(source.name, text):
                matches = list(_run(source.name, template, regions, own_rules))
    except RecursionError:
        return [unreadable(source.name, "nested too deeply for cfn-lint to read")]
    except CfgenError:
        raise
    except Exception as error:  # a bug in cfn-lint must not become a traceback of ours
        return [unreadable(source.name, f"cfn-lint failed on this template: {type(error).__name__}: {error}")]
    found = merge_regions([_finding(match, source.name) for match in matches], regions)
    return of_source([_softened(finding) for finding in found], source)


def unreadable(name: str, message: str, line: int = 0, column: int = 0) -> Finding:
    """The finding for a file that cannot be linted at all."""
    return Finding(
        rule_id=UNREADABLE,
        severity="error",
        title="Template cannot be read",
        message=cut(message),
        file=name,
        line=line,
        column=column,
        fix="give a CloudFormation template in YAML or JSON",
        source="cfgen",
    )


def template_regions(template: object) -> tuple[str, ...]:
    """The regions a template is for: by its ``Metadata: cfn-lint``, by its Rules, else us-east-1."""
    value = template
    for key in ("Metadata", "cfn-lint", "config", "regions"):
        value = value.get(key) if isinstance(value, dict) else None
    named = [str(item) for item in value] if isinstance(value, list) else []
    if "ALL_REGIONS" in named:
        return all_regions()
    known = set(all_regions())
    if given := tuple(region for region in named if region in known):
        return given
    if isinstance(template, dict) and "AWS::Region" in repr(template.get("Rules")):
        from cfgen.lint.worlds import Template

        allowed = tuple(world.region for world in Template(template, all_regions()).by_region)
        return allowed or (DEFAULT_REGION,)
    return (DEFAULT_REGION,)


def all_regions() -> tuple[str, ...]:
    """Every region cfn-lint knows."""
    from cfnlint.helpers import REGIONS

    return tuple(REGIONS)


def _refuse_unknown_regions(sources: Sequence[TemplateSource]) -> None:
    unknown = {region for source in sources for region in source.regions} - set(all_regions())
    if unknown:
        import difflib

        first = min(unknown)
        near = difflib.get_close_matches(first, all_regions(), 1)
        hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(all_regions())}"
        raise RegionError(f"unknown region '{first}'", hint=hint)


def _decode(text: str) -> tuple[Any, list[Match]]:
    from cfnlint.decode import decode_str

    template, matches = decode_str(text)
    return template, list(matches)


def _run(name: str, template: Any, regions: tuple[str, ...], own_rules: bool) -> Iterator[Match]:
    from cfnlint.runner.template.runner import _run_template

    from cfgen.lint.hermetic import config

    yield from _run_template(name, template, config(regions), rules(own_rules))


def _finding(match: Match, name: str) -> Finding:
    rule = match.rule
    own = bool(_OWN_ID.fullmatch(rule.id))
    path = getattr(match, "path", None) or ()
    return Finding(
        rule_id=rule.id,
        severity=_SEVERITY.get(rule.id[:1], "error"),
        title=rule.shortdesc,
        message=cut(str(match.message)),
        file=name,
        line=match.linenumber,
        column=match.columnnumber,
        end_line=match.linenumberend,
        end_column=match.columnnumberend,
        path="/".join(str(step) for step in path),
        fix=str(getattr(rule, "fix", "")) if own else "",
        source="cfgen" if own else "cfn-lint",
        regions=tuple(getattr(match, "regions", ()) or ()),
    )


_HOSTING = re.compile(r"Resource type 'AWS::SageMaker::(?:Model|EndpointConfig|Endpoint)' does not exist")


def _softened(finding: Finding) -> Finding:
    """cfn-lint's E3006 for hosting contradicts its own pricing data in two regions: tell, do not refuse."""
    if finding.rule_id != "E3006" or not _HOSTING.match(finding.message):
        return finding
    from cfgen.lint.hosting import hosted_somewhere

    if not finding.regions or not all(hosted_somewhere(region) for region in finding.regions):
        return finding
    note = (
        " according to its schemas, yet hosting is priced there: check with `aws cloudformation list-types`"
    )
    return replace(finding, severity="info", message=finding.message + note)
