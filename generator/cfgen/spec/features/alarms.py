"""``alarms``: who is told when the endpoint is not well."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from cfgen.spec.base import ARN_PARTITION, CLEAN, SpecModel, pattern
from cfgen.spec.sections import KmsKeyArn

Email = Annotated[
    str,
    pattern(
        r"^[^@\s,;\"]{1,64}@[a-zA-Z0-9-]+(\.[a-zA-Z0-9-]+)+$",
        "an e-mail address",
        "ml-platform@example.com",
        max_length=254,
    ),
    CLEAN,
]
AlarmTopic = Annotated[
    str,
    pattern(
        rf"^(make|{ARN_PARTITION}:sns:[a-z0-9-]+:[0-9]{{12}}:[A-Za-z0-9_-]{{1,256}})$",
        "make, or the ARN of an SNS topic",
        "arn:aws:sns:us-east-1:111122223333:alarms",
    ),
    CLEAN,
]
Share = Annotated[float, Field(gt=0, lt=1)]
Percent = Annotated[int, Field(ge=1, le=100)]


def given(value: object) -> object:
    """``true`` asks for what is usual: the same as an empty mapping."""
    return {} if value is True else value


class Alarms(SpecModel):
    """``alarms``: thresholds, by variant, and who is told. A key left out has a default that fits; null: no alarm."""

    topic: AlarmTopic = Field(
        "make",
        description="The SNS topic that is told: make, or one of yours in the region of the launch; a launcher may "
        "give another.",
    )
    email: Email | None = Field(
        None,
        description="Address subscribed to the topic made, once its owner confirms; a launcher may change it.",
    )
    kms_key: KmsKeyArn | None = Field(
        None,
        description="KMS key that encrypts the topic made. Its policy must let cloudwatch.amazonaws.com use it.",
    )
    error_rate: Share | None = Field(
        None, description="Share of requests that fail (5xx); 0.05 when absent, null for no alarm."
    )
    client_error_rate: Share | None = Field(
        None, description="Share of requests that are refused (4xx); no alarm when absent."
    )
    latency: Annotated[float, Field(gt=0, le=3600)] | None = Field(
        None,
        description="Seconds that the slowest tenth of requests takes in the model; 30 when absent, no alarm when "
        "absent with async, null for none.",
    )
    memory: Percent | None = Field(
        None, description="Percent of an instance's memory in use; 90 when absent, null for no alarm."
    )
    disk: Percent | None = Field(
        None,
        description="Percent of an instance's disk in use; 85 when absent, 75 with dataCapture, null for no alarm.",
    )
    cpu: Percent | None = Field(
        None, description="Percent of all processors in use, for 15 minutes; no alarm when absent."
    )
    gpu: Percent | None = Field(
        None, description="Percent of all GPUs in use, for 15 minutes; no alarm when absent."
    )
    gpu_memory: Percent | None = Field(
        None,
        description="Percent of all GPU memory in use; no alarm when absent, for most servers take it all at once.",
    )
    backlog: Annotated[int, Field(ge=1, le=1_000_000)] | None = Field(
        None,
        description="Requests of an asynchronous endpoint that wait; 100 when absent, null for no alarm.",
    )
    no_capacity: Annotated[int, Field(ge=1, le=1440)] | None = Field(
        None,
        description="Minutes that requests of an asynchronous endpoint wait without an instance, or of a component are "
        "refused without a copy (1 to 1,440); 30 when absent and scaling reaches zero, null for no alarm.",
    )


AlarmsOrTrue = Annotated[Alarms, BeforeValidator(given, json_schema_input_type=Literal[True] | Alarms)]
"""``alarms: true`` is ``alarms: {}``."""
