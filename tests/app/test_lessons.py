"""The lessons and their pages, without the numbers that the browser measures."""

import re

import httpx
import pytest

from app.lessons import LESSONS, Lesson, lesson_of, pieces_of
from app.settings import Settings

pytestmark = pytest.mark.anyio


@pytest.fixture
def settings() -> Settings:
    """With the shipped networks, which lessons compare."""
    return Settings()


each_lesson = pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.slug)


def test_a_text_is_split_at_its_measured_values():
    assert [(piece.text, piece.is_measured) for piece in pieces_of("{pixel} × {weight}, rounded")] == [
        ("pixel", True),
        (" × ", False),
        ("weight", True),
        (", rounded", False),
    ]
    assert [piece.text for piece in pieces_of("No number here.")] == ["No number here."]


@each_lesson
def test_a_lesson_takes_20_to_45_minutes_and_five_exercises_have_a_number_of_the_digit(lesson: Lesson):
    exercises = [exercise for step in lesson.steps for exercise in step.exercises]

    assert 20 <= lesson.minutes <= 45
    assert sum(exercise.is_measured for exercise in exercises) >= 5


@each_lesson
def test_no_two_steps_of_a_lesson_share_a_link(lesson: Lesson):
    assert len({step.id for step in lesson.steps}) == len(lesson.steps)


def test_lessons_are_found_by_their_name():
    assert {lesson.slug: lesson_of(lesson.slug) for lesson in LESSONS} == {lesson.slug: lesson for lesson in LESSONS}
    assert lesson_of("cooking") is None


def value_names(lesson: Lesson) -> set[str]:
    """The names of all measured values."""
    return {piece.text for text in lesson.texts() for piece in pieces_of(text) if piece.is_measured}


@each_lesson
async def test_a_lesson_and_its_worksheet_have_every_exercise(client: httpx.AsyncClient, lesson: Lesson):
    exercises = sum(len(step.exercises) for step in lesson.steps)

    page = (await client.get(f"/teach/{lesson.slug}")).text
    worksheet = (await client.get(f"/teach/{lesson.slug}/worksheet")).text

    assert len(re.findall(r"<details data-exercise=", page)) == exercises
    assert len(re.findall(r'<li data-solution="', worksheet)) == exercises
    assert set(re.findall(r'data-value="(\w+)"', page)) >= value_names(lesson)


async def test_the_list_opens_lessons_about_errors_with_a_digit_that_is_classified_incorrectly(
    client: httpx.AsyncClient,
):
    page = (await client.get("/teach")).text

    index = int(re.search(r'/teach/failures#v=1&amp;n=(\d+)"', page).group(1))
    sample = (await client.get(f"/api/v1/samples/{index}")).json()
    assert not sample["predictions"]["cnn"]["correct"]
    assert f'href="/teach/learning#v=1&amp;n={index}"' in page
    assert 'href="/teach/kernels"' in page


@pytest.mark.parametrize("path", ["/teach/cooking", "/teach/cooking/worksheet"])
async def test_an_unknown_lesson_is_a_404_that_names_the_known_ones(client: httpx.AsyncClient, path: str):
    response = await client.get(path)

    assert response.status_code == 404
    assert response.json()["detail"] == (
        "No lesson is called 'cooking'; they are: kernels, local-and-global, learning, failures."
    )
