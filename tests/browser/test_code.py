"""The code of a number: what the page shows is what the API writes, and it prints the number on the screen."""

import contextlib
import io
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_accessibility import violations

BUTTONS = {
    "/robustness#n=15": ("body[data-perturbed]", ["The changed digit", "The accuracy"]),
    "/gradients#n=15": ("#backward[data-layer]", ["δ of the neuron"]),
    "/saliency#n=15": ("body[data-label]", ["The gradient by a pixel", "A covered square"]),
    "/layers#n=15": ("body[data-placed]", ["The nearest digits", "The accuracies"]),
    "/errors": ("body[data-compared]", ["The confusion matrix", "The misread digit"]),
    "/orientation": ("#tuning-cards > li", []),
    "/editor#n=15": ("#editor-kernels > li", ["The prediction with the edited kernels", "The accuracy"]),
    "/filters/cnn/conv3/5": ("body[data-painted]", []),
}
"""Address → what the page shows when it has its data, and the choices of its last button."""


def run(code: str) -> str:
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        exec(compile(code, "page", "exec"), {})  # noqa: S102 - our own text
    return output.getvalue()


def code_of(page: Page, kind: str) -> str:
    page.get_by_role("button", name=kind).click()
    expect(page.locator(".code-dialog code")).not_to_be_empty()
    return page.locator(".code-dialog code").inner_text()


@pytest.mark.parametrize("address", BUTTONS)
def test_every_experiment_shows_its_code(open_page, address: str):
    ready, choices = BUTTONS[address]
    page = open_page(address)
    expect(page.locator(ready).first).to_be_attached()
    buttons = page.get_by_role("button", name="Show code")
    button = buttons.nth(1) if address.startswith("/gradients") else buttons.first

    button.click()

    dialog = page.get_by_role("dialog", name="The code of this number")
    expect(dialog.locator("code")).to_contain_text("import httpx")
    names = dialog.get_by_label("Code of").locator("option").all_text_contents()
    assert names == choices or len(names) == 1
    assert len(run(code_of(page, "From the API"))) > 1
    dialog.get_by_role("button", name="With NumPy alone").click()
    expect(dialog.locator(".note")).not_to_be_empty()
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_have_count(0)


def test_the_connected_picture_shows_code_that_computes_its_evidence(open_page, tmp_path: Path):
    page = open_page("/#n=15")
    picture = page.locator(".network-picture")
    expect(picture.locator(".evidence")).to_contain_text("5")

    picture.get_by_role("button", name="Show code").click()

    dialog = page.get_by_role("dialog", name="The code of this number")
    by_api = run(code_of(page, "From the API"))
    with page.expect_download() as download:
        dialog.get_by_role("button", name="With NumPy alone").click()
        dialog.get_by_role("button", name="Download the weights").click()
    download.value.save_as(tmp_path / "cnn.npz")
    with contextlib.chdir(tmp_path):
        by_numpy = run(code_of(page, "With NumPy alone"))
    contributions = [np.array(text.replace(",", " ").strip("[]\n ").split(), float) for text in (by_api, by_numpy)]
    assert contributions[0].shape == (64,)
    np.testing.assert_allclose(contributions[1], contributions[0], rtol=1e-3, atol=1e-4)


def test_the_connected_picture_has_no_code_for_a_blank_page(open_page):
    page = open_page("/")
    page.get_by_role("button", name="Clear").click()

    expect(page.locator(".network-picture").get_by_role("button", name="Show code")).to_be_disabled()


def test_lens_shows_code_that_computes_the_neuron(open_page, tmp_path: Path):
    page = open_page("/#n=15&k=conv2.3.5.6")
    page.locator(".lens").get_by_role("button", name="Show code").click()
    dialog = page.get_by_role("dialog", name="The code of this number")
    expect(dialog.locator("code")).to_contain_text("import httpx")
    assert violations(page) == []
    stored = float(run(code_of(page, "From the API")))
    code = code_of(page, "With NumPy alone")
    expect(dialog.locator(".note")).to_contain_text("the kernel is not flipped")

    with page.expect_download() as download:
        dialog.get_by_role("button", name="Download the weights").click()
    download.value.save_as(tmp_path / "cnn.npz")

    with contextlib.chdir(tmp_path):
        assert float(run(code)) == pytest.approx(stored, abs=1e-5)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    dialog.get_by_role("button", name="Copy").click()
    expect(dialog.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == code


def test_local_and_global_has_code_in_each_section(open_page):
    page = open_page("/local-and-global#n=15")
    dialog = page.get_by_role("dialog", name="The code of this number")
    ready = {
        "layer-costs": "[data-column=outputs][data-value]",
        "perturb-pixel": "[data-changed]",
        "translation": "[data-residual]",
    }

    for name, selector in ready.items():
        section = page.locator(f'[data-experiment="{name}"]')
        section.scroll_into_view_if_needed()
        expect(section.locator(selector).first).to_be_attached()
        section.get_by_role("button", name="Show code").click()
        expect(dialog.locator("code")).to_contain_text(f"/experiments/{name}")
        dialog.get_by_role("button", name="Close").click()
