"""The wire codec against hand-assembled bytes and against itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proa.cluster.protobuf import Codec, DecodeError, Field, messages

TABLES = messages(
    {
        "Everything": """
            1 name string; 2 count int32; 3 size uint64; 4 ready bool; 5 raw bytes; 6 ratio double;
            7 state enum; 8 tags string[]; 9 numbers int64[]; 10 labels map<string>;
            11 child Child; 12 children Child[]; 13 by_name map<Child>; 200 far int64
        """,
        "Child": "1 id string; 2 rank int64",
    }
)
CODEC = Codec(TABLES)

KNOWN_BYTES = {
    "string": ({"name": "pod"}, "0a03706f64"),
    "two-byte varint": ({"count": 300}, "10ac02"),
    "negative int32 takes ten bytes": ({"count": -1}, "10ffffffffffffffffff01"),
    "bool": ({"ready": True}, "2001"),
    "double is fixed64": ({"ratio": 1.5}, "31000000000000f83f"),
    "map entry": ({"labels": {"a": "b"}}, "52060a0161120162"),
    "empty message is present": ({"child": {}}, "5a00"),
    "nested message": ({"child": {"id": "x"}}, "5a030a0178"),
    "two-byte key": ({"far": 1}, "c00c01"),
}


@pytest.mark.parametrize(("value", "data"), KNOWN_BYTES.values(), ids=KNOWN_BYTES.keys())
def test_known_bytes(value: dict[str, object], data: str) -> None:
    assert CODEC.encode("Everything", value).hex() == data
    assert CODEC.decode("Everything", bytes.fromhex(data)) == value


def test_defaults_are_not_written() -> None:
    assert (
        CODEC.encode("Everything", {"name": "", "count": 0, "ready": False, "tags": [], "child": None}) == b""
    )


def test_fill_defaults_gives_every_scalar_and_list_but_no_message() -> None:
    decoded = Codec(TABLES, fill_defaults=True).decode("Everything", b"")
    assert decoded["count"] == 0
    assert decoded["tags"] == []
    assert decoded["labels"] == {}
    assert "child" not in decoded


def test_packed_and_unpacked_numbers_are_read_alike() -> None:
    assert CODEC.decode("Everything", bytes.fromhex("4a03010203")) == {"numbers": [1, 2, 3]}
    assert CODEC.decode("Everything", bytes.fromhex("480148024803")) == {"numbers": [1, 2, 3]}


def test_unknown_numbers_are_skipped() -> None:
    assert CODEC.decode("Everything", bytes.fromhex("f80f01" + "0a0161")) == {"name": "a"}


@pytest.mark.parametrize("data", ["0a05", "0a0361", "80", "0f", "0801", "1201", "0a01ff", "0001", "5801"])
def test_damaged_bytes_raise_decode_error(data: str) -> None:
    with pytest.raises(DecodeError):
        CODEC.decode("Everything", bytes.fromhex(data))


def test_unknown_key_is_refused() -> None:
    with pytest.raises(ValueError, match="Everything has no field 'nmae'"):
        CODEC.encode("Everything", {"nmae": "x"})


def test_declarations_parse_into_fields() -> None:
    table = TABLES["Everything"]
    assert table[8] == Field("tags", "string", repeated=True)
    assert table[10] == Field("labels", "string", map=True)
    assert table[12] == Field("children", "message", repeated=True, message="Child")


@pytest.mark.parametrize("text", ["1 a string; 1 b string", "1 a string; 2 a string", "1 a Missing"])
def test_faulty_declarations_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="M"):
        messages({"M": text})


INT64 = st.integers(-(2**63), 2**63 - 1)
CHILD = st.fixed_dictionaries({}, optional={"id": st.text(min_size=1), "rank": INT64.filter(bool)})
EVERYTHING = st.fixed_dictionaries(
    {},
    optional={
        "name": st.text(min_size=1),
        "count": st.integers(-(2**31), 2**31 - 1).filter(bool),
        "size": st.integers(1, 2**64 - 1),
        "ready": st.just(True),
        "raw": st.binary(min_size=1),
        "numbers": st.lists(INT64, min_size=1),
        "labels": st.dictionaries(st.text(), st.text(), min_size=1),
        "child": CHILD,
        "children": st.lists(CHILD, min_size=1),
        "by_name": st.dictionaries(st.text(), CHILD, min_size=1),
    },
)


@given(EVERYTHING)
def test_decode_inverts_encode(value: dict[str, object]) -> None:
    assert CODEC.decode("Everything", CODEC.encode("Everything", value)) == value


@given(st.binary(max_size=60))
def test_any_bytes_decode_or_raise_decode_error(data: bytes) -> None:
    try:
        CODEC.decode("Everything", data)
    except DecodeError:
        return
