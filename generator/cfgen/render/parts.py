"""The parts and the Jinja environment that renders them. A part is one file, one feature, one console group."""

from __future__ import annotations

import contextlib
import functools
from pathlib import Path
from typing import Any

import jinja2

from cfgen.compact import compact, packed
from cfgen.paths import cache_dir, templates_dir
from cfgen.render import values
from cfgen.render.joining import joined

TITLES = {
    "model": "Endpoint",
    "endpoint": "Endpoint",
    "image": "Container image",
    "packages": "Model packages",
    "token": "Hub token",
    "data": "Model data",
    "jumpstart": "JumpStart",
    "role": "Execution role",
    "build": "Build",
    "async": "Asynchronous inference",
    "components": "Inference components",
    "scaling": "Scaling",
    "schedule": "Off and on",
    "deployment": "Updates of the endpoint",
    "data-capture": "Data capture",
    "alarms": "Alarms",
    "dashboard": "Dashboard",
    "budget": "Budget",
    "api": "OpenAI API",
    "security": "Security",
    "emptying": "Buckets that are emptied",
    "smoke-test": "Smoke test",
    "network": "Network",
    "existing-vpc": "Network",
    "created-vpc": "Network",
    "interfaces": "Network clean-up",
    "logs": "Logs",
}
"""Part → the title of its console group. Parts may share a group; the order of a template is its Stack's."""


FITS = ("whole", "compact", "packed")
"""How functions stand in a template: as they are; without comments; compressed. The first that fits is taken."""


@functools.cache
def source(name: str, fit: str = "whole") -> str:
    """The text of a file in templates/functions, to be embedded, with what it imports from there; ``fit``: FITS."""
    path = templates_dir() / "functions" / name
    if name.endswith(".js"):
        return path.read_text(encoding="utf-8")
    text = joined(path)
    if fit == "packed":
        return packed(name, text)
    return compact(text) if fit == "compact" else text


class _Compiled(jinja2.FileSystemBytecodeCache):
    """Compiled parts in the user's cache folder: half of a cold rendering. What cannot be written is not kept."""

    def load_bytecode(self, bucket: Any) -> None:
        with contextlib.suppress(OSError):
            super().load_bytecode(bucket)

    def dump_bytecode(self, bucket: Any) -> None:
        with contextlib.suppress(OSError):
            Path(self.directory).mkdir(parents=True, exist_ok=True)
            super().dump_bytecode(bucket)


@functools.cache
def environment() -> jinja2.Environment:
    """The one Jinja environment: control lines begin with ``#%``, part comments with ``##``."""
    jinja = jinja2.Environment(
        loader=jinja2.FileSystemLoader(templates_dir() / "parts"),
        line_statement_prefix="#%",
        line_comment_prefix="##",
        undefined=jinja2.StrictUndefined,
        finalize=values.scalar,
        keep_trailing_newline=True,
        autoescape=False,
        auto_reload=False,
        bytecode_cache=_Compiled(str(cache_dir() / "parts")),
    )
    jinja.filters["literal"] = values.literal
    jinja.filters["wrapped"] = values.wrapped
    jinja.filters["plain"] = values.plain
    jinja.filters["path"] = values.path
    jinja.filters["tag_list"] = values.tag_list
    jinja.globals["source"] = source
    return jinja


def render_part(name: str, **context: Any) -> str:
    """One part as CloudFormation text."""
    return environment().get_template(f"{name}.yaml.j2").render(**context)
