"""``dataCapture`` → what is kept of requests and answers.

Sources: Amazon SageMaker, "Data capture for real-time endpoints"; "Serverless Inference: feature exclusions".
"""

from __future__ import annotations

from cfgen.resolve.features.buckets import DAYS, check_bucket
from cfgen.resolve.features.scene import Scene
from cfgen.resolve.plans.data_capture import DataCapturePlan


def plan(scene: Scene) -> DataCapturePlan | None:
    """What is kept, and where; what cannot be captured is noted."""
    asked, notes = scene.data.data_capture, scene.notes
    if asked is None:
        return None
    if scene.endpoint.serverless:
        notes.refuse(
            "dataCapture", "a serverless endpoint captures no data", "leave it out, or use instances"
        )
    check_bucket("dataCapture", asked, notes)
    twice = set(asked.json_content_types) & set(asked.csv_content_types)
    if twice:
        notes.refuse("dataCapture.csvContentTypes", f"{sorted(twice)[0]} is JSON already", "name it once")
    made = asked.bucket is None
    bucket = "CaptureBucket" if made else "CaptureBucketName"
    return DataCapturePlan(
        bucket=bucket,
        given_bucket=asked.bucket or "",
        prefix=asked.prefix,
        sampling=asked.sampling,
        modes=tuple(mode.title() for mode in dict.fromkeys(asked.capture)),
        json_types=tuple(dict.fromkeys(asked.json_content_types)),
        csv_types=tuple(dict.fromkeys(asked.csv_content_types)),
        expire_after_days=asked.expire_after_days or DAYS,
        retain=asked.retain_on_delete,
        emptied=(bucket,) if made else (),
    )
