from __future__ import annotations

import posixpath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proa.kube import Object
from proa.storage.config import ConfigError, default_document, parse_config
from proa.storage.names import FINALIZER
from proa.storage.request import Request, folder, locate, place, volume_of
from proa.storage.template import render
from support.objects import claim, storage_class

CONFIG = parse_config(default_document("/data"))
SHARED = parse_config('{"sharedFileSystemPath": "/nfs"}')


def request(the_claim: Object | None = None, the_class: Object | None = None, **more: Any) -> Request:
    return Request(
        the_claim or claim(), the_class or storage_class(), more.get("node", "n1"), more.get("labels", {})
    )


def patterned(pattern: str, **more: str) -> Request:
    return request(
        claim(annotations={"team": "blue"}), storage_class(parameters={"pathPattern": pattern} | more)
    )


def test_the_volume_is_what_upstream_writes() -> None:
    wanted = request(
        the_class=storage_class(annotations={"defaultVolumeType": "local"}, mountOptions=["noatime"]),
        labels={"kubernetes.io/hostname": "host-1"},
    )
    volume = volume_of(wanted, place(wanted, CONFIG))
    expression = {"key": "kubernetes.io/hostname", "operator": "In", "values": ["host-1"]}
    assert volume == {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {
            "name": "pvc-pvc-data",
            "annotations": {
                "pv.kubernetes.io/provisioned-by": "rancher.io/local-path",
                "local.path.provisioner/selected-node": "n1",
            },
            "finalizers": [FINALIZER],
        },
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "capacity": {"storage": "1Gi"},
            "claimRef": {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "namespace": "default",
                "name": "data",
                "uid": "pvc-data",
                "resourceVersion": "1",
            },
            "local": {"path": "/data/pvc-pvc-data_default_data"},
            "mountOptions": ["noatime"],
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [expression]}]}},
            "persistentVolumeReclaimPolicy": "Delete",
            "storageClassName": "local-path",
            "volumeMode": "Filesystem",
        },
    }


def test_without_a_label_the_node_name_is_the_affinity() -> None:
    keyed = request(the_class=storage_class(parameters={"nodeAffinityKey": "rack"}))
    terms = volume_of(keyed, place(keyed, CONFIG))["spec"]["nodeAffinity"]["required"]["nodeSelectorTerms"]
    assert terms == [{"matchExpressions": [{"key": "rack", "operator": "In", "values": ["n1"]}]}]


SOURCES = {
    "nothing said": ({}, {}, {"hostPath": {"path": "/p", "type": "DirectoryOrCreate"}}),
    "the class says": ({}, {"defaultVolumeType": "Local"}, {"local": {"path": "/p"}}),
    "the claim overrides": (
        {"volumeType": "hostPath"},
        {"defaultVolumeType": "local"},
        {"hostPath": {"path": "/p", "type": "DirectoryOrCreate"}},
    ),
}


@pytest.mark.parametrize("case", SOURCES)
def test_volume_type(case: str) -> None:
    of_claim, of_class, source = SOURCES[case]
    wanted = request(claim(annotations=of_claim), storage_class(annotations=of_class))
    path = place(wanted, CONFIG).path
    spec = volume_of(wanted, place(wanted, CONFIG))["spec"]
    (kind,) = source
    assert spec[kind] == source[kind] | {"path": path}


REFUSED = {
    "selector": (claim(selector={}), "claim.Spec.Selector is not supported"),
    "read-write-many": (
        claim(accessModes=["ReadWriteOnce", "ReadWriteMany"]),
        r"NodePath only supports ReadWriteOnce and ReadWriteOncePod \(1.22\+\) access modes",
    ),
    "a copy of something": (
        claim(dataSource={"kind": "PersistentVolumeClaim", "name": "other"}),
        "rancher.io/local-path does not support dataSource: the volume would be empty",
    ),
    "block": (claim(volumeMode="Block"), "rancher.io/local-path does not support block volume provisioning"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case: str) -> None:
    bad, why = REFUSED[case]
    with pytest.raises(ConfigError, match=why):
        place(request(bad), CONFIG)


def test_an_unknown_volume_type_is_refused() -> None:
    wanted = request(claim(annotations={"volumeType": "nfs"}))
    with pytest.raises(ConfigError, match='"nfs" is not a recognised volume type'):
        volume_of(wanted, place(wanted, CONFIG))


def test_a_node_path_needs_a_node() -> None:
    with pytest.raises(ConfigError, match="configuration error, no node was specified"):
        place(request(node=""), CONFIG)


def test_a_shared_path_serves_all_modes_without_a_node() -> None:
    wanted = request(claim(accessModes=["ReadWriteMany"]), node="")
    placement = place(wanted, SHARED)
    volume = volume_of(wanted, placement)
    assert placement.path.startswith("/nfs/")
    assert "nodeAffinity" not in volume["spec"]
    assert "local.path.provisioner/selected-node" not in volume["metadata"]["annotations"]


GOOD_PATTERNS = {
    "{{ .PVC.Namespace }}/{{ .PVC.Name }}": "default/data",
    "{{.PVC.Namespace}}/{{.PVC.Name}}/{{ .PVName }}": "default/data/pvc-pvc-data",
    '{{ .PVC.Namespace }}/{{ .PVC.Name }}/{{ index .PVC.Annotations "team" }}': "default/data/blue",
    "{{ .PVC.Namespace }}/{{- .PVC.Name -}}/{{ .PVC.Annotations.team }}": "default/data/blue",
}


@pytest.mark.parametrize("pattern", GOOD_PATTERNS)
def test_patterns(pattern: str) -> None:
    assert folder(patterned(pattern)) == GOOD_PATTERNS[pattern]


BAD_PATTERNS = {
    "elsewhere": ("backup/{{ .PVName }}", "pathPattern must start with"),
    "a sibling's name as prefix": ("{{ .PVC.Namespace }}/{{ .PVC.Name }}-x", "pathPattern must start with"),
    "up": ("{{ .PVC.Namespace }}/{{ .PVC.Name }}/../../x", "folder path contains invalid references"),
    "up and back": ("x/../{{ .PVC.Namespace }}/{{ .PVC.Name }}", "folder path contains invalid references"),
    "absolute": ("/etc/{{ .PVName }}", "folder path contains invalid references"),
    "beyond the subset": ("{{ range .PVC.Labels }}x{{ end }}", "is not supported"),
    "unclosed": ("{{ .PVC.Name", "unclosed action"),
}


@pytest.mark.parametrize("case", BAD_PATTERNS)
def test_bad_patterns(case: str) -> None:
    pattern, why = BAD_PATTERNS[case]
    with pytest.raises(ConfigError, match=why):
        folder(patterned(pattern))


def test_the_switch_allows_other_places_but_no_escape() -> None:
    assert folder(patterned("backup/{{ .PVName }}", allowUnsafePathPattern="true")) == "backup/pvc-pvc-data"
    with pytest.raises(ConfigError, match="invalid references"):
        folder(patterned("../{{ .PVName }}", allowUnsafePathPattern="true"))


@given(st.text(max_size=40))
def test_no_annotation_leads_out_of_the_base(text: str) -> None:
    hostile = request(
        claim(annotations={"a": text}),
        storage_class(
            parameters={
                "pathPattern": "{{ .PVC.Namespace }}/{{ .PVC.Name }}/{{ .PVC.Annotations.a }}",
                "allowUnsafePathPattern": "true",
            }
        ),
    )
    try:
        path = place(hostile, CONFIG).path
    except ConfigError:
        return
    assert posixpath.normpath(path).startswith("/data/default/data")


def test_a_missing_key_is_what_go_prints() -> None:
    assert render('{{ .PVC.Labels.x }}|{{ index .PVC.Labels "x" }}', "v", claim()) == "<no value>|"


def test_locate_trusts_only_configured_bases() -> None:
    assert locate("/data/a/b", {"/data", "/data/a"}) == ("/data/a", "b")
    for path in ("/etc/passwd", "/data", "/data/../etc", "/database/x", ""):
        with pytest.raises(ConfigError, match="below no configured path"):
            locate(path, {"/data"})
