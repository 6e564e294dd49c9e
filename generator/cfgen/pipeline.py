"""The stages in a row, for callers that want a template from a spec file: load → resolve → render → check."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from cfgen.errors import CfgenError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cfgen.catalogue import Catalogue
    from cfgen.lint.findings import Finding
    from cfgen.render.template import Template
    from cfgen.resolve.sizing_options import Sizing
    from cfgen.resolve.stack import Stack
    from cfgen.spec import Spec

DEFAULT_OVERLAY = "cfgen.yaml"
"""A catalogue overlay of this name in the working folder is taken without being named."""


class FailedCheck(CfgenError):
    """A rendered template does not pass the fast validator: a fault of cfgen's, not of the spec."""

    def __init__(self, name: str, findings: Sequence[Finding]) -> None:
        lines = "".join(f"\n  {f.rule_id} line {f.line}: {f.message}" for f in findings)
        super().__init__(
            f"{name}: the rendered template does not pass its own check:{lines}",
            hint="please report this; --no-check writes the template all the same",
        )
        self.findings = tuple(findings)


def overlay_file(given: Path | None) -> Path | None:
    """The overlay to use: the one given, else ``cfgen.yaml`` in the working folder, else none."""
    if given is not None:
        return given
    usual = Path(DEFAULT_OVERLAY)
    return usual if usual.is_file() else None


def plan(spec: Spec, catalogue: Catalogue) -> Stack:
    """Resolve a loaded spec. Raises ResolveError.

    Facts that it takes about models are those kept beside the spec (cfgen.models.lock), or are put there.
    """
    from cfgen.models.lock import Lock
    from cfgen.resolve import resolve

    lock = Lock(_file_of(spec))
    stack = resolve(spec, catalogue, lock)
    lock.save()
    return stack


def sizing(spec: Spec, catalogue: Catalogue, **asked: Any) -> Sizing:
    """The sizing of a loaded spec's model, whatever its instance type; ``asked`` as for `size_spec`.

    Raises ModelError, SizingError and the catalogue's errors.
    """
    from cfgen.models.lock import Lock
    from cfgen.resolve.collector import Collector
    from cfgen.resolve.sizing_auto import size_spec

    return size_spec(catalogue, Collector(spec, Lock(_file_of(spec))), **asked)


def keep_facts(spec: Spec, folder: Path) -> Path | None:
    """Keep the facts of the model in ``folder`` beside the spec, as of the model that the spec names; the file's path,
    None when it says the same already. Raises ModelError's kinds, SizingError and WriteError."""
    from dataclasses import replace

    from cfgen.models.folder import FolderRepository
    from cfgen.models.inspection import read_facts
    from cfgen.models.lock import Lock
    from cfgen.resolve.sizing_auto import model_named

    model, revision = model_named(spec)
    facts = read_facts(FolderRepository(folder))
    lock = Lock(_file_of(spec))
    lock.take(replace(facts, id=model, revision=revision))
    return lock.save()


def _file_of(spec: Spec) -> Path | None:
    path = Path(spec.source.file)
    return path if path.is_file() else None


def render_spec(path: Path, catalogue: Catalogue | None = None, form: str = "cfn") -> Template:
    """The template for the spec at ``path``, unchecked, in one of ``render.FORMS``.

    Raises SpecError, ResolveError, RenderError.
    """
    from cfgen.catalogue import load
    from cfgen.render import render
    from cfgen.spec import load_spec

    return render(plan(load_spec(path), catalogue or load(overlay_file(None))), form)


def render_checked(path: Path, overlay: Path | None = None, form: str = "cfn") -> Template:
    """The template for the spec at ``path``, checked by the fast validator; remembered while no input changes.

    Raises what render_spec raises, and FailedCheck when the validator finds an error.
    """
    from cfgen import memory

    key = memory.key_of(path, overlay, form)
    if key is not None and (known := memory.recall(key)) is not None:
        return known
    from cfgen.catalogue import load
    from cfgen.lint import fast

    fast.warm()
    template = render_spec(path, load(overlay), form)
    check(template)
    if key is not None and not template.has_code and not template.assets:
        # facts may have come to lie beside the spec meanwhile
        memory.keep(memory.key_of(path, overlay, form) or key, template)
    return template


def render_all(paths: Sequence[Path], overlay: Path | None = None) -> list[Template]:
    """The checked templates of all these specs. Raises CfgenError with what is wrong in every one of them."""
    found: list[Template] = []
    names: dict[str, Path] = {}
    problems: list[CfgenError] = []
    for path in paths:
        try:
            template = render_checked(path, overlay)
            if template.name in names:
                message = f"{path}: name: {template.name} is also the name of {names[template.name]}"
                raise CfgenError(message, hint="names are unique")
            names[template.name] = path
            found.append(template)
        except CfgenError as error:
            problems.append(error)
    if problems:
        raise CfgenError("\n".join(error.message for error in problems), hint=problems[0].hint)
    return found


def check(template: Template) -> None:
    """Raise FailedCheck when the fast validator finds an error in ``template``."""
    from cfgen.lint.fast import check as fast_check

    text = template.text
    if "\nTransform: " in text:
        # the validator knows nothing of what a transform makes
        from cfgen.render.serverless import expand

        text = expand(text)
    errors = [finding for finding in fast_check(text, template.name) if finding.severity == "error"]
    if errors:
        raise FailedCheck(template.name, errors)
