"""Lessons: every link restores its state, every solution is on the page that it opens, and worksheets fit two pages."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from app.lessons import LESSONS, Lesson
from tests.browser.people import a_digit
from tests.browser.test_accessibility import WIDTHS, on_each_screen, violations

MISREAD, OTHER = 115, 15
"""Test digits."""

each_lesson = pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.slug)


def open_lesson(open_page, path: str, digit: int = MISREAD, **options) -> Page:
    page = open_page(f"{path}#v=1&n={digit}", **options)
    expect(page.locator("[data-lesson]")).to_have_attribute("data-measured", re.compile(f"n={digit}"))
    return page


def values_of(page: Page) -> dict[str, str]:
    """What was measured, by name."""
    return page.evaluate(
        "Object.fromEntries([...document.querySelectorAll('[data-value]')].map(e => [e.dataset.value, e.textContent]))"
    )


def solution(exercise: Locator) -> str:
    return exercise.locator("p").inner_text()


def class_and_probability(words: str) -> tuple[str, str]:
    """Of "9 (99.9%)"."""
    found = re.fullmatch(r"(\d) \((.*)\)", words)
    assert found is not None
    return found[1], found[2]


def on_lens(page: Page) -> Locator:
    return page.get_by_role("region", name="Lens", exact=True)


SHOWN: dict[tuple[str, str], Callable[[Page, dict[str, str]], None]] = {}
"""By lesson and step: that the page which its link opens shows the numbers."""


def shows(lesson: str, step: str):
    def register(check: Callable[[Page, dict[str, str]], None]):
        SHOWN[lesson, step] = check
        return check

    return register


@shows("kernels", "cell")
def _(page: Page, values: dict[str, str]) -> None:
    lens = on_lens(page)
    expect(lens).to_contain_text(f"ReLU({values['sum']}) = {values['activation']}")
    expect(lens.get_by_role("table", name="products")).to_contain_text(values["product"])


@shows("kernels", "elsewhere")
def _(page: Page, values: dict[str, str]) -> None:
    lens = on_lens(page)
    expect(lens).to_contain_text(f"ReLU({values['low_sum']}) = {values['low_activation']}")


@shows("kernels", "orientation")
def _(page: Page, values: dict[str, str]) -> None:
    expect(page.locator(f"#tuning-cards > [data-filter='{values['filter']}']")).to_contain_text(values["preferred"])


@shows("kernels", "off")
def _(page: Page, values: dict[str, str]) -> None:
    expect(page.locator("main")).to_contain_text(
        f"Prediction with the learned kernels: {values['predicted']}; with the edited kernels: {values['edited']}."
    )


@shows("local-and-global", "count")
def _(page: Page, values: dict[str, str]) -> None:
    for name in ("dense_weights", "weights", "products"):
        expect(page.locator("#layer-costs")).to_contain_text(values[name])


@shows("local-and-global", "pixel")
def _(page: Page, values: dict[str, str]) -> None:
    section = page.locator("#perturb-pixel")
    expect(section).to_be_in_viewport()
    expect(section).to_contain_text(f"Row {values['row']}, column {values['column']}")
    expect(section).to_contain_text(f"{values['global_changed']} neurons")
    expect(section).to_contain_text(f"{values['local_changed']} neurons changed in each")


@shows("local-and-global", "features")
def _(page: Page, values: dict[str, str]) -> None:
    expect(page.locator("#features-sentence")).to_contain_text(f"{values['active']} are activated")
    expect(page.locator("#template-name")).to_have_text(f"Template {values['template']}")
    expect(page.locator("#template-numbers")).to_contain_text(values["template_activation"])


@shows("local-and-global", "move")
def _(page: Page, values: dict[str, str]) -> None:
    section = page.locator("#translation")
    expect(section).to_contain_text(f"Moved {values['shift']} right")
    expect(section).to_contain_text(values["curves"])
    for name, network in (("perceptron_moved", "Perceptron"), ("convolution_moved", "Convolutional")):
        digit, probability = class_and_probability(values[name])
        row = section.get_by_role("table", name="moved digit").get_by_role("row").filter(has_text=network)
        expect(row).to_contain_text(re.compile(rf"{digit}\s*{re.escape(probability)}"))


def expect_predicted(page: Page, words: str) -> None:
    digit, probability = class_and_probability(words)
    expect(page.locator("#prediction li[aria-current]")).to_contain_text(re.compile(rf"{digit}\s*{probability}"))


@shows("learning", "before")
def _(page: Page, values: dict[str, str]) -> None:
    expect_predicted(page, values["untrained"])
    expect(page.get_by_role("region", name="Training history")).to_contain_text(values["untrained_accuracy"])


@shows("learning", "middle")
def _(page: Page, values: dict[str, str]) -> None:
    expect_predicted(page, values["middle"])
    expect(page.get_by_role("region", name="Training history")).to_contain_text(values["middle_accuracy"])


@shows("learning", "loss")
def _(page: Page, values: dict[str, str]) -> None:
    expect(page.locator("#loss")).to_contain_text(f"loss {values['loss']}")
    expect(page.locator("#assembly-sentence")).to_contain_text(f"of {values['contributions']} contributions")
    gradient = page.locator("#assembly-gradient")
    expect(gradient.locator("[data-mark=winner]")).to_have_text(values["gradient"])
    expect(gradient.locator("caption")).to_have_text(f"gradient{values['gradient_power']}")


@shows("learning", "step")
def _(page: Page, values: dict[str, str]) -> None:
    expect(page.locator("#loss")).to_contain_text(f"loss {values['loss']}")
    page.get_by_role("button", name="Take a step").click()
    expect(page.locator("#descend")).to_contain_text(f"→ {values['loss_after']}")


@shows("learning", "train")
def _(page: Page, values: dict[str, str]) -> None:
    expect(page.get_by_text("All kernels equal").first).to_be_visible()


@shows("failures", "digit")
def _(page: Page, values: dict[str, str]) -> None:
    expect_predicted(page, values["predicted"])
    digit, probability = class_and_probability(values["second"])
    expect(page.locator("#prediction li").nth(int(digit))).to_contain_text(probability)


@shows("failures", "errors")
def _(page: Page, values: dict[str, str]) -> None:
    sentence = page.locator("#errors-sentence")
    expect(sentence).to_contain_text(f"{values['tested']} test digits, {values['errors']} errors")
    expect(sentence).to_contain_text(values["commonest"])
    correct, of, share = re.fullmatch(r"(\S+) of (\S+): (\S+)", values["confident"]).groups()
    said = f"Of {of} predictions with a probability of 90% or more, {correct} are correct: {share}"
    expect(page.locator("#calibration-sentence")).to_contain_text(said)
    row = page.get_by_role("row", name=a_digit(values["predicted_class"]))
    expect(row).to_contain_text(values["class_count"])
    expect(row).to_contain_text(values["class_correct"].replace(",", ""))


@shows("failures", "pixels")
def _(page: Page, values: dict[str, str]) -> None:
    expect(page.locator("#class-sentence")).to_contain_text(f"Logit of {values['predicted_class']}: {values['logit']}")
    canvas = page.get_by_role("application", name="Occlusion")
    box = canvas.bounding_box()
    row, column = int(values["fall_row"]), int(values["fall_column"])
    canvas.hover(position={"x": (column + 0.5) * box["width"] / 28, "y": (row + 0.5) * box["height"] / 28})
    expect(page.locator("main")).to_contain_text(
        f"Row {row}, column {column}: covering 5×5 pixels around it lowers the logit of {values['predicted_class']} "
        f"by {values['fall']}."
    )


@shows("failures", "layers")
def _(page: Page, values: dict[str, str]) -> None:
    expect(page.locator("main")).to_contain_text(f"In {values['deep_layer']}, {values['deep_labels']}.")
    page.get_by_role("button", name="input", exact=True).first.click()
    expect(page.locator("main")).to_contain_text(f"In the pixels, {values['input_labels']}.")


@shows("failures", "noise")
def _(page: Page, values: dict[str, str]) -> None:
    expect(page.locator("#accuracy-sentence")).to_have_text(values["noisy_accuracy"])
    expect(page.locator("main")).to_contain_text(values["noise"])
    digit, probability = class_and_probability(values["noisy"])
    column = page.get_by_role("listitem").filter(has_text="Convolutional").first
    expect(column).to_contain_text(re.compile(rf"{digit}\s*{re.escape(probability)}"))


@each_lesson
def test_every_link_opens_a_page_that_shows_the_numbers(open_page, lesson: Lesson):
    page = open_lesson(open_page, f"/teach/{lesson.slug}")
    values = values_of(page)
    links = page.locator("[data-link]").evaluate_all("links => links.map(a => [a.dataset.link, a.href])")

    assert "–" not in values.values()
    assert [step for step, _ in links] == [step.id for step in lesson.steps]
    for step, address in links:
        page.goto("about:blank")
        page.goto(address)
        SHOWN[lesson.slug, step](page, values)


@each_lesson
def test_another_digit_changes_the_numbers(open_page, lesson: Lesson):
    page = open_lesson(open_page, f"/teach/{lesson.slug}/worksheet")
    before = values_of(page)

    page.evaluate(f"location.hash = '#v=1&n={OTHER}'")

    expect(page.locator("[data-lesson]")).to_have_attribute("data-measured", re.compile(f"n={OTHER}"))
    after = values_of(page)
    in_solutions = {
        name for step in lesson.steps for each in step.exercises for name in re.findall(r"\{(\w+)\}", each.solution)
    }
    assert after.keys() == before.keys()
    assert sum(after[name] != before[name] for name in in_solutions) >= 3


@each_lesson
def test_worksheet_and_solutions_are_printed_apart_on_two_pages_at_most(open_page, lesson: Lesson):
    page = open_lesson(open_page, f"/teach/{lesson.slug}/worksheet", color_scheme="dark")
    page.evaluate("window.print = () => {}")
    sheets = {name: page.locator(f"[data-sheet={name}]") for name in ("exercises", "solutions")}
    page.emulate_media(media="print")

    for printed, hidden in (("exercises", "solutions"), ("solutions", "exercises")):
        if printed == "solutions":
            page.emulate_media(media="screen")
            page.get_by_role("button", name="Print solutions").click()
            page.emulate_media(media="print")
        expect(sheets[printed]).to_be_visible()
        expect(sheets[hidden]).to_be_hidden()
        assert len(re.findall(rb"/Type /Page\b", page.pdf(format="A4"))) <= 2


def test_a_blank_pad_has_no_numbers(open_page):
    page = open_lesson(open_page, "/teach/kernels")

    page.get_by_role("button", name="Clear").click()

    expect(page.locator("[data-value=filter]").first).to_have_text("–")
    expect(page.locator("[data-figure=patch]")).to_be_hidden()


def test_solutions_are_folded_away_and_open_by_keyboard(open_page):
    page = open_lesson(open_page, "/teach/kernels")
    exercise = page.locator("[data-exercise='1']")
    expect(exercise.locator("p")).to_be_hidden()

    exercise.locator("summary").focus()
    page.keyboard.press("Enter")

    expect(exercise.locator("p")).to_be_visible()
    assert values_of(page)["product"] in solution(exercise)


@on_each_screen
@pytest.mark.parametrize("path", ["/teach", "/teach/kernels", "/teach/kernels/worksheet"])
def test_lessons_break_no_rule(open_page, path: str, width: str, theme: str):
    page = open_page(path, width=WIDTHS[width][0], height=WIDTHS[width][1], color_scheme=theme)
    if path != "/teach":
        expect(page.locator("[data-lesson]")).to_have_attribute("data-measured", re.compile("v=1"))

    assert violations(page) == []
