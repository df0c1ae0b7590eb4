from hypothesis import given
from hypothesis import strategies as st

from proa.cluster.apiserver.apply.paths import field, from_fields_v1, keyed, readable, to_fields_v1, valued

ELEMENTS = st.one_of(
    st.from_regex(r"[a-z./]{1,6}", fullmatch=True).map(field),
    st.from_regex(r"[a-z]{1,4}", fullmatch=True).map(lambda v: keyed({"name": v})),
    st.integers().map(valued),
)


@given(st.frozensets(st.lists(ELEMENTS, min_size=1, max_size=4).map(tuple), max_size=12))
def test_fields_v1_reads_back(paths: frozenset[tuple[str, ...]]) -> None:
    assert from_fields_v1(to_fields_v1(paths)) == paths


def test_a_parent_that_is_a_member_is_marked() -> None:
    assert to_fields_v1({("f:a",), ("f:a", "f:b")}) == {"f:a": {".": {}, "f:b": {}}}


def test_readable() -> None:
    path = (field("ports"), keyed({"containerPort": 80, "protocol": "TCP"}), field("finalizers"), valued("x"))
    assert readable(path) == '.ports[containerPort=80,protocol="TCP"].finalizers[="x"]'
