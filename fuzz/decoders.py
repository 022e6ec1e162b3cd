"""Bytes for the decoders, chosen by the code that they reach: ``python -m fuzz.decoders TARGET [libFuzzer options]``.

A decoder may reject its input with one of the service's own errors. Any other exception is a finding.
"""

import io
import json
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp

import atheris

with atheris.instrument_imports(include=["app", "model", "PIL"]):
    import numpy as np
    from PIL import Image

    from app.codecs.inference_protocol import decode_request
    from app.codecs.tensor_json import decode_strokes
    from app.codecs.uploaded_image import Limits as ImageLimits
    from app.codecs.uploaded_image import decode_image
    from app.digit_input import DigitRequest, parse_body
    from app.drawing import SHORT_CELLS, DrawingTakesLong
    from app.errors import AppError
    from app.framing import frame, from_image, from_strokes
    from app.live.message import read_message
    from app.live.session import Limits, LiveSession, SessionOver
    from app.model_catalog import ModelCatalog
    from app.sample_catalog import SampleCatalog
    from app.settings import Settings

SETTINGS = Settings(image_pixels=2_000_000, strokes=20, points=300)


def feed_image(data: bytes) -> None:
    """An uploaded file."""
    decoded = decode_image(data, ImageLimits(SETTINGS.image_bytes, SETTINGS.image_pixels, SETTINGS.jpeg_pixels))
    pixels = frame(from_image(decoded.colors, decoded.size), "mnist").pixels
    assert pixels.shape == (28, 28)
    assert np.isfinite(pixels).all()


def feed_strokes(data: bytes) -> None:
    """A drawing of any numbers: random JSON seldom reaches the drawing code."""
    provider = atheris.FuzzedDataProvider(data)
    strokes = [
        [[provider.ConsumeFloat() for _ in range(2)] for _ in range(provider.ConsumeIntInRange(0, 40))]
        for _ in range(provider.ConsumeIntInRange(0, 8))
    ]
    feed_drawing(json.dumps({"strokes": strokes, "pen_width": provider.ConsumeFloat()}).encode())


def feed_drawing(data: bytes) -> None:
    """A JSON body."""
    query = parse_body(DigitRequest, data, SETTINGS)
    if query.strokes is not None:
        source = from_strokes(decode_strokes(query.strokes), query.pen_width, most_cells=SHORT_CELLS)
        assert np.isfinite(frame(source, query.framing).pixels).all()


class _Live:
    """A live session; each line is a message."""

    catalog: ModelCatalog | None = None
    samples: SampleCatalog | None = None

    def __call__(self, data: bytes) -> None:
        if self.catalog is None:
            _Live.catalog = ModelCatalog.load(SETTINGS.artifacts)
            _Live.samples = SampleCatalog.load(SETTINGS.artifacts, _Live.catalog)
        assert self.catalog is not None
        assert self.samples is not None
        samples = self.samples
        limits = Limits(SETTINGS.strokes, SETTINGS.points, 10_000)
        session = LiveSession(self.catalog, "cnn", limits, lambda text: read_message(samples, SETTINGS, text))
        for number, line in enumerate(data.decode(errors="replace").splitlines()):
            session.receive(line, float(number))
            question = session.next_computation()
            if question is not None:
                frame(question.make_source(SHORT_CELLS), question.framing)
                session.settle()


def feed_inference(data: bytes) -> None:
    """A body of the Open Inference Protocol, its JSON's length first."""
    length, _, body = data.partition(b"\n")
    header = length.decode(errors="replace")[:20] or None
    decode_request(body, header, "input", (1, 28, 28), 64)


FEEDS: dict[str, Callable[[bytes], None]] = {
    "image": feed_image,
    "drawing": feed_drawing,
    "strokes": feed_strokes,
    "live": _Live(),
    "inference": feed_inference,
}

SEEDS: dict[str, list[bytes]] = {
    "image": [],
    "drawing": [
        b'{"strokes": [[[0.3, 0.25], [0.7, 0.25], [0.45, 0.8]]], "pen_width": 0.065, "framing": "mnist"}',
        b'{"sample": 3}',
        b'{"pixels": [[0, 0.5, 1]]}',
    ],
    "strokes": [bytes(range(256))],
    "live": [
        b'{"sequence": 1, "begin": [[0.5, 0.5]], "layers": ["conv1"], "dtype": "float16"}\n'
        b'{"sequence": 2, "extend": [[0.6, 0.5]], "pen_width": 0.1}\n{"sequence": 3, "sample": 4}',
    ],
    "inference": [
        b'200\n{"inputs": [{"name": "input", "shape": [1, 1, 28, 28], "datatype": "FP32", "data": [0]}]}',
        b'150\n{"inputs": [{"name": "input", "shape": [1, 1, 28, 28], "datatype": "FP32", '
        b'"parameters": {"binary_data_size": 3136}}], "outputs": [{"name": "relu1"}]}',
    ],
}


def _pictures() -> list[bytes]:
    """One small picture in each format, and in modes that are easily decoded wrongly."""
    picture = Image.fromarray((np.arange(400).reshape(20, 20) % 256).astype(np.uint8))
    made = []
    for mode, kind in (
        ("L", "PNG"),
        ("RGBA", "PNG"),
        ("P", "GIF"),
        ("1", "BMP"),
        ("RGB", "JPEG"),
        ("RGB", "WEBP"),
        ("I;16", "PNG"),
    ):
        buffer = io.BytesIO()
        picture.convert(mode).save(buffer, kind)
        made.append(buffer.getvalue())
    return made


def main() -> None:
    """Test one target until the time is over."""
    target = sys.argv[1]
    corpus = Path(mkdtemp(prefix="fuzz-"))
    for number, seed in enumerate(_pictures() if target == "image" else SEEDS[target]):
        (corpus / str(number)).write_bytes(seed)
    feed = FEEDS[target]

    def once(data: bytes) -> None:
        with suppress(AppError, SessionOver, DrawingTakesLong):
            feed(data)

    atheris.Setup([sys.argv[0], *sys.argv[2:], str(corpus)], once)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
