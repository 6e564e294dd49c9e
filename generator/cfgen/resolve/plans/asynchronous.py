"""Asynchronous inference: where requests and answers lie, and who is told."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TopicPlan:
    """An SNS topic: made by the template (``given`` is empty), or the launcher's, with ``given`` as default.

    ``id``: logical id of the topic, or of the parameter. ``response``: its messages hold the answer.
    """

    id: str
    given: str
    response: bool


@dataclass(frozen=True, slots=True)
class AsyncPlan:
    """AsyncInferenceConfig and what it names. Prefixes end in a slash.

    ``bucket`` and ``input_bucket`` are logical ids: of the bucket made, or of a launcher's parameter whose default is
    ``given_bucket`` and ``given_input_bucket`` (empty for none). ``emptied``: buckets to empty before they go.
    """

    bucket: str
    given_bucket: str
    input_bucket: str
    given_input_bucket: str
    input_prefix: str
    output_prefix: str
    failure_prefix: str
    expire_after_days: int
    retain: bool
    success: TopicPlan | None
    error: TopicPlan | None
    max_concurrency: int | None
    emptied: tuple[str, ...]

    @property
    def response_in(self) -> tuple[str, ...]:
        """The topics whose messages hold the answer, as the API calls them."""
        kinds = (("SUCCESS_NOTIFICATION_TOPIC", self.success), ("ERROR_NOTIFICATION_TOPIC", self.error))
        return tuple(kind for kind, topic in kinds if topic and topic.response)

    @property
    def topics(self) -> tuple[TopicPlan, ...]:
        """The topics that are told, each once."""
        return tuple(dict.fromkeys(topic for topic in (self.success, self.error) if topic))
