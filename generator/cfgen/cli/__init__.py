"""The ``cfgen`` command: a click group that imports a subcommand's module when it is asked for.

Thin: a command parses options, calls one library function and prints. Errors are caught here, once.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import sys
from typing import TYPE_CHECKING, Any

import click

from cfgen import __version__
from cfgen.errors import CfgenError, shorten

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

# name → (module under cfgen.cli, one-line help), in the order --help shows them
COMMANDS: dict[str, tuple[str, str]] = {
    "init": ("init", "Write a spec for a model: inspected, sized, with the reasons."),
    "inspect": ("inspect_", "Say what a model is: size, shape, terms, formats."),
    "size": ("size", "List the instance types a model fits, cheapest first."),
    "validate": ("validate", "Check specs and report every problem with its place."),
    "render": ("render", "Render specs into CloudFormation templates."),
    "plan": ("plan", "Tell what a launch costs, needs and may fail of, before anything is spent."),
    "diff": ("diff", "Compare a spec with its deployed stack, or with another template."),
    "deploy": ("deploy", "Deploy specs with the AWS CLI, in one region or several."),
    "status": ("status", "Show a stack, its endpoint and last events; follow what is under way."),
    "outputs": ("outputs", "Print the outputs of a stack."),
    "logs": ("logs", "Print the log of a stack's endpoint, build or functions."),
    "invoke": ("invoke", "Send a request to the endpoint of a stack."),
    "destroy": ("destroy", "Delete a stack and name what is kept or left over."),
    "publish": ("publish", "Publish templates in S3 with quick-create links, or in Service Catalog."),
    "list": ("list_", "List the stacks of cfgen's making."),
    "test": ("test_", "Launch templates in many regions with taskcat, and delete them again."),
    "sandbox": ("sandbox", "Rehearse deployments on this machine, without an account."),
    "lint": ("lint", "Lint specs or finished templates with cfn-lint and cfgen's own rules."),
    "explain": ("explain", "Explain a rule: why it exists and how to fix what it finds."),
    "schema": ("schema", "Print the JSON Schema of the spec language."),
    "catalog": ("catalog", "Search the catalogue of images, instance types, regions and JumpStart models."),
    "completion": ("completion", "Print the completion script for bash, zsh or fish."),
    "version": ("version", "Print the versions of cfgen, its catalogue and the tools it works with."),
}


class _ReaderGone(Exception):
    """Who read the output (head, less) went away."""


class LazyGroup(click.Group):
    """A group whose subcommands are imported only when invoked or asked for their own help."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"cfgen.cli.{COMMANDS[cmd_name][0]}")
        command: click.Command = module.command
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            # click would end with 1
            raise _ReaderGone from error

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            import difflib

            near = difflib.get_close_matches(name, COMMANDS, 1, 0.5)
            guess = f" Did you mean '{near[0]}'?" if near else f" Commands: {', '.join(COMMANDS)}."
            raise click.UsageError(f"No such command '{name}'.{guess}", ctx)
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Commands by their names in the table: importing them all would take longer than a person waits."""
        from click.shell_completion import CompletionItem

        found = [
            CompletionItem(name, help=text)
            for name, (_, text) in COMMANDS.items()
            if name.startswith(incomplete)
        ]
        return [*found, *click.Command.shell_complete(self, ctx, incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(
    cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, prog_name="cfgen", message="%(prog)s %(version)s")
def cli() -> None:
    """Render, lint and deploy CloudFormation templates for Amazon SageMaker endpoints.

    Start with a spec (see specs/), then: cfgen render SPEC, cfgen lint SPEC.
    """


def main(argv: list[str] | None = None) -> Any:
    """Run the command line; exit code 0 done, 1 failed, 2 usage, 130 interrupted. Never prints a traceback."""
    # a command makes many objects and ends: collecting garbage while it starts costs a tenth of its time
    gc.set_threshold(100_000, 50, 50)
    try:
        code = cli.main(args=argv, prog_name="cfgen", standalone_mode=False)
        if sys.stdout is not None:
            # what cannot be written is known here, not when Python ends
            sys.stdout.flush()
        status = code if isinstance(code, int) else 0
    except (click.exceptions.Abort, KeyboardInterrupt):
        status = _say("Aborted.", 130)
    except click.ClickException as error:
        error.show()
        status = error.exit_code
    except CfgenError as error:
        status = _say(
            f"Error: {error.message}" + (f"\nHint: {error.hint}" if error.hint else ""), error.exit_code
        )
    except (BrokenPipeError, _ReaderGone):
        # not an error of ours
        _drop_output()
        status = 0
    except OSError as error:
        _drop_output()
        about = f"{shorten(str(error.filename))}: " if error.filename else ""
        status = _say(f"Error: {about}{error.strerror or error}", 1)
    except Exception as error:
        if os.environ.get("CFGEN_TRACEBACK"):
            raise
        status = _say(
            f"Error: a fault of cfgen's own: {type(error).__name__}: {shorten(str(error), 300)}\n"
            "Hint: please report it, with what CFGEN_TRACEBACK=1 cfgen … prints",
            1,
        )
    sys.exit(status)


def _say(text: str, status: int) -> int:
    """Tell stderr, if it still takes anything; the status."""
    with contextlib.suppress(OSError):
        click.echo(text, err=True)
    return status


def _drop_output() -> None:
    """Leave what stdout still holds: Python would try again to write it, and complain."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
