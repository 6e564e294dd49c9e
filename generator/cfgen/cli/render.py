"""``cfgen render``: specs → templates."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cfgen.cli.options import catalog_option, format_option, plural, specs_argument, warn
from cfgen.errors import CfgenError

if TYPE_CHECKING:
    from cfgen.render.template import Template


@click.command("render")
@specs_argument
@click.option(
    "-o",
    "--output",
    default="build",
    show_default=True,
    metavar="FOLDER",
    help="Write FOLDER/NAME/template.yaml and parameters.json; - prints one template.",
)
@catalog_option
@click.option(
    "--check/--no-check",
    default=True,
    show_default=True,
    help="Validate the result with the fast checker before writing it.",
)
@format_option
def command(specs: tuple[str, ...], output: str, overlay: Path | None, check: bool, style: str) -> int:
    """Render specs (files, folders or patterns) into CloudFormation templates.

    Each goes to build/NAME/template.yaml, with the default parameters beside it. Specs that cannot be rendered are
    reported all at once; the others are written all the same, and the exit code is 1.
    """
    from cfgen import pipeline
    from cfgen.spec.find import find_specs

    found = find_specs(specs)
    if output == "-" and len(found) != 1:
        raise click.UsageError(f"-o - prints one template; {plural(len(found), 'spec')} given.")
    overlay = pipeline.overlay_file(overlay)
    results: list[tuple[Path, Template]] = []
    failures: list[tuple[Path, CfgenError]] = []
    for path in found:
        try:
            template = pipeline.render_checked(path, overlay) if check else _unchecked(path, overlay)
            if same := [p for p, t in results if t.name == template.name]:
                raise CfgenError(
                    f"{path}: name: {template.name} is also the name of {same[0]}", hint="names are unique"
                )
            results.append((path, template))
            warn(template.warnings)
        except CfgenError as error:
            failures.append((path, error))
    for _, failure in failures:
        warn([failure.message, *([f"  hint: {failure.hint}"] if failure.hint else [])])
    if output == "-":
        for _, template in results:
            click.echo(template.text, nl=False)
    else:
        _write(results, Path(output), style)
    if failures:
        warn([f"{plural(len(failures), 'spec')} of {len(found)} not rendered"])
    return 1 if failures else 0


def _unchecked(path: Path, overlay: Path | None) -> Template:
    from cfgen import pipeline
    from cfgen.catalogue import load

    return pipeline.render_spec(path, load(overlay))


def _write(results: list[tuple[Path, Template]], folder: Path, style: str) -> None:
    from cfgen.files import write_atomically

    rows = []
    for path, template in results:
        target = folder / template.name / "template.yaml"
        write_atomically(target, template.text)
        write_atomically(target.with_name("parameters.json"), template.parameters_json())
        for name, source in template.functions:
            write_atomically(target.parent / "functions" / name, source)
        for asset in template.assets:
            write_atomically(target.parent / "assets" / asset.name, asset.data)
        rows.append(
            {
                "spec": str(path),
                "template": str(target),
                "bytes": template.size,
                "share": round(template.share, 3),
                "regions": list(template.regions),
                "requiredParameters": list(template.required),
                "decisions": list(template.decisions),
            }
        )
        if style == "text":
            click.echo(
                f"{target}: {template.size:,} bytes, {template.share:.0%} of what a direct launch takes; "
                f"{plural(len(template.regions), 'region')}"
            )
            for line in template.decisions:
                click.echo(f"  {line}")
            if template.required:
                click.echo(f"  to fill in at launch: {', '.join(template.required)}")
            if template.assets:
                click.echo(f"  to upload before launch: {', '.join(asset.name for asset in template.assets)}")
            if template.share > 1:
                warn([f"{target}: over 51,200 bytes: it must be launched from S3"])
    if style == "json":
        click.echo(json.dumps(rows, indent=2))
