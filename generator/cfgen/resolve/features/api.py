"""``api`` → the front door.

Sources: Amazon API Gateway, "Quotas for configuring and running an HTTP API" (30 s, 10 MB); AWS Lambda, "Response
streaming" (function URLs; of the managed runtimes Node.js alone) and "Lambda quotas" (6 MB); Amazon SageMaker,
"Invoke models with response streaming". What containers answer at /invocations: vllm-project/vllm
vllm/entrypoints/sagemaker; sgl-project/sglang python/sglang/srt/entrypoints/http_server.py;
huggingface/text-generation-inference router/src/server.rs; deepjavalibrary/djl-serving lmi_vllm/vllm_async_service.py;
huggingface/text-embeddings-inference router/src/http/server.rs.
"""

from __future__ import annotations

import json

from cfgen.catalogue.families import canonical
from cfgen.catalogue.versions import version_key
from cfgen.resolve.container_models import is_embedding_model
from cfgen.resolve.features.scene import Scene
from cfgen.resolve.plans.api import ApiPlan
from cfgen.spec.features.api import ApiKeyAuth, JwtAuth
from cfgen.spec.schema import SpecData
from cfgen.spec.sections import RETENTION_DAYS

NODE_RUNTIME = "nodejs24.x"
"""Runtime of the function that streams: AWS's own Python has no response streaming (Lambda: response streaming)."""
PATHS = {
    "chat": "/v1/chat/completions",
    "completions": "/v1/completions",
    "embeddings": "/v1/embeddings",
}
_GENERATES = ("chat", "completions")
_CHAT_ONLY = ("chat",)
_EMBEDS = ("embeddings",)
ANSWERS: dict[str, tuple[str, tuple[str, ...]]] = {
    # generates or embeds, as the model is
    "vllm": ("openai", tuple(PATHS)),
    "vllm-server": ("openai", tuple(PATHS)),
    "huggingface-vllm": ("openai", tuple(PATHS)),
    "huggingface-vllm-neuronx": ("openai", _GENERATES),
    # /invocations is the chat route there, whatever the body
    "sglang": ("openai", _CHAT_ONLY),
    "sglang-server": ("openai", _CHAT_ONLY),
    "huggingface-sglang": ("openai", _CHAT_ONLY),
    "llama-cpp": ("openai", _CHAT_ONLY),
    "llama-cpp-arm64": ("openai", _CHAT_ONLY),
    "djl-lmi": ("openai", _GENERATES),
    "huggingface-llm": ("openai", _GENERATES),
    "huggingface-tei": ("tei", _EMBEDS),
    "huggingface-tei-cpu": ("tei", _EMBEDS),
}
"""Image family → what it speaks at /invocations, and which of OpenAI's requests it answers there."""
SINCE = {"huggingface-llm": ("2.4", "Text Generation Inference"), "djl-lmi": ("0.27", "LMI")}
"""Families whose older versions know no messages, and the first that does."""


def plan(scene: Scene) -> ApiPlan | None:
    """What is offered, to whom; what the endpoint or AWS could not do, is noted."""
    asked, notes = scene.data.api, scene.notes
    if asked is None:
        return None
    _check_endpoint(scene)
    protocol, able, usual = _answers(scene)
    routes = tuple(route for route in PATHS if route in (asked.routes or usual))
    if not routes:
        notes.refuse(
            "api", "the variants answer nothing that all of them do", "variants of one kind of model"
        )
    for index, route in enumerate(asked.routes or ()):
        if route not in able:
            notes.refuse(
                f"api.routes.{index}", f"the container does not answer {route}", f"such as {', '.join(able)}"
            )
    streams = not scene.endpoint.serverless and protocol == "openai" and routes != _EMBEDS
    if asked.streaming and not streams:
        why = (
            "a serverless endpoint does not stream"
            if scene.endpoint.serverless
            else "embeddings are not streamed"
        )
        notes.refuse("api.streaming", why, "leave it out")
    if asked.streaming and isinstance(asked.auth, JwtAuth):
        notes.refuse(
            "api.streaming",
            "answers are streamed at a function URL, which checks no JWT",
            "auth: iam, or api-key",
        )
    days = asked.access_logs.retention_days
    if days is not None and days not in RETENTION_DAYS:
        near = min(RETENTION_DAYS, key=lambda step: abs(step - days))
        notes.refuse(
            "api.accessLogs.retentionDays", f"{days} is not one of CloudWatch Logs' steps", f"such as {near}"
        )
    if asked.throttling.burst < asked.throttling.rate:
        notes.warn(
            "api.throttling",
            "lets fewer requests pass at once (burst) than a second (rate): they come in bursts",
        )
    if asked.cors and "*" in asked.cors.origins and len(asked.cors.origins) > 1:
        notes.refuse("api.cors.origins", "* stands beside other origins", "keep one or the others")
    jwt = asked.auth if isinstance(asked.auth, JwtAuth) else None
    key = asked.auth if isinstance(asked.auth, ApiKeyAuth) else None
    return ApiPlan(
        routes=(
            ("Models", "GET", "/v1/models"),
            ("Model", "GET", "/v1/models/{model+}"),
            *((route.title(), "POST", PATHS[route]) for route in routes),
        ),
        offered=",".join(routes),
        auth="jwt" if jwt else "api-key" if key else "iam",
        issuer=jwt.issuer if jwt else "",
        audience=tuple(jwt.audience) if jwt else (),
        secret=(key.secret or "") if key else "",
        protocol=protocol,
        models=json.dumps(list(dict.fromkeys(asked.models or [_model_id(scene.data) or scene.data.name]))),
        rate=asked.throttling.rate,
        burst=asked.throttling.burst,
        origins=tuple(dict.fromkeys(asked.cors.origins)) if asked.cors else (),
        max_age=asked.cors.max_age if asked.cors else 0,
        access_logs=asked.access_logs.enabled,
        retention_days=days or scene.data.logs.retention_days,
        max_body_bytes=asked.max_body_bytes,
        max_tokens=asked.max_tokens or 0,
        streams=streams,
        streaming=asked.streaming,
        timeout=asked.timeout,
        concurrency=asked.reserved_concurrency,
        node_runtime=NODE_RUNTIME,
    )


def _check_endpoint(scene: Scene) -> None:
    """Endpoints of which a call that waits makes no sense, or which must be told more than the API says."""
    if scene.data.asynchronous is not None:
        scene.notes.refuse(
            "api", "an asynchronous endpoint answers no call that waits", "leave out async or api"
        )
    if getattr(scene.data, "components", None):
        scene.notes.refuse(
            "api", "an endpoint of components must be told one in each request", "leave out components or api"
        )
    if any(model.mode == "multi-model" for model in scene.models):
        scene.notes.refuse(
            "api", "a multi-model endpoint must be told an archive in each request", "serve one model"
        )


def _answers(scene: Scene) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """What every variant that answers speaks, what all of them may answer, and what of it their models surely do."""
    asked, notes = scene.data.api, scene.notes
    assert asked is not None
    if asked.protocol:
        if asked.protocol == "tei":
            return "tei", _EMBEDS, _EMBEDS
        return "openai", tuple(PATHS), _GENERATES
    usual: tuple[str, ...]
    found: list[tuple[str, tuple[str, ...], tuple[str, ...]]] = []
    for one in scene.served:
        if one.shadow:
            continue
        image = one.planned.image
        family = canonical(image.family) if image else ""
        row = ANSWERS.get(family)
        first, name = SINCE.get(family, ("", ""))
        if (
            image
            and first
            and image.version[:1].isdigit()
            and version_key(image.version) < version_key(first)
        ):
            notes.refuse(
                "api", f"{name} answers OpenAI's requests from {first} on", "a newer version of the container"
            )
        if row is None:
            what = image.label if image else "the model package"
            notes.refuse(
                "api",
                f"what {what} speaks is not known",
                "say it with api.protocol: openai (OpenAI's requests at /invocations) or tei ({inputs} → vectors)",
            )
            return "openai", _GENERATES, _GENERATES
        pools = dict(one.planned.plan.environment).get("SM_VLLM_RUNNER") == "pooling"
        embeds = pools or is_embedding_model(_model_id(one.notes.spec.data) or "")
        both = row[1] == tuple(PATHS)
        usual = (_EMBEDS if embeds else _GENERATES) if both else row[1]
        found.append((row[0], _EMBEDS if both and pools else row[1], usual))
    if len({protocol for protocol, _, _ in found}) > 1:
        notes.refuse("api", "the variants' containers speak differently", "variants of one kind of container")
    able = tuple(route for route in PATHS if all(route in row[1] for row in found))
    usual = tuple(route for route in PATHS if all(route in row[2] for row in found))
    return found[0][0], able, usual


def _model_id(data: SpecData) -> str | None:
    found = getattr(data.model, "model_id", None)
    return found if isinstance(found, str) else None
