"""The example request a template carries in its output ``InvokeCommand``, and bodies of that shape."""

from __future__ import annotations

import copy
import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_OPTIONS = {
    "--body": "body",
    "%s": "body",  # printf's, which puts the request of an asynchronous endpoint into S3
    "--content-type": "content_type",
    "--accept": "accept",
    "--inference-component-name": "component",
    "--target-model": "model",
}


@dataclass(frozen=True, slots=True)
class Sample:
    """A request: body, content type, what is accepted, and the inference component or model it is for."""

    body: str
    content_type: str = "application/json"
    accept: str = ""
    component: str = ""
    model: str = ""

    @property
    def data(self) -> Any:
        """The body as JSON, None when it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


DEFAULT = Sample('{"inputs": "Hello"}')


def of_outputs(outputs: Mapping[str, str]) -> Sample | None:
    """The request in the stack's ``InvokeCommand``; None when it has none or it cannot be read."""
    try:
        words = shlex.split(outputs.get("InvokeCommand", ""))
    except ValueError:
        return None
    found = {_OPTIONS[word]: words[index + 1] for index, word in enumerate(words[:-1]) if word in _OPTIONS}
    body = found.pop("body", "")
    if found.get("model") == "MODEL.tar.gz":  # which models there are is not known
        return None
    return Sample(body, **found) if body and not body.startswith(("fileb://", "file://")) else None


def chat(
    text: str, sample: Sample | None, *, system: str = "", max_tokens: int = 0, stream: bool = False
) -> dict[str, Any]:
    """A body that asks a chat model, in the shape the endpoint's example has.

    ``messages`` is OpenAI's shape, which vLLM, SGLang, TGI (2.4 and later) and LMI take for models with a chat
    template. An example with nothing but ``inputs`` is of a server that knows no messages.
    """
    shape = sample.data if sample else None
    known = shape if isinstance(shape, dict) else {}
    body: dict[str, Any]
    if "inputs" in known and "parameters" not in known and not system:
        body = {**copy.deepcopy(known), "inputs": text}
    else:
        body = copy.deepcopy(known) if "messages" in known else {}
        if not body and isinstance(known.get("parameters"), dict) and "max_new_tokens" in known["parameters"]:
            body["max_tokens"] = known["parameters"]["max_new_tokens"]
        roles = [{"role": "system", "content": system}] if system else []
        body["messages"] = [*roles, {"role": "user", "content": text}]
        if max_tokens:
            body["max_tokens"] = max_tokens
    if stream:
        body["stream"] = True
    return body


def embed(texts: list[str], sample: Sample | None) -> dict[str, Any]:
    """A body that asks for embeddings, under the key the endpoint's example has (``inputs``, ``input`` …)."""
    shape = sample.data if sample else None
    key = next(
        (
            key
            for key in ("inputs", "input", "text_inputs", "texts")
            if isinstance(shape, dict) and key in shape
        ),
        "inputs",
    )
    body = {name: value for name, value in shape.items() if name != key} if isinstance(shape, dict) else {}
    return {**body, key: texts[0] if len(texts) == 1 else texts}


def text_of(answer: Any) -> str | None:
    """The text in a model's answer, whichever of the usual shapes it has; None when it is none of them."""
    if isinstance(answer, list) and len(answer) == 1:
        answer = answer[0]
    if not isinstance(answer, dict):
        return None
    choices = answer.get("choices")
    if isinstance(choices, list) and choices and isinstance(choices[0], dict):
        first = choices[0]
        for holder in (first.get("message"), first.get("delta"), first):
            if isinstance(holder, dict):
                for key in ("content", "text"):
                    if isinstance(holder.get(key), str):
                        return str(holder[key])
        return ""
    token = answer.get("token")
    if isinstance(token, dict) and isinstance(token.get("text"), str):
        return "" if token.get("special") else str(token["text"])
    return next(
        (str(answer[key]) for key in ("generated_text", "outputs") if isinstance(answer.get(key), str)), None
    )


class StreamText:
    """Text out of a streamed answer's bytes: server-sent events, JSON lines, or plain text.

    Parts arrive cut anywhere ("InvokeEndpointWithResponseStream"), so whole lines are gathered first.
    """

    _SIGNS = (b"{", b"[", b"data:", b"event:", b"id:", b"retry:", b":")

    def __init__(self) -> None:
        self._rest = b""
        self._structured: bool | None = None

    def feed(self, part: bytes, *, end: bool = False) -> str:
        """The text that became complete with ``part``."""
        self._rest += part
        if self._structured is None:
            head = self._rest.lstrip()
            if head.startswith(self._SIGNS):
                self._structured = True
            elif end or (head and not any(sign.startswith(head) for sign in self._SIGNS)):
                self._structured = False
            else:
                return ""
        if not self._structured:
            cut = len(self._rest) if end else _whole(self._rest)
            text, self._rest = self._rest[:cut], self._rest[cut:]
            return text.decode("utf-8", "replace")
        lines = self._rest.split(b"\n")
        self._rest = b"" if end else lines.pop()
        return "".join(self._line(line.decode("utf-8", "replace").strip()) for line in lines)

    @staticmethod
    def _line(line: str) -> str:
        if line.startswith("data:"):
            line = line[5:].strip()
        if not line or line == "[DONE]" or line.startswith(("event:", "id:", "retry:", ":")):
            return ""
        try:
            found = text_of(json.loads(line))
        except ValueError:
            return line + "\n"
        return line + "\n" if found is None else found


def _whole(data: bytes) -> int:
    """How many of these bytes are whole UTF-8 characters."""
    for back in range(1, min(4, len(data)) + 1):
        byte = data[-back]
        if byte & 0xC0 == 0xC0:
            need = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return len(data) - back if need > back else len(data)
        if byte < 0x80:
            break
    return len(data)
