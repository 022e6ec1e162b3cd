import pytest

from checks.wording import Finding, find_words, is_excepted, read_exceptions


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("The server answers at once.", "answers"),
        ("const pokePixel = 1;", "poke"),
        ("def poke_pixel() -> None:", "poke"),
        ("LEDGER_EXAMPLE = {}", "ledger"),
        ("The training is under way.", "under way"),
        ("It is refused.", "refused"),
    ],
)
def test_replaced_word_is_found_in_prose_and_in_identifiers(line: str, word: str):
    (finding,) = find_words("app/a.py", f"\n{line}\n")

    assert (finding.path, finding.line, finding.word, finding.text) == ("app/a.py", 2, word, line)


@pytest.mark.parametrize(
    "line", ["A broken task.", "The pixels in place.", "silently", "mask and basket", "reading a file"]
)
def test_other_words_are_left_alone(line: str):
    assert list(find_words("app/a.py", line)) == []


def test_exception_names_paths_text_and_reason():
    exceptions = read_exceptions("# why\nmodel/ | No answer | a title of a paper\n")
    kept = Finding("model/a.py", 1, "answer", "response", 'see "No answer" (2001)')

    assert is_excepted(kept, exceptions)
    assert not is_excepted(Finding("app/a.py", 1, "answer", "response", kept.text), exceptions)
    assert not is_excepted(Finding("model/a.py", 1, "answer", "response", "an answer"), exceptions)


def test_exception_without_a_reason_is_an_error():
    with pytest.raises(ValueError, match=r"an exception is: paths \| text of the line \| reason"):
        read_exceptions("model/ | No answer")
