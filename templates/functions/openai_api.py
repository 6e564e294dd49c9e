"""OpenAI's API in front of a SageMaker endpoint: an HTTP request in (payload format 2.0), its answer out.

Behind an HTTP API every answer is whole: a stream comes in one piece. The function URL's function (openai_stream.js)
asks with ``pipe``: then a stream is not made here, its call is handed back; what fails later comes again as ``error``.
"""

import base64
import hmac
import json
import os
import struct
import time
from typing import Any
from urllib.parse import unquote

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ConnectTimeoutError, ReadTimeoutError

TASKS = {
    "/v1/chat/completions": "chat",
    "/v1/completions": "completions",
    "/v1/embeddings": "embeddings",
}
OFFERED = os.environ["OFFERED"].split(",")
MODELS: list[str] = json.loads(os.environ["MODELS"])
MAX_BODY = int(os.environ["MAX_BODY_BYTES"])
MAX_TOKENS = int(os.environ["MAX_TOKENS"])
# What Lambda hands on (6 MB), with room for the JSON around it
MAX_ANSWER = 5_500_000
# Seconds that keys are believed, and after which an unknown key makes the function look again
KEYS_FOR, KEYS_AGAIN = 300.0, 30.0

clients: dict[str, Any] = {}
known: dict[str, Any] = {"keys": [], "read": None}


class Refused(Exception):
    """What OpenAI's clients raise as an error: a status and an error object."""

    def __init__(self, status: int, message: str, code: str = "", param: str = "") -> None:
        super().__init__(message)
        kind = "invalid_request_error" if status < 500 else "server_error"
        self.status = status
        error = {"message": message, "type": kind, "param": param or None, "code": code or None}
        self.body = {"error": error}


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    began = time.time()
    line = {"method": event["requestContext"]["http"]["method"], "path": event["rawPath"]}
    try:
        if event.get("error"):
            raise of_endpoint(**event["error"])
        answer = respond(event, line)
    except Refused as refused:
        answer = reply(refused.body, refused.status)
        line["error"] = str(refused)[:300]
    except Exception as error:
        print(f"{type(error).__name__}: {error}")
        answer = reply(Refused(500, "The function behind this address failed; its log says why.").body, 500)
    # Nothing of what is asked or answered
    line |= {"status": answer.get("statusCode", 0), "milliseconds": round((time.time() - began) * 1000)}
    print(json.dumps(line))
    if "headers" in answer:
        answer["headers"]["x-request-id"] = context.aws_request_id
    return answer


def respond(event: dict[str, Any], line: dict[str, Any]) -> dict[str, Any]:
    method, path = line["method"], line["path"].rstrip("/")
    if os.environ.get("API_KEY_SECRET"):
        check_key(event.get("headers", {}).get("authorization", ""))
    task = TASKS.get(path, "")
    lists = path == "/v1/models" or path.startswith("/v1/models/")
    if not lists and task not in OFFERED:
        raise Refused(404, f"Unknown request URL: {method} {path}.", "unknown_url")
    if method != ("GET" if lists else "POST"):
        raise Refused(405, f"Not allowed to {method} on {path}.", "method_not_supported")
    if lists:
        return reply(models(unquote(path.removeprefix("/v1/models").lstrip("/"))))
    body = read(event)
    asked = str(body.get("model"))
    line |= {"task": task, "model": asked[:100], "stream": body.get("stream") is True}
    call = request(task, body)
    if body.get("stream"):
        return {"invoke": call} if event.get("pipe") else stream(call)
    answer = invoke(call)
    if os.environ["PROTOCOL"] == "tei":
        answer = vectors(answer, asked, body.get("encoding_format") == "base64")
    if isinstance(answer, dict) and answer.get("usage"):
        line["usage"] = answer["usage"]
    return reply(answer)


def reply(body: Any, status: int = 200) -> dict[str, Any]:
    text = json.dumps(body, separators=(",", ":"))
    if len(text) > MAX_ANSWER:
        return reply(Refused(413, "The answer is too long for one response: ask for less at once.").body, 413)
    return {"statusCode": status, "headers": {"content-type": "application/json"}, "body": text}


def client(name: str) -> Any:
    if name not in clients:
        wait = Config(
            read_timeout=int(os.environ["TIMEOUT"]), connect_timeout=3, retries={"total_max_attempts": 1}
        )
        clients[name] = boto3.client(name, config=wait if name == "sagemaker-runtime" else None)
    return clients[name]


def check_key(header: str) -> None:
    kind, _, given = header.partition(" ")
    age = time.monotonic() - known["read"] if known["read"] is not None else KEYS_FOR
    if age >= KEYS_FOR or (age >= KEYS_AGAIN and not is_known(given)):
        known.update(keys=read_keys(), read=time.monotonic())
    if kind.lower() != "bearer" or not is_known(given):
        raise Refused(401, "Incorrect API key provided.", "invalid_api_key")


def is_known(given: str) -> bool:
    """In constant time, whichever key it is."""
    return sum(hmac.compare_digest(given.strip().encode(), key.encode()) for key in known["keys"]) > 0


def read_keys() -> list[str]:
    """A secret is one key, or JSON: a list of keys, or a mapping whose values are keys."""
    secret = client("secretsmanager").get_secret_value(SecretId=os.environ["API_KEY_SECRET"])["SecretString"]
    try:
        found = json.loads(secret)
    except ValueError:
        found = secret
    found = (
        list(found.values()) if isinstance(found, dict) else found if isinstance(found, list) else [secret]
    )
    return [key.strip() for key in found if isinstance(key, str) and key.strip()]


def models(name: str) -> dict[str, Any]:
    rows = [{"id": one, "object": "model", "created": 0, "owned_by": "sagemaker"} for one in MODELS]
    if not name:
        return {"object": "list", "data": rows}
    return next((row for row in rows if row["id"] == name), None) or unknown_model(name)


def unknown_model(name: str) -> Any:
    raise Refused(
        404, f"The model '{name}' does not exist; there is {', '.join(MODELS)}.", "model_not_found", "model"
    )


def read(event: dict[str, Any]) -> dict[str, Any]:
    text = event.get("body") or ""
    raw = base64.b64decode(text) if event.get("isBase64Encoded") else text.encode()
    if len(raw) > MAX_BODY:
        raise Refused(
            413, f"The request has {len(raw)} bytes; at most {MAX_BODY} are taken.", "request_too_large"
        )
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        raise Refused(400, "The body of the request is no JSON.") from None
    if not isinstance(body, dict):
        raise Refused(400, "The body of the request is no JSON object.")
    if not isinstance(body.get("model"), str) or not body["model"]:
        raise Refused(400, "You must provide a model parameter.", "missing_required_parameter", "model")
    return body if body["model"] in MODELS else unknown_model(body["model"])


def request(task: str, body: dict[str, Any]) -> dict[str, Any]:
    """The call of SageMaker. The endpoint has one model: its name is left out, containers call it differently."""
    needed = {"chat": "messages", "completions": "prompt", "embeddings": "input"}[task]
    if not body.get(needed):
        raise Refused(400, f"Missing required parameter: '{needed}'.", "missing_required_parameter", needed)
    if body.get("stream") and (task == "embeddings" or os.environ["STREAMS"] != "yes"):
        raise Refused(400, "This endpoint does not stream.", "unsupported_parameter", "stream")
    asked = {name: value for name, value in body.items() if name != "model"}
    if task != "embeddings" and MAX_TOKENS:
        limit(asked)
    if os.environ["PROTOCOL"] == "tei":
        asked = inputs(asked)
    place, kind = os.environ["ENDPOINT_NAME"], "application/json"
    return {"EndpointName": place, "ContentType": kind, "Accept": kind, "Body": json.dumps(asked)}


def limit(asked: dict[str, Any]) -> None:
    """Refuse what asks for more tokens than allowed; ask for all that is allowed where nothing is said."""
    for name in ("n", "best_of"):
        value = asked.get(name)
        if value is not None and (not isinstance(value, int) or value < 1):
            raise Refused(400, f"{name} must be a positive integer.", "invalid_value", name)
    prompt = asked.get("prompt")
    prompts = len(prompt) if isinstance(prompt, list) and isinstance(prompt[0], str | list) else 1
    times = prompts * max(asked.get("n") or 1, asked.get("best_of") or 1)
    names = [name for name in ("max_completion_tokens", "max_tokens") if asked.get(name) is not None]
    for name in names:
        value = asked[name]
        if not isinstance(value, int) or value < 1:
            raise Refused(400, f"{name} must be a positive integer.", "invalid_value", name)
        if value * times > MAX_TOKENS:
            raise Refused(
                400, f"At most {MAX_TOKENS} tokens may be asked for, in all.", "invalid_value", name
            )
    if times > MAX_TOKENS:
        raise Refused(400, f"At most {MAX_TOKENS} tokens may be asked for, in all.", "invalid_value", "n")
    # the older name is the one that every container knows
    asked.setdefault("max_tokens", asked[names[0]] if names else MAX_TOKENS // times)


def inputs(asked: dict[str, Any]) -> dict[str, Any]:
    """OpenAI's embedding request as Text Embeddings Inference has it."""
    texts = [asked["input"]] if isinstance(asked["input"], str) else asked["input"]
    if not isinstance(texts, list) or not all(isinstance(text, str) and text for text in texts):
        raise Refused(
            400, "input must be a text or a list of texts that are not empty.", "invalid_value", "input"
        )
    if asked.get("encoding_format") not in (None, "float", "base64"):
        raise Refused(400, "encoding_format must be float or base64.", "invalid_value", "encoding_format")
    return {"inputs": texts} | {name: asked[name] for name in ("dimensions",) if asked.get(name) is not None}


def vectors(found: Any, model: str, packed: bool) -> dict[str, Any]:
    """Its answer as OpenAI has it. It counts no tokens: usage says 0."""
    if not isinstance(found, list) or not all(isinstance(row, list) for row in found):
        raise Refused(502, "The endpoint's answer is no list of vectors.")
    data = []
    for index, row in enumerate(found):
        value = base64.b64encode(struct.pack(f"<{len(row)}f", *row)).decode() if packed else row
        data.append({"object": "embedding", "index": index, "embedding": value})
    return {"object": "list", "data": data, "model": model, "usage": {"prompt_tokens": 0, "total_tokens": 0}}


def invoke(call: dict[str, Any]) -> Any:
    data = asking(lambda: client("sagemaker-runtime").invoke_endpoint(**call)["Body"].read())
    try:
        return json.loads(data)
    except ValueError:
        raise Refused(502, "The endpoint's answer is no JSON.") from None


def stream(call: dict[str, Any]) -> dict[str, Any]:
    """A stream of events in one piece. Some containers send lines of JSON: they become events."""

    def collect() -> bytes:
        answer = client("sagemaker-runtime").invoke_endpoint_with_response_stream(**call)
        return b"".join(event["PayloadPart"]["Bytes"] for event in answer["Body"] if "PayloadPart" in event)

    lines = [line.strip() for line in asking(collect).decode().splitlines() if line.strip()]
    text = "".join(
        f"{line if line.startswith(('data:', ':', 'event:')) else f'data: {line}'}\n\n" for line in lines
    )
    if not text.endswith("data: [DONE]\n\n"):
        text += "data: [DONE]\n\n"
    headers = {"content-type": "text/event-stream", "cache-control": "no-cache"}
    return {"statusCode": 200, "headers": headers, "body": text}


def asking(ask: Any) -> Any:
    try:
        return ask()
    except ClientError as error:
        said = error.response["Error"]
        status, text = error.response.get("OriginalStatusCode"), error.response.get("OriginalMessage")
        raise of_endpoint(said.get("Code", ""), text or said.get("Message", ""), status) from error
    except (ReadTimeoutError, ConnectTimeoutError):
        raise Refused(504, f"The endpoint did not answer within {os.environ['TIMEOUT']} seconds.") from None
    except BotoCoreError as error:
        print(error)
        raise Refused(502, "The endpoint cannot be reached.") from None


def of_endpoint(code: str, message: str, status: int | None = None) -> Refused:
    """SageMaker's errors as OpenAI's; ``status`` and ``message`` are the container's own where it answered."""
    print(f"{code} {status or ''}: {message}")
    if code in ("ModelError", "ModelStreamError"):
        text, name, param = details(message)
        if status and 400 <= status < 500 and status not in (401, 403, 408, 424):
            return Refused(status, text, name, param)
        if not status or status in (408, 504) or "timed out" in message:
            return Refused(504, "The model did not answer in time.")
        return Refused(502, f"The model failed: {text}")
    if code in ("ThrottlingException", "TooManyRequestsException"):
        return Refused(429, "Too many requests to the endpoint: try again.", "rate_limit_exceeded")
    if code in ("ServiceUnavailable", "ServiceUnavailableException", "ModelNotReadyException"):
        return Refused(503, "The endpoint has no capacity just now: try again.")
    if code in ("ValidationError", "ValidationException"):
        if "larger than" in message or "too large" in message:
            return Refused(413, "The request is too large for the endpoint.", "request_too_large")
        return Refused(503, "The endpoint takes no requests just now.")
    return Refused(502, "The endpoint cannot be asked.")


def details(message: str) -> tuple[str, str, str]:
    """Message, code and parameter of a container's error, which is OpenAI's object, another one, or text."""
    try:
        found = json.loads(message)
    except ValueError:
        return message[:2000], "", ""
    error = found.get("error", found) if isinstance(found, dict) else found
    if not isinstance(error, dict):
        return str(error)[:2000], "", ""
    text = error.get("message") or error.get("detail") or error
    code, param = error.get("code"), error.get("param")
    return str(text)[:2000], code if isinstance(code, str) else "", param if isinstance(param, str) else ""
