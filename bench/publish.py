"""Publishing 50 products that did not change: seconds and requests, against uploading them all."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.measure import ROOT, interleaved, python, table

BUCKET = "bench-us-east-1"


def main(quick: bool) -> None:
    """50 specs that differ, in a local S3; 10 when quick. A request costs next to nothing here: count them."""
    from cfgen import document, pipeline
    from cfgen.deploy.session import Aws
    from cfgen.publish import portfolio, s3, service_catalog
    from cfgen.sandbox import Sandbox

    count, rounds = (10, 3) if quick else (50, 5)
    with TemporaryDirectory() as name, Sandbox() as sandbox:
        os.environ.update(sandbox.environment())
        folder = Path(name)
        text = (ROOT / "specs" / "embeddings-tei.yaml").read_text()
        for number in range(count):
            (folder / f"{number}.yaml").write_text(text.replace("name: ", f"name: n{number:02}-", 1))
        templates = [pipeline.render_checked(path) for path in sorted(folder.glob("*.yaml"))]
        sandbox.client("s3").create_bucket(Bucket=BUCKET)
        bucket = s3.Bucket(BUCKET, "us-east-1", "amazonaws.com", False)
        request = service_catalog.Request("Models", "models", "bench", BUCKET)
        first = service_catalog.plan(request, templates, "us-east-1", {}, bucket)
        with Aws("us-east-1") as aws:
            client = aws.client("s3")
            requests = _counted(client)
            body = {s3.key_of(one): one.text.encode() for one in templates}

            def all_anew() -> None:
                for key, data in body.items():
                    client.put_object(Bucket=BUCKET, Key=key, Body=data)

            def one_by_one() -> None:
                for key in body:
                    client.head_object(Bucket=BUCKET, Key=key)

            rivals: dict[str, Any] = {
                "upload all": all_anew,
                "ask for each": one_by_one,
                "`publish s3`: list once": lambda: s3.publish(templates, aws, bucket),
            }
            all_anew()
            sent = {}
            for rival, work in rivals.items():
                before = len(requests)
                work()
                sent[rival] = len(requests) - before
            times = interleaved(rivals, rounds)
        known = portfolio.known(document.load(first.template.text))
        times["portfolio of all, rendered over what is deployed"] = interleaved(
            {"": lambda: service_catalog.plan(request, templates, "us-east-1", known, bucket)}, rounds
        )[""]
        command = python("-m", "cfgen", "publish", "s3", str(folder), "--bucket", BUCKET)
        times["`cfgen publish s3`, the whole command"] = interleaved({"": command}, rounds)[""]
    table(
        f"{count} products that did not change",
        ("", "wall", "S3 requests", "bytes sent"),
        [
            (
                rival,
                f"{seconds * 1000:,.0f} ms",
                str(sent.get(rival, "")),
                f"{sum(map(len, body.values())):,}"
                if rival == "upload all"
                else "0"
                if rival in sent
                else "",
            )
            for rival, seconds in times.items()
        ],
    )


def _counted(client: Any) -> list[str]:
    seen: list[str] = []
    client.meta.events.register("before-send.s3", lambda **given: seen.append(given["request"].url))
    return seen
