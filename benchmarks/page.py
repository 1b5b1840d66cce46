"""A page kept open without a browser: the socket a browser would hold, and the script run it asks for."""

from collections.abc import Iterator
from contextlib import contextmanager

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect

SECONDS_TO_WAIT = 60


@contextmanager
def open_page(port: int, query: str = "") -> Iterator[None]:
    """The first page, drawn once by the server; closed afterwards."""
    address = f"ws://127.0.0.1:{port}/_stcore/stream"
    with connect(address, subprotocols=["streamlit"], max_size=None) as socket:
        order = BackMsg()
        order.rerun_script.query_string = query
        socket.send(order.SerializeToString())
        while not _ends_the_script(socket.recv(timeout=SECONDS_TO_WAIT)):
            pass
        yield


def _ends_the_script(message: bytes) -> bool:
    return ForwardMsg.FromString(message).WhichOneof("type") == "script_finished"
