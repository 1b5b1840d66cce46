"""Deltas: the bytes are the store's, thinned, told once, and served with plain errors."""

import asyncio
import json

import httpx
import numpy as np
import pytest
from starlette.applications import Starlette

from app.live import feed as feed_module
from app.live.delta import delta_routes, encode_delta
from app.live.library import plotly_script, stage_script, static_routes, version
from resnet_core.config import from_flat
from resnet_core.records import Evaluation, Layer, Layout, Phase, Pictures, StepRecord, decode_step
from resnet_core.runs import places
from resnet_core.runs.metrics import MetricsWriter
from resnet_core.runs.store import RunStore, StoreError

LAYOUT = Layout((Layer("conv1", "conv", 1), Layer("fc", "linear", 2)), ("layer1.0",))
UNKNOWN = "0" * 26


@pytest.fixture(autouse=True)
def _always_fresh(monkeypatch):
    monkeypatch.setattr(feed_module, "FRESH_SECONDS", 0.0)


@pytest.fixture
def store(tmp_path):
    return RunStore(tmp_path / "store")


def record(step: int, **more) -> StepRecord:
    quantities = {"gradient_norm": np.array([np.nan, np.inf], np.float32)}
    return StepRecord(step, 2.5 - step, 0.5, 0.1, 0.25 * step, quantities=quantities, **more)


def started(store: RunStore, steps: int = 10, records=()) -> str:
    info = store.add_race([from_flat({"steps": steps})], phase=Phase.RUNNING)[0]
    write(store, info.id, records)
    return info.id


def write(store: RunStore, run_id: str, records) -> None:
    writer = MetricsWriter(places.metrics_file(store.folder(run_id)))
    writer.set_layout(LAYOUT)
    for one in records:
        writer.append(one)
    writer.close()


def decoded(delta: bytes) -> tuple[dict, list[StepRecord]]:
    """A slow obvious twin of the page's reader."""
    length = int.from_bytes(delta[:4], "little")
    header, at, records = json.loads(delta[4 : 4 + length]), 4 + length, []
    for _ in range(header["rows"]):
        step, present = np.frombuffer(delta, "<u4", 2, at)
        sizes = [4, *(n for bit, (_, n) in enumerate(header["quantities"]) if present >> bit & 1)]
        records.append(decode_step(int(step), int(present), delta[at + 8 : at + 8 + 4 * sum(sizes)], LAYOUT))
        at += 8 + 4 * sum(sizes)
    assert at == len(delta)
    return header, records


def test_a_run_that_has_not_begun_has_a_header_and_no_rows(store):
    info = store.add_race([from_flat({})])[0]
    header, records = decoded(encode_delta(store, info.id))
    assert (header["phase"], header["queue_position"], header["layers"], records) == ("QUEUED", 1, [], [])


def test_numbers_arrive_bit_for_bit_with_nan_and_infinity(store):
    run_id = started(store, records=[record(0), record(1, evaluation=Evaluation(0.25, 2.0, 500))])
    header, records = decoded(encode_delta(store, run_id))
    assert header["layers"] == [["conv1", "conv", 1], ["fc", "linear", 2]]
    assert [r.loss for r in records] == [2.5, 1.5]
    assert records[1].evaluation == Evaluation(0.25, 2.0, 500)
    assert np.isnan(records[0].quantities["gradient_norm"][0])
    assert np.isinf(records[0].quantities["gradient_norm"][1])


def test_the_header_is_padded_so_that_numbers_lie_on_multiples_of_four(store):
    delta = encode_delta(store, started(store, records=[record(0)]))
    assert int.from_bytes(delta[:4], "little") % 4 == 0


def test_only_what_is_new_is_sent_and_constants_only_once(store):
    run_id = started(store, records=[record(0), record(1)])
    encode_delta(store, run_id)
    write(store, run_id, [record(2)])
    delta = encode_delta(store, run_id, since=1)
    header = json.loads(delta[4 : 4 + int.from_bytes(delta[:4], "little")])
    assert (header["rows"], "layers" in header, "labels" in header) == (1, False, False)


def test_a_long_run_is_thinned_but_keeps_its_test_accuracies(store):
    rare = {12: Evaluation(0.5, 1.0, 500), 13: Evaluation(0.6, 0.9, 500)}
    run_id = started(store, 5000, [record(step, evaluation=rare.get(step)) for step in range(20)])
    header, records = decoded(encode_delta(store, run_id))
    assert header["stride"] == 5
    assert [r.step for r in records] == [0, 5, 10, 12, 15]


def test_pictures_come_as_one_sprite_or_without(store):
    images = np.zeros((3, 4, 4, 1), np.uint8)
    shown = Pictures(images, np.array([1, 2, 3]), np.array([1, 0, 3]))
    run_id = started(store, records=[record(0, pictures=shown)])
    step, sprite, labels, predictions = decoded(encode_delta(store, run_id))[0]["pictures"][0]
    assert (step, labels, predictions) == (0, [1, 2, 3], [1, 0, 3])
    assert sprite.startswith("data:image/png;base64,")
    assert decoded(encode_delta(store, run_id, sprites=False))[0]["pictures"][0][1] is None


def test_a_hundred_viewers_cost_one_reading(store, monkeypatch):
    monkeypatch.setattr(feed_module, "FRESH_SECONDS", 60.0)
    run_id = started(store, records=[record(0)])
    encode_delta(store, run_id)
    monkeypatch.setattr(store, "raw_steps", None)
    assert all(encode_delta(store, run_id) == encode_delta(store, run_id) for _ in range(100))


def test_an_unknown_run_is_an_error_and_not_remembered(store):
    with pytest.raises(StoreError):
        encode_delta(store, UNKNOWN)


class Browser:
    """Asks the routes as a page does, without a server."""

    def __init__(self, *stores: RunStore):
        self.app = Starlette(routes=[*delta_routes(lambda: stores), *static_routes()])

    def get(self, address: str, headers=None) -> httpx.Response:
        return asyncio.run(self._get(address, headers))

    async def _get(self, address: str, headers) -> httpx.Response:
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://lab") as client:
            return await client.get(address, headers=headers)


@pytest.fixture
def client(store, tmp_path):
    other = RunStore(tmp_path / "recordings")
    return Browser(store, other), store, other


def test_the_route_looks_in_every_store_and_knows_its_last_answer(client):
    http, _, recordings = client
    address = f"/api/runs/{started(recordings, records=[record(0)])}/delta?since=-1"
    answer = http.get(address)
    assert answer.headers["cache-control"] == "no-store"
    assert http.get(address, headers={"If-None-Match": answer.headers["etag"]}).status_code == 304


@pytest.mark.parametrize("run_id", [UNKNOWN, "..%2F..%2Fetc", "short"])
def test_the_route_says_that_a_run_is_not_there(client, run_id):
    answer = client[0].get(f"/api/runs/{run_id}/delta")
    assert answer.status_code == 404


@pytest.mark.parametrize("since", ["x", "-2", "1e3", "99999999999", ""])
def test_the_route_refuses_a_step_that_is_none(client, since):
    answer = client[0].get(f"/api/runs/{UNKNOWN}/delta?since={since}")
    assert answer.status_code == 400
    assert "whole number from -1" in answer.json()["error"]


def test_health_answers(client):
    assert client[0].get("/api/health").json() == {"status": "ok"}


@pytest.mark.parametrize("script", [stage_script, plotly_script])
def test_scripts_are_kept_for_ever_by_their_version_only(client, script):
    name = "stage.js" if script is stage_script else "plotly.js"
    kept = client[0].get(f"/lib/{name}?v={version(script())}")
    assert (kept.text, "immutable" in kept.headers["cache-control"]) == (script(), True)
    assert client[0].get(f"/lib/{name}?v=old").headers["cache-control"] == "no-cache"
