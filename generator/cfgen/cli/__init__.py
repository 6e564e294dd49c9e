"""The ``cfgen`` command: a click group that imports a subcommand's module when it is asked for.

Thin: a command parses options, calls one library function and prints. Errors are caught here, once.
"""

from __future__ import annotations

import gc
import importlib
import sys
from typing import TYPE_CHECKING, Any

import click

from cfgen import __version__
from cfgen.errors import CfgenError

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
    """Run the command line; exit code 0 done, 1 failed, 2 usage. Never prints a traceback."""
    # a command makes many objects and ends: collecting garbage while it starts costs a tenth of its time
    gc.set_threshold(100_000, 50, 50)
    try:
        code = cli.main(args=argv, prog_name="cfgen", standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except click.exceptions.Abort:
        click.echo("Aborted.", err=True)
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except CfgenError as error:
        click.echo(f"Error: {error.message}", err=True)
        if error.hint:
            click.echo(f"Hint: {error.hint}", err=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # the reader (head, less) went away: not an error of ours
        import os

        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
