"""Untrusted bytes become gray values, and those become ink.

Everything is bounded before it is decoded: the bytes, the format, and the pixels that the header announces. What is in
the picture, ink and paper, is told apart by `app.codecs.ink`.
"""

import base64
import binascii
import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image

from app.codecs.ink import Polarity, find_ink
from app.errors import ImageTooLarge, ImageUnreadable, InvalidInput, NotAnImage, TooManyPixels

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")

WORKING_SIZE = 448
"""Longest side of what is looked at: a digit becomes 20 pixels high, so this is plenty, and it bounds the work."""

# Pillow's own limit only warns below 179 megapixels; ours is checked before anything is decoded.
Image.MAX_IMAGE_PIXELS = None

# The first bytes of files that people take for images, or that are images of another kind.
_SIGNATURES: tuple[tuple[bytes, int, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", 0, "PNG"),
    (b"\xff\xd8\xff", 0, "JPEG"),
    (b"WEBP", 8, "WEBP"),
    (b"GIF8", 0, "GIF"),
    (b"BM", 0, "BMP"),
    (b"%PDF", 0, "a PDF document"),
    (b"II*\x00", 0, "a TIFF image"),
    (b"MM\x00*", 0, "a TIFF image"),
    (b"ftypheic", 4, "an HEIC image"),
    (b"ftypmif1", 4, "an HEIF image"),
    (b"ftypavif", 4, "an AVIF image"),
    (b"\x00\x00\x01\x00", 0, "an icon"),
    (b"<svg", 0, "an SVG drawing"),
    (b"<?xml", 0, "XML, perhaps an SVG drawing"),
    (b"PK\x03\x04", 0, "a ZIP archive or an office document"),
)

_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""EXIF orientation → what turns the image upright; 1 is upright already."""


@dataclass(frozen=True)
class DecodedImage:
    """An uploaded image as ink.

    Attributes:
        ink: (H, W) uint8, 0 paper, 255 ink; no side longer than 448.
        size: (rows, columns) of the image itself, held upright.
        polarity: Which way its ink lies; None if it shows nothing.
    """

    ink: NDArray[np.uint8]
    size: tuple[int, int]
    polarity: Polarity | None


def decode_base64(text: str, limit_bytes: int) -> bytes:
    """The bytes of an image in a JSON body; a data URL is understood too.

    Raises:
        ImageTooLarge: More bytes than the limit.
        InvalidInput: Not base64.
    """
    if text.startswith("data:"):
        text = text.partition(",")[2]
    # Base64 makes four characters of three bytes, so the size is known before decoding.
    _require_bytes(len(text) * 3 // 4 - 2, limit_bytes)
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise InvalidInput("image is not base64; encode the bytes of the file, without line prefixes.") from None


def decode_image(data: bytes, limit_bytes: int, limit_pixels: int) -> DecodedImage:
    """Decode an image and find its ink.

    Args:
        data: A PNG, JPEG, WebP, GIF or BMP file; of an animation the first frame counts.
        limit_bytes: Most bytes.
        limit_pixels: Most pixels.

    Raises:
        ImageTooLarge: More bytes than the limit.
        NotAnImage: Another kind of file.
        TooManyPixels: More pixels than the limit.
        ImageUnreadable: Damaged or cut short.
    """
    _require_bytes(len(data), limit_bytes)
    kind = _kind_of(data)
    if kind not in FORMATS:
        raise NotAnImage(f"The file is {kind}; this server reads PNG, JPEG, WebP, GIF and BMP images.")
    try:
        with Image.open(io.BytesIO(data), formats=[kind]) as image:
            _require_pixels(image, limit_pixels)
            gray, size = _decode(image)
    except TooManyPixels:
        raise
    except Exception as error:  # Pillow's decoders raise whatever they stumble over in hostile data
        raise ImageUnreadable(
            f"The file begins like a {kind} image but cannot be decoded: it is damaged or cut short."
        ) from error
    ink, polarity = find_ink(gray)
    return DecodedImage(ink, size, polarity)


def _require_bytes(size: int, limit: int) -> None:
    if size > limit:
        raise ImageTooLarge(
            f"The image has {size / 2**20:.1f} MiB; this server accepts up to {limit / 2**20:.1f} MiB.",
            limit_bytes=limit,
        )


def _kind_of(data: bytes) -> str:
    for signature, offset, kind in _SIGNATURES:
        if data.startswith(signature, offset):
            return kind
    return "of an unknown kind" if data else "empty"


def _require_pixels(image: Image.Image, limit: int) -> None:
    width, height = image.size
    if width * height > limit:
        raise TooManyPixels(
            f"The image has {width:,}×{height:,} = {width * height:,} pixels; this server decodes up to {limit:,}.",
            width=width,
            height=height,
            limit_pixels=limit,
        )


def _decode(image: Image.Image) -> tuple[NDArray[np.float32], tuple[int, int]]:
    """Gray values (h, w) float32 0–255 of the upright, reduced image, and the upright (rows, columns) of the whole."""
    width, height = image.size
    # A JPEG can be decoded at an eighth of its size in a fraction of the time.
    image.draft("L", (2 * WORKING_SIZE, 2 * WORKING_SIZE))
    image.load()
    orientation = _orientation_of(image)
    if image.has_transparency_data:
        gray = _flattened(_reduced(image if image.mode == "RGBA" else image.convert("RGBA")))
    elif image.mode.startswith(("I", "F")):
        gray = np.asarray(_reduced(_as_float(image)), dtype=np.float32)
    else:
        gray = np.asarray(_reduced(image.convert("L")), dtype=np.float32)
    if orientation in _UPRIGHT:
        gray = np.asarray(Image.fromarray(gray).transpose(_UPRIGHT[orientation]), dtype=np.float32)
        # Orientations from 5 on lie on their side.
        width, height = (height, width) if orientation >= 5 else (width, height)
    return gray, (height, width)


def _orientation_of(image: Image.Image) -> int:
    """How the camera was held, as EXIF says; upright if it says nothing that can be read."""
    try:
        return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # damaged EXIF is no reason to refuse the picture
        return 1


def _reduced(image: Image.Image) -> Image.Image:
    """No side longer than the working size; antialiased, so thin lines grow faint and never vanish."""
    factor = WORKING_SIZE / max(image.size)
    if factor >= 1:
        return image
    width, height = image.size
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    return image.resize(size, Image.Resampling.BOX if image.mode == "F" else Image.Resampling.LANCZOS, reducing_gap=2)


def _as_float(image: Image.Image) -> Image.Image:
    """16 bits a pixel, scaled to 0–255: Pillow's own conversion would cut off everything above 255."""
    values = np.asarray(image, dtype=np.float32)
    return Image.fromarray(values * np.float32(255 / 65535))


def _flattened(image: Image.Image) -> NDArray[np.float32]:
    """Transparent images lie on white paper; where that leaves nothing to see, the opaque part is the ink."""
    values = np.asarray(image, dtype=np.float32)
    alpha = values[:, :, 3] / np.float32(255)
    gray = np.asarray(image.convert("RGB").convert("L"), dtype=np.float32)
    flat = gray * alpha + np.float32(255) * (1 - alpha)
    if np.ptp(flat) < VISIBLE and np.ptp(alpha) * 255 >= VISIBLE:
        # White strokes on nothing, as drawing programs export them.
        return alpha * np.float32(255)
    return flat


VISIBLE = 16
"""Least difference of gray, of 255, that counts as a mark."""
