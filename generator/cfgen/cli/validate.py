"""``cfgen validate``: is the spec right?"""

from __future__ import annotations

import json
from pathlib import Path

import click

from cfgen.cli.options import catalog_option, format_option, plural, specs_argument
from cfgen.errors import CfgenError, Problem, ProblemsError


@click.command("validate")
@specs_argument
@catalog_option
@format_option
def command(specs: tuple[str, ...], overlay: Path | None, style: str) -> int:
    """Check specs and report every problem with its place.

    Reads each spec, then resolves it against the catalogue, so that what validates also renders. Exit code 1 when
    anything is wrong; warnings alone leave it 0.
    """
    from cfgen import pipeline
    from cfgen.catalogue import load
    from cfgen.spec import load_spec
    from cfgen.spec.find import find_specs

    found = find_specs(specs)
    catalogue = load(pipeline.overlay_file(overlay))
    problems: list[Problem] = []
    warnings: list[str] = []
    decisions: list[str] = []
    wrong = 0
    for path in found:
        try:
            stack = pipeline.plan(load_spec(path), catalogue)
            warnings += stack.warnings
            decisions += [f"{path}: {line}" for line in stack.decisions]
        except ProblemsError as error:
            problems += error.problems
            wrong += 1
        except CfgenError as error:
            problems.append(Problem(str(path), 0, 0, "", error.message, error.hint))
            wrong += 1
    if style == "json":
        rows = [
            {
                "file": p.file,
                "line": p.line,
                "column": p.column,
                "path": p.path,
                "message": p.message,
                "fix": p.fix,
            }
            for p in problems
        ]
        report = {"valid": not problems, "problems": rows, "warnings": warnings, "decisions": decisions}
        click.echo(json.dumps(report, indent=2))
    else:
        for line in [*warnings, *map(str, problems)]:
            click.echo(line, err=True)
        for line in decisions:
            click.echo(line)
        if wrong:
            click.echo(f"{plural(wrong, 'spec')} of {len(found)} with problems", err=True)
        else:
            click.echo(
                f"{plural(len(found), 'spec')} valid"
                + (f", {plural(len(warnings), 'warning')}" if warnings else "")
            )
    return 1 if wrong else 0
