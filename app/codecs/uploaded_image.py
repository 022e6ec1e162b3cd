"""Untrusted bytes become colors.

Everything is bounded before it is decoded: the bytes, the format, the pixels that the header announces and the scans
of a JPEG. What in the picture is ink is none of its business.
"""

import base64
import binascii
import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image

from app.codecs.jpeg import END, JpegStructure, read_structure
from app.errors import ImageTooLarge, ImageUnreadable, InvalidInput, NotAnImage, TooManyPixels, TooManyScans

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")

WORKING_SIZE = 448
"""Longest side of what is looked at: a digit becomes 20 pixels high, so this is plenty, and it bounds the work."""

MOST_SCANS = 32
"""Scans of a JPEG. A decoder goes over the whole image in each; encoders write ten of a progressive image, some 20."""

MISSING_ROWS = 0.1
"""Share of the rows that a JPEG without its end may lack."""

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
    *((b"ftyp" + brand, 4, "an HEIC image") for brand in (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx")),
    *((b"ftyp" + brand, 4, "an HEIF image") for brand in (b"mif1", b"msf1")),
    *((b"ftyp" + brand, 4, "an AVIF image") for brand in (b"avif", b"avis")),
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


Colors = NDArray[np.float32]
"""(H, W) gray or (H, W, 3) red, green and blue; 0–255."""


@dataclass(frozen=True)
class Limits:
    """What an image may have.

    Attributes:
        bytes: Most bytes of the file.
        pixels: Most pixels of an image that is held in memory as a whole.
        jpeg_pixels: Most pixels of a JPEG that is decoded row by row, at reduced scale.
    """

    bytes: int
    pixels: int
    jpeg_pixels: int


@dataclass(frozen=True)
class Adjustment:
    """What the visitor does to the image before its ink is looked for.

    Attributes:
        crop: (left, top, width, height) of the part to keep, in fractions of the upright image.
        rotate: Degrees to turn that part, clockwise.
    """

    crop: tuple[float, float, float, float] = (0, 0, 1, 1)
    rotate: float = 0


@dataclass(frozen=True)
class DecodedImage:
    """An uploaded image.

    Attributes:
        colors: (H, W) or (H, W, 3) float32, 0–255; no side longer than 448.
        size: (rows, columns) of the image itself, held upright, cropped and turned.
    """

    colors: Colors
    size: tuple[int, int]


_STANDARD_ALPHABET = bytes.maketrans(b"-_", b"+/")


def decode_base64(text: str, limit_bytes: int) -> bytes:
    """The bytes of an image in a JSON body.

    A data URL is understood, the URL-safe alphabet (RFC 4648, section 5), and text without its padding.

    Raises:
        ImageTooLarge: More bytes than the limit.
        InvalidInput: Not base64.
    """
    if text.startswith("data:"):
        text = text.partition(",")[2]
    # Base64 makes four characters of three bytes, so the size is known before decoding.
    _require_bytes(len(text) * 3 // 4 - 2, limit_bytes)
    try:
        standard = text.encode("ascii").translate(_STANDARD_ALPHABET, delete=b" \t\r\n")
        return base64.b64decode(standard + b"=" * (-len(standard) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise InvalidInput("image is not base64; encode the bytes of the file, without line prefixes.") from None


def decode_image(data: bytes, limits: Limits, adjustment: Adjustment | None = None) -> DecodedImage:
    """Decode an image.

    Args:
        data: A PNG, JPEG, WebP, GIF or BMP file; of an animation the first frame counts.
        limits: What it may have.
        adjustment: How to crop and turn it.

    Raises:
        ImageTooLarge: More bytes than the limit.
        NotAnImage: Another kind of file.
        TooManyPixels: More pixels than the limit.
        TooManyScans: A JPEG with more scans than are decoded.
        ImageUnreadable: Damaged or cut short.
    """
    _require_bytes(len(data), limits.bytes)
    kind = _kind_of(data)
    if kind not in FORMATS:
        raise NotAnImage(f"The file is {kind}; this server reads PNG, JPEG, WebP, GIF and BMP images.")
    jpeg = read_structure(data, MOST_SCANS) if kind == "JPEG" else None
    if jpeg is not None and jpeg.scans > MOST_SCANS:
        raise TooManyScans(
            f"The JPEG has more than {MOST_SCANS} scans; save it again, as a baseline or an ordinary progressive JPEG.",
            limit_scans=MOST_SCANS,
        )
    if jpeg is not None and not jpeg.complete:
        data += END
    try:
        with Image.open(io.BytesIO(data), formats=[kind]) as image:
            _require_pixels(image, jpeg, limits)
            return _decode(image, adjustment or Adjustment(), jpeg)
    except TooManyPixels:
        raise
    except Exception as error:  # Pillow's decoders raise whatever they stumble over in hostile data
        raise ImageUnreadable(
            f"The file begins like a {kind} image but cannot be decoded: it is damaged or cut short."
        ) from error


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


def _require_pixels(image: Image.Image, jpeg: JpegStructure | None, limits: Limits) -> None:
    width, height = image.size
    by_rows = jpeg is not None and not jpeg.needs_whole_image
    limit = limits.jpeg_pixels if by_rows else limits.pixels
    if width * height > limit:
        what = "baseline JPEGs" if by_rows else "progressive JPEGs" if jpeg is not None else f"{image.format} images"
        raise TooManyPixels(
            f"The image has {width:,}×{height:,} = {width * height:,} pixels; "
            f"this server decodes {what} of up to {limit:,}.",
            width=width,
            height=height,
            limit_pixels=limit,
        )


def _decode(image: Image.Image, adjustment: Adjustment, jpeg: JpegStructure | None) -> DecodedImage:
    width, height = image.size
    share = min(adjustment.crop[2:])
    # A JPEG can be decoded at an eighth of its size in a fraction of the time and memory.
    image.draft(None, (round(2 * WORKING_SIZE / share),) * 2)
    image.load()
    orientation = _orientation_of(image)
    if jpeg is not None and not jpeg.complete:
        image = _without_missing_rows(image)
    if orientation in _UPRIGHT:
        image = image.transpose(_UPRIGHT[orientation])
        # Orientations from 5 on lie on their side.
        width, height = (height, width) if orientation >= 5 else (width, height)
    part = _cropped(image, adjustment.crop)
    size = (round(height * part.height / image.height), round(width * part.width / image.width))
    if part.has_transparency_data:
        colors = _flattened(_reduced(part if part.mode == "RGBA" else part.convert("RGBA")))
    elif part.mode.startswith(("I", "F")):
        colors = np.asarray(_reduced(_as_float(part)), dtype=np.float32)
    else:
        gray = part.mode in ("1", "L")
        colors = np.asarray(_reduced(part.convert("L" if gray else "RGB")), dtype=np.float32)
    return _turned(colors, size, adjustment.rotate)


def _without_missing_rows(image: Image.Image) -> Image.Image:
    """Cut off the rows at the foot that the file lacks; the decoder leaves them in the middle of the range.

    Raises:
        ValueError: More rows are missing than may be.
    """
    rows = np.asarray(image.convert("RGB")).reshape(image.height, -1).astype(np.int16)
    there = np.flatnonzero((np.abs(rows - 128) > 2).any(axis=1))
    last = int(there[-1]) if there.size else -1
    if last + 1 < (1 - MISSING_ROWS) * image.height:
        raise ValueError("too many rows are missing")
    # The last row of blocks may be there in part.
    return image if last + 1 == image.height else image.crop((0, 0, image.width, max(1, last + 1 - 16)))


def _cropped(image: Image.Image, crop: tuple[float, float, float, float]) -> Image.Image:
    if crop == (0, 0, 1, 1):
        return image
    left, top = min(int(crop[0] * image.width), image.width - 1), min(int(crop[1] * image.height), image.height - 1)
    right = min(max(left + 1, round((crop[0] + crop[2]) * image.width)), image.width)
    bottom = min(max(top + 1, round((crop[1] + crop[3]) * image.height)), image.height)
    return image.crop((left, top, right, bottom))


def _turned(colors: Colors, size: tuple[int, int], degrees: float) -> DecodedImage:
    """Turn clockwise; the corners that come in have the color of the border."""
    if degrees % 360 == 0:
        return DecodedImage(colors, size)
    planes = colors[:, :, np.newaxis] if colors.ndim == 2 else colors
    border = np.concatenate([planes[0], planes[-1], planes[:, 0], planes[:, -1]])
    turned = [
        Image.fromarray(np.ascontiguousarray(planes[:, :, plane])).rotate(
            -degrees, Image.Resampling.BILINEAR, expand=True, fillcolor=float(np.median(border[:, plane]))
        )
        for plane in range(planes.shape[2])
    ]
    result = np.stack([np.asarray(each, dtype=np.float32) for each in turned], axis=2)
    scale = size[0] / colors.shape[0]
    new_size = (round(result.shape[0] * scale), round(result.shape[1] * scale))
    return DecodedImage(result[:, :, 0] if colors.ndim == 2 else result, new_size)


def _orientation_of(image: Image.Image) -> int:
    """How the camera was held, as EXIF says; upright if it says nothing that can be read."""
    try:
        return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # damaged EXIF is not a reason to reject the image
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


def _flattened(image: Image.Image) -> Colors:
    """Transparent images lie on white paper; where that leaves nothing to see, the opaque part is the ink."""
    values = np.asarray(image, dtype=np.float32)
    alpha = values[:, :, 3:] / np.float32(255)
    flat = values[:, :, :3] * alpha + np.float32(255) * (1 - alpha)
    if np.ptp(flat) < VISIBLE and np.ptp(alpha) * 255 >= VISIBLE:
        # White strokes on nothing, as drawing programs export them.
        return alpha[:, :, 0] * np.float32(255)
    return flat


VISIBLE = 16
"""Least difference of gray, of 255, that counts as a mark."""
