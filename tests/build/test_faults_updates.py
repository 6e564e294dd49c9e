"""A model that does not answer, and operations on a stack whose build runs or fails."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.build.judge import CREATED, SECONDS, Row, artifact, failed, succeeded
from tests.build.world import End, World, files


@pytest.fixture
def broken(world: World) -> Iterator[Any]:
    """A container whose model raises at the first request; `status` and `body` are what it answers."""
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
    from threading import Thread

    class Handler(BaseHTTPRequestHandler):
        answer = (
            400,
            b'{"code": 400, "type": "InternalServerException", "message": "name \'torch\' is not defined"}',
        )

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            status, body = self.answer
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    world.sandbox.configure(responders={"*": f"http://127.0.0.1:{server.server_address[1]}/invocations"})
    yield Handler
    world.sandbox.configure(responders={"*": None})
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("status", [400, 500])
def test_a_model_that_raises_at_its_first_request(world: World, row: Row, broken: Any, status: int) -> None:
    """Its endpoint is in service and healthy: nothing but a request shows it."""
    broken.answer = (status, broken.answer[1])
    end = world.deploy(world.text())
    failed(
        world,
        row,
        f"model raises at its first request ({status}; smoke test shortened to 6 s)",
        end,
        "smoke test of demo-",
        "is not defined",
        "log group /aws/sagemaker/Endpoints/demo-",
    )


def test_a_container_that_never_gets_healthy(world: World, row: Row) -> None:
    world.sandbox.fault("endpoint", seconds=0.5)
    end = world.deploy(world.text())
    failed(world, row, "container never answers its health check", end, "did not pass the ping health check")


def test_delete_while_a_build_runs(world: World, row: Row) -> None:
    gate = world.hold("org/one")
    world.create(world.text())
    build = world.building(gate)
    end = world.delete()
    assert end.status == "DELETE_COMPLETE", end
    (found,) = world.client("codebuild").batch_get_builds(ids=[build])["builds"]
    assert found["buildStatus"] == "STOPPED"
    row("Delete while a build runs", end, world.nothing_left())


def test_update_while_a_build_runs(world: World, row: Row) -> None:
    """CloudFormation takes no second operation; the first one ends as if nothing had been."""
    from botocore.exceptions import ClientError

    gate = world.hold("org/one")
    world.create(world.text())
    world.building(gate)
    text = world.text()
    began = world.started
    with pytest.raises(ClientError, match="is in CREATE_IN_PROGRESS state and can not be updated"):
        world.update(text)
    world.started = began
    gate.open.set()
    succeeded(world, row, "Update while the build of a create runs: refused", world.follow())


@pytest.fixture
def served(world: World) -> dict[str, Any]:
    """A stack that serves, which an update is about to disturb; what there is of it."""
    end = world.deploy(world.text())
    assert end.status == CREATED, end
    kept = {
        "objects": world.objects(),
        "prefix": world.prefix(),
        "config": world.resource("EndpointConfig"),
        "model": world.resource("Model"),
        "outputs": world.outputs(),
    }
    world.commit("org/one", files(b"other weights"))
    return kept


def undone(world: World, row: Row, fault: str, end: End, served: dict[str, Any], *words: str) -> None:
    """An update that failed: all is as it was and serves, and nothing of the new remains."""
    assert end.status == "UPDATE_ROLLBACK_COMPLETE", end
    assert end.seconds < SECONDS
    assert [one for one in words if one not in end.reason] == [], end
    found = {
        "objects": world.objects(),
        "prefix": world.prefix(),
        "config": world.resource("EndpointConfig"),
        "model": world.resource("Model"),
        "outputs": world.outputs(),
    }
    assert found == served
    assert world.running() == []
    assert world.ask({"inputs": "x"}) == {"inputs": "x"}
    row(fault, end, "what was there before, which serves")
    # and it can be updated all the same
    world.hub.faults.clear()
    good = world.deploy(world.text())
    assert good.status == "UPDATE_COMPLETE", good
    assert world.objects() == artifact(world) != served["objects"]
    assert world.delete().status == "DELETE_COMPLETE"
    world.nothing_left()


def test_an_update_cancelled_while_its_build_runs(world: World, row: Row, served: dict[str, Any]) -> None:
    gate = world.hold("org/one")
    world.update(world.text())
    build = world.building(gate)
    world.client("cloudformation").cancel_update_stack(StackName=world.name)
    end = world.follow()
    (found,) = world.client("codebuild").batch_get_builds(ids=[build])["builds"]
    assert found["buildStatus"] == "STOPPED"
    gate.open.set()
    undone(world, row, "update cancelled while its build runs", end, served)


def test_an_update_whose_build_fails(world: World, row: Row, served: dict[str, Any]) -> None:
    world.hub.fault("", origin="cdn", corrupt=True, times=2)
    world.update(world.text())
    undone(world, row, "build of an update fails", world.follow(), served, "wrong bytes")


def test_an_update_that_is_refused_at_once(world: World, row: Row, served: dict[str, Any]) -> None:
    world.hub.fault("/api/models/", status=404, headers={"X-Error-Code": "RevisionNotFound"})
    world.update(world.text())
    undone(world, row, "hub refuses the model of an update", world.follow(), served, "404 RevisionNotFound")


def test_an_update_whose_endpoint_fails(world: World, row: Row, served: dict[str, Any]) -> None:
    world.sandbox.fault("endpoint", seconds=0.3)
    world.update(world.text())
    end = world.follow()
    undone(world, row, "endpoint of an update never gets healthy", end, served, "ping health check")


def test_an_update_whose_model_raises(world: World, row: Row, served: dict[str, Any], broken: Any) -> None:
    broken.answer = (500, broken.answer[1])
    world.update(world.text())
    end = world.follow()
    world.sandbox.configure(responders={"*": None})
    undone(world, row, "model of an update raises at its first request", end, served, "smoke test of demo-")


def test_an_update_that_cloudformation_gives_up(world: World, row: Row, served: dict[str, Any]) -> None:
    """The event comes, the build starts, the answer does not arrive: rollback tells the handler to go back."""
    world.control(response=9_999)
    world.update(world.text(shorter={"ServiceTimeout: 900": "ServiceTimeout: 6"}))
    world.waited(lambda: any(one.startswith("Build UPDATE_FAILED") for one in world.events()))
    world.control()
    end = world.follow()
    undone(
        world,
        row,
        "answer to an update is lost (wait shortened to 6 s)",
        end,
        served,
        "did not receive a response",
    )


def test_delete_after_a_failed_rollback_of_nothing(world: World, row: Row) -> None:
    """The bucket holds what is not ours: the stack says so, and goes when that has gone."""
    assert world.deploy(world.text()).status == CREATED
    bucket = world.resource("ModelBucket")
    world.client("s3").put_object(Bucket=bucket, Key="notes.txt", Body=b"mine")
    end = world.delete()
    assert end.status == "DELETE_FAILED", end
    assert "not empty" in end.reason, end
    assert world.objects(bucket) == ["notes.txt"]
    row(
        "somebody's own file in the bucket",
        end,
        "bucket and that file, until the file is removed and the stack deleted",
    )
    world.client("s3").delete_object(Bucket=bucket, Key="notes.txt")
    assert world.delete().status == "DELETE_COMPLETE"
    world.nothing_left()
