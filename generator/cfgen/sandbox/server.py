"""The server process: moto and the gateway on one loopback port.

Run as ``python -m cfgen.sandbox.server --folder DIR [--port N]``; writes ``DIR/sandbox.json`` when ready.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.update(
    {
        # regions newer than this botocore are fine: CloudFormation's schemas know more of them
        "MOTO_ALLOW_NONEXISTENT_REGION": "true",
        "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",
        # functions are run by the sandbox, images are not checked
        "MOTO_LAMBDA_STUB_ECR": "true",
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
    }
)
for _name in [name for name in os.environ if name.startswith("AWS_") and name != "AWS_EC2_METADATA_DISABLED"]:
    # nothing of the user's own AWS set-up may leak into the server or into the processes it starts
    del os.environ[_name]


def make_server(host: str, port: int) -> Any:
    """A threaded WSGI server with moto behind the gateway."""
    from moto.moto_server.werkzeug_app import (
        DomainDispatcherApplication,
        MotoRequestHandler,
        create_backend_app,
    )
    from werkzeug.serving import make_server as make

    from cfgen.sandbox.clients import client
    from cfgen.sandbox.gateway import Gateway

    _judge_buckets_here()

    class Handler(MotoRequestHandler):
        """HTTP/1.1 keeps connections open: clients poll often."""

        protocol_version = "HTTP/1.1"

        def log_request(self, *_: Any) -> None:
            """The gateway logs what matters."""

    moto = DomainDispatcherApplication(create_backend_app)
    server: Any = make(host, port, Gateway(moto), threaded=True, request_handler=Handler)
    client.url = f"http://{host}:{server.server_port}"
    os.environ["MOTO_PORT"] = str(server.server_port)
    return server


def _judge_buckets_here() -> None:
    """Leave bucket policies to the gateway: moto's own reading knows no conditions.

    Every template of ours denies what comes without TLS.
    """
    from moto.iam.access_control import PermissionResult
    from moto.s3.models import FakeBucket

    bucket: Any = FakeBucket
    bucket.get_permission = lambda *_: PermissionResult.NEUTRAL


def main(argv: list[str] | None = None) -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(prog="cfgen.sandbox.server")
    parser.add_argument("--folder", required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--with-parent", type=int, help="end when this process, which started it, ends")
    parser.add_argument("--temporary", action="store_true", help="take the folder along at that end")
    arguments = parser.parse_args(argv)
    folder = Path(arguments.folder)
    folder.mkdir(parents=True, exist_ok=True)
    logging.basicConfig(
        filename=folder / "sandbox.log",
        level=logging.INFO,
        format="%(asctime)s %(name)s %(levelname)s %(message)s",
    )
    logging.getLogger("botocore").setLevel(logging.WARNING)

    from cfgen.sandbox.hub import hub
    from cfgen.sandbox.settings import settings

    settings.folder = str(folder)
    # where builds fetch models: the hub that the user's environment names, else the stand-in
    settings.environment["HF_ENDPOINT"] = os.environ.get("HF_ENDPOINT") or hub.start()
    server = make_server("127.0.0.1", arguments.port)

    def stop(*_: Any) -> None:
        from cfgen.sandbox import processes

        processes.stop_all()
        os._exit(0)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    threading.Thread(target=_warm, daemon=True).start()
    if arguments.with_parent:
        gone = [arguments.with_parent, folder if arguments.temporary else None, stop]
        threading.Thread(target=_watch, args=gone, daemon=True).start()
    state = {"pid": os.getpid(), "port": server.server_port, "url": f"http://127.0.0.1:{server.server_port}"}
    partial = folder / "sandbox.json.part"
    partial.write_text(json.dumps(state))
    partial.replace(folder / "sandbox.json")
    server.serve_forever()


def _watch(parent: int, folder: Path | None, stop: Callable[..., None]) -> None:
    """A killed test leaves no server behind, nor one that was killed while its server started."""
    while os.getppid() == parent:
        time.sleep(1)
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)
    stop()


def _warm() -> None:
    """Load what the first deployment would wait for."""
    from cfgen.sandbox.adapters import load_all
    from cfgen.sandbox.cfn import schema

    load_all()
    schema.has_attribute("AWS::S3::Bucket", "Arn", "us-east-1")


if __name__ == "__main__":
    main(sys.argv[1:])
