"""Docs cannot drift: generated pages are fresh, shown commands run, what exists is documented, links lead somewhere."""

from __future__ import annotations

import contextlib
import re
import shlex
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from pydantic import TypeAdapter

from cfgen.catalogue import load as load_catalogue
from cfgen.cli import cli
from cfgen.docs import commands, console, spec, template_words, templates
from cfgen.docs.markdown import slug
from cfgen.docs.pages import PAGES
from cfgen.docs.spec_fields import example, sections
from cfgen.lint.explain import own
from cfgen.render import parts
from cfgen.resolve import resolve
from cfgen.spec import parse_spec
from tests.conftest import ROOT

DOCS = ROOT / "docs"
ALL = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md"))]
SHOWN = [
    ROOT / "README.md",
    *sorted((DOCS / "tutorial").glob("*.md")),
    *sorted((DOCS / "how-to").glob("*.md")),
]


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def without_code(text: str) -> str:
    """Markdown without code blocks and inline code."""
    text = re.sub(r"^( *)```.*?^\1```$", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"`[^`\n]*`", "", text)


# Generated


@pytest.mark.parametrize("page", PAGES)
def test_generated_page_is_fresh(page: str, golden: Callable[[Path, str], None]) -> None:
    golden(DOCS / page, PAGES[page]())


@pytest.mark.parametrize("page", SHOWN, ids=name_of)
def test_console_output_is_fresh(page: Path, tmp_path: Path, golden: Callable[[Path, str], None]) -> None:
    """The commands a page shows print what the page says they print."""
    folder = tmp_path / "session"
    folder.mkdir()
    golden(page, console.refreshed(read(page), folder))


def test_the_schema_page_is_what_the_command_prints() -> None:
    from click.testing import CliRunner

    assert CliRunner().invoke(cli, ["schema"]).output == PAGES["spec.schema.json"]()


# Everything there is has docs


def test_every_command_and_option_is_in_the_reference() -> None:
    page = commands.page()
    for context in commands.walk():
        section = page.partition(f"\n## {context.command_path}\n")[2].partition("\n## ")[0]
        assert section, f"{context.command_path} has no section"
        for option in context.command.params:
            for name in option.opts if isinstance(option, click.Option) and not option.hidden else ():
                assert name in section, f"{context.command_path} {name}"


def test_every_variable_of_the_environment_is_in_the_reference() -> None:
    code = "".join(read(path) for path in (ROOT / "generator" / "cfgen").rglob("*.py"))
    taken = set(re.findall(r"""environ(?:\.get\(|\[)["'](CFGEN_\w+|HF_\w+|NO_COLOR)["']""", code))
    assert {"CFGEN_CACHE_DIR", "HF_TOKEN"} <= taken
    assert not [name for name in taken if f"`{name}`" not in commands.environment()]


def test_every_command_is_shown_in_use() -> None:
    shown = "\n".join(map(read, SHOWN))
    leaves = [c.command_path for c in commands.walk() if not isinstance(c.command, click.Group)]
    assert [path for path in leaves if not re.search(rf"{path}(?![\w-])", shown)] == []


def test_every_spec_key_is_in_the_reference() -> None:
    page = spec.page()
    for section in sections():
        assert section.about, f"{section.title} says nothing about itself"
        for field in section.fields:
            assert f'<a id="{field.anchor}"></a>' in page
            assert "const" in field.schema or field.schema.get("description"), (
                f"{field.path} has no description"
            )


def test_every_spec_key_is_used_in_a_page_that_people_wrote() -> None:
    written = "\n".join(
        read(page) for page in ALL if page.relative_to(DOCS.parent).parts[1:2] != ("reference",)
    )
    keys = {field.key for section in sections() for field in section.fields}
    assert sorted(key for key in keys if not re.search(rf"\b{key}\b", written)) == []


def test_every_example_of_a_spec_key_is_right() -> None:
    import importlib
    import pkgutil

    from cfgen.spec import features

    names = [
        "schema",
        "sections",
        "model",
        *(f"features.{one.name}" for one in pkgutil.iter_modules(features.__path__)),
    ]
    models = [importlib.import_module(f"cfgen.spec.{name}") for name in names]
    for section in sections():
        for field in section.fields:
            name = "SpecData" if section.definition == "spec" else section.definition
            model: Any = next(vars(module)[name] for module in models if name in vars(module))
            model.model_rebuild()
            info = next(info for info in model.model_fields.values() if info.alias == field.key)
            kind: Any = TypeAdapter(info.rebuild_annotation())
            kind.validate_python(example(field))


def test_every_rule_is_in_the_reference() -> None:
    page = read(DOCS / "reference" / "rules.md")
    assert [rule.rule_id for rule in own() if f"\n### {rule.rule_id}\n" not in page] == []


def test_every_part_and_parameter_has_words() -> None:
    found = templates.gathered()
    assert set(found) == set(parts.TITLES) - {"network"}, "a variant in template_words reaches each part"
    assert set(found) == set(template_words.WHEN)
    parameters = {name for part in found.values() for name in part.get("Parameters", ())}
    assert parameters == set(template_words.FIELDS)
    known = {field.path for section in sections() for field in section.fields}
    assert set(template_words.FIELDS.values()) - {""} <= known
    assert {name for part in found.values() for name in part.get("Rules", ())} == set(template_words.RULES)


# What is shown is right


def test_readme_shows_what_is_there() -> None:
    """The excerpts are pieces of the example and of its golden, as they stand."""
    excerpts = re.findall(r"^```yaml\n(.*?)^```$", read(ROOT / "README.md"), re.MULTILINE | re.DOTALL)
    source, template = excerpts
    assert source in read(ROOT / "specs" / "mistral-7b.yaml")
    assert template in read(ROOT / "tests" / "goldens" / "mistral-7b.template.yaml")


def command_lines() -> Iterator[tuple[str, str]]:
    for page in SHOWN:
        for line in console.commands(read(page)):
            if re.search(r"(^|[|&;] *)cfgen ", line):
                yield name_of(page), line


def commands_named() -> Iterator[tuple[str, str]]:
    for page in SHOWN:
        text = re.sub(r"^( *)```.*?^\1```$", "", read(page), flags=re.MULTILINE | re.DOTALL)
        for line in re.findall(r"`(cfgen [^`\n]+)`", text):
            yield name_of(page), line


@pytest.mark.parametrize(("page", "line"), sorted(set(command_lines())))
def test_command_line_parses(page: str, line: str) -> None:
    assert page
    for words in console.programs(line):
        if words[0] == "cfgen":
            parse(words[1:])


@pytest.mark.parametrize(("page", "line"), sorted(set(commands_named())))
def test_command_named_in_a_sentence_exists(page: str, line: str) -> None:
    assert page
    with contextlib.suppress(click.MissingParameter, click.exceptions.NoArgsIsHelpError):
        try:
            parse(shlex.split(line)[1:])
        except click.MissingParameter:
            raise
        except click.BadParameter as error:
            # a file of the reader's; every other wrong value is one of the page's
            assert "does not exist" in error.message, error.message


def parse(arguments: list[str]) -> None:
    """Parse as click would, down to the command, without running it."""
    with contextlib.suppress(click.exceptions.Exit):  # --help, --version
        context = cli.make_context("cfgen", list(arguments))
        while isinstance(context.command, click.Group):
            rest = [*context._protected_args, *context.args]
            name, command, rest = context.command.resolve_command(context, rest)
            assert command is not None, f"no command {name}"
            context = command.make_context(name, rest, parent=context)


def specs_shown() -> Iterator[tuple[str, str]]:
    for page in ALL:
        for _, body in re.findall(r"^( *)```ya?ml[^\n]*\n(.*?)^\1```$", read(page), re.MULTILINE | re.DOTALL):
            if body.startswith("name:") and "\njobs:" not in body:
                yield name_of(page), body


@pytest.mark.parametrize(("page", "text"), list(specs_shown()))
def test_spec_shown_is_valid(page: str, text: str) -> None:
    resolve(parse_spec(text, page, ROOT / "specs"), load_catalogue())


# Links


def anchors(path: Path) -> set[str]:
    text = read(path)
    found = set(re.findall(r'id="([^"]+)"', text))
    for heading in re.findall(
        r"^#{1,6} (.+)$", re.sub(r"^( *)```.*?^\1```$", "", text, flags=re.M | re.S), re.M
    ):
        heading, _, named = heading.partition(" {#")
        if named:
            found.add(named.rstrip("} "))
        anchor = base = slug(re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading))
        number = 0
        while anchor in found:
            number += 1
            anchor = f"{base}_{number}"
        found.add(anchor)
    return found


@pytest.mark.parametrize("page", ALL, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    text = without_code(read(page))
    targets = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'(?:src|href)="([^"]+)"', text)
    for target in targets:
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        path = (page.parent / file).resolve() if file else page
        assert path.exists(), f"{target}: no such file"
        assert path.is_relative_to(ROOT), f"{target} leaves the project"
        if anchor:
            assert anchor in anchors(path), f"{target}: no such heading"


def test_every_page_is_in_the_navigation() -> None:
    listed = set(re.findall(r"[\w/-]+\.md", read(ROOT / "mkdocs.yml")))
    there = {path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")}
    assert listed == there, "mkdocs.yml lists the pages of docs/"


def test_the_front_page_leads_to_every_page() -> None:
    linked = set(re.findall(r"\]\(([\w/-]+\.md)", read(DOCS / "index.md")))
    there = {path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")} - {"index.md"}
    assert there <= linked, there - linked


# The project


def test_no_file_names_the_host_of_a_package_registry() -> None:
    """Packages come from wherever the user's own client is set to."""
    hosts = ["py" + "pi.org", "pythonhosted" + ".org", "registry.npm" + "js.org", "proxy.gol" + "ang.org"]
    hosts += ["cra" + "tes.io", "ruby" + "gems.org", "repo.mav" + "en.apache.org", "conda.ana" + "conda.org"]
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listing.returncode:
        pytest.skip("not a git checkout")
    for name in filter(None, listing.stdout.split("\0")):
        path = ROOT / name
        text = path.read_bytes() if path.is_file() else b""
        assert [host for host in hosts if host.encode() in text] == [], name
