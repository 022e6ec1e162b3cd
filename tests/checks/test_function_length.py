from checks.function_length import long_functions


def test_function_over_the_limit_is_named_with_its_line_and_length():
    source = "x = 1\ndef short():\n    return 1\n\nasync def long():\n    a = 1\n    b = 2\n    return a + b\n"

    assert list(long_functions(source, longest=3)) == [("long", 5, 4)]
