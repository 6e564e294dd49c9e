"""``cfgen diff``: what a deployment would change, asked of nobody but the template."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cfgen.cli.options import (
    catalog_option,
    complete_files,
    format_option,
    parameter_option,
    parameters_file_option,
    reset_parameters_option,
    stack_name_option,
)
from cfgen.deploy import console
from cfgen.errors import CfgenError

if TYPE_CHECKING:
    from cfgen.deploy.diff import Side
    from cfgen.render.template import Template


@click.command("diff")
@click.argument("spec", metavar="SPEC", shell_complete=complete_files)
@click.option(
    "--template",
    "other",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Compare with this template instead of the deployed stack; SPEC may be a template too.",
)
@console.region_option
@console.profile_option
@stack_name_option
@parameter_option
@parameters_file_option
@reset_parameters_option
@catalog_option
@format_option
def command(spec: str, other: Path | None, style: str, **options: Any) -> int:
    """Compare a spec with its deployed stack: resources, properties, parameters, and what is replaced.

    Exit code 0: no difference; 1: differences; 2: trouble.
    """
    from cfgen.deploy import diff

    try:
        before, after = _sides(spec, other, options)
        found = diff.compare(before, after)
    except CfgenError as error:
        console.tell(error)
        return 2
    if style == "json":
        console.show_json(found.data())
    else:
        for line in diff.lines(found):
            click.echo(line)
    return 0 if found.empty else 1


def _sides(spec: str, other: Path | None, options: dict[str, Any]) -> tuple[Side, Side]:
    from cfgen import document
    from cfgen.deploy import inputs, session
    from cfgen.deploy import stack as stacks
    from cfgen.deploy.diff import Side

    given = inputs.parameters_file(options["parameters_file"]) if options["parameters_file"] else {}
    given |= inputs.pairs(options["parameters"], "--parameter")
    if other is not None:
        region = options["region"] or "us-east-1"
        before = Side(document.load(_read(other), str(other)), {}, region)
        path = Path(spec)
        text = _read(path) if path.is_file() else ""
        if "Resources" in text and "\nmodel:" not in text:
            return before, Side(document.load(text, spec), given, region)
        template = _render(spec, options["overlay"])
        inputs.check_known(given, [template])
        return before, Side(document.load(template.text, template.name), given, region)
    template = _render(spec, options["overlay"])
    region = options["region"] or session.default_region(options["profile"])
    inputs.check_regions(template, [region])
    with session.Aws(region, options["profile"]) as aws:
        stack = stacks.get(aws, options["stack_name"] or template.name)
        merged = inputs.merge(template, given, stack.deployed, reset=options["reset_parameters"])
        kept = {name: now for name, (now, _) in merged.kept.items()}
        values = {
            **{name: value for name, value in stack.values.items() if name in dict(template.parameters)},
            **merged.overrides,
        }
        before = Side(stack.template, stack.values, region)
    return before, Side(document.load(template.text, template.name), {**values, **kept}, region)


def _render(spec: str, overlay: Path | None) -> Template:
    from cfgen import pipeline
    from cfgen.spec.find import find_specs

    found = find_specs([spec])
    if len(found) != 1:
        raise CfgenError(f"diff compares one spec; {spec} names {len(found)}")
    return pipeline.render_checked(found[0], pipeline.overlay_file(overlay))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CfgenError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from error
