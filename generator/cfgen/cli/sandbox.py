"""``cfgen sandbox``: a local stand-in for CloudFormation, started, stopped, asked, or wrapped around a command."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import subprocess
from pathlib import Path
from typing import Any

import click

from cfgen.cli.options import catalog_option, specs_argument, warn
from cfgen.errors import CfgenError
from cfgen.paths import cache_dir

NOTICE = (
    "This is the cfgen sandbox on 127.0.0.1, not AWS: nothing here costs money or leaves this machine.\n"
    "What it imitates and what it does not: docs/explanation/sandbox.md"
)


def _folder(given: Path | None) -> Path:
    return given or cache_dir() / "sandbox"


def _state(folder: Path) -> dict[str, Any] | None:
    """The running sandbox of a folder, or None."""
    from cfgen.sandbox.local import answers, started_in

    state = started_in(folder)
    if state is None:
        return None
    with contextlib.suppress(ChildProcessError, TypeError):
        # a sandbox this very process started is a zombie once it ends, until somebody asks
        os.waitpid(state["pid"], os.WNOHANG)
    # a number alone proves nothing: after a restart of the machine it may be another program's
    return state if answers(str(state["url"])) else None


_folder_option = click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the sandbox keeps its state (default: cfgen's cache folder).",
)
_region_option = click.option(
    "--region", default="us-east-1", show_default=True, help="The region clients use."
)


@click.group(name="sandbox")
def command() -> None:
    """Rehearse a deployment on this machine: a strict local CloudFormation. It is not AWS.

    Templates launch, update, roll back and go; their Lambda code and builds run as local processes under
    their roles' permissions. State lives in memory and ends with the sandbox.
    """


@command.command(short_help="Start one in the background; print the way to it.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="Port on 127.0.0.1 (default: a free one)."
)
@_region_option
@_folder_option
def start(port: int, region: str, folder: Path | None) -> None:
    """Start a sandbox in the background and print the variables that lead clients to it.

    eval "$(cfgen sandbox start)" sets them in this shell. Where one runs already, its variables are printed.
    """
    from cfgen.deploy.rehearsal import hub_of
    from cfgen.sandbox import Sandbox

    place = _folder(folder)
    if (there := _state(place)) is not None:
        if port not in (0, there.get("port")):
            raise CfgenError(
                f"A sandbox is running already at {there['url']} (process {there['pid']}).",
                hint="cfgen sandbox stop; or --folder of another",
            )
        # a second shell wants the same variables; without them its calls would go to AWS
        sandbox = Sandbox(folder=place)
        sandbox.url = str(there["url"])
        warn([f"A sandbox is running already at {sandbox.url}: this is the way to it.", NOTICE])
    else:
        sandbox = Sandbox(folder=place, port=port).start(detach=True)
        warn([NOTICE, f"Here {hub_of(sandbox)}."])
    click.echo("\n".join(_shell(sandbox.environment(region))))


def _shell(variables: dict[str, str]) -> list[str]:
    """Lines for a shell: what leads to the sandbox, without what would lead elsewhere (a profile, a proxy)."""
    ours = {key: value for key, value in variables.items() if key.startswith("AWS_")}
    others = sorted(
        key
        for key in os.environ
        if key.startswith("AWS_") and key not in {*ours, "AWS_CA_BUNDLE", "AWS_PAGER"}
    )
    lines = [f"unset {' '.join(others)}"] if others else []
    lines += [f"export {name}={value}" for name, value in ours.items()]
    if any(os.environ.get(name) for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")):
        for name in ("NO_PROXY", "no_proxy"):
            there = [one for one in os.environ.get(name, "").split(",") if one]
            lines.append(
                f"export {name}={shlex.quote(','.join(dict.fromkeys([*there, '127.0.0.1', 'localhost'])))}"
            )
    return lines


@command.command(short_help="Stop it and forget everything in it.")
@_folder_option
def stop(folder: Path | None) -> None:
    """Stop the sandbox and forget everything in it."""
    import signal
    import time

    place = _folder(folder)
    running = _state(place)
    if running is None:
        click.echo("No sandbox is running.", err=True)
        return
    os.kill(int(running["pid"]), signal.SIGTERM)
    for _ in range(100):
        if _state(place) is None:
            break
        time.sleep(0.05)
    (place / "sandbox.json").unlink(missing_ok=True)
    click.echo(f"Stopped the sandbox at {running['url']}.", err=True)


@command.command()
@click.option("--format", "style", type=click.Choice(["text", "json"]), default="text", show_default=True)
@_folder_option
def status(style: str, folder: Path | None) -> None:
    """Say whether a sandbox runs, where, and how much memory it uses. Exit 1 if none does."""
    from cfgen.sandbox.local import request

    running = _state(_folder(folder))
    if running is None:
        if style == "json":
            click.echo(json.dumps({"running": False}))
        else:
            click.echo("No sandbox is running.")
        raise SystemExit(1)
    health = request(f"{running['url']}/_sandbox/health")
    hub = "a stand-in hub" if health["hub"]["standIn"] else "the hub"
    if style == "json":
        click.echo(json.dumps({"running": True, **running, **health}))
        return
    click.echo(
        f"Running at {running['url']} (process {running['pid']}, {health['max_rss_kb'] // 1024} MB at most).\n"
        f"Builds fetch models from {hub} at {health['hub']['url']}."
    )
    click.echo(NOTICE, err=True)


@command.command(
    short_help="Run COMMAND with its AWS calls going to a sandbox.",
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
@click.argument("words", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- COMMAND…")
@_region_option
@_folder_option
def run(words: tuple[str, ...], region: str, folder: Path | None) -> None:
    """Run COMMAND with its AWS calls going to a sandbox: the one that runs, or one for this command alone.

    The exit code is the command's.
    """
    from cfgen.sandbox import Sandbox

    running = _state(_folder(folder))
    if running is not None:
        sandbox = Sandbox(folder=_folder(folder))
        sandbox.url = str(running["url"])
        raise SystemExit(_call(words, sandbox.environment(region)))
    warn([NOTICE])
    with Sandbox() as own:
        code = _call(words, own.environment(region))
    raise SystemExit(code)


@command.command(short_help="Make what specs refer to: model data, secrets, networks …")
@specs_argument
@_region_option
@_folder_option
@catalog_option
def seed(specs: tuple[str, ...], region: str, folder: Path | None, overlay: Path | None) -> None:
    """Make what specs refer to in the sandbox that runs: model data, secrets, a network, keys, roles.

    Prints the parameters that a launch must then be given, as KEY=VALUE, for --parameter-overrides. What is there
    already stays. `cfgen deploy --sandbox` does the same by itself.
    """
    from cfgen import document, pipeline
    from cfgen.sandbox import Sandbox
    from cfgen.sandbox.local import running
    from cfgen.spec.find import find_specs

    url = running(_folder(folder))
    if not url:
        raise CfgenError(
            "No sandbox is running.",
            hint="cfgen sandbox start; or cfgen deploy --sandbox, which seeds its own",
        )
    sandbox, parameters = Sandbox(), dict[str, str]()
    sandbox.url = url
    for template in pipeline.render_all(find_specs(specs), pipeline.overlay_file(overlay)):
        seeded = sandbox.seed(document.load(template.text, template.name), {}, region)
        warn(f"example data in {region}: {one}" for one in seeded.made)
        parameters |= seeded.parameters
    sandbox.stop()
    for name, value in parameters.items():
        click.echo(f"{name}={value}")


def _call(words: tuple[str, ...], variables: dict[str, str]) -> int:
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    try:
        code = subprocess.run(list(words), env={**inherited, **variables}, check=False).returncode
    except FileNotFoundError:
        raise CfgenError(f"No such command: {words[0]}") from None
    except (OSError, ValueError) as error:
        raise CfgenError(f"cannot run {words[0]}: {getattr(error, 'strerror', None) or error}") from None
    # as the shell tells of a command that a signal ended
    return code if code >= 0 else 128 - code
