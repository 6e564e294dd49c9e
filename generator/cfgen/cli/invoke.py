"""``cfgen invoke``: a request to a stack's endpoint."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cfgen.cli.options import format_option
from cfgen.deploy import console

if TYPE_CHECKING:
    from cfgen.deploy.invoke import Target
    from cfgen.deploy.sample import Sample
    from cfgen.deploy.session import Aws


@click.command("invoke")
@console.stack_argument
@click.argument("body", required=False)
@console.region_option
@console.profile_option
@click.option("--chat", metavar="TEXT", help="Ask a chat model; prints its words.")
@click.option("--system", metavar="TEXT", default="", help="System prompt for --chat.")
@click.option("--max-tokens", type=click.IntRange(1), help="Longest answer of --chat.")
@click.option("--embed", multiple=True, metavar="TEXT", help="Ask for embeddings; repeatable.")
@click.option("--stream", is_flag=True, help="Print the answer as it arrives.")
@click.option(
    "--async", "asynchronous", is_flag=True, help="Asynchronous endpoint: BODY, or the s3:// URI of one."
)
@click.option(
    "--upload", metavar="S3-PREFIX", help="With --async: put the body below this s3:// prefix first."
)
@click.option("--no-wait", is_flag=True, help="With --async: do not wait for the answer.")
@click.option(
    "--content-type",
    metavar="TYPE",
    help="Content type of the body (default: application/json, or text/plain).",
)
@click.option("--accept", metavar="TYPE", default="", help="Content type wanted of the answer.")
@click.option(
    "--component", metavar="NAME", default="", help="Inference component (default: the stack's first)."
)
@click.option("--variant", metavar="NAME", default="", help="Production variant.")
@click.option("--target-model", metavar="PATH", default="", help="Which model, of a multi-model endpoint.")
@click.option("--endpoint", "is_endpoint", is_flag=True, help="STACK is the name of an endpoint.")
@console.timeout_option(900, "How long --async waits for the answer")
@format_option
def command(
    stack: str, body: str | None, region: str | None, profile: str | None, is_endpoint: bool, **options: Any
) -> int:
    """Send a request to the endpoint of a stack and print the answer; how long it took goes to stderr.

    BODY is JSON or text, @FILE, or - for standard input; without one the template's own example is sent.
    """
    from cfgen.deploy import invoke, sample, session
    from cfgen.deploy import stack as stacks

    with session.Aws(region or session.default_region(profile), profile) as aws:
        example: Sample | None = None
        if is_endpoint:
            target = invoke.Target(stack, options["component"], options["variant"], options["target_model"])
        else:
            found = stacks.get(aws, stack)
            example = sample.of_outputs(found.outputs)
            target = invoke.target_of(
                found,
                component=options["component"] or (example.component if example else ""),
                variant=options["variant"],
                model=options["target_model"] or (example.model if example else ""),
            )
            if place := found.outputs.get("AsyncInput"):
                options |= {"asynchronous": True, "upload": options["upload"] or place}
        if options["asynchronous"]:
            return _async(aws, target, body, example, options)
        content, kind = _body(body, example, options)
        if options["stream"]:
            return _stream(aws, target, content, kind, options)
        answer = invoke.invoke(aws, target, content, content_type=kind, accept=options["accept"])
    _print(answer.body, answer.data, answer.seconds, options, answer.content_type, target)
    return 0


def _body(given: str | None, example: Sample | None, options: dict[str, Any]) -> tuple[bytes, str]:
    """The body's bytes and content type."""
    from cfgen.deploy import sample

    if options["chat"] is not None and options["embed"]:
        raise click.UsageError("--chat or --embed, not both.")
    if options["chat"] is not None or options["embed"]:
        if given is not None:
            raise click.UsageError("BODY or a shortcut, not both.")
        if options["chat"] is not None:
            data = sample.chat(
                options["chat"],
                example,
                system=options["system"],
                max_tokens=options["max_tokens"] or 0,
                stream=options["stream"],
            )
        else:
            data = sample.embed(list(options["embed"]), example)
        return json.dumps(data, ensure_ascii=False).encode(), options["content_type"] or "application/json"
    if given is None:
        if example is None:
            raise click.UsageError("no BODY given, and the stack names no example request.")
        click.echo(f"sending the template's example: {example.body}", err=True)
        return example.body.encode(), options["content_type"] or example.content_type
    content = _bytes(given)
    return content, options["content_type"] or ("application/json" if _is_json(content) else "text/plain")


def _bytes(given: str) -> bytes:
    if given == "-":
        return sys.stdin.buffer.read()
    if given.startswith("@"):
        try:
            return Path(given[1:]).read_bytes()
        except OSError as error:
            raise click.UsageError(f"cannot read {given[1:]}: {error.strerror or error}") from error
    return given.encode()


def _is_json(content: bytes) -> bool:
    try:
        json.loads(content)
    except ValueError:
        return False
    return True


def _stream(aws: Aws, target: Target, content: bytes, kind: str, options: dict[str, Any]) -> int:
    from cfgen.deploy import invoke, sample

    started, first, size = time.monotonic(), 0.0, 0
    text = sample.StreamText()
    raw = options["style"] == "json" or options["chat"] is None
    for part in invoke.stream(aws, target, content, content_type=kind, accept=options["accept"]):
        first, size = first or time.monotonic() - started, size + len(part)
        if raw:
            sys.stdout.buffer.write(part)
            sys.stdout.buffer.flush()
        else:
            click.echo(text.feed(part), nl=False)
    if not raw:
        click.echo(text.feed(b"", end=True))
    click.echo(
        f"first part after {first:.3f} s, all after {time.monotonic() - started:.3f} s, {size:,} bytes",
        err=True,
    )
    return 0


def _async(
    aws: Aws, target: Target, body: str | None, example: Sample | None, options: dict[str, Any]
) -> int:
    from cfgen.deploy import invoke

    if options["stream"]:
        raise click.UsageError("an asynchronous endpoint streams nothing.")
    given: str | bytes
    if body is not None and body.startswith("s3://"):
        given, kind = body, options["content_type"] or "application/json"
    else:
        given, kind = _body(body, example, options)
    if isinstance(given, bytes) and options["upload"]:
        given = invoke.put_input(aws, given, options["upload"], kind)
    ticket = invoke.invoke_async(aws, target, given, content_type=kind, accept=options["accept"])
    if options["no_wait"]:
        data = {"inferenceId": ticket.inference_id, "output": ticket.output, "failure": ticket.failure}
        console.show_json(data) if options["style"] == "json" else click.echo(ticket.output)
        return 0
    click.echo(f"waiting for {ticket.output}", err=True)
    answer = invoke.wait_async(aws, ticket, timeout=options["timeout"])
    _print(answer.body, answer.data, answer.seconds, options, answer.content_type, target)
    return 0


def _print(
    body: bytes, data: Any, seconds: float, options: dict[str, Any], kind: str, target: Target
) -> None:
    from cfgen.deploy import sample

    if options["style"] == "json":
        said = data if data is not None else body.decode("utf-8", "replace")
        console.show_json(
            {"endpoint": target.endpoint, "seconds": round(seconds, 3), "contentType": kind, "body": said}
        )
    elif options["chat"] is not None and (words := sample.text_of(data)) is not None:
        click.echo(words)
    else:
        sys.stdout.buffer.write(body if body.endswith(b"\n") else body + b"\n")
        sys.stdout.buffer.flush()
    click.echo(f"{seconds:.3f} s", err=True)
