"""What an index gives is what looking at all would give, after any writes; and none is kept for nobody."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from proa.cluster.store import Entry
from proa.cluster.store.index import KEPT, WORTH, Indexes
from proa.cluster.store.keyspace import Keyspace

_MANY = 2 * WORTH
_STEPS = st.lists(
    st.tuples(st.integers(0, _MANY + 9), st.sampled_from([b"a", b"b", b"c", b"", None])), max_size=30
)


@dataclass(frozen=True)
class Value:
    """A term: the bytes of a value as text, none when they are empty."""

    number: int = 0

    def __call__(self, entry: Entry) -> str | None:
        return entry.value.decode() or None


def _key(number: int) -> str:
    return f"/pods/{'even' if number % 2 == 0 else 'odd'}/{number:04}"


def _keyspace() -> Keyspace:
    """Many keys of which one in sixteen has a value."""
    entries = [Entry(_key(n), n + 1, 0, b"abc"[n % 3 : n % 3 + 1] * (n % 16 == 0)) for n in range(_MANY)]
    return Keyspace(sorted(entries, key=lambda entry: entry.key))


def _check(keys: Keyspace, prefix: str, values: list[str], start: str) -> bool:
    """Whether an index answered; if so, rightly."""
    found = keys.select(prefix, Value(), values, start)
    if found is not None:
        everything = keys.range(prefix, start, 0, 0).entries
        assert found == [entry for entry in everything if Value()(entry) in values]
    return found is not None


@given(_STEPS, st.lists(st.sampled_from("abcx"), unique=True), st.integers(0, _MANY))
def test_an_index_gives_what_a_look_at_all_would(
    steps: list[tuple[int, bytes | None]], values: list[str], first: int
) -> None:
    keys = _keyspace()
    assert _check(keys, "/pods/", ["a"], "")
    for revision, (number, value) in enumerate(steps, _MANY + 1):
        deleted = value is None
        if not deleted or _key(number) in keys.entries:
            keys.apply(Entry(_key(number), revision, 0, value or b""), deleted)
        if number % 5 == 0:
            _check(keys, "/pods/", values, "")

    _check(keys, "/pods/", values, "")
    _check(keys, "/pods/even/", values, "")
    _check(keys, "/pods/", values, _key(first))


def test_small_spans_and_large_answers_are_looked_through() -> None:
    keys = _keyspace()

    assert _check(keys, "/pods/", ["a"], "")
    assert not _check(keys, "/pods/", ["a"], _key(_MANY - 1))
    for number in range(_MANY):
        keys.apply(Entry(_key(number), _MANY + number, 0, b"a"), deleted=False)
    assert not _check(keys, "/pods/", ["a"], "")
    assert keys.select("/nodes/", Value(), ["a"], "") == []


def test_an_index_goes_when_as_much_was_written_as_there_is() -> None:
    indexes = Indexes()
    indexes.find(Value(), list)
    for number in range(WORTH):
        indexes.note(f"k{number}", 0)
    assert len(indexes) == 1

    indexes.note("one more", 0)

    assert len(indexes) == 0


def test_of_many_indexes_the_one_not_asked_for_longest_goes() -> None:
    indexes = Indexes()
    first = indexes.find(Value(0), list)
    for number in range(1, KEPT):
        indexes.find(Value(number), list)
    assert indexes.find(Value(0), list) is first
    second = indexes.find(Value(1), list)

    indexes.find(Value(KEPT), list)

    assert len(indexes) == KEPT
    assert indexes.find(Value(0), list) is first
    assert indexes.find(Value(1), list) is second
