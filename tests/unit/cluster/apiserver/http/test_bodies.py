"""Bodies that are wrong, too deep, too large or grow when they are decoded: an error each, and soon."""

from __future__ import annotations

import asyncio
from pathlib import Path

from proa.cluster.apiserver import ApiServer
from support.wire import administrator, exchange

_CONFIG_MAPS = b"/api/v1/namespaces/default/configmaps"
_ONE = b"/api/v1/namespaces/default/configmaps/x"
_DEFINITIONS = b"/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_YAML, _PROTOBUF = b"application/yaml", b"application/vnd.kubernetes.protobuf"
_MAGIC = b"k8s\x00"
_VERSION = b"GET /version HTTP/1.1\r\nHost: x\r\n\r\n"


def _request(
    body: bytes, kind: bytes = b"application/json", path: bytes = _CONFIG_MAPS, method: bytes = b"POST"
) -> bytes:
    head = b"%b %b HTTP/1.1\r\nHost: x\r\nContent-Type: %b\r\nContent-Length: %d\r\n\r\n"
    return head % (method, path, kind, len(body)) + body


def _laughs() -> bytes:
    """Nine lines that stand for 9 to the power of 9 words."""
    lines = [b"a: &a [x,x,x,x,x,x,x,x,x]"]
    lines += [b"%c: &%c [%b]" % (98 + i, 98 + i, b",".join([b"*%c" % (97 + i)] * 9)) for i in range(8)]
    return b"\n".join(lines)


def _definition(schema: bytes) -> bytes:
    names = b'"group":"x.io","names":{"plural":"ds","kind":"D"},"scope":"Namespaced"'
    version = b'{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":%b}}' % schema
    return b'{"metadata":{"name":"ds.x.io"},"spec":{%b,"versions":[%b]}}' % (names, version)


_DEEP_SCHEMA = b'{"type":"object","properties":{"a":' * 300 + b'{"type":"string"}' + b"}}" * 300
CASES = {
    "a million lists": (_request(b"[" * 1_000_000), 400),
    "objects that are never closed": (_request(b'{"a":' * 400_000), 400),
    "objects in a map of text": (_request(b'{"data":' + b'{"a":' * 900 + b"1" + b"}" * 901), 400),
    "a schema of 300 levels": (_request(_definition(_DEEP_SCHEMA), path=_DEFINITIONS), 400),
    "more than the limit": (_request(b'{"data":{"k":"' + b"x" * (3 << 20) + b'"}}'), 413),
    "a number of 10,000 digits": (_request(b'{"metadata":{"generation":' + b"9" * 10_000 + b"}}"), 400),
    "a number above all": (_request(b'{"metadata":{"name":"n","generation":1e999}}'), 400),
    "half a character": (_request(b'{"metadata":{"name":"n"},"data":{"a":"\\ud800"}}'), 400),
    "latin": (_request(b'{"metadata":{"name":"\xff"}}'), 400),
    "UTF-16": (_request('{"metadata":{"name":"n"}}'.encode("utf-16")), 400),
    "nothing": (_request(b""), 400),
    "null": (_request(b"null"), 400),
    "metadata that is a list": (_request(b'{"metadata":[]}'), 400),
    "a kind that is a number": (_request(b'{"kind":1,"apiVersion":[],"metadata":{"name":"q"}}'), 400),
    "an old version of a list": (
        _request(b'{"spec":[]}', path=b"/apis/apps/v1beta1/namespaces/default/statefulsets"), 400
    ),
    "an old version of numbers": (
        _request(b'{"spec":{"rules":[{"http":{"paths":[1]}}]}}',
            path=b"/apis/extensions/v1beta1/namespaces/default/ingresses"), 400
    ),
    "CBOR": (_request(b"\xd9\xd9\xf7\xa0", b"application/cbor"), 415),
    "a billion laughs": (_request(_laughs(), _YAML), 400),
    "a list in itself": (_request(b"a: &a [*a]", _YAML), 400),
    "YAML lists that are never closed": (_request(b"[" * 100_000, _YAML), 400),
    "deep YAML lists": (_request(b"[" * 20_000 + b"]" * 20_000, _YAML), 400),
    "deep YAML maps": (_request(b"{a: " * 3000 + b"1" + b"}" * 3000, _YAML), 400),
    "a call of Python": (_request(b"!!python/object/apply:os.system ['true']", _YAML), 400),
    "two documents": (_request(b"a: 1\n---\nb: 2\n", _YAML), 400),
    "a list for a key": (_request(b"{[a]: 4}", _YAML), 400),
    "null for a key": (_request(b"{metadata: {name: a}, data: {~: x}}", _YAML), 400),
    "a YAML number of 5,000 digits": (_request(b"metadata: {name: " + b"9" * 5000 + b"}", _YAML), 400),
    "a zero byte in YAML": (_request(b"a: \x00", _YAML), 400),
    "no protobuf": (_request(b"{}", _PROTOBUF), 400),
    "empty protobuf": (_request(_MAGIC, _PROTOBUF), 400),
    "protobuf of ones": (_request(_MAGIC + b"\xff" * 100, _PROTOBUF), 400),
    "a protobuf field of 4 GB": (_request(_MAGIC + b"\x0a\xff\xff\xff\xff\x0f", _PROTOBUF), 400),
    "a protobuf number without an end": (_request(_MAGIC + b"\x0a" + b"\x80" * 20, _PROTOBUF), 400),
    "a thousand protobuf groups": (_request(_MAGIC + b"\x0b" * 1000, _PROTOBUF), 400),
    "a protobuf number for metadata": (
        _request(_MAGIC + b"\x0a\x0f\x0a\x02v1\x12\x09ConfigMap\x12\x05\x08\x01\x10\x02\x18", _PROTOBUF), 400
    ),
    "an unknown protobuf kind": (_request(_MAGIC + b"\x0a\x09\x0a\x02v9\x12\x03Foo\x12\x00", _PROTOBUF), 400),
    "an infinite grace period": (_request(b'{"gracePeriodSeconds":1e999}', path=_ONE, method=b"DELETE"), 400),
    "preconditions of wrong types": (
        _request(b'{"preconditions":{"uid":1},"dryRun":1}', path=_ONE, method=b"DELETE"), 400
    ),
}  # fmt: skip
"""What is sent, and the code that must come back."""


async def test_an_error_each_and_soon(server: ApiServer, tmp_path: Path) -> None:
    trust = administrator(tmp_path)

    answers = {name: await exchange(server, trust, data) for name, (data, _) in CASES.items()}

    assert {name: raw.code for name, raw in answers.items()} == {n: code for n, (_, code) in CASES.items()}
    assert {raw.body["kind"] for raw in answers.values()} == {"Status"}


async def test_keys_in_yaml_become_text(server: ApiServer, tmp_path: Path) -> None:
    body = b"metadata: {name: keys}\ndata: {1: a, false: b, 1.5: c, d: d}"

    made = await exchange(server, administrator(tmp_path), _request(body, _YAML))

    assert made.body["data"] == {"1": "a", "false": "b", "1.5": "c", "d": "d"}


async def test_while_much_yaml_is_decoded_others_are_answered(server: ApiServer, tmp_path: Path) -> None:
    trust = administrator(tmp_path)
    lines = b"".join(b"  k%d: v\n" % number for number in range(40_000))
    large = asyncio.create_task(
        exchange(server, trust, _request(b"metadata: {name: large}\ndata:\n" + lines, _YAML))
    )
    answered = 0
    while not large.done():
        answered += (await exchange(server, trust, _VERSION)).code == 200

    assert (await large).code == 201
    assert answered > 3


async def test_custom_objects_of_any_depth_are_stored_or_refused(server: ApiServer, tmp_path: Path) -> None:
    trust = administrator(tmp_path)
    free = _definition(b'{"type":"object","x-kubernetes-preserve-unknown-fields":true}')
    await exchange(server, trust, _request(free, path=_DEFINITIONS))
    path, codes = b"/apis/x.io/v1/namespaces/default/ds", set[int]()
    while (await exchange(server, trust, b"GET %b HTTP/1.1\r\nHost: x\r\n\r\n" % path)).code == 404:
        pass
    for depth in (100, 300, 500, 700, 900, 980, 2000):
        start = b'{"apiVersion":"x.io/v1","kind":"D","metadata":{"name":"d%d"},"spec":' % depth
        body = start + b'{"a":' * depth + b"1" + b"}" * (depth + 1)
        named = path + b"/d%d" % depth
        apply = b"application/apply-patch+yaml", named + b"?fieldManager=a&force=true", b"PATCH"
        merge = b"application/merge-patch+json", named, b"PATCH"
        for kind, where, method in ((b"application/json", path, b"POST"), apply, merge):
            codes.add((await exchange(server, trust, _request(body, kind, where, method))).code)

    assert codes <= {200, 201, 400, 404}
