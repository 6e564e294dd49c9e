"""Embeddings and reranking by several models behind one SageMaker endpoint.

For the Hugging Face PyTorch inference container. The models are the artifact's folders that hold a config.json,
each named by its path, such as intfloat/multilingual-e5-large; all are loaded as the server starts.

    {"inputs": "a text" or ["texts"], "model": "…", "inputType": "query", "passage" or "none"}
        → {"model": "…", "embeddings": [[…]], "tokens": 9, "truncated": []}
    {"query": "a text", "passages": ["texts"], "model": "…"}
        → {"model": "…", "scores": […], "tokens": 9, "truncated": []}

"type" may be given: "embeddings", "cross-encoder" or "rerank". "input" stands for "inputs". "model" may be left
out where only one does what is asked, or the environment's DEFAULT_MODEL does (which also names a model whose
files are at the artifact's top). Models trained with prefixes want an inputType. "truncated" lists the texts
longer than the model reads. The caller's mistakes are 400, 404 (no such model) and 413 (too much: MAX_TEXTS,
MAX_CHARACTERS), ours are 500; {"code", "type", "message"} as in the model server's own errors.
"""

from __future__ import annotations

import json
import logging
import os
import re
import time
from pathlib import Path
from typing import Any

import torch
from encoder import Encoder, find

DEFAULT_MODEL = os.environ.get("DEFAULT_MODEL", "")
MAX_TEXTS = int(os.environ.get("MAX_TEXTS", "512"))
MAX_CHARACTERS = int(os.environ.get("MAX_CHARACTERS", "400000"))
MAX_NUMBERS = 500_000  # of 12 bytes: multi-model-server sends no more than 6,553,500 bytes
RERANKS = {"embeddings": False, "cross-encoder": True, "rerank": True}
FIELDS = ("model", "type", "inputs", "input", "inputType", "query", "passages")
EXAMPLE = (
    'send {"inputs": ["a text"], "model": "…"} or {"query": "a text", "passages": ["texts"], "model": "…"}'
)
STATUS = {400: "BadRequest", 404: "ModelNotFound", 413: "TooLarge", 500: "InternalServerError"}
log = logging.getLogger(__name__)


class Refused(Exception):
    """What is wrong with a request, and what would be right."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


def choose(body: dict[str, Any], models: dict[str, Any]) -> Any:
    """The model that is to answer a request."""
    kind, name = str(body.get("type", "")), body.get("model")
    if "type" in body and kind not in RERANKS:
        raise Refused(f"type is {show(body['type'])}: it is one of {', '.join(RERANKS)}")
    if name is None:
        wanted = RERANKS.get(kind, bool({"query", "passages"} & body.keys()))
        able = [one for one in models.values() if one.reranks == wanted]
        able = [one for one in able if one.name == DEFAULT_MODEL] or able
        if len(able) != 1:
            raise Refused(
                f"model is missing: it is one of {', '.join(one.name for one in able) or 'none here'}"
            )
        return able[0]
    if str(name) not in models:
        raise Refused(f"there is no model {show(name)}: there is {', '.join(models)}", 404)
    model = models[str(name)]
    if RERANKS.get(kind, model.reranks) != model.reranks:
        raise Refused(f"type is {kind}, but {name} is for {'reranking' if model.reranks else 'embeddings'}")
    return model


def take(body: dict[str, Any], *fields: str) -> list[str]:
    """The texts in the one of the fields that is there."""
    given = [field for field in fields if field in body]
    if len(given) != 1:
        raise Refused(f"{' or '.join(fields)} is {'there twice' if given else 'missing'}: {EXAMPLE}")
    texts = [body[given[0]]] if isinstance(body[given[0]], str) else body[given[0]]
    if not isinstance(texts, list) or not texts:
        raise Refused(f"{given[0]} is {show(texts)}: it is a text, or a list of at least one")
    for row, text in enumerate(texts):
        # half a character (a lone surrogate) has no UTF-8, which the tokenizer reads
        if not isinstance(text, str) or not text.strip() or re.search("[\ud800-\udfff]", text):
            raise Refused(f"{given[0]}[{row}] is {show(text)}: it is a text, not empty, of whole characters")
    return texts


def answer(body: Any, models: dict[str, Any]) -> dict[str, Any]:
    """What a request asks for."""
    if not isinstance(body, dict):
        raise Refused(f"the body is {show(body)}: {EXAMPLE}")
    if unknown := body.keys() - set(FIELDS):
        raise Refused(f"there is no field {', '.join(sorted(unknown))}: there is {', '.join(FIELDS)}")
    model, pairs = choose(body, models), None
    wrong = {"inputs", "input", "inputType"} if model.reranks else {"query", "passages"}
    if wrong := wrong & body.keys():
        raise Refused(f"{model.name} takes no {', '.join(sorted(wrong))}: {EXAMPLE}")
    if model.reranks:
        texts, pairs = take(body, "query"), take(body, "passages")
        if len(texts) > 1:
            raise Refused(f"query holds {len(texts)} texts: it is one, for all passages")
        texts *= len(pairs)
    else:
        texts = take(body, "inputs", "input")
    characters, most = sum(map(len, texts + (pairs or []))), min(MAX_TEXTS, MAX_NUMBERS // model.size)
    if len(texts) > most or characters > MAX_CHARACTERS:
        message = f"{len(texts)} texts with {characters} characters, a query counted for each passage"
        raise Refused(f"{message}: at most {most} with {MAX_CHARACTERS} in one request", 413)
    if not model.reranks:
        prompts = {"none": "", "query": "", "passage": "", **model.prompts}
        kind = body.get("inputType", model.prompt or (None if model.prompts else "none"))
        if str(kind) not in prompts:
            given = show(kind) if kind else "missing"
            raise Refused(f"inputType is {given}: for {model.name} it is one of {', '.join(prompts)}")
        texts = [prompts[str(kind)] + (text.lower() if model.lower else text) for text in texts]
    values, tokens, cut = model.run(texts, pairs)
    # seven digits, as many as a 32-bit float has; without rounding a number takes 20 bytes
    numbers = values.double().numpy().round(7).tolist()
    name = "scores" if model.reranks else "embeddings"
    return {"model": model.name, name: numbers, "tokens": tokens, "truncated": cut}


def show(value: Any) -> str:
    """A value as JSON, for a message."""
    text = json.dumps(value)
    return text if len(text) <= 80 else f"{text[:80]}…"


def model_fn(model_dir: str, context: Any = None) -> dict[str, Any]:
    """All models, each tried once. Runs as a worker starts and, if that fails, again at every request."""
    processors = len(os.sched_getaffinity(0))
    # The server sets OMP_NUM_THREADS to 1; it starts a worker on every processor unless told how many.
    workers = int(os.environ.get("SAGEMAKER_MODEL_SERVER_WORKERS") or processors)
    torch.set_num_threads(max(1, processors // workers))
    gpu = context.system_properties.get("gpu_id") if context else None
    device = torch.device(f"cuda:{max(0, int(gpu or 0))}" if torch.cuda.is_available() else "cpu")
    models: dict[str, Any] = {}
    for name, folder in find(Path(model_dir), DEFAULT_MODEL or "model").items():
        started = time.monotonic()
        try:
            models[name] = Encoder(name, folder, device)
        except Exception as error:
            raise RuntimeError(f"{name} cannot be served: {error}") from error
        log.info("%s on %s after %.1f s", name, device, time.monotonic() - started)
    if not models:
        raise RuntimeError(f"no model in {model_dir}: no config.json with a model_type")
    return models


def transform_fn(models: dict[str, Any], data: Any, _: str, accept: str, context: Any) -> str:
    """Answer a request, errors included: the toolkit makes 400 of any exception, ours too."""
    if "json" not in accept and "*" not in accept:
        # the one thing left to the toolkit, which labels whatever is returned with the type asked for
        raise ValueError(f"Accept is {accept}: answers are application/json")
    started, status = time.monotonic(), 200
    try:
        try:
            body = json.loads(data or "")
        except (ValueError, RecursionError) as error:
            raise Refused(f"the body is not JSON ({error}): {EXAMPLE}") from None
        found = answer(body, models)
        text = json.dumps(found, separators=(",", ":"), allow_nan=False)
        log.info("%s: %d tokens, %.3f s", found["model"], found["tokens"], time.monotonic() - started)
    except Refused as error:
        status, message = error.status, str(error)
    except Exception as error:
        log.exception("a request failed")
        status, message = 500, f"{type(error).__name__}: {error}"
    if status != 200:
        context.set_response_status(status, STATUS[status], 0)
        text = json.dumps({"code": status, "type": STATUS[status], "message": message})
    return text
