"""Lists by a selector from an index: the same as from all, and each page of the first one's revision."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proa.cluster.apiserver import codec
from proa.cluster.apiserver.kinds import KINDS
from proa.cluster.apiserver.lists import Listing, list_entries, selected
from proa.cluster.apiserver.options import ListOptions
from proa.cluster.apiserver.selection import Selection
from proa.cluster.apiserver.target import Target
from proa.cluster.store import Entry, SqliteStore, Value

_NAMESPACES = ("one", "two")
_MANY = 300


def _pod(number: int, part: int) -> Value:
    metadata = {"name": f"p{number:03}", "namespace": _NAMESPACES[number % 2], "labels": {"part": str(part)}}
    spec = {"nodeName": f"n{number % 60}"}
    return codec.encode({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})


def _ingress(number: int) -> Value:
    metadata = {"name": f"i{number:03}", "namespace": "n", "labels": {"part": str(number % 50)}}
    spec = {"defaultBackend": {"service": {"name": "s", "port": {"number": 80}}}}
    kind = {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress"}
    return codec.encode(kind | {"metadata": metadata, "spec": spec})


def _key(number: int) -> str:
    return f"/pods/{_NAMESPACES[number % 2]}/p{number:03}"


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(tmp_path / "state.db")
    await asyncio.gather(*(store.create(_key(number), _pod(number, number % 50)) for number in range(_MANY)))
    yield store
    await store.close()


def _target(namespace: str = "") -> Target:
    kind = KINDS.find("", "v1", "pods")
    assert kind is not None
    return Target(kind, namespace)


def _names(entries: Sequence[Entry]) -> list[str]:
    return [entry.key.rpartition("/")[2] for entry in entries]


@pytest.mark.parametrize(
    ("labels", "fields", "names"),
    [
        ("part=7", "", ["p007", "p057", "p107", "p157", "p207", "p257"]),
        ("part in (7,nothing),part!=8", "metadata.name!=p057", ["p007", "p107", "p157", "p207", "p257"]),
        ("part", "spec.nodeName=n7", ["p007", "p067", "p127", "p187", "p247"]),
        ("part=7", "spec.nodeName=n7", ["p007"]),
        ("", "metadata.name=p007", ["p007"]),
        ("part=7", "metadata.namespace=one", []),
        ("part=8", "metadata.namespace=one", ["p008", "p058", "p108", "p158", "p208", "p258"]),
    ],
)
async def test_selected(store: SqliteStore, labels: str, fields: str, names: list[str]) -> None:
    options = ListOptions(label_selector=labels, field_selector=fields)
    selection = Selection.of(_target().kind, options)
    assert selection is not None

    found = selected(store, selection.collection(_target()), selection)
    listing = await list_entries(store, _target(), options)

    assert sorted(_names(listing.entries)) == names
    assert listing.revision == _MANY
    assert found is not None
    assert len(found.entries) < 15


async def test_pages_of_an_index_stay_of_the_revision_of_the_first(store: SqliteStore) -> None:
    options = ListOptions(label_selector="part=7", limit=2)
    first = await list_entries(store, _target(), options)
    second = await list_entries(
        store, _target(), ListOptions("part=7", limit=2, continue_token=first.continue_token)
    )
    await store.update(_key(257), _pod(257, 8), 258)
    await store.create(_key(999), _pod(999, 7))
    third = await list_entries(
        store, _target(), ListOptions("part=7", limit=2, continue_token=second.continue_token)
    )

    pages = [first, second, third]
    assert [_names(page.entries) for page in pages] == [["p007", "p057"], ["p107", "p157"], ["p207", "p257"]]
    assert {page.revision for page in pages} == {_MANY}
    assert third.continue_token == ""

    now = await list_entries(store, _target("two"), ListOptions(label_selector="part=7"))
    assert _names(now.entries) == ["p007", "p057", "p107", "p157", "p207", "p999"]


async def test_old_versions_are_found_by_label_before_they_are_converted(store: SqliteStore) -> None:
    kind = KINDS.find("networking.k8s.io", "v1beta1", "ingresses")
    assert kind is not None
    await asyncio.gather(
        *(store.create(f"networking.k8s.io/ingresses/n/i{n:03}", _ingress(n)) for n in range(_MANY))
    )
    target, options = Target(kind), ListOptions(label_selector="part=7")
    selection = Selection.of(kind, options)
    assert selection is not None

    found = selected(store, target, selection)
    listing = await list_entries(store, target, options)

    assert found is not None
    assert _names(found.entries) == ["i007", "i057", "i107", "i157", "i207", "i257"]
    assert _names(listing.entries) == _names(found.entries)
    assert codec.decode(listing.entries[0])["spec"] == {"backend": {"serviceName": "s", "servicePort": 80}}
    by_field = Selection.of(kind, ListOptions(field_selector="metadata.name=i007"))
    assert by_field is not None
    assert list(by_field.terms()) == []


@given(st.lists(st.integers(0, 400_000), max_size=6))
def test_the_pieces_of_a_list_are_its_json(sizes: list[int]) -> None:
    values = [b'{"metadata":{},"x":"%b"}' % (b"y" * size) for size in sizes]
    listing = Listing(_target().kind, [Entry(f"/pods/n/{n}", n, 0, v) for n, v in enumerate(values)], 7)

    pieces = list(listing.pieces())

    decoded = json.loads(b"".join(pieces))
    assert listing.size() == sum(map(len, pieces))
    assert decoded["items"] == [json.loads(value) for value in values]
    assert (decoded["kind"], decoded["metadata"]) == ("PodList", {"resourceVersion": "7"})
