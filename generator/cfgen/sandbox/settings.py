"""What a running sandbox can be told: how long things take, what processes see, who answers requests."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Settings:
    """Everything adjustable; changed at run time through ``/_sandbox/settings``."""

    # added to the environment of Lambda and CodeBuild processes (a local hub's address, say)
    environment: dict[str, str] = field(default_factory=dict)
    # where InvokeEndpoint goes: endpoint name (or "*") → URL that takes a POST; without one the body is echoed
    responders: dict[str, str] = field(default_factory=dict)
    # what Service Quotas answers: quota code → value; of any other code there is room
    quotas: dict[str, str] = field(default_factory=dict)
    # seconds an endpoint or inference component stays in Creating/Updating
    endpoint_seconds: float = 0.5
    # seconds a build stays queued and provisioning together
    build_start_seconds: float = 0.2
    # divides waiting that stands for nothing but time: Wait states, retry intervals, async retries
    speed: float = 1.0
    # seconds in a minute of build and queue timeouts: tests of a timeout need not wait for five of them
    build_minute: float = 60.0
    # longest time the answer to ExecuteChangeSet is held back for a client that polls every 30 s
    hold_seconds: float = 50.0
    # False switches the permission checks off, to find out whether a failure is one of permissions
    enforce_iam: bool = True
    # organizational unit → its accounts, joined by commas: what service-managed stack sets go by
    organization: dict[str, str] = field(
        default_factory=lambda: {
            "ou-cfgn-sandbox1": "111111111111,222222222222",
            "r-cfgn": "111111111111,222222222222,333333333333",
        }
    )
    # folder for functions, builds and their files
    folder: str = ""

    def update(self, values: dict[str, Any]) -> None:
        """Take new values; mappings are merged, a null value removes an entry, an empty mapping removes all."""
        for key, value in values.items():
            if not hasattr(self, key):
                raise KeyError(key)
            current = getattr(self, key)
            if isinstance(current, dict):
                if not value:
                    current.clear()
                for name, item in value.items():
                    if item is None:
                        current.pop(name, None)
                    else:
                        current[name] = str(item)
            else:
                setattr(self, key, type(current)(value))

    def view(self) -> dict[str, Any]:
        """The present values."""
        return asdict(self)

    def subfolder(self, name: str) -> Path:
        """A folder of the sandbox's own, made on demand."""
        path = Path(self.folder or os.environ.get("TMPDIR", "/tmp")) / name
        path.mkdir(parents=True, exist_ok=True)
        return path


settings = Settings()
