"""What AWS and good sense allow in a container's environment."""

from __future__ import annotations

from collections.abc import Mapping

from cfgen.resolve.collector import Collector
from cfgen.resolve.stack import TokenPlan

MAX_ENTRIES = 100
MAX_VALUE_BYTES = 1024
MAX_TOTAL_BYTES = 32 * 1024
"""Limits of a container's environment (API reference: ContainerDefinition)."""
_SECRET_LIKE = ("hf_", "AKIA", "ASIA", "sk-", "ghp_", "github_pat_", "xoxb-")


def check_environment(
    environment: Mapping[str, str], given: Mapping[str, str], token: TokenPlan | None, notes: Collector
) -> None:
    """Note what is over the limits or looks like a secret. ``given`` is the spec's own share."""
    held = token is not None and token.variable != ""
    count = len(environment) + held
    if count > MAX_ENTRIES:
        notes.refuse("model.env", f"with cfgen's own makes {count} entries", f"at most {MAX_ENTRIES}")
    total = 0
    for name, value in environment.items():
        size = len(value.encode())
        total += size + len(name.encode())
        if size > MAX_VALUE_BYTES:
            notes.refuse(f"model.env.{name}", f"has {size:,} bytes", f"at most {MAX_VALUE_BYTES:,}")
        if value.startswith(_SECRET_LIKE) and len(value) > 12:
            notes.refuse(
                f"model.env.{name}",
                "looks like a secret, and a template is read by many",
                "put it into Secrets Manager and name it as tokenSecret",
            )
    if total > MAX_TOTAL_BYTES:
        notes.refuse("model.env", f"has {total:,} bytes in all", f"at most {MAX_TOTAL_BYTES:,}")
    if held and token is not None and token.variable in given:
        notes.refuse(
            f"model.env.{token.variable}", "stands beside tokenSecret, which sets it", "keep tokenSecret"
        )
