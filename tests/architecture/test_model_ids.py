"""No part of the product names a model, except the comparison of the shipped ones and the default of the settings."""

import re
from pathlib import Path

from app.comparison import COMPARED_MODELS

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("app", "static/js", "templates")

ALLOWED = {"app/comparison.py", "app/settings.py", "app/openapi_examples.json"}

KINDS_OF_CONNECTION = {
    "static/js/types.js",
    "static/js/experiments/gradients/layer-picture.js",
    "static/js/experiments/layer-costs/layer-costs.js",
    "static/js/experiments/layer-costs/wiring.js",
    "static/js/tour/figures.js",
    "templates/partials/_experiment-layer-costs.html",
    "templates/partials/_experiment-translation.html",
}
"""Files in which "locally-connected" is a kind of connection; a shipped model has the same id."""


def test_no_model_id_stands_as_a_literal():
    ids = "|".join(re.escape(name) for name in COMPARED_MODELS)
    literal = re.compile(rf"""(?<=["'`])({ids})(?=["'`]|/\$)""")

    found = {
        (path.relative_to(ROOT).as_posix(), name)
        for folder in PRODUCT
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".py", ".js", ".html", ".json"}
        for name in literal.findall(path.read_text(encoding="utf-8"))
    }

    assert {path for path, _name in found} >= ALLOWED
    assert (
        sorted(
            (path, name)
            for path, name in found
            if path not in ALLOWED and not (name == "locally-connected" and path in KINDS_OF_CONNECTION)
        )
        == []
    )
