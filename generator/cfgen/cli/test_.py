"""``cfgen test``: launch the templates of specs in many regions with taskcat."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cfgen.cli.options import (
    catalog_option,
    parameters_file_option,
    plural,
    specs_argument,
    warn,
)
from cfgen.deploy import console

if TYPE_CHECKING:
    from cfgen.publish.taskcat import Examples, Project
    from cfgen.render.template import Template
    from cfgen.sandbox import Sandbox


@click.command("test")
@specs_argument
@click.option(
    "--region",
    "regions",
    multiple=True,
    metavar="REGION",
    shell_complete=console.complete_regions,
    help="Where to launch; repeatable (default: every region the template is for).",
)
@click.option(
    "--parameter",
    "-p",
    "parameters",
    multiple=True,
    metavar="[REGION:]K=V",
    help="A template parameter, everywhere or in one region; repeatable.",
)
@parameters_file_option
@click.option("--tags", multiple=True, metavar="K=V", help="A tag of the stacks; repeatable.")
@click.option("--role-name", metavar="NAME", help="Role that CloudFormation works with, in the same account.")
@console.profile_option
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("build/taskcat"),
    show_default=True,
    help="Where .taskcat.yml and the templates are written; taskcat uploads all of it.",
)
@click.option("--no-run", is_flag=True, help="Write .taskcat.yml and the templates, and launch nothing.")
@click.option("--no-confirm", is_flag=True, help="Do not ask before launching.")
@click.option("--no-delete", is_flag=True, help="Leave the stacks.")
@click.option("--keep-failed", is_flag=True, help="Leave the stacks that failed, to look at them.")
@click.option("--no-report", is_flag=True, help="Without taskcat's own report, which takes the internet.")
@console.timeout_option(14 * 3600, "How long it may take; then taskcat deletes its stacks")
@click.option("--sandbox", is_flag=True, help="In the local sandbox, with example data: no account, no cost.")
@click.option(
    "--format",
    "style",
    type=click.Choice(["text", "json", "junit"]),
    default="text",
    show_default=True,
    help="How results are printed.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the report there.",
)
@catalog_option
def command(specs: tuple[str, ...], **options: Any) -> int:
    """Launch the templates of specs in many regions with taskcat, and delete them again.

    Writes .taskcat.yml, runs taskcat (the extra cfgen[taskcat], else an environment of its own, made once), and
    reports each region. Regions that lack a resource type, the instance type or the image are left out, with a line
    each. Exit code 0: every stack was created and deleted.
    """
    from cfgen.publish.taskcat_env import python

    if options["no_run"]:
        project = _project(specs, options)
        path = project.write(options["folder"])
        click.echo(f"{path}: {plural(len(project.tests), 'test')} of {plural(project.launches, 'stack')}")
        return 0
    with contextlib.ExitStack() as stack:
        variables: dict[str, str] = {}
        sandbox = None
        if options["sandbox"]:
            first = options["regions"][0] if options["regions"] else "us-east-1"
            sandbox = stack.enter_context(console.sandboxed(first))
        project = _project(specs, options, sandbox)
        project.write(options["folder"])
        if sandbox is None:
            _confirm(project, options["no_confirm"])
        local = _local()
        if local:
            # settings of the user's own taskcat are for AWS: profiles, buckets
            variables["HOME"] = stack.enter_context(tempfile.TemporaryDirectory(prefix="cfgen-taskcat-"))
        from cfgen.publish.taskcat_report import FORMATS
        from cfgen.publish.taskcat_run import run

        report = None if local or options["no_report"] else options["folder"] / "taskcat_outputs"
        done = run(
            project, options["folder"], python(lambda text: warn([text])), variables=variables,
            pause=0.5 if local else 10.0, keep=options["no_delete"], keep_failed=options["keep_failed"],
            report=report, timeout=options["timeout"], say=lambda text: warn([text]),
        )  # fmt: skip
    text = FORMATS[options["style"]](project, done)
    if options["output"] is None:
        click.echo(text, nl=False)
    else:
        from cfgen.files import write_atomically

        write_atomically(options["output"], text)
    return 130 if done.stopped == "stopped by you" else int(not done.passed)


def _local() -> bool:
    """Whether the AWS calls go to this machine."""
    import os

    return os.environ.get("AWS_ENDPOINT_URL", "").startswith(("http://127.0.0.1", "http://localhost"))


def _examples(sandbox: Sandbox) -> Examples:
    """What templates refer to, made in the sandbox where each is tested, as ``cfgen deploy --sandbox`` does."""
    from cfgen import document
    from cfgen.deploy.rehearsal import hub_of

    warn([f"sandbox at {sandbox.url}: a local stand-in, not AWS", hub_of(sandbox)])

    def make(template: Template, region: str, given: Mapping[str, str]) -> Mapping[str, str]:
        seeded = sandbox.seed(document.load(template.text, template.name), dict(given), region)
        warn(f"example data in {region}: {one}" for one in seeded.made)
        return seeded.parameters

    return make


def _project(specs: tuple[str, ...], options: dict[str, Any], sandbox: Sandbox | None = None) -> Project:
    from cfgen import pipeline
    from cfgen.catalogue import load
    from cfgen.deploy import inputs, linting
    from cfgen.publish import taskcat
    from cfgen.spec.find import find_specs

    overlay = pipeline.overlay_file(options["overlay"])
    templates = pipeline.render_all(find_specs(specs), overlay)
    for template in templates:
        warn(template.warnings)
    everywhere, own = inputs.split_regional(options["parameters"])
    given = inputs.parameters_file(options["parameters_file"]) if options["parameters_file"] else {}
    given |= inputs.pairs(everywhere, "--parameter")
    project = taskcat.make_project(
        templates,
        load(overlay),
        options["regions"],
        given,
        {region: inputs.pairs(items, "--parameter") for region, items in own.items()},
        _examples(sandbox) if sandbox is not None else None,
        profile=None if options["sandbox"] else options["profile"],
        tags=inputs.pairs(options["tags"], "--tags"),
        role_name=options["role_name"],
    )
    for template in templates:
        tested = [region for test in project.tests if test.template is template for region in test.regions]
        if tested:
            linting.lint(template, tested)
    warn(project.dropped)
    return project


def _confirm(project: Project, no_confirm: bool) -> None:
    if no_confirm:
        return
    if not console.interactive():
        raise click.UsageError(
            "nobody to ask: the input is no terminal. Add --no-confirm, or --no-run to look."
        )
    for test in project.tests:
        instance = test.parameters.get("InstanceType", "its instances")
        warn([f"{test.name}: {instance} in {', '.join(test.regions)}"])
    click.confirm(
        f"Launch {plural(project.launches, 'stack')} and delete them again? They cost money.",
        err=True,
        abort=True,
    )
