"""Options and arguments that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


def complete_files(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Let the shell complete the names of files."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="file")]


specs_argument = click.argument(
    "specs", nargs=-1, required=True, metavar="SPEC…", shell_complete=complete_files
)
catalog_option = click.option(
    "--catalog",
    "overlay",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Catalogue entries of your own, added to the bundled ones (default: cfgen.yaml, if there is one).",
)
parameter_option = click.option(
    "--parameter", "-p", "parameters", multiple=True, metavar="K=V", help="A template parameter; repeatable."
)
parameters_file_option = click.option(
    "--parameters-file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Parameters in any of CloudFormation's shapes; --parameter wins.",
)
reset_parameters_option = click.option(
    "--reset-parameters", is_flag=True, help="The spec's values for whatever is not given, not the stack's."
)
stack_name_option = click.option(
    "--stack-name", metavar="NAME", help="Name of the stack (default: the spec's name)."
)
format_option = click.option(
    "--format",
    "style",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How results are printed.",
)


def warn(lines: Any) -> None:
    """Print warnings to stderr, one a line."""
    for line in lines:
        click.echo(str(line), err=True)


def plural(count: int, noun: str) -> str:
    """``1 spec``, ``2 specs``."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
