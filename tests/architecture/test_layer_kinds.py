"""A kind of layer is one file: no other part of the product names it, except the registry and the ONNX tables."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("app", "model", "static/js", "templates")
ALLOWED = re.compile(r"model/(layers/(avg_pool2d|__init__)\.py|onnx/\w+\.py)$")


def test_average_pooling_is_named_in_at_most_four_product_files():
    naming = {
        str(path.relative_to(ROOT))
        for folder in PRODUCT
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".py", ".js", ".html"}
        and re.search(r"avg_?pool|average_?\s?pool", path.read_text(encoding="utf-8"), re.IGNORECASE)
    }

    assert "model/layers/avg_pool2d.py" in naming
    assert len(naming) <= 4, sorted(naming)
    assert not [path for path in naming if not ALLOWED.search(path)]
