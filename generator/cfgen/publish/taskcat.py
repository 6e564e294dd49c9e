"""Which template is tested where and with which values, and the ``.taskcat.yml`` that says so.

Every parameter stands under its test: taskcat lets those of ``project`` win over those of ``tests``.
"""

from __future__ import annotations

import difflib
import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cfgen import document
from cfgen.deploy.errors import MalformedOption, UsageError
from cfgen.deploy.inputs import check_known, merge
from cfgen.files import write_atomically

if TYPE_CHECKING:
    from cfgen.catalogue import Catalogue
    from cfgen.render.template import Template

PROJECT = "cfgen"
PREFIX = "tcat-"
"""Of stack names. taskcat's own has capitals, which not every name made from a stack's may hold."""


Examples = Callable[["Template", str, Mapping[str, str]], Mapping[str, str]]
"""Template, region and the parameters given → values of what was made there for it."""


class NowhereToTest(UsageError):
    """No region is left in which any of the templates launches."""


@dataclass(frozen=True, slots=True)
class Test:
    """A template, the regions where it is launched with these values, and the files it needs beside it."""

    __test__ = False  # not one of pytest's

    name: str
    template: Template
    regions: tuple[str, ...]
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Dropped:
    """A region that was asked for and is left out."""

    name: str
    region: str
    reason: str

    def __str__(self) -> str:
        return f"{self.name}: left out {self.region}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Project:
    """Everything one run of taskcat does."""

    tests: tuple[Test, ...]
    dropped: tuple[Dropped, ...] = ()
    profile: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    role_name: str | None = None

    @property
    def launches(self) -> int:
        """How many stacks are launched."""
        return sum(len(test.regions) for test in self.tests)

    def config(self) -> dict[str, Any]:
        """The content of ``.taskcat.yml`` (taskcat, "Configuration files")."""
        tests: dict[str, Any] = {}
        for test in self.tests:
            body: dict[str, Any] = {
                "template": f"{test.template.name}/template.yaml",
                "regions": list(test.regions),
                "stack_name_prefix": PREFIX,
                "parameters": dict(test.parameters),
            }
            if test.template.assets:
                body["s3_regional_buckets"] = True
            if self.tags:
                body["tags"] = dict(self.tags)
            if self.profile:
                body["auth"] = {"default": self.profile}
            if self.role_name:
                body["role_name"] = self.role_name
            tests[test.name] = body
        # the functions' code stands in the template: there is nothing to package, for which taskcat wants Docker
        project = {"name": PROJECT, "package_lambda": False, "shorten_stack_name": True}
        return {"project": project, "tests": tests}

    def write(self, folder: Path) -> Path:
        """Write templates, their assets and ``.taskcat.yml`` into ``folder``; the path of the latter.

        taskcat uploads the whole folder: it should hold nothing else. Raises WriteError.
        """
        import yaml

        for template in {test.template.name: test.template for test in self.tests}.values():
            write_atomically(folder / template.name / "template.yaml", template.text)
            for asset in template.assets:
                write_atomically(folder / template.name / "assets" / asset.name, asset.data)
        head = "# Made by `cfgen test`. Every parameter stands under its test: one under project would win over it.\n"
        path = folder / ".taskcat.yml"
        write_atomically(path, head + yaml.safe_dump(self.config(), sort_keys=False, allow_unicode=True))
        return path


def _asset_values(template: Template) -> dict[str, str]:
    if not template.assets:
        return {}
    return {"AssetBucket": "$[taskcat_autobucket]", "AssetPrefix": f"{PROJECT}/{template.name}/assets/"}


def make_project(
    templates: Sequence[Template],
    catalogue: Catalogue,
    regions: Sequence[str] = (),
    parameters: Mapping[str, str] | None = None,
    regional: Mapping[str, Mapping[str, str]] | None = None,
    examples: Examples | None = None,
    **more: Any,
) -> Project:
    """The project for these templates in these regions (default: all of the template's in one partition).

    ``parameters`` go to every template that has them, ``regional`` (region → parameters) to that region alone; a
    region with values of its own becomes a test of its own. ``examples`` is asked for further values, of what was made
    for a template in a region. ``more`` are Project's other fields.
    Raises UsageError (unknown region, unknown or missing parameter, nothing left to test).
    """
    given, own = parameters or {}, regional or {}
    check_known({**given, **{name: "" for values in own.values() for name in values}}, templates)
    check_regions([*regions, *own], catalogue)
    partition = catalogue.region(regions[0]).partition if regions else "aws"
    tests: list[Test] = []
    dropped: list[Dropped] = []
    for template in templates:
        wanted = list(dict.fromkeys(regions)) or [
            region for region in template.regions if catalogue.region(region).partition == partition
        ]
        alike: dict[tuple[tuple[str, str], ...], list[str]] = {}
        for region in wanted:
            mine = {**given, **own.get(region, {})}
            mine = {name: value for name, value in mine.items() if name in dict(template.parameters)}
            if reason := why_not(template, region, mine, partition, catalogue):
                dropped.append(Dropped(template.name, region, reason))
            else:
                if examples is not None:
                    mine = {**examples(template, region, mine), **mine}
                alike.setdefault(tuple(sorted(mine.items())), []).append(region)
        common = tuple(
            sorted((name, value) for name, value in given.items() if name in dict(template.parameters))
        )
        for values, where in alike.items():
            own_values = len(alike) > 1 and values != common
            name = f"{template.name}-{where[0]}" if own_values else template.name
            filled = merge(template, {**_asset_values(template), **dict(values)}, None).overrides
            full = {key: filled.get(key, default or "") for key, default in template.parameters}
            tests.append(Test(name, template, tuple(where), full))
    if not tests:
        raise NowhereToTest(
            "no region is left to test in:" + "".join(f"\n  {one}" for one in dropped),
            hint=f"it launches in {', '.join(templates[0].regions)}" if templates else "",
        )
    return Project(tuple(tests), tuple(dropped), **more)


def check_regions(regions: Iterable[str], catalogue: Catalogue) -> None:
    """Raise MalformedOption for a name that is no region."""
    for region in regions:
        if region not in catalogue.regions:
            near = difflib.get_close_matches(region, catalogue.regions, 1, 0.6)
            raise MalformedOption(
                f"{region} is not a region known to the catalogue",
                hint=f"did you mean {near[0]}?" if near else "cfgen catalog regions lists them",
            )


def why_not(
    template: Template, region: str, parameters: Mapping[str, str], partition: str, catalogue: Catalogue
) -> str:
    """What keeps the template from launching there; empty when nothing is known to."""
    if catalogue.region(region).partition != partition:
        return f"another partition than {partition}: other credentials"
    missing = sorted(types_of(template) - types_in(region)) if not catalogue.region(region).unsure else []
    if missing:
        return f"no {', '.join(missing)} there"
    instance = parameters.get("InstanceType") or dict(template.parameters).get("InstanceType")
    if instance and instance in catalogue.instances:
        hosts = catalogue.instance(instance).regions
        if hosts and region not in hosts:
            return f"{instance} is not hosted there"
    if region not in template.regions:
        return "the image or the model package is not there"
    return ""


def types_of(template: Template) -> set[str]:
    """The AWS resource types in the template."""
    found = document.resources(document.load(template.text, template.name)).values()
    return {str(body["Type"]) for body in found if str(body.get("Type", "")).startswith("AWS::")}


@functools.cache
def types_in(region: str) -> frozenset[str]:
    """The resource types that CloudFormation's published schemas have for the region (by way of cfn-lint)."""
    from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

    return frozenset(PROVIDER_SCHEMA_MANAGER.get_resource_types(region))
