import pytest

from app.codecs.media_types import JSON, NPZ, PNG, SAFETENSORS, TENSORS, negotiate
from app.errors import NotAcceptable

OFFERED = (*TENSORS, PNG)


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (None, JSON),
        ("", JSON),
        ("*/*", JSON),
        ("application/json", JSON),
        ("application/x-safetensors", SAFETENSORS),
        ("APPLICATION/X-NPZ", NPZ),
        ("image/png", PNG),
        ("image/*", PNG),
        ("image/webp, image/png;q=0.8, */*;q=0.1", PNG),
        ("application/json;q=0, */*", SAFETENSORS),
        ("application/json;q=0.2, image/png;q=0.3", PNG),
        ("application/json;q=nonsense", JSON),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", JSON),
    ],
)
def test_the_format_that_the_client_prefers_is_chosen(accept: str | None, chosen: str):
    assert negotiate(accept, OFFERED) == chosen


@pytest.mark.parametrize("accept", ["text/html", "application/json;q=0", ",;,", "image/webp"])
def test_a_client_that_wants_none_of_the_formats_is_told_which_there_are(accept: str):
    with pytest.raises(NotAcceptable, match="application/json, application/x-safetensors") as refusal:
        negotiate(accept, OFFERED)

    assert refusal.value.numbers["offered"] == list(OFFERED)
