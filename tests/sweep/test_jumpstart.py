"""All of JumpStart's list in one sweep: each of its templates, linted by every rule in all its regions."""

from __future__ import annotations

from cfgen.catalogue import load as load_catalogue
from cfgen.catalogue.jumpstart import load
from cfgen.lint import lint_templates
from cfgen.lint.findings import TemplateSource
from cfgen.render import render
from cfgen.resolve import resolve
from tests.specs import spec_of


def test_every_model_lints_without_errors_and_warnings_in_all_its_regions() -> None:
    """The newest version of each that can be served."""
    sources = []
    for model_id in load().ids:
        model = {"type": "jumpstart", "modelId": model_id, "acceptEula": True}
        data = {"name": "example", "model": model, "endpoint": {"instanceType": "auto"}}
        sources.append(TemplateSource(model_id, render(resolve(spec_of(data), load_catalogue())).text))
    assert len(sources) == 338
    assert [found for found in lint_templates(sources) if found.severity != "info"] == []
