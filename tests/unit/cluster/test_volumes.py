from __future__ import annotations

from typing import Any

import pytest

from proa.cluster.volumes import (
    Reference,
    best_match,
    class_of,
    default_class,
    mismatch,
    names_a_class,
    reaches,
    reference_to,
)
from proa.kube import Object
from support.objects import claim, storage_class, volume

MISMATCHES: dict[str, tuple[Object, Object, str]] = {
    "fits": (volume(), claim(), ""),
    "larger": (volume(size="2Gi"), claim(), ""),
    "too small": (volume(size="1Gi"), claim(size="1025Mi"), "requested PV is too small"),
    "other class": (volume(storageClassName="x"), claim(), "storageClassName does not match"),
    "block against file system": (volume(volumeMode="Block"), claim(), "incompatible volumeMode"),
    "the default mode is file system": (volume(volumeMode="Filesystem"), claim(), ""),
    "other attributes": (
        volume(volumeAttributesClassName="gold"),
        claim(),
        "volumeAttributesClassName does not match",
    ),
    "the same attributes": (volume(volumeAttributesClassName="a"), claim(volumeAttributesClassName="a"), ""),
    "access mode": (volume(), claim(accessModes=["ReadWriteMany"]), "incompatible accessMode"),
    "going away": (
        volume(metadata={"deletionTimestamp": "2030-01-01T00:00:00Z"}),
        claim(),
        'the volume is marked for deletion "pv"',
    ),
}


@pytest.mark.parametrize("case", MISMATCHES)
def test_mismatch(case: str) -> None:
    offered, wanted, why = MISMATCHES[case]
    assert mismatch(offered, wanted) == why


def names(found: Object | None) -> str:
    return found["metadata"]["name"] if found else ""


def test_the_smallest_that_fits() -> None:
    offered = [volume("big", size="5Gi"), volume("right", size="2Gi"), volume("tiny", size="1Gi")]
    assert names(best_match(claim(size="2Gi"), offered)) == "right"


def test_only_available_volumes_are_taken() -> None:
    offered = [volume("released", phase="Released"), volume("fresh", phase="Pending")]
    assert best_match(claim(), offered) is None


def test_a_reserved_volume_wins_even_over_a_smaller_one_and_whatever_its_class() -> None:
    reserved = volume(
        "mine", size="9Gi", storageClassName="x", claimRef={"namespace": "default", "name": "data"}
    )
    assert names(best_match(claim(), [volume(), reserved])) == "mine"


def test_a_selector_narrows() -> None:
    labelled = volume("labelled", size="9Gi", metadata={"labels": {"disk": "ssd"}})
    assert (
        names(best_match(claim(selector={"matchLabels": {"disk": "ssd"}}), [volume(), labelled]))
        == "labelled"
    )


REFERENCES: dict[str, tuple[Any, Reference]] = {
    "none": (None, Reference.NONE),
    "by name": ({"namespace": "default", "name": "data"}, Reference.OURS),
    "by uid": ({"namespace": "default", "name": "data", "uid": "pvc-data"}, Reference.OURS),
    "an earlier claim of that name": (
        {"namespace": "default", "name": "data", "uid": "old"},
        Reference.OTHER,
    ),
    "another namespace": ({"namespace": "x", "name": "data"}, Reference.OTHER),
}


@pytest.mark.parametrize("case", REFERENCES)
def test_reference(case: str) -> None:
    reference, expected = REFERENCES[case]
    assert reference_to(volume(claimRef=reference), claim()) is expected


def test_classes() -> None:
    assert class_of(claim(annotations={"volume.beta.kubernetes.io/storage-class": "old"})) == "old"
    assert names_a_class(claim(storageClassName=""))
    assert not names_a_class(claim(storageClassName=None))
    marked = {"storageclass.kubernetes.io/is-default-class": "true"}
    older, newer = (storage_class(name, annotations=marked) for name in ("older", "newer"))
    older["metadata"]["creationTimestamp"] = "2030-01-01T00:00:00Z"
    newer["metadata"]["creationTimestamp"] = "2030-01-02T00:00:00Z"
    assert default_class([newer, older, storage_class()]) is newer
    assert default_class([storage_class()]) is None


def test_reaches() -> None:
    here = {"kubernetes.io/hostname": "n1"}
    assert reaches(volume(), here)
    assert reaches(volume(node_name="n1"), here)
    assert not reaches(volume(node_name="n2"), here)
