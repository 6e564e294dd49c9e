"""Stack → Template: render every part, join them, refuse what CloudFormation would."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from cfgen.render import parts, stacking
from cfgen.render.errors import TemplateTooLarge
from cfgen.render.template import MAX_BYTES, MAX_DIRECT_BYTES, Template

if TYPE_CHECKING:
    from cfgen.resolve.stack import Stack

_DEFAULT = re.compile(r"^    Default: (.*)$", re.MULTILINE)


def render(stack: Stack, form: str = "cfn") -> Template:
    """Render every part of ``stack`` and join them, functions as readable as fits into a direct launch.

    ``form``: ``sam`` leaves AWS::Serverless resources to the transform, ``cfn`` has them expanded.

    Raises BadPart or UnprintableValue for a fault of a part, TemplateTooLarge over CloudFormation's 1 MB.
    """
    for fit in parts.FITS:
        template = _render(stack, fit, form)
        if template.size <= MAX_DIRECT_BYTES:
            break
    if template.size > MAX_BYTES:
        raise TemplateTooLarge(
            f"{stack.name}: the template has {template.size:,} bytes; CloudFormation takes at most {MAX_BYTES:,}",
            hint="shorten env, tags or embedded code",
        )
    return template


def _render(stack: Stack, fit: str, form: str) -> Template:
    pieces = rendered(stack, fit)
    header = parts.render_part("header", stack=stack)
    groups = stacking.interface(pieces)
    head = f"{header.rstrip()}\n{groups}" if groups else header.rstrip()
    text = f"{head}\n\n{stacking.join(pieces)}"
    stacking.refuse_duplicates(text)
    if stack.api and form == "cfn":
        from cfgen.render.serverless import expand

        text = expand(text)
    return Template(
        name=stack.name,
        text=text,
        regions=stack.home_regions,
        parameters=_parameters(pieces),
        warnings=stack.warnings,
        assets=(stack.build.asset,) if stack.build and stack.build.asset else (),
        functions=_functions(pieces, stack) if fit == "packed" or stack.build else (),
        has_code=stack.build is not None and stack.build.code_bytes > 0,
        decisions=stack.decisions,
    )


def rendered(stack: Stack, fit: str) -> list[stacking.Piece]:
    """The parts in the order of the stack. A schedule lists the parameters of all others, so it is rendered last."""
    found: dict[str, stacking.Piece] = {}
    for name in sorted(stack.parts, key=lambda name: name == "schedule"):
        known = tuple(entry for piece in found.values() for entry in piece.entries("Parameters"))
        text = parts.render_part(name, stack=stack, fit=fit, parameters=known)
        found[name] = stacking.split(name, parts.TITLES[name], text)
    return [found[name] for name in stack.parts]


def _functions(pieces: list[stacking.Piece], stack: Stack) -> tuple[tuple[str, str], ...]:
    """Sources of what stands packed or shortened in a template, for whoever reviews it."""
    names = {
        "build": ("build.py", "handler.py"),
        "smoke-test": ("smoke_async.py" if stack.asynchronous else "smoke.py",),
        "emptying": ("emptying.py",),
        "interfaces": ("interfaces.py",),
        "api": ("openai_api.py",),
    }
    return tuple((name, parts.source(name)) for piece in pieces for name in names.get(piece.name, ()))


def _parameters(pieces: list[stacking.Piece]) -> tuple[tuple[str, str | None], ...]:
    found: list[tuple[str, str | None]] = []
    for piece in pieces:
        body = piece.sections.get("Parameters", "")
        blocks = re.split(r"^  ([A-Za-z0-9]+):[ ]*$", body, flags=re.MULTILINE)[1:]
        for name, block in zip(blocks[::2], blocks[1::2], strict=True):
            match = _DEFAULT.search(block)
            found.append((name, _plain(match.group(1)) if match else None))
    return tuple(found)


def _plain(text: str) -> str:
    """A default as the launcher would type it. ``text`` is what :func:`values.scalar` printed."""
    return str(json.loads(text)) if text.startswith('"') else text
