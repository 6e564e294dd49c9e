"""Why facts about a model cannot be had.

Hierarchy::

    cfgen.errors.CfgenError
    └── ModelError                 fields: what the class docstring names
        ├── NotAnId                neither a folder nor what the hub takes for a name
        ├── NoSuchModel            the hub has no such repository, or hides it
        ├── NoSuchRevision         the repository has no such branch, tag or commit
        ├── GatedModel             its files are behind terms or a token
        ├── HubUnreachable         no network, no hub, or asked to stay offline
        ├── HubRefused             an answer that is none of these: a server's fault, a limit, a bad redirect
        ├── NotAModel              no config.json: an adapter, GGUF files, a pipeline, something else
        ├── DamagedFile            a file that is there cannot be read as what it should be
        └── StaleLock              the facts beside a spec are of another model, or damaged
"""

from __future__ import annotations

from cfgen.errors import CfgenError


class ModelError(CfgenError):
    """Facts about ``model`` (id or folder) cannot be had."""

    def __init__(self, model: str, message: str, *, hint: str = "") -> None:
        self.model = model
        super().__init__(f"{model}: {message}", hint=hint)


class NotAnId(ModelError):
    """Neither a folder that is there nor what the hub takes for a name."""


class NoSuchModel(ModelError):
    """The hub has no repository of this name, or hides it from this token (``with_token``)."""

    def __init__(self, model: str, endpoint: str, *, with_token: bool) -> None:
        self.with_token = with_token
        super().__init__(
            model,
            f"{endpoint} has no such model, or hides it",
            hint="Check the name; a private one needs the token of an account that sees it, in HF_TOKEN."
            if not with_token
            else "Check the name; the token in HF_TOKEN may not see it.",
        )


class NoSuchRevision(ModelError):
    """The repository has no ``revision``."""

    def __init__(self, model: str, revision: str) -> None:
        self.revision = revision
        super().__init__(
            model, f"has no revision '{revision}'", hint="A branch, a tag or a commit; main when not given."
        )


class GatedModel(ModelError):
    """The files are not for everybody: terms to accept on the hub, then a token to show."""

    def __init__(self, model: str, endpoint: str, *, with_token: bool) -> None:
        self.with_token = with_token
        super().__init__(
            model,
            "is gated; the account of the token in HF_TOKEN has no access"
            if with_token
            else "is gated: its files need a token",
            hint=f"Accept the terms at {endpoint}/{model}, then set HF_TOKEN to a token of that account."
            if not with_token
            else f"Ask for access at {endpoint}/{model}, or use another account's token.",
        )


class HubUnreachable(ModelError):
    """Nobody answers at ``endpoint``; ``reason`` in the system's words."""

    def __init__(self, model: str, endpoint: str, reason: str) -> None:
        self.endpoint, self.reason = endpoint, reason
        super().__init__(
            model,
            f"{endpoint} cannot be reached ({reason}), and nothing about the model is in the cache",
            hint="Give a folder with its config.json instead, or set HF_ENDPOINT to a hub within reach.",
        )


class HubRefused(ModelError):
    """An answer of the hub's that is of no use; ``status`` is 0 when there is none to name."""

    def __init__(self, model: str, message: str, status: int = 0, *, hint: str = "") -> None:
        self.status = status
        super().__init__(model, message, hint=hint or "Try again later; HF_ENDPOINT chooses another hub.")


class NotAModel(ModelError):
    """There is no config.json to read."""


class DamagedFile(ModelError):
    """``file`` cannot be read as what it should be."""

    def __init__(self, model: str, file: str, reason: str) -> None:
        self.file, self.reason = file, reason
        super().__init__(
            model, f"{file} {reason}", hint="The file is damaged, or of a form this version does not know."
        )


class StaleLock(ModelError):
    """The facts kept beside a spec cannot be used."""
