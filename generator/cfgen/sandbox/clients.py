"""boto3 clients that call the sandbox's own port, so that botocore checks parameters as it does for AWS."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config

OPERATOR = ("test", "test", None)
_CONFIG = Config(
    retries={"max_attempts": 2, "mode": "standard"},
    connect_timeout=5,
    read_timeout=120,
    max_pool_connections=50,
    proxies={},
)


@dataclass(frozen=True)
class Credentials:
    """Keys for calls: the operator's, or a role's minted ones."""

    access_key: str = "test"
    secret_key: str = "test"
    token: str | None = None

    def environment(self) -> dict[str, str]:
        """The variables by which an AWS client finds these keys."""
        variables = {"AWS_ACCESS_KEY_ID": self.access_key, "AWS_SECRET_ACCESS_KEY": self.secret_key}
        if self.token:
            variables["AWS_SESSION_TOKEN"] = self.token
        return variables


class Clients:
    """Makes and keeps clients; making one is slow (service model), using one from many threads is safe."""

    def __init__(self) -> None:
        self.url = ""
        self._cache: dict[tuple[str, str, Credentials], Any] = {}
        self._lock = threading.Lock()
        self._session: Any = None

    def __call__(self, service: str, region: str, credentials: Credentials | None = None) -> Any:
        """A client for ``service`` in ``region`` with the given keys (the operator's by default)."""
        keys = credentials or Credentials()
        found = self._cache.get((service, region, keys))
        if found is not None:
            return found
        with self._lock:
            if self._session is None:
                self._session = boto3.session.Session()
            if len(self._cache) > 400:
                self._cache.clear()
            client = self._session.client(
                service,
                region_name=region,
                endpoint_url=self.url,
                aws_access_key_id=keys.access_key,
                aws_secret_access_key=keys.secret_key,
                aws_session_token=keys.token,
                config=_CONFIG,
            )
            self._cache[service, region, keys] = client
            return client


client = Clients()
