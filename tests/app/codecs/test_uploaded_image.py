import base64
import contextlib
import io
import struct
import zlib
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from app.codecs.uploaded_image import WORKING_SIZE, Adjustment, DecodedImage, Limits, decode_base64, decode_image
from app.errors import ImageTooLarge, ImageUnreadable, InvalidInput, NotAnImage, TooManyPixels, TooManyScans
from tests.builders import encode, page_with_line

PAGE = page_with_line()
LINE = PAGE == 0
FORMATS = ["PNG", "JPEG", "WEBP", "GIF", "BMP"]


LIMITS = Limits(bytes=2**22, pixels=20_000_000, jpeg_pixels=100_000_000)


def decode(data: bytes, limits: Limits = LIMITS, adjustment: Adjustment | None = None) -> DecodedImage:
    return decode_image(data, limits, adjustment)


def assert_shows_the_line(image: DecodedImage) -> None:
    """Black on the line and white elsewhere; lossy formats may blur its edge."""
    far = np.ones_like(LINE)
    far[12:88, 37:63] = False
    assert image.colors[25:75, 47:53].max() < 15
    assert image.colors[far].min() > 250


def assert_is_page(image: DecodedImage, light: int = 255, dark: int = 0) -> None:
    expected = np.where(LINE, dark, light)
    planes = image.colors if image.colors.ndim == 3 else image.colors[:, :, np.newaxis]
    np.testing.assert_allclose(planes, np.broadcast_to(expected[:, :, np.newaxis], planes.shape), atol=1)


@pytest.mark.parametrize("format", FORMATS)
def test_every_common_format_is_read(format: str):
    image = decode(encode(Image.fromarray(PAGE), format))

    assert_shows_the_line(image)
    assert image.size == (100, 100)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
def test_every_kind_of_pixel_is_read(mode: str):
    assert_is_page(decode(encode(Image.fromarray(PAGE).convert(mode))))


def test_cmyk_is_read():
    assert_shows_the_line(decode(encode(Image.fromarray(PAGE).convert("CMYK"), "JPEG")))


def test_16_bits_are_scaled_and_not_cut_off():
    # Both are above 255: cut off there, paper and ink would be one.
    page = np.where(LINE, 10_000, 60_000).astype(np.uint16)

    assert_is_page(decode(encode(Image.fromarray(page))), light=60_000 * 255 // 65_535, dark=10_000 * 255 // 65_535)


def test_black_on_nothing_lies_on_white_paper():
    rgba = np.zeros((100, 100, 4), dtype=np.uint8)
    rgba[LINE, 3] = 255

    assert_is_page(decode(encode(Image.fromarray(rgba))))


def test_white_on_nothing_is_ink_all_the_same():
    rgba = np.full((100, 100, 4), 255, dtype=np.uint8)
    rgba[~LINE, 3] = 0

    assert_is_page(decode(encode(Image.fromarray(rgba))), light=0, dark=255)


def test_a_transparent_color_of_a_palette_is_paper():
    # Color 0, black, is transparent; color 200 is the ink.
    palette = Image.fromarray(np.where(LINE, 200, 0).astype(np.uint8)).convert("P")

    assert_is_page(decode(encode(palette, transparency=palette.getpixel((0, 0)))), dark=200)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_are_held_as_the_camera_was(orientation: int):
    upright = np.full((60, 100), 255, dtype=np.uint8)
    upright[10:20, 10:60] = 0  # a bar at the top left
    # What the camera stored: upright, turned back by the inverse of what the tag asks for.
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.T,
        6: np.rot90(upright),
        7: upright[::-1, ::-1].T,
        8: np.rot90(upright, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation

    image = decode(encode(Image.fromarray(np.ascontiguousarray(stored)), exif=exif))

    np.testing.assert_array_equal(image.colors, upright)
    assert image.size == (60, 100)


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")  # Pillow says what it stumbles over
def test_damaged_exif_is_no_reason_to_refuse_a_picture():
    data = encode(Image.fromarray(PAGE), "JPEG", exif=b"Exif\x00\x00II*\x00\xff\xff\xff\xff")

    assert_shows_the_line(decode(data))


def test_of_an_animation_the_first_frame_counts():
    buffer = io.BytesIO()
    Image.fromarray(PAGE).save(buffer, "GIF", save_all=True, append_images=[Image.new("L", (100, 100), 255)])

    assert_shows_the_line(decode(buffer.getvalue()))


@pytest.mark.parametrize("format", ["PNG", "JPEG"])
def test_large_pictures_are_reduced(format: str):
    image = decode(encode(Image.fromarray(page_with_line(1200, 2000)), format))

    assert image.colors.shape == (round(1200 * WORKING_SIZE / 2000), WORKING_SIZE)
    assert image.size == (1200, 2000)
    assert image.colors.min() < 5


def test_a_hair_line_survives_the_reduction():
    page = np.full((3000, 3000), 255, dtype=np.uint8)
    page[600:2400, 1499:1502] = 0

    image = decode(encode(Image.fromarray(page)))

    assert np.all(image.colors[100:340].min(axis=1) < 200)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"", "empty"),
        (b"hello", "of an unknown kind"),
        (b"%PDF-1.7 ...", "a PDF document"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "an SVG drawing"),
        (encode(Image.new("L", (4, 4)), "TIFF"), "a TIFF image"),
        (encode(Image.new("L", (4, 4)), "ICO"), "an icon"),
        (b"\x00\x00\x00\x18ftypheic", "an HEIC image"),
        (b"\x00\x00\x00\x18ftypheix", "an HEIC image"),
        (b"\x00\x00\x00\x18ftyphevc", "an HEIC image"),
    ],
)
def test_other_files_are_refused_by_name(data: bytes, kind: str):
    with pytest.raises(NotAnImage, match=f"The file is {kind}; this server reads PNG, JPEG, WebP, GIF and BMP"):
        decode(data)


@pytest.mark.parametrize("format", FORMATS)
def test_a_file_cut_short_is_refused(format: str):
    data = encode(Image.fromarray(PAGE), format)

    for length in (20, len(data) // 2):
        with pytest.raises(ImageUnreadable, match=f"begins like a {format} image .* damaged or cut short"):
            decode(data[:length])


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")  # Pillow says what it stumbles over
@pytest.mark.parametrize("format", FORMATS)
def test_random_damage_ends_in_colors_or_in_a_refusal(format: str, rng: np.random.Generator):
    whole = encode(Image.fromarray(PAGE), format)

    for _ in range(100):
        damaged = bytearray(whole)
        for place in rng.integers(0, len(whole), 4):
            damaged[place] = rng.integers(256)
        with contextlib.suppress(ImageUnreadable, NotAnImage, TooManyPixels, TooManyScans):
            assert decode(bytes(damaged)).colors.dtype == np.float32


def test_a_hundred_megapixels_are_refused_before_they_are_decoded():
    data = encode(Image.new("1", (10_000, 10_000)))

    with pytest.raises(TooManyPixels, match=r"10,000×10,000 = 100,000,000 pixels; .* up to 20,000,000"):
        decode(data)


@pytest.mark.parametrize("format", ["PNG", "GIF", "BMP"])
def test_a_header_that_lies_about_its_size_is_refused(format: str):
    data = bytearray(encode(Image.fromarray(PAGE), format))
    match format:
        case "PNG":
            data[16:24] = struct.pack(">II", 60_000, 60_000)
            data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
        case "GIF":
            data[6:10] = struct.pack("<HH", 60_000, 60_000)
        case "BMP":
            data[18:26] = struct.pack("<ii", 60_000, 60_000)

    with pytest.raises(TooManyPixels, match="3,600,000,000 pixels"):
        decode(bytes(data))


def test_text_that_unpacks_without_end_is_refused():
    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    png = encode(Image.fromarray(PAGE))
    bomb = png[:33] + chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(2**26), 9)) + png[33:]

    with pytest.raises(ImageUnreadable):
        decode(bomb)


def test_a_file_over_the_limit_is_refused_with_both_numbers():
    with pytest.raises(ImageTooLarge, match=r"has 1\.5 MiB; this server accepts up to 1\.0 MiB") as refusal:
        decode(bytes(3 * 2**19), limits=replace(LIMITS, bytes=2**20))

    assert refusal.value.numbers == {"limit_bytes": 2**20}


@pytest.mark.parametrize("prefix", ["", "data:image/png;base64,"])
def test_base64_is_read_with_or_without_a_data_url(prefix: str):
    assert decode_base64(prefix + base64.b64encode(b"some bytes").decode(), 100) == b"some bytes"


def test_base64_may_be_wrapped():
    assert decode_base64("c29t\nZSBi\r\neXRlcw==", 100) == b"some bytes"


@pytest.mark.parametrize("text", ["not base64!", "abcde", "data:image/png;base64,%%%%", "ünïcödé"])
def test_what_is_not_base64_is_refused(text: str):
    with pytest.raises(InvalidInput, match="image is not base64"):
        decode_base64(text, 100)


def test_base64_over_the_limit_is_refused_before_it_is_decoded():
    with pytest.raises(ImageTooLarge):
        decode_base64("A" * 4000, 1000)


@pytest.mark.parametrize("text", ["-_8=", "-_8", "+/8"])
def test_base64_may_be_url_safe_and_lack_its_padding(text: str):
    assert decode_base64(text, 100) == b"\xfb\xff"


def _photo(height: int = 400, width: int = 300, **options: object) -> bytes:
    """A line on paper with grain, so that every block has something to say."""
    grain = np.random.default_rng(0).normal(220, 8, (height, width, 3))
    grain[height // 5 : -height // 5, width // 2 - 8 : width // 2 + 8] = 30
    return encode(Image.fromarray(np.clip(grain, 0, 255).astype(np.uint8)), "JPEG", **options)


@pytest.mark.parametrize("missing", [1, 2, 40, 400])
def test_a_jpeg_without_its_last_bytes_is_read(missing: int):
    whole = _photo(quality=90)

    image = decode(whole[:-missing])

    assert image.colors.min() < 60
    assert image.colors.mean() == pytest.approx(decode(whole).colors.mean(), abs=3)


def test_a_jpeg_without_its_second_half_is_rejected():
    whole = _photo()

    with pytest.raises(ImageUnreadable, match="damaged or cut short"):
        decode(whole[: len(whole) // 2])


def _with_scans(data: bytes, scans: int) -> bytes:
    """A progressive JPEG whose last scan is repeated."""
    start, end = data.rindex(b"\xff\xda"), len(data) - 2
    return data[:end] + data[start:end] * scans + data[end:]


def test_a_jpeg_of_a_thousand_scans_is_rejected_before_it_is_decoded():
    with pytest.raises(TooManyScans, match="more than 32 scans; save it again"):
        decode(_with_scans(_photo(40, 30, progressive=True), 1000))


def test_an_ordinary_progressive_jpeg_is_read():
    assert decode(_photo(progressive=True)).colors.min() < 60


def test_a_large_baseline_jpeg_is_decoded_at_reduced_scale():
    data = encode(Image.new("L", (10_000, 5_000), 200), "JPEG")

    image = decode(data)

    assert image.size == (5_000, 10_000)
    assert image.colors.shape == (224, 448)


@pytest.mark.parametrize(
    ("format", "options", "what"), [("JPEG", {"progressive": True}, "progressive JPEGs"), ("PNG", {}, "PNG images")]
)
def test_what_is_decoded_as_a_whole_may_be_less_large(format: str, options: dict[str, bool], what: str):
    data = encode(Image.new("L", (6_000, 4_000), 200), format, **options)

    with pytest.raises(TooManyPixels, match=rf"24,000,000 pixels; this server decodes {what} of up to 20,000,000"):
        decode(data)


def test_a_part_is_cut_out_in_fractions_of_the_image():
    page = np.full((200, 100), 255, dtype=np.uint8)
    page[50:100, 20:60] = 0

    image = decode(encode(Image.fromarray(page)), adjustment=Adjustment(crop=(0.2, 0.25, 0.4, 0.25)))

    np.testing.assert_array_equal(image.colors, np.zeros((50, 40)))
    assert image.size == (50, 40)


def test_an_image_is_turned_clockwise_on_its_own_ground():
    page = np.full((100, 60), 200, dtype=np.uint8)
    page[:10, 20:40] = 0  # at the top

    quarter = decode(encode(Image.fromarray(page)), adjustment=Adjustment(rotate=90))
    eighth = decode(encode(Image.fromarray(page)), adjustment=Adjustment(rotate=45))

    assert quarter.size == (60, 100)
    assert quarter.colors[30, 95] == 0  # at the right
    assert eighth.colors[0, 0] == 200
