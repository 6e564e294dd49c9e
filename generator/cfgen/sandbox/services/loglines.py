"""Lines of output into CloudWatch Logs, written with the keys of the role that makes them."""

from __future__ import annotations

import queue
import threading
import time
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from cfgen.sandbox.clients import Credentials, client


class LogWriter:
    """Collects lines and writes them in batches; a role without permission gets no logs, as on AWS."""

    def __init__(self, group: str, stream: str, region: str, keys: Credentials) -> None:
        self.group, self.stream = group, stream
        self.lines: list[str] = []
        self.error = ""
        self._client: Any = client("logs", region, keys)
        self._queue: queue.Queue[tuple[int, str] | None] = queue.Queue()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def open(self) -> str:
        """Make group and stream; the reason if that is not possible."""
        try:
            self._client.create_log_stream(logGroupName=self.group, logStreamName=self.stream)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code == "ResourceAlreadyExistsException":
                return ""
            if code != "ResourceNotFoundException":
                return str(error.response["Error"]["Message"])
            try:
                self._client.create_log_group(logGroupName=self.group)
                self._client.create_log_stream(logGroupName=self.group, logStreamName=self.stream)
            except ClientError as second:
                if second.response["Error"]["Code"] != "ResourceAlreadyExistsException":
                    return str(second.response["Error"]["Message"])
        return ""

    def __call__(self, line: str) -> None:
        """Take one line."""
        self.lines.append(line)
        self._queue.put((int(time.time() * 1000), line or " "))
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._write, daemon=True)
                self._thread.start()

    def _write(self) -> None:
        self.error = self.open()
        ended = False
        while not ended:
            batch = []
            item = self._queue.get()
            time.sleep(0.02)
            while True:
                if item is None:
                    ended = True
                    break
                batch.append(item)
                if self._queue.empty() or len(batch) >= 1000:
                    break
                item = self._queue.get()
            if batch and not self.error:
                try:
                    self._client.put_log_events(
                        logGroupName=self.group,
                        logStreamName=self.stream,
                        logEvents=[{"timestamp": stamp, "message": line} for stamp, line in batch],
                    )
                except (ClientError, BotoCoreError) as error:
                    self.error = str(error)

    def close(self) -> None:
        """Write what is left."""
        self._queue.put(None)
        if self._thread is not None:
            self._thread.join(10)
