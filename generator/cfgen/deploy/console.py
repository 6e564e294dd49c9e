"""What the commands about stacks share: options, durations, reporters, how failures are told."""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from cfgen.deploy import errors
from cfgen.deploy.report import Lines, Reporter, Tree
from cfgen.errors import CfgenError

if TYPE_CHECKING:
    from cfgen.sandbox import Sandbox

_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}


def duration(context: click.Context, option: click.Parameter, value: str) -> float:
    """An option's value ``900``, ``900s``, ``15m`` or ``2h`` in seconds (a click callback)."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smh]?)", value.strip())
    if found is None:
        raise click.BadParameter(f"{value!r} is no duration; write 900, 15m or 2h", context, option)
    return float(found[1]) * _UNITS[found[2]]


def complete_regions(_: click.Context, __: click.Parameter, incomplete: str) -> list[str]:
    """The catalogue's regions, for shells."""
    from cfgen.catalogue import load

    return [region for region in load().regions if region.startswith(incomplete)]


profile_option = click.option(
    "--profile", metavar="NAME", help="Profile of the AWS configuration, as in the AWS CLI."
)
region_option = click.option(
    "--region",
    metavar="REGION",
    shell_complete=complete_regions,
    help="AWS region (default: from environment or AWS configuration, as in the AWS CLI).",
)
regions_option = click.option(
    "--region",
    "regions",
    multiple=True,
    metavar="REGION",
    shell_complete=complete_regions,
    help="AWS region; may be given several times (default: from environment or AWS configuration).",
)
color_option = click.option(
    "--no-color", is_flag=True, help="No colour; NO_COLOR in the environment does the same."
)
stack_argument = click.argument("stack", metavar="STACK")


def timeout_option(default: float, what: str) -> Callable[..., Any]:
    """``--timeout``: how long cfgen goes on following."""
    text = f"{default / 3600:g}h" if default >= 3600 else f"{default:g}s"
    return click.option(
        "--timeout",
        callback=duration,
        default=text,
        show_default=True,
        metavar="TIME",
        help=f"{what} (900, 15m, 2h).",
    )


def reporter(label: str = "", *, several: bool = False, color: bool = True) -> Reporter:
    """The live tree for one stack on a terminal, else lines."""
    if not several and sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
        return Tree(color=color and "NO_COLOR" not in os.environ)
    return Lines(label if several else "")


def tell(error: CfgenError, label: str = "") -> None:
    """A failure on stderr: what, what it means, what to do."""
    prefix = f"[{label}] " if label else ""
    click.echo(f"{prefix}Error: {error.message}", err=True)
    if isinstance(error, errors.StackFailed) and error.diagnosis is not None:
        for line in error.diagnosis.lines():
            click.echo(f"{prefix}{line}", err=True)
    if error.hint:
        click.echo(f"{prefix}Hint: {error.hint}", err=True)


def fail(error: CfgenError) -> int:
    """Tell the failure; its exit code."""
    tell(error)
    return error.exit_code


def show_json(data: Any) -> None:
    """Data on stdout."""
    click.echo(json.dumps(data, indent=2, ensure_ascii=False, default=str))


def interactive() -> bool:
    """Whether somebody can be asked."""
    return sys.stdin.isatty()


@contextlib.contextmanager
def sandboxed(region: str) -> Iterator[Sandbox]:
    """Let the block, its boto3 and its AWS CLI, talk to the sandbox: a running one, else one of its own.

    Running is the one that AWS_ENDPOINT_URL names, or that ``cfgen sandbox start`` started. One of its own is
    gone with all its stacks when the block ends.
    """
    from cfgen.paths import cache_dir
    from cfgen.sandbox import Sandbox
    from cfgen.sandbox.local import running

    url = running(cache_dir() / "sandbox")
    with contextlib.ExitStack() as stack:
        sandbox = Sandbox()
        if url:
            stack.callback(sandbox.stop)
            sandbox.url = url
        else:
            stack.enter_context(sandbox)
        given: dict[str, str | None] = {
            **sandbox.environment(region),
            "AWS_PROFILE": None,
            "AWS_SESSION_TOKEN": None,
        }
        before = {name: os.environ.get(name) for name in given}
        stack.callback(_set, before)
        _set(given)
        yield sandbox


def _set(variables: Mapping[str, str | None]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
