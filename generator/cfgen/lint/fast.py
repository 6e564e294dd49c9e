"""The fast pass: AWS's native ``cloudformation-validate``.

``render`` asks it of its own output, so importing this module imports no linter. Of the three engines the package
offers the composite one is used (its CEL evaluator is built in a quarter of a second, the Rego one in half); it is
made once.
"""

# mypy: disable-error-code="import-untyped"

from __future__ import annotations

import functools
import threading
from typing import TYPE_CHECKING, Any

from cfgen.lint import guard
from cfgen.lint.findings import Finding, Severity
from cfgen.lint.messages import cut

if TYPE_CHECKING:
    from cloudformation_validate import CompositeEngine

# Advice, not faults, said of nearly every resource: create-only properties, tags, its own Context metadata.
ADVICE = ("I4010", "I9001", "I9003", "I9040")
# Not sound in version 1.14: it checks a parameter's empty default as if Fn::If always passed it on (W1030), does
# not see that two conditions are the same (W1001), and takes a role's Arn for its name (E3050). cfn-lint checks all
# three soundly.
UNSOUND = ("W1001", "W1030", "E3050")
_SEVERITY: dict[str, Severity] = {"FATAL": "error", "ERROR": "error", "WARN": "warning"}


_making = threading.Lock()


def engine() -> CompositeEngine:
    """The engine, made on first use and kept."""
    with _making:
        return _engine()


@functools.cache
def _engine() -> CompositeEngine:
    import atexit

    from cloudformation_validate import CompositeEngine

    # freed while its library is still loaded: at the interpreter's end its __del__ would complain on stderr
    atexit.register(_engine.cache_clear)
    return CompositeEngine()


def warm() -> None:
    """Begin to make the engine in a thread: its quarter of a second is native code that holds no lock of ours."""
    threading.Thread(target=engine, name="cfgen-lint-warm").start()


@functools.cache
def _config(region: str, everything: bool) -> Any:
    from cloudformation_validate import PseudoParameterOverrides, RuleFilterConfig, ValidateConfig

    overrides = PseudoParameterOverrides(region=region) if region else PseudoParameterOverrides()
    left_out = [] if everything else [*ADVICE, *UNSOUND]
    return ValidateConfig(exclude=RuleFilterConfig(ids=left_out), pseudo_parameter_overrides=overrides)


def check(text: str | bytes, name: str, region: str = "", *, everything: bool = False) -> list[Finding]:
    """What the validator says of a template; a file it cannot read, or that breaks it, is a finding.

    ``everything`` asks for ADVICE and UNSOUND rules too.
    """
    try:
        readable = guard.readable(text)
    except guard.Refused as refused:
        from cfgen.lint.engine import unreadable

        return [unreadable(name, refused.message, refused.line, refused.column)]
    from cloudformation_validate import TemplateContent, ValidationError

    try:
        report = engine().validate_template(TemplateContent(readable, name), _config(region, everything))
    except ValidationError as error:
        from cfgen.lint.engine import unreadable

        return [unreadable(name, f"cloudformation-validate failed on this template: {error}")]
    return [_finding(diagnostic, name) for diagnostic in report.diagnostics]


def _finding(diagnostic: Any, name: str) -> Finding:
    entity = diagnostic.entity
    path = str(diagnostic.property_path or "")
    if entity is not None and getattr(entity.entity_type, "name", "") == "RESOURCE":
        path = f"Resources/{entity.logical_id}/{path.replace('.', '/')}".rstrip("/")
    return Finding(
        rule_id=diagnostic.rule_id,
        severity=_SEVERITY.get(diagnostic.severity.name, "info"),
        title=str(diagnostic.rule_description or diagnostic.category or ""),
        message=cut(diagnostic.message),
        file=name,
        line=diagnostic.start_line or 0,
        column=diagnostic.start_column or 0,
        end_line=diagnostic.end_line or 0,
        end_column=diagnostic.end_column or 0,
        path=path,
        fix=str(diagnostic.suggested_fix or ""),
        source="cloudformation-validate",
    )
