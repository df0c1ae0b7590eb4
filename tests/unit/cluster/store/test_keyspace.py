"""The present in memory."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proa.cluster.store.keyspace import Keyspace, bucket_of, prefix_end
from proa.cluster.store.store import Entry


def entry(key: str, revision: int) -> Entry:
    return Entry(key, revision, 0, b"")


@pytest.mark.parametrize(
    ("key", "bucket"),
    [
        ("/pods/default/a", "/pods/"),
        ("apps/deployments/default/a", "apps/deployments/"),
        ("/nodes/n", "/nodes/"),
        ("/pods/", "/pods/"),
    ],
)
def test_bucket_is_group_and_plural(key: str, bucket: str) -> None:
    assert bucket_of(key) == bucket


def test_range_of_a_namespace_leaves_out_one_whose_name_begins_alike() -> None:
    keys = Keyspace()
    for number, key in enumerate(["/pods/a/x", "/pods/a/y", "/pods/ab/x"], 1):
        keys.apply(entry(key, number), deleted=False)

    page = keys.range("/pods/a/", "", 0, 3)

    assert [e.key for e in page.entries] == ["/pods/a/x", "/pods/a/y"]


def test_limit_tells_how_many_remain_and_start_continues() -> None:
    keys = Keyspace(entry(f"/pods/a/{n}", n) for n in range(5))

    first = keys.range("/pods/", "", 2, 9)
    second = keys.range("/pods/", "/pods/a/1\0", 2, 9)

    assert ([e.revision for e in first.entries], first.remaining, first.revision) == ([0, 1], 3, 9)
    assert ([e.revision for e in second.entries], second.remaining) == ([2, 3], 1)


def test_deleting_returns_what_was_there_and_touches_the_bucket() -> None:
    keys = Keyspace([entry("/pods/a/x", 1)])

    previous = keys.apply(entry("/pods/a/x", 2), deleted=True)

    assert previous is not None
    assert previous.revision == 1
    assert keys.entries == {}
    assert keys.touched("/pods/") == 2
    assert keys.touched("/nodes/") == 0


@given(st.text(min_size=1), st.text())
def test_prefix_end_is_above_all_that_begin_with_the_prefix(name: str, rest: str) -> None:
    prefix = f"{name}/"

    assert prefix <= prefix + rest < prefix_end(prefix)


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.booleans()), max_size=40))
def test_range_is_the_sorted_present(steps: list[tuple[str, bool]]) -> None:
    keys, model = Keyspace(), dict[str, int]()
    for number, (name, delete) in enumerate(steps, 1):
        key = f"/pods/n/{name}"
        if delete and key not in model:
            continue
        keys.apply(entry(key, number), deleted=delete)
        if delete:
            del model[key]
        else:
            model[key] = number

    assert [(e.key, e.revision) for e in keys.range("/pods/", "", 0, 0).entries] == sorted(model.items())
