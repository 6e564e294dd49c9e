"""``cfgen render``: specs → templates."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cfgen.cli.options import catalog_option, plural, specs_argument, warn
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
@click.option(
    "--frozen", is_flag=True, help="Write nothing; exit 1 if FOLDER is not what the specs render to (for CI)."
)
@click.option(
    "--format",
    "formats",
    type=click.Choice(["text", "json", "cfn", "sam"]),
    multiple=True,
    default=("text", "cfn"),
    show_default=True,
    help="How results are printed: text or json. What templates with a front door (api) are written in: "
    "CloudFormation (cfn), or with the transform of AWS SAM (sam), which wants CAPABILITY_AUTO_EXPAND.",
)
def command(
    specs: tuple[str, ...],
    output: str,
    overlay: Path | None,
    check: bool,
    frozen: bool,
    formats: tuple[str, ...],
) -> int:
    """Render specs (files, folders or patterns) into CloudFormation templates.

    Each goes to build/NAME/template.yaml, with the default parameters beside it. Specs that cannot be rendered are
    reported all at once; the others are written all the same, and the exit code is 1.
    """
    from cfgen import pipeline
    from cfgen.spec.find import find_specs

    style, form = _one(formats, "text", "json"), _one(formats, "cfn", "sam")
    found = find_specs(specs)
    if output == "-" and len(found) != 1:
        raise click.UsageError(f"-o - prints one template; {plural(len(found), 'spec')} given.")
    if output == "-" and frozen:
        raise click.UsageError("--frozen compares with a folder, not with -o -.")
    overlay = pipeline.overlay_file(overlay)
    results: list[tuple[Path, Template]] = []
    failures: list[tuple[Path, CfgenError]] = []
    for path in found:
        try:
            template = (pipeline.render_checked if check else _unchecked)(path, overlay, form)
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
    stale = _compare(results, Path(output), style) if frozen else False
    if output != "-" and not frozen:
        _write(results, Path(output), style)
    if failures:
        warn([f"{plural(len(failures), 'spec')} of {len(found)} not rendered"])
    return 1 if failures or stale else 0


def _one(given: tuple[str, ...], usual: str, other: str) -> str:
    """Which of two formats is asked for; both cannot be."""
    if usual in given and other in given:
        raise click.UsageError(f"--format {usual} and --format {other}: only one of them.")
    return other if other in given else usual


def _unchecked(path: Path, overlay: Path | None, form: str) -> Template:
    from cfgen import pipeline
    from cfgen.catalogue import load

    return pipeline.render_spec(path, load(overlay), form)


def _files(template: Template, folder: Path) -> dict[Path, bytes]:
    """Everything a template is written as; the template itself first."""
    own = folder / template.name
    files = {own / "template.yaml": template.text, own / "parameters.json": template.parameters_json()}
    files |= {own / "functions" / name: source for name, source in template.functions}
    return {
        **{path: text.encode() for path, text in files.items()},
        **{own / "assets" / asset.name: asset.data for asset in template.assets},
    }


def _compare(results: list[tuple[Path, Template]], folder: Path, style: str) -> bool:
    """Say which files are not what their spec renders to; whether there are any."""
    rows = []
    for spec, template in results:
        for path, data in _files(template, folder).items():
            there = path.read_bytes() if path.is_file() else None
            if there != data:
                state = "missing" if there is None else "stale"
                rows.append({"file": str(path), "spec": str(spec), "state": state})
    if style == "json":
        click.echo(json.dumps(rows, indent=2))
    else:
        for row in rows:
            click.echo(f"{row['file']}: {row['state']}: not what {row['spec']} renders to")
        click.echo(f"{plural(len(results), 'template')}: {plural(len(rows), 'file')} to render anew")
    return bool(rows)


def _write(results: list[tuple[Path, Template]], folder: Path, style: str) -> None:
    from cfgen.files import write_atomically

    rows = []
    for path, template in results:
        target = folder / template.name / "template.yaml"
        for file, data in _files(template, folder).items():
            write_atomically(file, data)
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
