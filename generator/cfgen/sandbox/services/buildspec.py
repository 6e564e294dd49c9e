"""Build specifications: version 0.2 read and checked as CodeBuild does, before any command runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import yaml

PHASES = ("install", "pre_build", "build", "post_build")
_TOP = {"version", "run-as", "env", "proxy", "batch", "phases", "reports", "artifacts", "cache", "mutual-tls"}
_PHASE = {"run-as", "on-failure", "on-failure-retries", "runtime-versions", "commands", "finally", "steps"}


class BuildspecError(Exception):
    """What CodeBuild reports as YAML_FILE_ERROR."""


@dataclass
class Phase:
    """One phase's commands."""

    commands: list[str] = field(default_factory=list)
    finally_: list[str] = field(default_factory=list)
    on_failure: str = ""


@dataclass
class Buildspec:
    """A build specification."""

    phases: dict[str, Phase]
    variables: dict[str, str] = field(default_factory=dict)
    parameter_store: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    exported: list[str] = field(default_factory=list)
    shell: str = "sh"
    artifacts: dict[str, Any] = field(default_factory=dict)


def load(text: str) -> Buildspec:
    """Read a build specification's text."""
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise BuildspecError(f"YAML_FILE_ERROR: {str(error).splitlines()[0]}") from None
    if not isinstance(data, dict):
        raise BuildspecError("YAML_FILE_ERROR: a mapping is expected")
    if str(data.get("version")) not in ("0.2",):
        raise BuildspecError(
            f"YAML_FILE_ERROR: {'Unknown' if 'version' in data else 'Missing'} buildspec version "
            f"{data.get('version', '')}; the sandbox runs version 0.2"
        )
    unknown = [key for key in data if key not in _TOP]
    if unknown:
        raise BuildspecError(f"YAML_FILE_ERROR: Unknown keys at the top: {', '.join(map(str, unknown))}")
    phases = data.get("phases")
    if not isinstance(phases, dict) or not phases:
        raise BuildspecError("YAML_FILE_ERROR: This build spec does not contain any phases")
    env = data.get("env") or {}
    return Buildspec(
        {name: _phase(name, body) for name, body in phases.items()},
        variables={str(key): _scalar(value) for key, value in (env.get("variables") or {}).items()},
        parameter_store={str(key): str(value) for key, value in (env.get("parameter-store") or {}).items()},
        secrets={str(key): str(value) for key, value in (env.get("secrets-manager") or {}).items()},
        exported=[str(item) for item in env.get("exported-variables") or []],
        shell=str(env.get("shell") or "sh"),
        artifacts=data.get("artifacts") or {},
    )


def _scalar(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _phase(name: str, body: Any) -> Phase:
    if name not in PHASES:
        raise BuildspecError(f"YAML_FILE_ERROR: Invalid buildspec phase name: {name}")
    if not isinstance(body, dict):
        raise BuildspecError(f"YAML_FILE_ERROR: phase {name} must be a mapping")
    unknown = [key for key in body if key not in _PHASE]
    if unknown:
        raise BuildspecError(f"YAML_FILE_ERROR: Unknown keys in phase {name}: {', '.join(map(str, unknown))}")
    for key in ("commands", "finally"):
        items = body.get(key) or []
        if not isinstance(items, list) or not all(
            isinstance(item, str | int | float | bool) for item in items
        ):
            raise BuildspecError(
                f"YAML_FILE_ERROR: Expected {key}[0] to be of string type: found subkeys instead at phase {name}"
            )
    on_failure = str(body.get("on-failure") or "")
    if on_failure.split("-")[0] not in ("", "ABORT", "CONTINUE", "RETRY"):
        raise BuildspecError(f"YAML_FILE_ERROR: on-failure of phase {name} must be ABORT, CONTINUE or RETRY")
    return Phase(
        [str(item) for item in body.get("commands") or []],
        [str(item) for item in body.get("finally") or []],
        on_failure,
    )
