"""A Hugging Face hub over HTTP: descriptions of a repository and small parts of its files, nothing more.

The standard library's client: three kinds of GET are all there is, and proxies, certificates and time limits are in
it. ``HF_ENDPOINT`` chooses the hub; ``HF_TOKEN`` is shown to that hub's own origin alone, whatever it redirects to.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import time
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

from cfgen import __version__
from cfgen.models.errors import (
    DamagedFile,
    GatedModel,
    HubRefused,
    HubUnreachable,
    ModelError,
    NoSuchModel,
    NoSuchRevision,
    NotAModel,
)
from cfgen.models.facts import ModelFile

ENDPOINT = "https://huggingface.co"
TIMEOUT = 20.0
"""Seconds until a silent hub is given up."""
TRIES = 3
MAX_REDIRECTS = 5
MAX_TEXT = 32 << 20
"""Bytes of the largest description that is read; the longest index known has nine million."""
MAX_PAGES = 100


class _AsItIs(urllib.request.HTTPErrorProcessor):
    """Every answer as it comes: redirects and refusals are judged here, not in urllib."""

    def http_response(self, request: Any, response: Any) -> Any:  # noqa: ARG002 - urllib's signature
        return response

    https_response = http_response


def endpoint() -> str:
    """The hub's address, without a slash at its end."""
    return (os.environ.get("HF_ENDPOINT") or ENDPOINT).rstrip("/")


class HubRepository:
    """One repository of the hub at one revision. Raises ModelError's kinds, as each method says."""

    def __init__(self, model: str, revision: str = "", *, pause: float = 1.0) -> None:
        self.model, self.revision = model, revision or "main"
        self.endpoint, self.pause = endpoint(), pause
        self.token = (os.environ.get("HF_TOKEN") or "").strip()
        if urlsplit(self.endpoint).scheme not in ("http", "https") or not urlsplit(self.endpoint).netloc:
            raise HubRefused(
                model,
                f"HF_ENDPOINT is no web address: {self.endpoint}",
                hint=f"Such as {ENDPOINT}; it is {ENDPOINT} when HF_ENDPOINT is not set.",
            )
        if not all("!" <= char <= "~" for char in self.token):
            # never shown, not even in part
            raise HubRefused(
                model,
                "HF_TOKEN holds a space, a line break or a letter that no token has",
                hint="Set it to the token alone.",
            )
        if os.environ.get("HF_HUB_OFFLINE", "").lower() in ("1", "true", "yes", "on"):
            raise HubUnreachable(model, self.endpoint, "HF_HUB_OFFLINE is set")
        self._opener = urllib.request.build_opener(_AsItIs)
        self._about: dict[str, Any] | None = None

    @property
    def about(self) -> dict[str, Any]:
        """What the hub says of the repository: commit, gate, card, tags."""
        if self._about is None:
            found = self._json(f"/api/models/{self.model}/revision/{quote(self.revision, safe='')}")
            if not isinstance(found, dict) or not isinstance(found.get("sha"), str):
                raise HubRefused(self.model, "the hub's description has an unknown form")
            self._about = found
        return self._about

    @property
    def commit(self) -> str:
        """The commit that the revision names now."""
        return str(self.about["sha"])

    @property
    def gated(self) -> str:
        """Empty, ``auto`` or ``manual``: who lets people in."""
        gate = self.about.get("gated")
        return gate if isinstance(gate, str) else "auto" if gate else ""

    @property
    def private(self) -> bool:
        """Whether only some accounts see it."""
        return bool(self.about.get("private"))

    def card(self) -> dict[str, Any]:
        """The model card's metadata."""
        card = self.about.get("cardData")
        return card if isinstance(card, dict) else {}

    def counted(self) -> dict[str, int] | None:
        """Parameters by type as the hub counted them in the safetensors files, when it did."""
        found = (self.about.get("safetensors") or {}).get("parameters")
        if isinstance(found, dict) and found and all(isinstance(count, int) for count in found.values()):
            return found
        return None

    def files(self) -> tuple[ModelFile, ...]:
        """Every file with its size, by path. Raises HubRefused, HubUnreachable."""
        path: str | None = f"/api/models/{self.model}/tree/{self.commit}?recursive=true"
        found: list[ModelFile] = []
        for _ in range(MAX_PAGES):
            if path is None:
                break
            page, path = self._page(path)
            found += [ModelFile(one["path"], one["size"]) for one in page if one["type"] == "file"]
        return tuple(sorted(found, key=lambda one: one.path))

    def read(self, path: str) -> bytes | None:
        """A small file whole; None when there is none. Raises DamagedFile when it is not small."""
        data = self._get(self._address(path), limit=MAX_TEXT + 1, missing=True)
        if data is not None and len(data) > MAX_TEXT:
            raise DamagedFile(self.model, path, f"is larger than {MAX_TEXT >> 20} MiB")
        return data

    def part(self, path: str, start: int, end: int) -> bytes:
        """Bytes ``start`` to ``end`` (left out) of a file, fewer when it is shorter."""
        data = self._get(self._address(path), span=(start, end))
        assert data is not None
        return data

    def _address(self, path: str) -> str:
        return f"{self.endpoint}/{self.model}/resolve/{self.commit}/{quote(path)}"

    def _page(self, path: str) -> tuple[list[dict[str, Any]], str | None]:
        headers: dict[str, str] = {}
        body = self._json(path, headers)
        try:
            page = [
                {"path": str(one["path"]), "size": int(one.get("size", 0)), "type": one["type"]}
                for one in body
            ]
        except (TypeError, KeyError, ValueError) as error:
            raise HubRefused(self.model, "the hub's list of files has an unknown form") from error
        after = re.search(r'<([^>]+)>;\s*rel="next"', headers.get("link", ""))
        return page, after[1] if after else None

    def _json(self, path: str, headers: dict[str, str] | None = None) -> Any:
        data = self._get(urljoin(f"{self.endpoint}/", path.lstrip("/")), limit=MAX_TEXT, headers=headers)
        try:
            return json.loads(data or b"")
        except (ValueError, RecursionError) as error:
            raise HubRefused(
                self.model, f"{self.endpoint} answers with something that is not JSON: no hub?"
            ) from error

    def _get(
        self,
        url: str,
        *,
        limit: int = MAX_TEXT,
        span: tuple[int, int] | None = None,
        missing: bool = False,
        headers: dict[str, str] | None = None,
    ) -> bytes | None:
        """The body of a good answer; a fault that may pass is tried again. ``headers`` takes the answer's."""
        for attempt in range(1, TRIES + 1):
            try:
                status, body, given = self._follow(url, limit, span)
            except (OSError, http.client.HTTPException) as error:
                if attempt < TRIES and not _is_final(error):
                    time.sleep(self.pause * attempt)
                    continue
                raise HubUnreachable(self.model, self.endpoint, _reason(error)) from error
            if (status == 429 or status >= 500) and attempt < TRIES:
                wait = given.get("retry-after", "")
                time.sleep(min(10.0, float(wait)) if wait.isdigit() else self.pause * attempt)
                continue
            if status in (200, 206):
                if headers is not None:
                    headers.update(given)
                return body
            if missing and status == 404 and given.get("x-error-code") != "RepoNotFound":
                return None
            raise self._refusal(status, given.get("x-error-code", ""))
        raise AssertionError("unreachable: the last try returns or raises")

    def _follow(
        self, url: str, limit: int, span: tuple[int, int] | None
    ) -> tuple[int, bytes, dict[str, str]]:
        """Status, body (of a good answer) and headers, redirects followed; the token stays with the hub."""
        for _ in range(MAX_REDIRECTS + 1):
            request = urllib.request.Request(url, headers={"User-Agent": f"cfgen/{__version__}"})
            if span is not None:
                request.add_header("Range", f"bytes={span[0]}-{span[1] - 1}")
            if self.token and _origin(url) == _origin(self.endpoint):
                request.add_header("Authorization", f"Bearer {self.token}")
            with self._opener.open(request, timeout=TIMEOUT) as answer:
                status, given = answer.status, {key.lower(): value for key, value in answer.headers.items()}
                if status not in (301, 302, 303, 307, 308):
                    return status, _body(answer, status, limit, span) if status in (200, 206) else b"", given
            target = urljoin(url, given.get("location", ""))
            if urlsplit(target).scheme not in ("http", "https"):
                raise HubRefused(self.model, "the hub redirects to something that is no web address", status)
            if urlsplit(url).scheme == "https" and urlsplit(target).scheme == "http":
                raise HubRefused(
                    self.model, f"the hub redirects to {urlsplit(target).netloc} without encryption", status
                )
            url = target
        raise HubRefused(self.model, f"the hub redirects more than {MAX_REDIRECTS} times")

    def _refusal(self, status: int, code: str) -> ModelError:
        told = bool(self.token)
        if code == "GatedRepo" or (status == 403 and self._about is not None and self.gated):
            return GatedModel(self.model, self.endpoint, with_token=told)
        if code == "RevisionNotFound":
            return NoSuchRevision(self.model, self.revision)
        if code == "EntryNotFound":
            return NotAModel(self.model, "a file that the repository lists is not there")
        if status == 401 and told and code != "RepoNotFound":
            return HubRefused(self.model, "the hub does not know the token in HF_TOKEN", status)
        if status == 401 and self._about is not None and self.gated:
            return GatedModel(self.model, self.endpoint, with_token=told)
        if status in (401, 403, 404):
            return NoSuchModel(self.model, self.endpoint, with_token=told)
        return HubRefused(self.model, f"{self.endpoint} answers {status}", status)


def _body(answer: Any, status: int, limit: int, span: tuple[int, int] | None) -> bytes:
    # a server that takes no ranges sends all of it: read no more than what was asked for
    start, end = (0, limit) if span is None else (0, span[1] - span[0]) if status == 206 else span
    data = bytes(answer.read(end))
    promised = answer.headers.get("Content-Length", "")
    if promised.isdigit() and len(data) < min(end, int(promised)):
        raise http.client.IncompleteRead(data, min(end, int(promised)) - len(data))
    return data[start:end]


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def _is_final(error: Exception) -> bool:
    """Whether another try would end the same: no name, no certificate, nobody listening."""
    import socket
    import ssl

    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    return isinstance(reason, (socket.gaierror, ssl.SSLCertVerificationError, ConnectionRefusedError))


def _reason(error: Exception) -> str:
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    return getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
