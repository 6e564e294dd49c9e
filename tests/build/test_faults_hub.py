"""What can go wrong with the hub: it refuses, is busy, goes away, cuts, sends wrong bytes."""

from __future__ import annotations

import os

import pytest

from tests.build.judge import Row, failed, succeeded
from tests.build.world import World, files


@pytest.mark.parametrize(
    ("status", "what", "words"),
    [
        (401, "gated, no token", "the hub answers 401 GatedRepo"),
        (403, "no access", "the hub answers 403"),
        (404, "no such revision", "the hub answers 404 RevisionNotFound"),
        (401, "no such model", "the hub answers 401 RepoNotFound"),
    ],
    ids=["401", "403", "404", "missing"],
)
def test_what_the_hub_refuses(world: World, row: Row, status: int, what: str, words: str) -> None:
    """Refused in seconds, before any build."""
    if what == "gated, no token":
        world.commit("org/one", gated=True)
    text = world.unasked(
        model__modelId=[{"id": "org/none", "revision": "main"}]
        if what == "no such model"
        else [{"id": "org/one", "revision": "none" if what == "no such revision" else "main"}]
    )
    if status == 403:
        world.hub.fault("/api/models/", status=403, times=9)
    end = world.deploy(text)
    assert world.builds() == []
    assert end.seconds < 20
    failed(world, row, f"hub answers {status} ({what})", end, words)


def test_what_the_hub_refuses_later(world: World, row: Row) -> None:
    """What the function asks for before is open, the weights are not."""
    world.hub.fault(
        "/resolve/.*/model.safetensors", status=403, headers={"X-Error-Code": "GatedRepo"}, times=99
    )
    end = world.deploy(world.unasked())
    failed(world, row, "hub answers 403 in the middle of the build", end, "the hub answers 403", "GatedRepo")


@pytest.mark.parametrize("status", [429, 500])
def test_a_hub_that_is_busy_for_a_while(world: World, row: Row, status: int) -> None:
    headers = {"Retry-After": "1"} if status == 429 else {}
    world.hub.fault("", status=status, headers=headers, times=4)
    world.hub.fault("", origin="cdn", status=status, times=3)
    succeeded(world, row, f"hub answers {status} a few times", world.deploy(world.unasked()))


@pytest.mark.parametrize("status", [429, 500])
def test_a_hub_that_is_busy_for_good(world: World, row: Row, status: int) -> None:
    world.hub.fault("", status=status, times=999)
    text = world.unasked(shorter={'\\"pause\\":0.05': '\\"pause\\":0.005'})
    end = world.deploy(text)
    failed(
        world,
        row,
        f"hub answers {status} for good (pauses shortened)",
        end,
        f"too many {status} error responses",
    )


def test_a_hub_that_is_gone(world: World, row: Row) -> None:
    for server in world.hub.servers:
        server.server_close()
    text = world.unasked(shorter={'\\"pause\\":0.05': '\\"pause\\":0.005'})
    end = world.deploy(text)
    failed(world, row, "hub cannot be reached (pauses shortened)", end, "Connection refused")


def test_a_connection_cut_in_the_middle(world: World, row: Row) -> None:
    world.commit("org/one", files(os.urandom(20_000_000)))
    for at in (0, 1_000, 2_000_000, 5_000_000):
        world.hub.fault("", origin="cdn", cut_after=at)
    world.hub.fault("config.json", origin="hub", cut_after=1)
    world.hub.fault("", origin="cdn", reset=True)
    succeeded(world, row, "hub cuts connections in the middle", world.deploy(world.unasked()))


def test_connections_cut_for_good(world: World, row: Row) -> None:
    world.hub.fault("", origin="cdn", cut_after=1_000, times=9_999)
    text = world.unasked(shorter={'\\"pause\\":0.05': '\\"pause\\":0.005'})
    end = world.deploy(text)
    failed(world, row, "hub cuts every connection (pauses shortened)", end, "model.safetensors")


def test_wrong_bytes(world: World, row: Row) -> None:
    world.hub.fault("", origin="cdn", corrupt=True, times=9)
    end = world.deploy(world.unasked())
    failed(world, row, "hub sends wrong bytes", end, "model.safetensors: wrong bytes, sha256 is")
