"""Patterns that users bring."""

import pytest

from proa.cluster.regexp import PatternError, pattern


def test_a_pattern_is_searched_for_and_a_dollar_is_the_end() -> None:
    assert pattern("b+").found_in("abbc")
    assert pattern("^[[:alpha:]]+$").found_in("abc")
    assert not pattern("^[a-z]+$").found_in("abc\n")


def test_no_pattern_takes_for_ever() -> None:
    assert not pattern("^(a+)+$").found_in("a" * 5000 + "b")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("(", "error parsing regexp: missing closing ): `(`"),
        ("a**", "error parsing regexp: invalid nested repetition operator: `**`"),
        ("a(?=b)", "error parsing regexp: invalid or unsupported Perl syntax: `(?=`"),
        ("[z-a]", "error parsing regexp: invalid character class range: `z-a`"),
    ],
)
def test_what_is_no_pattern_says_so_as_go_does(text: str, message: str) -> None:
    with pytest.raises(PatternError) as raised:
        pattern(text)
    assert str(raised.value) == message
