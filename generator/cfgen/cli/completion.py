"""``cfgen completion``: what makes a shell complete cfgen's commands, options and values."""

from __future__ import annotations

import click

PLACES = {
    "bash": 'eval "$(cfgen completion bash)" in ~/.bashrc',
    "zsh": 'eval "$(cfgen completion zsh)" in ~/.zshrc',
    "fish": "cfgen completion fish > ~/.config/fish/completions/cfgen.fish",
}


@click.command("completion")
@click.argument("shell", type=click.Choice(list(PLACES)))
def command(shell: str) -> None:
    """Print the completion script for a shell.

    \b
    bash  eval "$(cfgen completion bash)" in ~/.bashrc (4.4 or newer)
    zsh   eval "$(cfgen completion zsh)" in ~/.zshrc, after compinit
    fish  cfgen completion fish > ~/.config/fish/completions/cfgen.fish
    """
    from click.shell_completion import get_completion_class

    from cfgen.cli import cli

    found = get_completion_class(shell)
    assert found is not None  # Choice knows them all
    maker = found(cli, {}, "cfgen", "_CFGEN_COMPLETE")
    # not source(): of bash that starts the shell to ask for its version
    click.echo(maker.source_template % maker.source_vars())
