"""The live channel over real sockets: the server as it is run, and a WebSocket client."""

import base64
import itertools
import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from safetensors import deserialize
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

import app.server.websocket_protocol
from app.compute_pool import ComputePool
from app.scheduling import INSTANT_POINTS
from app.server.websocket_protocol import BoundedWebSocketProtocol
from app.settings import Settings
from tests.builders import SEVEN, encode, page_with_line
from tests.servers import Stoppable, serving

PAGE = base64.b64encode(encode(Image.fromarray(page_with_line()))).decode()
SECONDS = 30

HANDSHAKE = (
    b"GET /api/v1/live HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)


@pytest.fixture(scope="module")
def server(artifacts: Path) -> Iterator[Stoppable]:
    with serving(Settings(artifacts=artifacts, threads=1)) as server:
        yield server


@pytest.fixture
def live(server: Stoppable) -> Iterator[ClientConnection]:
    with open_live(server) as live:
        yield live


def open_live(server: Stoppable, **options: Any) -> ClientConnection:
    return connect(f"ws://{server.address}/api/v1/live", **options)


def exchange(live: ClientConnection, **message: Any) -> dict[str, Any] | bytes:
    """Send a message and wait for the next one: a response as bytes, an error as JSON."""
    live.send(json.dumps(message))
    return next_response(live)


def next_response(live: ClientConnection) -> dict[str, Any] | bytes:
    response = live.recv(timeout=SECONDS)
    return json.loads(response) if isinstance(response, str) else response


def metadata_of(response: bytes) -> dict[str, Any]:
    size = int.from_bytes(response[:8], "little")
    return {name: json.loads(text) for name, text in json.loads(response[8 : 8 + size])["__metadata__"].items()}


def tensors_of(response: bytes) -> dict[str, Any]:
    return dict(deserialize(response))


def post(server: Stoppable, body: dict[str, Any], query: str = "") -> bytes:
    response = httpx.post(
        f"http://{server.address}/api/v1/models/cnn/feature-maps{query}",
        json=body,
        headers={"Accept": "application/x-safetensors"},
    )
    return response.raise_for_status().content


IN_A_THREAD = [[0.3 + place / 2000, 0.25] for place in range(INSTANT_POINTS + 1)]
"""A stroke of more points than are drawn in the event loop."""


def occupy(pool: ComputePool, release: threading.Event) -> None:
    """Keep the pool's only thread busy until the event, or for long."""
    pool._jobs.put((Future(), lambda: release.wait(SECONDS)))


@contextmanager
def busy_pool(server: Stoppable) -> Iterator[None]:
    """While inside, the only thread that computes is busy with something else."""
    release = threading.Event()
    occupy(server.config.app.state.context.pool, release)
    try:
        yield
    finally:
        release.set()


def wait_until_received(live: ClientConnection, sequence: int) -> None:
    """Every message before is with the session when a refusal comes back: it does not wait for a thread."""
    live.send(json.dumps({"sequence": sequence, "layers": ["conv9"]}))
    assert next_response(live)["sequence"] == sequence


@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize(
    "digit",
    [
        {"strokes": SEVEN, "pen_width": 0.1},
        {"strokes": []},
        {"pixels": [[0.5] * 28] * 28, "framing": "mnist"},
        {"sample": 3},
        {"image": PAGE},
    ],
    ids=lambda digit: next(iter(digit)),
)
def test_answer_is_that_of_the_post_operation_bit_for_bit(
    server: Stoppable, live: ClientConnection, digit: dict[str, Any], dtype: str
):
    response = exchange(live, sequence=17, **digit, layers=["relu1", "linear"], dtype=dtype)

    posted = post(server, digit, f"?layers=relu1,linear&dtype={dtype}")
    assert tensors_of(response) == tensors_of(posted)
    assert metadata_of(response) == {**metadata_of(posted), "sequence": 17}


def test_increments_make_the_drawing_that_the_whole_would(server: Stoppable, live: ClientConnection):
    (first, *middle, last), dot = [[0.3, 0.25], [0.5, 0.24], [0.7, 0.25], [0.45, 0.8]], [0.2, 0.7]

    exchange(live, sequence=1, begin=[first], pen_width=0.08)
    exchange(live, sequence=2, extend=middle)
    response = exchange(live, sequence=3, extend=[last], begin=[dot])

    assert tensors_of(response) == tensors_of(
        post(server, {"strokes": [[first, *middle, last], [dot]], "pen_width": 0.08})
    )


def test_drawings_that_were_overtaken_are_never_answered_and_the_last_one_is(server: Stoppable):
    strokes = [IN_A_THREAD]
    with open_live(server) as live:
        with busy_pool(server):
            live.send(json.dumps({"sequence": 1, "strokes": strokes}))
            wait_for(lambda: server.config.app.state.context.pool.pending)
            for sequence in range(2, 20):
                live.send(json.dumps({"sequence": sequence, "extend": [[0.7 - sequence / 100, 0.25 + sequence / 50]]}))
            wait_until_received(live, 20)

        responses = [next_response(live), next_response(live), exchange(live, sequence=21, layers=["relu1"])]

    assert [metadata_of(response)["sequence"] for response in responses] == [1, 19, 21]
    whole = [[*strokes[0], *([0.7 - sequence / 100, 0.25 + sequence / 50] for sequence in range(2, 20))]]
    assert tensors_of(responses[1]) == tensors_of(post(server, {"strokes": whole}))


def test_sessions_do_not_see_each_others_drawings(server: Stoppable, live: ClientConnection):
    with open_live(server) as other:
        exchange(live, sequence=1, strokes=SEVEN)
        exchange(other, sequence=1, begin=[[0.5, 0.5]])

        response = exchange(live, sequence=2)

    assert tensors_of(response) == tensors_of(post(server, {"strokes": SEVEN}))


def test_refusal_is_a_problem_with_the_number_of_its_message(live: ClientConnection):
    refusal = exchange(live, sequence=4, layers=["conv9"])

    assert refusal == {
        "sequence": 4,
        "problem": {
            "type": "/problems/unknown-layer",
            "title": "Unknown layer",
            "status": 404,
            "detail": "Model cnn has no layer 'conv9'; its layers are: conv1, relu1, pool1, linear, softmax.",
            "instance": "/api/v1/live",
            "layers": ["conv1", "relu1", "pool1", "linear", "softmax"],
        },
    }


@pytest.mark.parametrize(
    ("message", "detail"),
    [
        ({"sample": 1, "strokes": []}, "give one of strokes, pixels, image and sample, or increments"),
        ({"sample": 1, "extend": [[0.1, 0.1]]}, "sample and extend were given"),
        ({"begin": []}, "begin: List should have at least 1 item"),
        ({"begin": [[0.1, 9]]}, "begin.0.1: Input should be less than or equal to 2"),
        ({"strokes": [[[0.1, 1e999]]]}, "strokes.0.0.1: Input should be"),
        ({"dtype": "int8"}, "dtype: Input should be 'float32' or 'float16'"),
        ({"stroke": []}, "stroke: Extra inputs are not permitted"),
        ({"begin": [[0.1, 0.1]] * 5000}, None),
        ({"strokes": [[[0, 0]]] * 501}, "The drawing has 501 strokes"),
        ({"strokes": [], "layers": ["conv1", 3]}, "layers.1: Input should be a valid string"),
    ],
)
def test_values_are_checked_as_those_of_a_body_are(live: ClientConnection, message: dict[str, Any], detail: str | None):
    response = exchange(live, sequence=1, **message)

    if detail is None:
        assert metadata_of(response)["sequence"] == 1
    else:
        assert response["sequence"] == 1
        assert detail in response["problem"]["detail"]


@pytest.mark.parametrize("sequence", [0, -3, 1.5, "1", None, 2**53, True])
def test_message_without_a_usable_sequence_is_refused_without_one(live: ClientConnection, sequence: Any):
    refusal = exchange(live, sequence=sequence, strokes=[])

    assert refusal["sequence"] is None
    assert "sequence: Input should be" in refusal["problem"]["detail"]


@pytest.mark.parametrize(
    ("digit", "problem"),
    [
        ({"image": "aGVsbG8="}, "not-an-image"),
        ({"sample": 99}, "unknown-sample"),
        ({"image": PAGE, "framing": "none"}, "framing-impossible"),
        ({"strokes": [[[-1, -1], [2, 2]] * 9], "pen_width": 0.5}, None),
        ({"strokes": [[[-1, -1], [2, 2]] * 200], "pen_width": 0.5}, "drawing-too-large"),
    ],
)
def test_what_cannot_be_computed_is_refused_and_the_session_goes_on(
    live: ClientConnection, digit: dict[str, Any], problem: str | None
):
    response = exchange(live, sequence=1, **digit)

    if problem:
        assert (response["sequence"], response["problem"]["type"]) == (1, f"/problems/{problem}")
    assert metadata_of(exchange(live, sequence=2, sample=0))["sequence"] == 2


def test_server_that_has_no_thread_in_time_says_so_and_the_session_goes_on(artifacts: Path):
    with serving(Settings(artifacts=artifacts, queue_seconds=0.05)) as server, open_live(server) as live:
        with busy_pool(server):
            live.send(json.dumps({"sequence": 1, "strokes": [IN_A_THREAD]}))
            wait_for(lambda: server.config.app.state.context.pool.pending)
            time.sleep(0.1)
        refusal = next_response(live)

        assert refusal["problem"]["type"] == "/problems/server-busy"
        assert refusal["problem"]["detail"] == "No thread became free within 0.05 s."
        assert metadata_of(exchange(live, sequence=2))["sequence"] == 2


def test_sessions_are_not_turned_away_because_all_of_them_draw(artifacts: Path):
    with serving(Settings(artifacts=artifacts, queue=0)) as server, ExitStack() as sessions:
        lives = [sessions.enter_context(open_live(server)) for _ in range(20)]
        with busy_pool(server):
            for live in lives:
                live.send(json.dumps({"sequence": 1, "strokes": [IN_A_THREAD]}))
            wait_for(lambda: server.config.app.state.context.pool.pending == len(lives))

        assert all(metadata_of(next_response(live))["sequence"] == 1 for live in lives)


def test_drawing_that_takes_long_is_drawn_where_it_holds_nobody_up(artifacts: Path):
    zigzag = [[-0.1, -0.1], [1.1, 1.1]] * 100
    release = threading.Event()
    with serving(Settings(artifacts=artifacts)) as server, open_live(server) as slow, open_live(server) as quick:
        occupy(server.config.app.state.context.slow_pool, release)
        slow.send(json.dumps({"sequence": 1, "strokes": [zigzag], "pen_width": 0.2}))
        wait_for(lambda: server.config.app.state.context.slow_pool.pending)
        try:
            assert metadata_of(exchange(quick, sequence=1, strokes=[[[0.5, 0.5]]]))["sequence"] == 1
        finally:
            release.set()

        assert metadata_of(next_response(slow))["sequence"] == 1


@pytest.mark.parametrize(
    ("frames", "code", "reason"),
    [
        ([b"{}"], 1003, "Messages are JSON in text frames; this one was binary."),
        (["{"], 1007, "The message is not JSON."),
        (["[1]"], 1007, "A message is a JSON object."),
        (["null"], 1007, "A message is a JSON object."),
        (['{"sequence": NaN'], 1007, "The message is not JSON."),
        (["[" * 60_000], 1007, "A message is a JSON object."),
        (['{"image": "' + "A" * 70_000 + '"}'], 1009, None),
    ],
)
def test_broken_protocol_ends_the_session_with_a_reason(
    live: ClientConnection, frames: list[str | bytes], code: int, reason: str | None
):
    for frame in frames:
        live.send(frame)

    with pytest.raises(ConnectionClosed) as closed:
        live.recv(timeout=SECONDS)

    assert closed.value.rcvd.code == code
    if reason:
        assert closed.value.rcvd.reason == reason


def test_message_in_countless_pieces_ends_the_connection(live: ClientConnection):
    with suppress(ConnectionClosed):
        live.send(["{", *[" "] * 1000, "}"])

    with pytest.raises(ConnectionClosed):
        live.recv(timeout=SECONDS)


def test_message_in_a_few_pieces_is_a_message(live: ClientConnection):
    live.send(['{"sequence"', ": 1", "}"])

    assert metadata_of(next_response(live))["sequence"] == 1


def test_too_many_messages_end_the_session(artifacts: Path):
    with serving(Settings(artifacts=artifacts, live_messages=2)) as server, open_live(server) as live:
        exchange(live, sequence=1)
        exchange(live, sequence=2)

        with pytest.raises(ConnectionClosed) as closed:
            exchange(live, sequence=3)

    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1008, "More than 2 messages a second.")


def test_idle_session_ends_without_blame(artifacts: Path):
    settings = Settings(artifacts=artifacts, live_idle_seconds=0.05)
    with serving(settings) as server, open_live(server) as live, pytest.raises(ConnectionClosed) as closed:
        live.recv(timeout=SECONDS)

    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1000, "No message came for 0.05 s.")


@contextmanager
def deaf_client(server: Stoppable) -> Iterator[socket.socket]:
    """A live session whose client reads nothing."""
    host, port = server.address.split(":")
    with socket.create_connection((host, int(port))) as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.sendall(HANDSHAKE)
        wait_for(lambda: server.config.app.state.seats.taken == 1)
        yield deaf


def send_frame(deaf: socket.socket, opcode: int, payload: bytes) -> None:
    """One frame of a client, with a mask of zeros, which leaves the payload as it is."""
    with suppress(ConnectionError):
        deaf.sendall(bytes([0x80 | opcode, 0x80 | len(payload), 0, 0, 0, 0]) + payload)


def fill(server: Stoppable, deaf: socket.socket) -> BoundedWebSocketProtocol:
    """Ask until nothing more can be sent to a client that does not read; its connection in the server."""
    (protocol,) = (each for each in server.server_state.connections if isinstance(each, BoundedWebSocketProtocol))
    sequences = itertools.count(1)

    def is_full() -> bool:
        send_frame(deaf, 1, json.dumps({"sequence": next(sequences)}).encode())
        return not protocol.writable.is_set()

    wait_for(is_full)
    return protocol


def test_client_that_does_not_read_loses_its_session(artifacts: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(app.server.websocket_protocol, "SEND_SECONDS", 0.2)
    settings = Settings(artifacts=artifacts, live_messages=100_000)
    with serving(settings) as server, deaf_client(server) as deaf:
        sequences = itertools.count(1)

        def forget_it() -> bool:
            """Ask once more, read nothing, and see whether the session is over."""
            send_frame(deaf, 1, json.dumps({"sequence": next(sequences)}).encode())
            return server.config.app.state.seats.taken == 0

        wait_for(forget_it)
        wait_for(lambda: not server.server_state.connections)


def test_client_that_leaves_without_reading_is_not_waited_for(artifacts: Path, monkeypatch: pytest.MonkeyPatch):
    settings = Settings(artifacts=artifacts, live_messages=100_000)
    with serving(settings) as server, deaf_client(server) as deaf:
        monkeypatch.setattr(app.server.websocket_protocol, "SEND_SECONDS", 0.5)
        fill(server, deaf)
        send_frame(deaf, 8, (1000).to_bytes(2, "big"))

        wait_for(lambda: not server.server_state.connections)


@pytest.mark.parametrize("goodbye", [False, True])
def test_server_stops_without_waiting_for_a_client_that_does_not_read(
    artifacts: Path, monkeypatch: pytest.MonkeyPatch, goodbye: bool
):
    monkeypatch.setattr(app.server.websocket_protocol, "SEND_SECONDS", 600)
    settings = Settings(artifacts=artifacts, live_messages=100_000, shutdown_seconds=600)
    with serving(settings) as server, deaf_client(server) as deaf:
        protocol = fill(server, deaf)
        if goodbye:
            send_frame(deaf, 8, (1000).to_bytes(2, "big"))
            wait_for(lambda: protocol.conn.close_rcvd)

        server.should_exit = True
        wait_for(lambda: not server.server_state.connections)


def test_ping_of_a_client_that_does_not_read_is_not_answered(artifacts: Path):
    settings = Settings(artifacts=artifacts, live_messages=100_000)
    with serving(settings) as server, deaf_client(server) as deaf:
        protocol = fill(server, deaf)
        before = protocol.transport.get_write_buffer_size()
        for _ in range(10):
            send_frame(deaf, 9, bytes(100))
        send_frame(deaf, 8, (1000).to_bytes(2, "big"))
        wait_for(lambda: protocol.conn.close_rcvd)

        assert protocol.transport.get_write_buffer_size() < before + 100


def wait_for(condition) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_stopping_server_ends_sessions_as_a_restart(artifacts: Path):
    with serving(Settings(artifacts=artifacts)) as server, open_live(server) as live:
        exchange(live, sequence=1)

        server.should_exit = True
        with pytest.raises(ConnectionClosed) as closed:
            live.recv(timeout=SECONDS)

    assert closed.value.rcvd.code == 1012


def test_page_of_another_site_is_refused_before_the_session_begins(server: Stoppable):
    with pytest.raises(InvalidStatus) as refused:
        open_live(server, origin="http://evil.example")

    response = refused.value.response
    assert response.status_code == 403
    assert response.headers["content-type"] == "application/problem+json"
    problem = json.loads(response.body)
    assert problem["type"] == "/problems/foreign-origin"
    assert problem["detail"] == f"Pages of another site than {server.address} may not open live sessions here."


def test_own_and_admitted_pages_are_let_in(artifacts: Path):
    settings = Settings(artifacts=artifacts, origins=["https://school.example"])
    with serving(settings) as server:
        for origin in (f"http://{server.address}", "https://school.example"):
            with open_live(server, origin=origin) as live:
                assert metadata_of(exchange(live, sequence=1))["sequence"] == 1


def test_session_beyond_the_most_is_refused_before_it_begins(artifacts: Path):
    with serving(Settings(artifacts=artifacts, live_sessions=1)) as server, open_live(server) as live:
        exchange(live, sequence=1)

        with pytest.raises(InvalidStatus) as refused:
            open_live(server)

        assert refused.value.response.status_code == 503
        assert refused.value.response.headers["retry-after"] == "10"
        assert json.loads(refused.value.response.body)["type"] == "/problems/server-busy"


def test_operators_see_sessions_answers_and_drops(artifacts: Path):
    with serving(Settings(artifacts=artifacts, threads=1)) as server:
        with open_live(server) as live:
            with busy_pool(server):
                live.send(json.dumps({"sequence": 1, "strokes": [IN_A_THREAD]}))
                wait_for(lambda: server.config.app.state.context.pool.pending)
                live.send(json.dumps({"sequence": 2}))
                live.send(json.dumps({"sequence": 3}))
                wait_until_received(live, 4)
            next_response(live), next_response(live)
            during = httpx.get(f"http://{server.address}/metrics").text
        wait_for(lambda: server.config.app.state.seats.taken == 0)
        after = httpx.get(f"http://{server.address}/metrics").text

    assert "kernelscope_live_sessions 1.0" in during
    assert "kernelscope_live_dropped_total 1.0" in during
    assert 'kernelscope_rejections_total{problem="unknown-layer"} 1.0' in during
    assert "kernelscope_live_sessions 0.0" in after
    assert "kernelscope_live_responses_total 2.0" in after


@pytest.mark.parametrize(
    "headers", [{"Cookie": "a" * 9000}, {f"X-{number}": "b" for number in range(150)}], ids=["long", "many"]
)
def test_handshake_with_large_headers_is_a_431(server: Stoppable, headers: dict[str, str]):
    with pytest.raises(InvalidStatus) as refused:
        open_live(server, additional_headers=headers)

    assert refused.value.response.status_code == 431
    assert json.loads(refused.value.response.body)["type"] == "/problems/headers-too-large"


def test_session_has_a_request_id(server: Stoppable):
    with open_live(server, additional_headers={"X-Request-ID": "mine"}) as live:
        assert live.response.headers["x-request-id"] == "mine"


def test_answers_hold_the_layers_asked_for(live: ClientConnection):
    response = exchange(live, sequence=1, layers=["pool1"])

    assert set(tensors_of(response)) == {"input", "pool1", "logits", "probabilities"}
    assert np.frombuffer(tensors_of(response)["pool1"]["data"], dtype=np.float32).size == 4 * 7 * 7


def test_a_request_that_is_no_handshake_says_how_to_connect(server: Stoppable):
    response = httpx.get(f"http://{server.address}/api/v1/live")

    assert (response.status_code, response.headers["upgrade"]) == (426, "websocket")
    assert response.json()["type"] == "/problems/upgrade-required"
    assert "this request has no header Upgrade: websocket, or a proxy removed it" in response.json()["detail"]
