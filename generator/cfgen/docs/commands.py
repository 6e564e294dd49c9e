"""``docs/reference/commands.md``: every command's ``--help``, as click prints it."""

from __future__ import annotations

from collections.abc import Iterator

import click

from cfgen.cli import cli
from cfgen.docs.markdown import GENERATED, slug, table

WIDTH = 96
_HEAD = f"""# Commands

{GENERATED}

Results go to standard output; progress, warnings and errors to standard error. Exit codes: 0 done, 1 failed or
problems found, 2 wrong usage. `--format json` prints results for programs.

"""


def walk() -> Iterator[click.Context]:
    """A context for ``cfgen`` and for each command and subcommand that is not hidden, in the order of ``--help``."""
    yield from _walk(_context(cli, "cfgen", None))


def _walk(context: click.Context) -> Iterator[click.Context]:
    yield context
    command = context.command
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None and not inner.hidden:
                yield from _walk(_context(inner, name, context))


def _context(command: click.Command, name: str, parent: click.Context | None) -> click.Context:
    settings = {**command.context_settings, "terminal_width": WIDTH, "max_content_width": WIDTH}
    return click.Context(command, parent=parent, info_name=name, **settings)


def page() -> str:
    """The page as Markdown."""
    found = list(walk())
    rows = [
        (f"[`{one.command_path}`](#{slug(one.command_path)})", one.command.get_short_help_str(100))
        for one in found
    ]
    sections = [_section(one) for one in found]
    return _HEAD + table(("command", "what it does"), rows[1:]) + "\n" + "\n".join(sections)


def _section(context: click.Context) -> str:
    help_text = "\n".join(line.rstrip() for line in context.get_help().splitlines())
    return f"## {context.command_path}\n\n```text\n{help_text}\n```\n"
