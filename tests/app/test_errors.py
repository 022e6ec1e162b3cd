from collections.abc import Iterator

import app.errors
from app.errors import AppError, all_problems


def drawn(kind: type[AppError], prefix: str = "") -> Iterator[str]:
    """The classes below one of them, with the status where it is another one, as the docstring draws them."""
    below = kind.__subclasses__()
    for number, child in enumerate(below):
        is_last = number == len(below) - 1
        status = "" if child.status == getattr(kind, "status", None) else f" {child.status}"
        yield f"{prefix}{'└── ' if is_last else '├── '}{child.__name__}{status}"
        yield from drawn(child, prefix + ("    " if is_last else "│   "))


def test_the_tree_in_the_docstring_is_the_tree_of_classes():
    documented = [line.removeprefix("    ") for line in (app.errors.__doc__ or "").splitlines()]

    tree = ["AppError", *drawn(AppError)]

    begin = documented.index("AppError")
    assert documented[begin : begin + len(tree)] == tree
    assert documented[begin + len(tree)] == ""


def test_every_problem_has_a_slug_of_its_own_and_says_what_helps():
    slugs = [problem.slug for problem in all_problems()]

    assert len(set(slugs)) == len(slugs)
    for problem in all_problems():
        assert problem.summary
        assert problem.advice
        assert problem.title
