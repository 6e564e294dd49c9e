"""The judgement of cfn-lint before a launch, remembered for a template that passed: loading its rules takes seconds.

The key covers the template, the regions, cfn-lint's version and the rules' files. A damaged or unwritable cache is the
same as an empty one; findings are never remembered.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cfgen import __version__
from cfgen.deploy.errors import LintFailed
from cfgen.files import WriteError, write_atomically
from cfgen.paths import cache_dir

if TYPE_CHECKING:
    from cfgen.render.template import Template

_MOST = 500


def lint(template: Template, regions: Sequence[str]) -> None:
    """Raise LintFailed when cfn-lint or cfgen's rules find errors in the template for these regions."""
    place = cache_dir() / "linted" / _key(template.text, regions)
    if place.is_file():
        return
    from cfgen.lint import TemplateSource, lint_templates

    found = lint_templates([TemplateSource(template.name, template.text, tuple(regions))], processes=1)
    wrong = [finding for finding in found if finding.severity == "error"]
    if wrong:
        listed = "".join(f"\n  {one.rule_id} line {one.line}: {one.message}" for one in wrong[:20])
        raise LintFailed(
            f"{template.name}: the template does not pass cfn-lint:{listed}",
            hint="cfgen explain RULE says what is behind one",
        )
    _remember(place)


def _key(text: str, regions: Sequence[str]) -> str:
    digest = hashlib.sha256(f"{__version__}\0{importlib.metadata.version('cfn-lint')}\0".encode())
    digest.update("\0".join(sorted(regions)).encode())
    for file in sorted((Path(__file__).parent.parent / "lint").rglob("*.py")):
        seen = file.stat()
        digest.update(f"\0{file.name}\0{seen.st_size}\0{seen.st_mtime_ns}".encode())
    digest.update(text.encode())
    return digest.hexdigest()


def _remember(place: Path) -> None:
    try:
        write_atomically(place, "")
        for old in sorted(place.parent.iterdir(), key=lambda path: path.stat().st_mtime)[:-_MOST]:
            old.unlink(missing_ok=True)
    except (WriteError, OSError):
        return
