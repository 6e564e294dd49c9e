"""The errors CloudFormation's API answers with."""

from __future__ import annotations

from cfgen.sandbox.wire import AwsError


class ValidationError(AwsError):
    """The catch-all of CloudFormation's API: templates, parameters, states."""

    def __init__(self, message: str) -> None:
        super().__init__("ValidationError", message, 400)


class TemplateError(ValidationError):
    """A template that cannot be used; messages begin as AWS's do."""


class ResourceFailure(Exception):
    """A resource could not be made, changed or removed. The text is the event's reason."""

    def __init__(self, message: str, physical_id: str | None = None) -> None:
        super().__init__(message)
        self.physical_id = physical_id


class Untouched(ResourceFailure):
    """A change was refused before anything was done, so that a rollback has nothing to undo."""


class Cancelled(ResourceFailure):
    """A resource was given up because another one failed."""

    def __init__(self, what: str = "creation") -> None:
        super().__init__(f"Resource {what} cancelled")
