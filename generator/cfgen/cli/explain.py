"""``cfgen explain``: what a rule means."""

from __future__ import annotations

import json
import textwrap
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from cfgen.lint.explain import Explanation


@click.command("explain")
@click.argument("rule_id", required=False, metavar="[ID]")
@click.option(
    "--format",
    "style",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How results are printed.",
)
def command(rule_id: str | None, style: str) -> int:
    """Explain a rule of cfgen's, cfn-lint's or cloudformation-validate's: why it exists, how to mend what it finds.

    Without an ID: a list of cfgen's own rules.
    """
    from cfgen.lint.explain import explain, own

    found = list(own()) if rule_id is None else explain(rule_id)
    if style == "json":
        click.echo(json.dumps([asdict(rule) for rule in found], indent=2))
    elif rule_id is None:
        for rule in found:
            click.echo(f"{rule.rule_id}  {rule.title}")
    else:
        click.echo("\n\n".join(_text(rule) for rule in found))
    return 0


def _text(rule: Explanation) -> str:
    """One rule for a terminal."""
    parts = [f"{rule.rule_id}: {rule.title} ({rule.judge}, {rule.severity})", "", textwrap.fill(rule.why, 96)]
    if rule.fix:
        parts += ["", textwrap.fill(f"Fix: {rule.fix}", 96)]
    if rule.url:
        parts += ["", f"Source: {rule.source_title}{', ' if rule.source_title else ''}{rule.url}"]
    if rule.tags:
        parts += ["", f"Tags: {', '.join(rule.tags)}"]
    return "\n".join(parts)
