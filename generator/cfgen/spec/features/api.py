"""``api``: an HTTP front door that speaks OpenAI's API."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from cfgen.spec.base import ARN_PARTITION, BY_KIND, CLEAN, MAPPING, TEXT, SpecModel, pattern

Route = Literal["chat", "completions", "embeddings"]
Origin = Annotated[
    str,
    pattern(
        r"^(\*|https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?)$",
        "an origin (scheme and host), or *",
        "https://chat.example.com",
        max_length=255,
    ),
    CLEAN,
]
ModelName = Annotated[
    str,
    pattern(r"^[A-Za-z0-9][A-Za-z0-9_./:@-]{0,199}$", "a name without spaces or commas", "our-chat-model"),
    CLEAN,
]
SecretName = Annotated[
    str,
    pattern(
        rf"^({ARN_PARTITION}:secretsmanager:[a-z0-9-]+:[0-9]{{12}}:secret:)?[A-Za-z0-9/_+=.@-]+$",
        "name or ARN of a Secrets Manager secret",
        "chat/api-keys",
        max_length=512,
    ),
    CLEAN,
]


class JwtAuth(SpecModel):
    """``auth: {type: jwt}``: a token of an OpenID provider, checked by API Gateway."""

    type: Literal["jwt"] = Field(description="Checked by API Gateway's JWT authorizer.")
    issuer: Annotated[
        str,
        pattern(r"^https://[A-Za-z0-9._~:/?#@!$&'()*+,;=%-]+$", "an https address", max_length=500),
        CLEAN,
    ] = Field(description="Who issues the tokens: the provider's address, as in their iss.")
    audience: Annotated[
        list[
            Annotated[
                str, pattern(r"^[^,\s]+$", "a name without spaces or commas", "chat", max_length=255), CLEAN
            ]
        ],
        Field(min_length=1, max_length=50),
    ] = Field(description="For whom they are issued: one of these must be in their aud or client_id.")


class ApiKeyAuth(SpecModel):
    """``auth: {type: api-key}``: a key of a secret, as OpenAI's clients send it; checked by the function."""

    type: Literal["api-key"] = Field(description="Authorization: Bearer KEY.")
    secret: SecretName | None = Field(
        None,
        description="Secret that holds the key, or several as JSON; made, with a key of 48 characters, when absent.",
    )


class Throttling(SpecModel):
    """Requests that API Gateway lets pass; the others are answered 429."""

    rate: Annotated[int, Field(ge=1, le=10000)] = Field(50, description="Requests a second, on average.")
    burst: Annotated[int, Field(ge=1, le=5000)] = Field(100, description="Requests at once.")


class Cors(SpecModel):
    """Pages of which other origins may call the API from a browser."""

    origins: Annotated[list[Origin], Field(min_length=1, max_length=50)] = Field(
        description="Origins; * for all."
    )
    max_age: Annotated[int, Field(ge=0, le=86400)] = Field(
        600, description="Seconds for which a browser remembers the answer."
    )


class AccessLogs(SpecModel):
    """A line for each request, in CloudWatch Logs; nothing of what is asked or answered."""

    enabled: bool = Field(True, description="Whether API Gateway writes them.")
    retention_days: int | None = Field(
        None,
        description="How long they, and the function's logs, are kept; as long as the endpoint's when absent.",
    )


class Api(SpecModel):
    """``api``: an HTTP API and a function that offer the endpoint as OpenAI's API, with the paths of its clients."""

    routes: Annotated[list[Route], Field(min_length=1, max_length=3)] | None = Field(
        None, description="What is offered; what the container answers when absent."
    )
    auth: Annotated[
        Annotated[Literal["iam"], TEXT]
        | Annotated[Annotated[JwtAuth | ApiKeyAuth, Field(discriminator="type")], MAPPING],
        BY_KIND,
    ] = Field(
        "iam", description="Who may call: iam (signed requests), or a mapping with a type: jwt or api-key."
    )
    protocol: Literal["openai", "tei"] | None = Field(
        None,
        description="What the container speaks, where cfgen does not know: openai, or tei ({inputs} → vectors).",
    )
    models: Annotated[list[ModelName], Field(min_length=1, max_length=10)] | None = Field(
        None,
        description="Names by which callers ask for the model; its modelId, else the spec's name, when absent.",
    )
    throttling: Throttling = Field(default_factory=Throttling, description="Requests let through.")
    cors: Cors | None = Field(None, description="Callers in browsers; none when absent.")
    access_logs: AccessLogs = Field(default_factory=AccessLogs, description="The log of requests.")
    max_body_bytes: Annotated[int, Field(ge=1024, le=4_194_304)] = Field(
        1_048_576, description="Longest request in bytes; longer ones are answered 413."
    )
    max_tokens: Annotated[int, Field(ge=1, le=1_000_000)] | None = Field(
        None, description="Most tokens that one request may ask for, and what it gets when it does not say."
    )
    streaming: bool = Field(
        False, description="Answers as they are made, at a function URL; else a stream comes in one piece."
    )
    timeout: Annotated[int, Field(ge=1, le=28)] = Field(
        28, description="Seconds that the endpoint has to answer; HTTP APIs wait 30 in all."
    )
    reserved_concurrency: Annotated[int, Field(ge=1, le=1000)] | None = Field(
        None, description="Requests worked on at once, at most, taken out of the account's concurrency."
    )
