"""A stand-in for the Hugging Face hub on loopback: it has every repository at every revision, as a few small files.

The files say what they are; none is a model. They differ from one repository and revision to the next, so that other
content is other bytes here too. Tokens are neither asked for nor checked. Speaks as much of the hub's API as the
build script and `huggingface_hub` use.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import struct
import threading
from collections.abc import Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

WHAT = "a stand-in file of the cfgen sandbox, not the model"
LARGE = (".safetensors", ".bin", ".gguf", ".onnx", ".h5", ".msgpack", ".pt", ".pth")
_MODEL = re.compile(r"/api/models/([^/]+(?:/[^/]+)?)(?:/(revision|tree)/([^/]+))?(?:/(.*))?")
_FILE = re.compile(r"/([^/]+(?:/[^/]+)?)/resolve/([^/]+)/(.+)")


def commit_of(name: str, revision: str) -> str:
    """The commit that a revision stands for: a commit for itself, a branch or tag for one made up from its name."""
    if re.fullmatch("[0-9a-f]{40}", revision):
        return revision
    return hashlib.sha1(f"{name}@{revision}".encode()).hexdigest()


def files(name: str, commit: str, more: Iterable[str] = ()) -> dict[str, bytes]:
    """The files of a repository at a commit; ``more`` are paths that it shall have besides the usual ones."""
    said = f"{name} at {commit}: {WHAT}"
    config = {"_comment": said, "architectures": ["StandIn"], "model_type": "stand-in"}
    found = {
        "README.md": f"---\nlicense: other\nlicense_name: stand-in\n---\n\n{said}.\n".encode(),
        "config.json": json.dumps(config, indent=2).encode(),
        "model.safetensors": _safetensors(said),
        "tokenizer_config.json": json.dumps({"_comment": said}, indent=2).encode(),
    }
    return found | {
        path: _safetensors(said) if path.endswith(".safetensors") else said.encode() for path in more
    }


def _safetensors(said: str) -> bytes:
    """A valid safetensors file: one tensor of one zero, and the words in its metadata."""
    tensor = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}
    head = json.dumps({"__metadata__": {"format": "pt", "about": said}, "stand_in": tensor}).encode()
    head += b" " * (-len(head) % 8)
    return struct.pack("<Q", len(head)) + head + bytes(4)


class Hub:
    """The server. ``more`` maps a repository to paths it has besides the usual ones; ``url`` is its address."""

    def __init__(self) -> None:
        self.more: dict[str, list[str]] = {}
        self.url = ""
        self._server: ThreadingHTTPServer | None = None

    def start(self) -> str:
        """Serve on a free port of 127.0.0.1, in a thread; the address."""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": self}))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        return self.url

    def stop(self) -> None:
        """Close the port."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def add(self, name: str, paths: Iterable[str]) -> None:
        """Let a repository have further paths."""
        self.more[name] = sorted({*self.more.get(name, ()), *paths})


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"
    server_version = "cfgen-stand-in-hub"

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            if path == "/":
                self._send(200, f"A stand-in for a Hugging Face hub; each file is {WHAT}.\n".encode(), {})
            elif found := _MODEL.fullmatch(path):
                self._model(found[1], found[2] or "", found[3] or "main", found[4] or "")
            elif found := _FILE.fullmatch(path):
                self._file(found[1], found[2], found[3])
            else:
                self._missing("the stand-in hub has models only")

    do_HEAD = do_GET

    def log_message(self, format: str, *args: object) -> None:
        """Quiet: the sandbox's log has what matters."""

    def _model(self, name: str, kind: str, revision: str, folder: str) -> None:
        commit = commit_of(name, revision)
        content = files(name, commit, self.hub.more.get(name, ()))
        if kind == "tree":
            start = f"{folder.strip('/')}/".lstrip("/")
            return self._json(
                [_entry(path, content[path]) for path in sorted(content) if path.startswith(start)]
            )
        about = {
            "_id": "0" * 24,
            "id": name,
            "modelId": name,
            "sha": commit,
            "private": False,
            "gated": False,
            "disabled": False,
            "tags": ["license:other"],
            "cardData": {"license": "other", "license_name": "stand-in"},
            "siblings": [{"rfilename": path} for path in sorted(content)],
        }
        return self._json(about)

    def _file(self, name: str, revision: str, path: str) -> None:
        commit = commit_of(name, revision)
        data = files(name, commit, self.hub.more.get(name, ())).get(path)
        if data is None:
            return self._missing(f"no such file; the stand-in hub has a few of each model: {path}")
        entry = _entry(path, data)
        tag = entry["lfs"]["oid"] if "lfs" in entry else entry["oid"]
        headers = {"X-Repo-Commit": commit, "ETag": f'"{tag}"', "Accept-Ranges": "bytes"}
        span = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range") or "")
        if span is None:
            return self._send(200, data, headers)
        first, last = int(span[1]), min(int(span[2] or len(data)), len(data) - 1)
        if first > last:
            return self._send(416, b"", {"Content-Range": f"bytes */{len(data)}"})
        headers["Content-Range"] = f"bytes {first}-{last}/{len(data)}"
        return self._send(206, data[first : last + 1], headers)

    def _json(self, content: Any) -> None:
        self._send(200, json.dumps(content).encode(), {"Content-Type": "application/json"})

    def _missing(self, message: str) -> None:
        self._send(
            404,
            json.dumps({"error": message}).encode(),
            {"X-Error-Code": "EntryNotFound", "X-Error-Message": message},
        )

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for key, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(key, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def _entry(path: str, data: bytes) -> dict[str, Any]:
    """A file as the hub's listing tells it."""
    git = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
    entry: dict[str, Any] = {"type": "file", "oid": git, "size": len(data), "path": path}
    if path.endswith(LARGE):
        entry["lfs"] = {"oid": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 134}
    return entry


hub = Hub()
