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
problems found, 2 wrong usage, 130 interrupted; `diff` answers as diff(1) does. `--format json` prints results for
programs. What commands take from the [environment](#environment) stands at the end.

"""
_ENVIRONMENT = (
    ("`AWS_PROFILE`, `AWS_REGION` and the others", "as in the AWS CLI; options go before them"),
    (
        "`AWS_ENDPOINT_URL`",
        "another place for AWS's services, such as the one that `cfgen sandbox start` prints",
    ),
    (
        "`CFGEN_CACHE_DIR`",
        "where renderings, facts about models and quotas, and the environment for taskcat are kept: `~/.cache/cfgen`",
    ),
    ("`CFGEN_PRICE_LIST`", "a mirror of AWS's public price list, for `cfgen plan --live`"),
    ("`CFGEN_TRACEBACK`", "`1`: a fault of cfgen's own shows where it is, for a report"),
    (
        "`HF_ENDPOINT`, `HF_TOKEN`, `HF_HUB_OFFLINE`",
        "the hub, the token it is shown, `1` to ask nobody ([inspect](../how-to/inspect.md#which-hub-which-token))",
    ),
    (
        "`HTTPS_PROXY`, `NO_PROXY`, `SSL_CERT_FILE`",
        "proxies and certificates; the sandbox is reached without a proxy",
    ),
    ("`NO_COLOR`", "no colour, as with `--no-color`"),
)


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
    return _HEAD + table(("command", "what it does"), rows[1:]) + "\n" + "\n".join(sections) + environment()


def environment() -> str:
    """The section about variables of the environment."""
    return "\n## Environment\n\n" + table(("variable", "what it is for"), _ENVIRONMENT)


def _section(context: click.Context) -> str:
    help_text = "\n".join(line.rstrip() for line in context.get_help().splitlines())
    return f"## {context.command_path}\n\n```text\n{help_text}\n```\n"
