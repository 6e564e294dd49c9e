"""``cfgen version``: what a bug report, or a cache key in CI, should name."""

from __future__ import annotations

import importlib.metadata
import json
import platform
import shutil
import subprocess
from typing import Any

import click

from cfgen import __version__


@click.command("version")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def command(as_json: bool) -> None:
    """Print the versions of cfgen, its catalogue, Python, the linters, and the AWS CLI and taskcat if there are any.

    null, in text "none", is what is not installed.
    """
    found = versions()
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    catalogue = found.pop("catalogue")
    click.echo(f"cfgen {found.pop('cfgen')}")
    click.echo(f"catalogue: prices of {catalogue['pricesGathered']}; {', '.join(catalogue['sources'])}")
    for name, version in found.items():
        click.echo(f"{name} {version or 'none'}")


def versions() -> dict[str, Any]:
    """The versions by name."""
    return {
        "cfgen": __version__,
        "catalogue": _catalogue(),
        "python": platform.python_version(),
        "cfn-lint": _package("cfn-lint"),
        "cloudformation-validate": _package("cloudformation-validate"),
        "boto3": _package("boto3"),
        "moto": _package("moto"),
        "taskcat": _package("taskcat"),
        "aws-cli": _aws_cli(),
    }


def _catalogue() -> dict[str, Any]:
    from cfgen.catalogue import load
    from cfgen.catalogue.data_files import DATA

    sources = [f"{source.package} {source.version}" for source in load().sources]
    gathered = json.loads((DATA / "prices.json").read_bytes())["gathered"]
    return {"sources": sources, "pricesGathered": gathered}


def _package(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _aws_cli() -> str | None:
    """The version that ``aws --version`` says (``aws-cli/2.31.0 Python/…``)."""
    program = shutil.which("aws")
    if program is None:
        return None
    try:
        done = subprocess.run(
            [program, "--version"], capture_output=True, text=True, errors="replace", timeout=30, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
    said = (done.stdout or done.stderr).split()
    return said[0].removeprefix("aws-cli/") if said and said[0].startswith("aws-cli/") else None
