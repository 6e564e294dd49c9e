"""Linting templates: cfn-lint in process with cfgen's own rules, and AWS's native validator for speed.

``lint_templates`` is the judge that ``deploy`` asks; ``fast.check`` is what ``render`` asks.
Heavy imports wait until a function is called.
"""

from __future__ import annotations

from cfgen.lint.findings import Finding, Severity, TemplateSource

__all__ = ["Finding", "Severity", "TemplateSource", "lint_templates"]


def lint_templates(
    sources: list[TemplateSource], *, ignore: tuple[str, ...] = (), own_rules: bool = True, processes: int = 0
) -> list[Finding]:
    """Lint templates with cfn-lint and cfgen's rules; see :func:`cfgen.lint.engine.lint_templates`."""
    from cfgen.lint.engine import lint_templates as run

    return run(sources, ignore=ignore, own_rules=own_rules, processes=processes)
