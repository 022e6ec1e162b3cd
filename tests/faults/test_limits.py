"""Every limit, from outside: what is sent byte by byte, and what comes back."""

import io
import json
import socket
import struct
import zlib
from collections.abc import Iterator
from functools import partial

import httpx
import pytest
from PIL import Image
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.builders import SEVEN, encode, page_with_line
from tests.faults.conftest import SECONDS, Service

MAPS = "/api/v1/models/cnn/feature-maps"
UPLOAD = f"{MAPS}/upload"


def exchange(service: Service, *parts: bytes) -> tuple[int, dict]:
    """Send bytes as they are, and read until the server closes: the last response's status and problem."""
    with socket.create_connection(("127.0.0.1", service.port), timeout=SECONDS) as connection:
        for part in parts:
            connection.sendall(part)
        response = b""
        while piece := connection.recv(65_536):
            response += piece
    head, _, body = response.rpartition(b"HTTP/1.1 ")[2].partition(b"\r\n\r\n")
    return int(head[:3]), json.loads(body)


def post(path: str, *headers: str) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", "Content-Type: application/json", *headers, "", ""]
    return "\r\n".join(lines).encode()


def send(service: Service, body: bytes, path: str = MAPS) -> httpx.Response:
    return httpx.post(
        f"{service.address}{path}", content=body, headers={"Content-Type": "application/json"}, timeout=SECONDS
    )


# --- Bodies ----------------------------------------------------------------------------------------------------------


def test_body_that_says_it_is_too_large_is_refused_before_it_comes(service: Service):
    status, problem = exchange(service, post(MAPS, "Content-Length: 999999999999", "Connection: close"))

    assert (status, problem["type"], problem["limit_bytes"]) == (413, "/problems/body-too-large", 200_000)


def test_body_without_a_length_is_refused_when_it_has_grown_too_large(service: Service):
    # The last piece is a small one: bytes that the server leaves unread would cut off its response.
    large, small = b"10000\r\n" + bytes(65_536) + b"\r\n", b"1000\r\n" + bytes(4_096) + b"\r\n"

    status, problem = exchange(service, post(MAPS, "Transfer-Encoding: chunked"), large, large, large, small)

    assert (status, problem["limit_bytes"]) == (413, 200_000)


def test_body_shorter_than_it_says_is_waited_for_and_no_longer(service: Service):
    status, problem = exchange(service, post(MAPS, "Content-Length: 1000"), b'{"sample": 0}')

    assert (status, problem["type"], problem["limit_seconds"]) == (408, "/problems/request-too-slow", 1)
    assert problem["detail"].startswith("13 bytes of the body arrived within 1 s")


def test_body_longer_than_it_says_is_another_request_and_no_good_one(service: Service):
    status, problem = exchange(service, post(MAPS, "Content-Length: 13"), b'{"sample": 0}{"sample": 1}\r\n\r\n')

    assert (status, problem["type"]) == (400, "/problems/malformed-request")


def test_two_lengths_are_one_too_many(service: Service):
    """What a proxy takes for one request must not be two for us."""
    status, _ = exchange(service, post(MAPS, "Content-Length: 13", "Content-Length: 5"), b'{"sample": 0}')

    assert status == 400


@pytest.mark.parametrize(
    ("body", "status", "problem"),
    [
        (b"[" * 100_000, 422, "drawing-too-large"),
        (b"[" * 1_000, 400, "malformed-request"),
        (b'{"sample":' * 15_000 + b"}" * 15_000, 422, "invalid-input"),
        (b'{"sample":' * 900 + b"}" * 900, 400, "malformed-request"),
        (b'{"sample": ' + b"9" * 5_000 + b"}", None, None),
        (b'{"pixels": NaN}', None, None),
        (b'{"strokes": [[[Infinity, 0.5]]]}', None, None),
        (b'{"strokes": [[[1e999, 0.5]]]}', None, None),
        (b'{"strokes": [[[0.5, 0.5]]], "pen_width": -1e308}', 422, "invalid-input"),
        (b'{"sample": 0, "layers": "\xff\xfe"}', 400, "malformed-request"),
        (b'{"sample": 0.5}', 422, "invalid-input"),
        (b"", 400, "malformed-request"),
    ],
    ids=[
        "very deep",
        "deep",
        "very deep objects",
        "deep objects",
        "long number",
        "NaN",
        "Infinity",
        "1e999",
        "pen",
        "bytes",
        "half",
        "nothing",
    ],
)
def test_json_that_is_none_is_refused_in_few_words(service: Service, body: bytes, status: int | None, problem: str):
    response = send(service, body)

    assert response.status_code == status or (status is None and response.status_code in (400, 422))
    assert response.headers["content-type"] == "application/problem+json"
    assert problem is None or response.json()["type"] == f"/problems/{problem}"
    assert len(response.content) < 2_000


def test_many_mistakes_are_not_answered_one_by_one(service: Service):
    response = send(service, json.dumps({"strokes": [[["x", "y"]] * 5_000]}).encode())

    assert response.status_code == 422
    assert len(response.content) < 3_000


@pytest.mark.parametrize(
    ("strokes", "limits"),
    [
        ([[[0.5, 0.5]]] * 11, {"limit_strokes": 10, "limit_points": 100}),
        ([[[0.5, 0.5]] * 101], {"limit_strokes": 10, "limit_points": 100}),
    ],
)
def test_drawing_with_too_many_strokes_or_points_is_refused_with_both_limits(
    service: Service, strokes: list, limits: dict
):
    response = send(service, json.dumps({"strokes": strokes}).encode())

    assert response.status_code == 422
    assert {name: response.json()[name] for name in limits} == limits


def test_long_address_and_long_headers_are_a_431(service: Service):
    for request in (b"GET /" + b"a" * 100_000, b"GET / HTTP/1.1\r\nX: " + b"a" * 100_000):
        status, problem = exchange(service, request)
        assert (status, problem["limit_bytes"]) == (431, 32_768)


# --- Images and forms ------------------------------------------------------------------------------------------------


def png_of(width: int, height: int) -> bytes:
    """A PNG that says it is so large, with next to nothing in it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(99))) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(("width", "height"), [(9_000, 9_000), (2**31 - 1, 2**31 - 1), (20_000_001, 1)])
def test_image_is_measured_before_it_is_decoded(service: Service, width: int, height: int):
    before = service.resident_bytes

    response = httpx.post(f"{service.address}{UPLOAD}", files={"file": ("a.png", png_of(width, height))})

    assert response.status_code == 413
    assert response.json()["limit_pixels"] == 20_000_000
    assert service.resident_bytes < before + 2**24


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GIF89a",
        encode(Image.fromarray(page_with_line()))[:-30],
        encode(Image.fromarray(page_with_line())).replace(b"IDAT", b"IDAX"),
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        bytes(10_000),
    ],
    ids=["nothing", "a beginning", "cut off", "damaged", "another kind", "zeros"],
)
def test_file_that_is_no_image_is_refused(service: Service, data: bytes):
    response = httpx.post(f"{service.address}{UPLOAD}", files={"file": ("a.png", data)})

    assert response.status_code in (415, 422)
    assert response.json()["type"] in (
        "/problems/not-an-image",
        "/problems/image-unreadable",
        "/problems/invalid-input",
    )


def test_animation_is_its_first_picture(service: Service):
    pictures = [Image.fromarray(page_with_line(ink=ink)) for ink in (0, 80)]
    film = io.BytesIO()
    pictures[0].save(film, "GIF", save_all=True, append_images=pictures[1:] * 200)

    response = httpx.post(f"{service.address}{UPLOAD}", files={"file": ("a.gif", film.getvalue())}, timeout=SECONDS)

    assert response.status_code == 200


@pytest.mark.parametrize(
    "form",
    [
        {"data": {f"field{i}": "x" for i in range(100)}},
        {"files": [("file", ("a.png", b"x")) for _ in range(50)]},
        {"data": {"framing": "x" * 50_000}, "files": {"file": ("a.png", b"x")}},
        {"data": {"other": "x"}, "files": {"file": ("a.png", b"x")}},
    ],
    ids=["fields", "files", "long field", "unknown field"],
)
def test_form_has_one_file_and_few_fields(service: Service, form: dict):
    response = httpx.post(f"{service.address}{UPLOAD}", **form)

    assert 400 <= response.status_code < 500
    assert response.headers["content-type"] == "application/problem+json"


def test_form_without_an_end_is_refused(service: Service):
    body = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n' + bytes(1000)

    response = httpx.post(
        f"{service.address}{UPLOAD}", content=body, headers={"Content-Type": "multipart/form-data; boundary=b"}
    )

    assert response.status_code in (400, 415, 422)


# --- Live sessions ---------------------------------------------------------------------------------------------------


@pytest.fixture
def live(service: Service) -> Iterator[ClientConnection]:
    with connect(f"ws://127.0.0.1:{service.port}/api/v1/live", max_size=None, compression=None) as live:
        yield live


def closed(live: ClientConnection) -> tuple[int, str]:
    """How the server ends a session."""
    with pytest.raises(ConnectionClosed) as end:
        for _ in iter(partial(live.recv, timeout=SECONDS), None):
            pass
    assert end.value.rcvd is not None
    return end.value.rcvd.code, end.value.rcvd.reason


def test_message_of_more_than_64_kib_ends_the_session(live: ClientConnection):
    live.send(json.dumps({"sequence": 1, "begin": [[0.5, 0.5]], "padding": "x" * 65_536}))

    assert closed(live)[0] == 1009


def test_more_messages_than_a_pen_sends_end_the_session(live: ClientConnection):
    for sequence in range(1, 200):
        try:
            live.send(json.dumps({"sequence": sequence}))
        except ConnectionClosed:
            break

    assert closed(live) == (1008, "More than 50 messages a second.")


def test_text_that_is_no_text_ends_the_session(live: ClientConnection):
    live.send(b"\xff\xfe", text=True)

    assert closed(live) == (1007, "The text frame is not valid UTF-8.")


def test_page_of_another_site_gets_no_session(service: Service):
    with pytest.raises(InvalidStatus) as refusal:
        connect(f"ws://127.0.0.1:{service.port}/api/v1/live", origin="https://elsewhere.example")  # type: ignore[arg-type]

    assert refusal.value.response.status_code == 403


# --- Afterwards ------------------------------------------------------------------------------------------------------


def test_memory_comes_back_after_bad_input(service: Service):
    attacks = [
        json.dumps({"strokes": [[["x", "y"]] * 5_000]}).encode(),
        b"[" * 190_000,
        json.dumps({"image": "A" * 190_000}).encode(),
        json.dumps({"pixels": [[0.5] * 28] * 28}).encode(),
    ]
    for body in attacks * 5:
        send(service, body)
    before = service.resident_bytes

    for body in attacks * 50:
        send(service, body)

    assert service.resident_bytes < before + 2**24
    assert send(service, json.dumps({"strokes": SEVEN}).encode()).status_code == 200


def test_other_sites_pages_are_told_nothing(service: Service):
    """CORS is off: no response says that another site's page may read it."""
    origin = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "POST"}

    responses = [
        httpx.post(f"{service.address}{MAPS}", json={"sample": 0}, headers=origin),
        httpx.options(f"{service.address}{MAPS}", headers=origin),
    ]

    for response in responses:
        assert not [name for name in response.headers if name.startswith("access-control")]
