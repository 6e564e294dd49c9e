"""``async`` → the plan of an asynchronous endpoint."""

from __future__ import annotations

from cfgen.resolve.features.buckets import DAYS, check_bucket
from cfgen.resolve.features.scene import Scene
from cfgen.resolve.plans.asynchronous import AsyncPlan, TopicPlan
from cfgen.spec.features.asynchronous import Async


def plan(scene: Scene) -> AsyncPlan | None:
    """Where requests and answers lie, who is told; what asynchronous endpoints cannot be, is noted."""
    asked = scene.data.asynchronous
    if asked is None:
        return None
    _check(asked, scene)
    made = asked.bucket is None
    bucket = "AsyncBucket" if made else "AsyncBucketName"
    return AsyncPlan(
        bucket=bucket,
        given_bucket=asked.bucket or "",
        input_bucket="AsyncInputBucketName" if asked.input_bucket else bucket,
        given_input_bucket=asked.input_bucket or "",
        input_prefix=asked.input_prefix,
        output_prefix=asked.output_prefix,
        failure_prefix=asked.failure_prefix,
        expire_after_days=asked.expire_after_days or DAYS,
        retain=asked.retain_on_delete,
        success=_topic("Success", asked.success_topic, "success" in asked.include_response_in),
        error=_topic("Error", asked.error_topic, "error" in asked.include_response_in),
        max_concurrency=asked.max_concurrent_invocations_per_instance,
        emptied=(bucket,) if made else (),
    )


def _topic(which: str, asked: str | None, response: bool) -> TopicPlan | None:
    if asked is None:
        return None
    made = asked == "make"
    return TopicPlan(f"Async{which}Topic" + ("" if made else "Arn"), "" if made else asked, response)


def _check(asked: Async, scene: Scene) -> None:
    notes = scene.notes
    check_bucket("async", asked, notes)
    prefixes = (asked.input_prefix, asked.output_prefix, asked.failure_prefix)
    for index, key in enumerate(("outputPrefix", "failurePrefix"), 1):
        for other in prefixes[:index]:
            if other.startswith(prefixes[index]) or prefixes[index].startswith(other):
                notes.refuse(
                    f"async.{key}",
                    f"{prefixes[index]} and {other} are not apart",
                    "give each a prefix of its own",
                )
    for key in asked.include_response_in:
        if (asked.success_topic if key == "success" else asked.error_topic) is None:
            notes.refuse(
                "async.includeResponseIn", f"names {key}, for which there is no topic", f"give {key}Topic"
            )
    if scene.data.model.type == "model-package":
        # "Marketplace images are not supported when specifying an AsyncInferenceConfig" (CreateEndpointConfig)
        notes.warn("async", "SageMaker refuses packages of AWS Marketplace at an asynchronous endpoint")
    if len(scene.endpoint.variants) > 1:
        notes.refuse(
            "async",
            "stands beside several variants, and an asynchronous request cannot name its variant",
            "serve one variant, or leave async out",
        )
