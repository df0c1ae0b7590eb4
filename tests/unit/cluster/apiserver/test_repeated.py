"""Fields that stand twice in JSON; the corpus holds what kube-apiserver says of them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proa.cluster.apiserver.http.body import decode_json
from proa.cluster.apiserver.repeated import Repeated, in_json, in_operations

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(alphabet='a:"\\é\n ', max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text('b:"', max_size=3), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(VALUES, st.sampled_from([None, 2]), st.booleans())
def test_nothing_stands_twice_in_what_an_encoder_wrote(value: Any, indent: int | None, escape: bool) -> None:
    body = json.dumps(value, indent=indent, ensure_ascii=escape).encode()

    assert in_json(body, decode_json(body)) == Repeated()


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ('{"a":1,"a":1}', ["a"]),
        ('{"a":{"b":[{"c":1},{"c" : 1, "c":2}]},"d":1}', ["a.b[1].c"]),
        ('{"a":{"a":1},"a":{"a":":","\\u0061":1}}', ["a", "a.a"]),
        ('[{"a":1},{"a":1,"a":1,"a":1}]', ["[1].a"]),
    ],
)
def test_what_stands_twice_is_found(text: str, paths: list[str]) -> None:
    body = text.encode()

    assert in_json(body, decode_json(body)).texts == tuple(f'duplicate field "{path}"' for path in paths)


def test_a_json_patch_may_have_members_that_mean_nothing() -> None:
    body = b'[{"op":"add","path":"/a","value":1},{"op":"test","op":"add","why":1}]'

    assert in_operations(body, decode_json(body)).texts == (
        'json patch duplicate field "[1].op"',
        'json patch unknown field "[1].why"',
    )


def test_what_is_unknown_is_said_once() -> None:
    found = Repeated(('duplicate field "a"', 'duplicate field "b"'))

    assert found.error(['unknown field "a"']) == 'duplicate field "b", unknown field "a"'


async def test_unknown_and_repeated_fields_are_told_as_they_stand(http: Any) -> None:
    body = b'{"metadata":{"name":"d"},"spec":{"x":1,"replicas":2,"replicas":3,"template":{"spec":{"y":1}}}}'
    answer = await http("POST", "/apis/apps/v1/namespaces/default/deployments?fieldValidation=Strict", body)

    wrong = [
        'unknown field "spec.x"',
        'duplicate field "spec.replicas"',
        'unknown field "spec.template.spec.y"',
    ]
    assert f"strict decoding error: {', '.join(wrong)}" in answer.body["message"]
