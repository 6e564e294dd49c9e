"""The front door: an HTTP API, its function, and a function URL where answers are streamed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ApiPlan:
    """The front door. ``routes``: (key, method, path) of each; ``offered``: the tasks, joined by commas.

    ``auth``: iam, jwt or api-key. ``secret``: default of the launcher's parameter; empty when the template makes one.
    ``protocol``: what the container speaks, openai or tei. ``models``: names callers use, as a JSON list.
    ``streams``: whether the endpoint can stream at all; ``streaming``: whether there is a function URL.
    ``timeout``: seconds the endpoint has. ``max_tokens``: 0 for no limit. ``concurrency``: None for no reserve.
    """

    routes: tuple[tuple[str, str, str], ...]
    offered: str
    auth: str
    issuer: str
    audience: tuple[str, ...]
    secret: str
    protocol: str
    models: str
    rate: int
    burst: int
    origins: tuple[str, ...]
    max_age: int
    access_logs: bool
    retention_days: int
    max_body_bytes: int
    max_tokens: int
    streams: bool
    streaming: bool
    timeout: int
    concurrency: int | None
    node_runtime: str

    @property
    def headers(self) -> tuple[str, ...]:
        """Headers that callers in browsers may send: signatures', keys' and those of OpenAI's own client."""
        words = ("arch", "async", "helper-method", "lang", "os", "package-version")
        more = ("retry-count", "runtime", "runtime-version", "timeout")
        own = (f"x-stainless-{word}" for word in words + more)
        plain = ("authorization", "content-type", "openai-organization", "openai-project")
        return (*plain, "x-amz-content-sha256", "x-amz-date", "x-amz-security-token", *own)

    @property
    def makes_secret(self) -> bool:
        """Whether the template makes the secret of the API key."""
        return self.auth == "api-key" and not self.secret
