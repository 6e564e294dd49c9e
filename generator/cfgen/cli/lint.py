"""``cfgen lint``: specs and templates → findings."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cfgen.cli.options import complete_files
from cfgen.errors import CfgenError

if TYPE_CHECKING:
    from cfgen.lint.findings import Finding, TemplateSource


@click.command("lint")
@click.argument("paths", nargs=-1, required=True, metavar="PATH…", shell_complete=complete_files)
@click.option(
    "--format",
    "style",
    type=click.Choice(["pretty", "json", "sarif", "junit"]),
    default="pretty",
    show_default=True,
    help="How findings are printed.",
)
@click.option("--fast", is_flag=True, help="Ask AWS's native validator only: no cfn-lint, no rules of ours.")
@click.option(
    "--region",
    "regions",
    multiple=True,
    metavar="REGION",
    help="Lint for this region (repeatable; 'all' for every one). Default: the regions the template is for.",
)
@click.option(
    "--ignore", multiple=True, metavar="ID", help="Leave out a rule, or all whose ids begin so (repeatable)."
)
@click.option("--notes", is_flag=True, help="List notes too, which are only worth knowing (pretty format).")
@click.option("--strict", is_flag=True, help="Warnings fail too.")
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the report there.",
)
def command(
    paths: tuple[str, ...],
    style: str,
    fast: bool,
    regions: tuple[str, ...],
    ignore: tuple[str, ...],
    notes: bool,
    strict: bool,
    output: Path | None,
) -> int:
    """Lint specs or finished templates, ours or anyone's, with cfn-lint and cfgen's own rules.

    PATH is a spec (rendered first), a template, a folder or a pattern. Exit code 0: no error (with --strict: no
    warning either); 1: findings; 2: usage. A comment beside a wildcard, and cfn-lint's own Metadata, are honoured.
    """
    from cfgen.lint.findings import counts

    sources, failures = _read(paths, regions)
    findings = _judge(sources, fast, ignore)
    _print(findings, [source.name for source in sources], style, output, notes)
    for failure in failures:
        click.echo(f"Error: {failure.message}", err=True)
        if failure.hint:
            click.echo(f"Hint: {failure.hint}", err=True)
    number = counts(findings)
    return 1 if failures or number["error"] or (strict and number["warning"]) else 0


def _read(paths: tuple[str, ...], regions: tuple[str, ...]) -> tuple[list[TemplateSource], list[CfgenError]]:
    """Everything that can be read; a spec that does not render does not keep the others from being linted."""
    from cfgen.lint import sources

    if "all" in regions:
        from cfgen.lint.engine import all_regions

        regions = all_regions()
    found: list[TemplateSource] = []
    failures: list[CfgenError] = []
    for path in sources.find(paths):
        try:
            found.append(sources.read(path, regions))
        except CfgenError as error:
            failures.append(error)
    return found, failures


def _judge(found: list[TemplateSource], fast: bool, ignore: tuple[str, ...]) -> list[Finding]:
    if not fast:
        from cfgen.lint import lint_templates

        return lint_templates(found, ignore=ignore)
    from cfgen.lint.fast import check
    from cfgen.lint.findings import ignored, of_source, order

    findings = [
        finding
        for source in found
        for region in source.regions[:1] or ("",)
        for finding in of_source(check(source.text, source.name, region), source)
    ]
    return sorted((finding for finding in findings if not ignored(finding.rule_id, ignore)), key=order)


def _print(findings: list[Finding], files: list[str], style: str, output: Path | None, notes: bool) -> None:
    if style == "pretty":
        from cfgen.lint.report.pretty import as_pretty

        plain = output is not None or not sys.stdout.isatty() or bool(os.environ.get("NO_COLOR"))
        text = as_pretty(findings, files, colour=not plain, notes=notes)
    else:
        from cfgen.lint.report import MACHINE

        text = MACHINE[style](findings, files)
    if output is None:
        click.echo(text, nl=False)
    else:
        from cfgen.files import write_atomically

        write_atomically(output, text)
