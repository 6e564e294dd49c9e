"""``cfgen outputs``: the outputs of a stack."""

from __future__ import annotations

import click

from cfgen.cli.options import format_option
from cfgen.deploy import console


@click.command("outputs")
@console.stack_argument
@click.argument("name", required=False)
@console.region_option
@console.profile_option
@format_option
def command(stack: str, name: str | None, region: str | None, profile: str | None, style: str) -> int:
    """Print the outputs of a stack, or the value of the one called NAME alone."""
    from cfgen.deploy import errors, session
    from cfgen.deploy import stack as stacks

    with session.Aws(region or session.default_region(profile), profile) as aws:
        view = stacks.get(aws, stack)
    found = view.outputs
    if name is not None:
        if name not in found and view.switched_off:
            raise view.without_endpoint()
        if name not in found:
            raise errors.DeployError(
                f"{stack} has no output {name}",
                hint=f"it has {', '.join(found)}"
                if found
                else f"it has no outputs: it is in {view.status}; `cfgen status {stack}` says more",
            )
        found = {name: found[name]}
    if style == "json":
        console.show_json(found)
    elif name is not None:
        click.echo(found[name])
    else:
        for key, value in found.items():
            click.echo(f"{key}: {value}")
        if view.switched_off:
            click.echo(f"The endpoint is switched off; on again with\n  {view.switching_on}", err=True)
    return 0
