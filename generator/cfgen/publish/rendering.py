"""A portfolio as a template: rendered like every other, checked like every other."""

from __future__ import annotations

import functools
import re
import textwrap
from collections.abc import Iterable
from typing import TYPE_CHECKING

import jinja2

from cfgen.paths import templates_dir
from cfgen.render import parts, stacking
from cfgen.render.errors import TemplateTooLarge, UnprintableValue
from cfgen.render.template import MAX_BYTES, Template
from cfgen.render.values import Literal

if TYPE_CHECKING:
    from cfgen.publish.portfolio import Portfolio


MAX_RESOURCES, MAX_OUTPUTS = 500, 200
"""Resources and outputs of a template (CloudFormation quotas)."""


@functools.cache
def _environment() -> jinja2.Environment:
    """The parts' environment, over templates/portfolio."""
    found = parts.environment().overlay(loader=jinja2.FileSystemLoader(templates_dir() / "portfolio"))
    found.filters["actions"] = _actions
    return found


def _actions(names: Iterable[str]) -> Literal:
    """IAM actions as a flow list over as many lines as it needs, without quotes."""
    listed = list(names)
    if wrong := [one for one in listed if not re.fullmatch(r"[a-z0-9-]+:[A-Za-z0-9]+", one)]:
        raise UnprintableValue(f"{wrong[0]!r} is no IAM action")
    text = textwrap.fill(", ".join(listed), 90, break_long_words=False, break_on_hyphens=False)
    return Literal("[" + text.replace("\n", "\n" + " " * 19) + "]")


def _text(name: str, portfolio: Portfolio) -> str:
    text = _spaced(_environment().get_template(f"{name}.yaml.j2").render(portfolio=portfolio))
    stacking.refuse_duplicates(text)
    return text


def _spaced(text: str) -> str:
    """A blank line before each section and resource: control lines swallow those of the source."""
    lines: list[str] = []
    section, above = "", ""
    for line in text.split("\n"):
        if not line.strip():
            continue
        starts = line[0] not in " #"
        section = line if starts else section
        entry = section.startswith("Resources") and line.startswith("  ") and line[2] != " "
        if lines and (
            starts or (entry and not above.startswith("  #") and not above.startswith("Resources"))
        ):
            lines.append("")
        lines.append(line)
        above = line
    return "\n".join(lines) + "\n"


def render(portfolio: Portfolio, regions: tuple[str, ...]) -> Template:
    """The portfolio's template, named as its stack. Raises RenderError for a fault of cfgen's, TemplateTooLarge."""
    given: list[tuple[str, str | None]] = [("Owner", portfolio.owner)]
    if not portfolio.role_arn:
        given.append(("PermissionsBoundaryArn", ""))
    made = Template(portfolio.stack, _text("portfolio", portfolio), regions, tuple(given), ())
    if made.size > MAX_BYTES:
        raise TemplateTooLarge(
            f"{portfolio.name}: the portfolio's template has {made.size:,} bytes; CloudFormation takes {MAX_BYTES:,}",
            hint="publish in two portfolios",
        )
    resources = len(re.findall(r"^    Type: AWS::", made.text, re.MULTILINE))
    if resources > MAX_RESOURCES or len(portfolio.products) >= MAX_OUTPUTS:
        raise TemplateTooLarge(
            f"{portfolio.name}: {resources:,} resources in one template; CloudFormation takes {MAX_RESOURCES}",
            hint="publish in two portfolios",
        )
    return made


def render_roles(portfolio: Portfolio) -> str:
    """The launch roles alone, for accounts the portfolio is shared with."""
    return _text("roles", portfolio)
