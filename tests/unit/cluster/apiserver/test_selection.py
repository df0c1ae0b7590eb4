"""Narrowing a list by one term leaves out nothing that matches all."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from proa.cluster.apiserver import codec
from proa.cluster.apiserver.kinds import KINDS
from proa.cluster.apiserver.options import ListOptions
from proa.cluster.apiserver.selection import Selection
from proa.cluster.store import Entry

_LABELS = st.dictionaries(st.sampled_from(["a", "b"]), st.sampled_from(["", "1", "2"]))
_TERMS = ["a=1", "b in (1,2)", "a!=1", "b notin (2)", "a", "!b", "a="]
_FIELDS = st.sampled_from(["", "metadata.name=n1", "metadata.name!=n1", "spec.nodeName=x"])


def _entries(labels: list[dict[str, str]]) -> list[Entry]:
    entries = []
    for number, each in enumerate(labels):
        metadata = {"name": f"n{number}", "namespace": "default", "labels": each}
        pod = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": metadata,
            "spec": {"nodeName": "x" * (number % 2)},
        }
        entries.append(codec.entry_of(f"/pods/default/n{number}", number + 1, pod))
    return entries


@given(st.lists(_LABELS, max_size=5), st.lists(st.sampled_from(_TERMS), max_size=2), _FIELDS)
def test_narrowed_and_matched_is_matched(labels: list[dict[str, str]], terms: list[str], fields: str) -> None:
    kind = KINDS.find("", "v1", "pods")
    assert kind is not None
    options = ListOptions(label_selector=",".join(terms), field_selector=fields)
    selection, entries = Selection.of(kind, options), _entries(labels)

    if selection is not None:
        narrowed = [entry for entry in selection.narrow(entries) if selection.matches(entry)]
        assert narrowed == [entry for entry in entries if selection.matches(entry)]
