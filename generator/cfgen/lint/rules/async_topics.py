"""E9321: answers for a topic that is not there."""

from __future__ import annotations

from cfgen.lint.evaluate import known, mapping
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import CONFIG
from cfgen.lint.worlds import Resource

_TOPICS = {"SUCCESS_NOTIFICATION_TOPIC": "SuccessTopic", "ERROR_NOTIFICATION_TOPIC": "ErrorTopic"}


class AsyncTopics(Rule):
    """IncludeInferenceResponseIn speaks of topics beside it."""

    id = "E9321"
    shortdesc = "An answer is included only in messages of a topic that is given"
    description = (
        "IncludeInferenceResponseIn names the success or the error topic of the same NotificationConfig; the "
        "resource schema lets it name one that is not there."
    )
    fix = "give the topic, or leave it out of IncludeInferenceResponseIn"
    source_url = (
        "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_AsyncInferenceNotificationConfig.html"
    )
    source_title = "AsyncInferenceNotificationConfig"
    tags = ("resources", "sagemaker", "endpoint-config", "async")
    types = (CONFIG,)

    def check(self, resource: Resource) -> Hits:
        """Only what is known to be named."""
        told = mapping(resource.properties, "AsyncInferenceConfig", "OutputConfig", "NotificationConfig")
        named = told.get("IncludeInferenceResponseIn")
        for which in named if isinstance(named, list) else ():
            topic = _TOPICS.get(str(which)) if known(which) else None
            if topic and topic not in told:
                yield told.where("IncludeInferenceResponseIn"), f"{which} without {topic}"
