"""Kubernetes bodies: recorded ones, and upstream's own pairs of protobuf and JSON where they are."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from proa.cluster.protobuf import DecodeError, messages
from proa.cluster.protobuf.codec import Codec
from proa.cluster.protobuf.kubernetes import MAGIC, decode_object

WITHOUT_MESSAGE = {"core.v1.WatchEvent"}
TABLES = messages(
    {
        "Unknown": "1 typeMeta TypeMeta; 2 raw bytes",
        "TypeMeta": "1 apiVersion string; 2 kind string",
        "Object": "1 metadata Metadata; 2 spec Spec",
        "Metadata": "1 name string; 2 generateName string; 8 creationTimestamp Time; 11 labels map<string>",
        "Time": "1 seconds int64; 2 nanos int32",
        "Spec": "1 replicas int32",
    }
)


def body(api_version: str, kind: str, raw: bytes) -> bytes:
    envelope = {"typeMeta": {"apiVersion": api_version, "kind": kind}, "raw": raw}
    return MAGIC + Codec(TABLES).encode("Unknown", envelope)


def test_name_and_zero_values() -> None:
    # metadata {name "dev", generateName "", generation 0, creationTimestamp {}}, spec {}, status {phase ""}
    raw = bytes.fromhex("0a0b0a036465761200" + "38004200" + "1200" + "1a020a00")
    decoded = decode_object(body("v1", "Namespace", raw))
    assert decoded == {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "dev"}}


def test_pointer_to_zero_is_kept() -> None:
    # spec {replicas 0 (a pointer), minReadySeconds 0 (not one)}
    raw = bytes.fromhex("120408002800")
    assert decode_object(body("apps/v1", "Deployment", raw))["spec"] == {"replicas": 0}


def test_secret_data_is_base64_and_times_are_text() -> None:
    # metadata {creationTimestamp {seconds 1700000000}}, data {"k": "hi"}, type "Opaque"
    raw = bytes.fromhex("0a0842060880e2cfaa06" + "12070a016b12026869" + "1a064f7061717565")
    decoded = decode_object(body("v1", "Secret", raw))
    assert decoded["data"] == {"k": "aGk="}
    assert decoded["metadata"] == {"creationTimestamp": "2023-11-14T22:13:20Z"}


def test_inlined_structs_are_flat() -> None:
    # spec {volumes [{name "v", volumeSource {emptyDir {}}}], containers [{name "c"}]}
    raw = bytes.fromhex("120e0a070a01761202120012030a0163")
    spec = decode_object(body("v1", "Pod", raw))["spec"]
    assert spec == {"volumes": [{"name": "v", "emptyDir": {}}], "containers": [{"name": "c"}]}


def test_options_travel_under_any_group() -> None:
    # gracePeriodSeconds 0 (a pointer)
    assert decode_object(body("apps/v1", "DeleteOptions", bytes.fromhex("0800")))["gracePeriodSeconds"] == 0


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"{}", "prefix"),
        (body("v1", "Nonsense", b""), "no protobuf message is known"),
        (body("v1", "Pod", b"\x0a\x05"), "truncated"),
        (MAGIC + b"\xff", "truncated varint"),
    ],
)
def test_damaged_bodies_are_refused(data: bytes, message: str) -> None:
    with pytest.raises(DecodeError, match=message):
        decode_object(data)


def golden_directory() -> Path | None:
    """Upstream's test data in Go's module cache, without fetching anything."""
    try:
        cache = subprocess.run(["go", "env", "GOMODCACHE"], capture_output=True, text=True, check=True)
    except (FileNotFoundError, subprocess.CalledProcessError):
        return None
    found = sorted(Path(cache.stdout.strip()).glob("k8s.io/api@v0.37.*/testdata/HEAD"))
    return found[-1] if found else None


def test_upstream_pairs_agree() -> None:
    directory = golden_directory()
    if directory is None:
        pytest.skip("k8s.io/api v0.37 is not in Go's module cache: go mod download k8s.io/api@v0.37.2")
    different = []
    for path in sorted(directory.glob("*.pb")):
        if path.stem not in WITHOUT_MESSAGE:
            expected: Any = json.loads(path.with_suffix(".json").read_text())
            if decode_object(path.read_bytes()) != expected:
                different.append(path.stem)
    assert different == []
