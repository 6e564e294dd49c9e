"""``cfgen schema``: the JSON Schema of the spec language."""

from __future__ import annotations

import json

import click


@click.command("schema")
def command() -> None:
    """Print the JSON Schema of the spec language, for editors.

    With the YAML language server, begin a spec with: # yaml-language-server: $schema=FILE
    """
    from cfgen.spec.schema import json_schema

    click.echo(json.dumps(json_schema(), indent=2, ensure_ascii=False))
