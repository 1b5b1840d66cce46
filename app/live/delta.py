"""What is new of a run since a step, as bytes, and the routes that serve it.

Little endian: uint32 length of the header; the header, JSON padded with spaces to a multiple of four; then
for each step uint32 step, uint32 present and the float32 numbers exactly as they are stored. NaN is content
here, and JSON has none.
"""

import bisect
import hashlib
import json
import re
from collections.abc import Callable, Sequence

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.live.feed import Feed, Feeds, without_sprites
from resnet_core.runs.places import RUN_ID
from resnet_core.runs.store import RunStore, StoreError

GetStores = Callable[[], Sequence[RunStore]]
_MAX_STEP = 2**31
_feeds = Feeds()
_served = False


def routes_are_served() -> bool:
    """Whether this process serves the routes below: not when Streamlit was started without our server."""
    return _served


def encode_delta(store: RunStore, run_id: str, since: int = -1, sprites: bool = True) -> bytes:
    """The delta of a run. Raises StoreError when the store has no such run."""
    feed = _feeds.get(store, run_id)
    try:
        with feed.lock:
            feed.refresh()
            return _encode(feed, since, sprites)
    except StoreError:
        _feeds.forget(store, run_id)
        raise


def _encode(feed: Feed, since: int, sprites: bool) -> bytes:
    rows = feed.rows[bisect.bisect_right(feed.steps, since) :]
    sheets = [sheet for sheet in feed.sheets if sheet[0] > since]
    header = feed.header() | {"rows": len(rows), "pictures": sheets if sprites else without_sprites(sheets)}
    if since == -1:
        header |= feed.constants()
    text = json.dumps(header, allow_nan=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    return b"".join([len(text).to_bytes(4, "little"), text, *rows])


def delta_of(stores: Sequence[RunStore], run_id: str, since: int, sprites: bool) -> bytes:
    """The delta of a run in the first store that has it. Raises StoreError when none has."""
    if not RUN_ID.fullmatch(run_id):
        raise StoreError("This is not the name of a run: 26 letters and digits are needed.")
    problem = StoreError("There is no store to look in.")
    for store in stores:
        try:
            return encode_delta(store, run_id, since, sprites)
        except StoreError as error:
            problem = error
    raise problem


def delta_routes(get_stores: GetStores) -> list[Route]:
    """`GET /api/runs/{run_id}/delta?since=STEP[&sprites=0]` and `GET /api/health`."""
    global _served
    _served = True

    def delta(request: Request) -> Response:
        try:
            since, sprites = _query(request)
        except ValueError as error:
            return _problem(400, error)
        try:
            body = delta_of(get_stores(), request.path_params["run_id"], since, sprites)
        except StoreError as error:
            return _problem(404, error)
        tag = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
        headers = {"ETag": tag, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(body, media_type="application/octet-stream", headers=headers)

    def health(request: Request) -> Response:
        return JSONResponse({"status": "ok"}, headers={"Cache-Control": "no-store"})

    return [Route("/api/runs/{run_id}/delta", delta), Route("/api/health", health)]


def _query(request: Request) -> tuple[int, bool]:
    text = request.query_params.get("since", "-1")
    if not re.fullmatch(r"-1|\d{1,10}", text) or int(text) > _MAX_STEP:
        raise ValueError(
            f"since: {text[:20]!r} is not a step, which is a whole number from -1 to {_MAX_STEP}."
        )
    return int(text), request.query_params.get("sprites", "1") != "0"


def _problem(status: int, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, status_code=status, headers={"Cache-Control": "no-store"})
