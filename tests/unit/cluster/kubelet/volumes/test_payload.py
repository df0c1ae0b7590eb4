"""Files made of ConfigMaps, Secrets and fields of the pod."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from proa.cluster.kubelet.certificates import PodCertificates, TrustBundles
from proa.cluster.kubelet.fields import NodeFacts
from proa.cluster.kubelet.objects import Reference
from proa.cluster.kubelet.pods import common_user
from proa.cluster.kubelet.problems import VolumeProblem
from proa.cluster.kubelet.volumes import PLUGINS, VolumeRequest
from proa.cluster.kubelet.volumes.atomic import File
from proa.cluster.kubelet.volumes.payload import (
    config_map,
    downward_files,
    mode_of,
    object_files,
    personal_file,
    secret,
)
from proa.cluster.kubelet.volumes.plugin import Credentials, volume_plugin
from proa.kube import CONFIG_MAPS, SECRETS, Object
from support.kubelet_objects import pod
from support.memory_client import MemoryClient

STORE: dict[Reference, Object] = {
    Reference(CONFIG_MAPS, "d", "cm"): {"data": {"a": "1", "b": "2"}, "binaryData": {"c": "AA=="}},
    Reference(SECRETS, "d", "sec"): {"kind": "Secret", "data": {"pw": "c2VjcmV0"}},
}


NOBODY = MemoryClient().client


class Tokens:
    async def token(self, pod: Object, audience: str, lifetime: int) -> str:
        return "token"


class NoImages:
    async def mount(self, pod: Object, name: str, source: Object, target: Path) -> None:
        raise NotImplementedError

    async def release(self, directory: Path) -> None:
        raise NotImplementedError


async def hold(_: Iterable[Reference]) -> None:
    pass


def request(fs_group: int | None = None, fs_user: int | None = None) -> VolumeRequest:
    return VolumeRequest(
        pod=pod(metadata={"labels": {"b": "2", "a": '"1"'}}),
        name="v",
        directory=Path(),
        lookup=STORE.get,
        hold=hold,
        credentials=Credentials(Tokens(), PodCertificates(NOBODY, "n", print), TrustBundles(NOBODY, print)),
        images=NoImages(),
        node=NodeFacts((), {}),
        fs_group=fs_group,
        fs_user=fs_user,
    )


def test_all_keys_of_a_config_map() -> None:
    files = object_files(config_map(request(), "cm"), {}, request(), 0o644)
    assert files == {"a": File(b"1"), "b": File(b"2"), "c": File(b"\0")}


def test_chosen_keys_of_a_secret() -> None:
    source = {"items": [{"key": "pw", "path": "x/y", "mode": 0o400}]}
    assert object_files(secret(request(), "sec"), source, request(), 0o644) == {"x/y": File(b"secret", 0o400)}


def test_what_is_missing_is_named_unless_it_is_optional() -> None:
    missing_key = {"items": [{"key": "z", "path": "z"}]}
    with pytest.raises(VolumeProblem, match="non-existent key 'z' of configmap \"cm\""):
        object_files(config_map(request(), "cm"), missing_key, request(), 0o644)
    with pytest.raises(VolumeProblem, match='secret "no" not found'):
        object_files(secret(request(), "no"), {}, request(), 0o644)
    assert object_files(secret(request(), "no"), {"optional": True}, request(), 0o644) == {}
    assert object_files(config_map(request(), "cm"), missing_key | {"optional": True}, request(), 0o644) == {}


def test_an_fs_group_may_read() -> None:
    assert mode_of({"defaultMode": 0o400}, request()) == 0o400
    assert mode_of({"defaultMode": 0o400}, request(2000)) == 0o440


def test_labels_are_sorted_and_quoted() -> None:
    items = [{"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}}]
    assert downward_files({"items": items}, request(), 0o644)["labels"].data == b'a="\\"1\\""\nb="2"'


def test_a_field_that_does_not_exist() -> None:
    items = [{"path": "x", "fieldRef": {"fieldPath": "spec.nope"}}]
    with pytest.raises(VolumeProblem, match=r"spec\.nope"):
        downward_files({"items": items}, request(), 0o644)


def test_two_plugins_for_one_source_are_refused() -> None:
    with pytest.raises(RuntimeError):
        volume_plugin("emptyDir", "again")(PLUGINS["emptyDir"].set_up)


def test_a_token_belongs_to_the_user_and_group_that_are_known() -> None:
    assert personal_file(b"t", request(), 0o644) == File(b"t", 0o644)
    assert personal_file(b"t", request(fs_user=1000), 0o644) == File(b"t", 0o600, 1000)
    assert personal_file(b"t", request(2000, 1000), 0o644) == File(b"t", 0o640, 1000)


def test_the_user_of_a_pod_is_that_of_all_its_containers() -> None:
    def user(spec: Object, *containers: Object) -> int | None:
        return common_user({"spec": {"securityContext": spec, "containers": list(containers)}})

    def own(number: int) -> Object:
        return {"securityContext": {"runAsUser": number}}

    assert user({"runAsUser": 1}, {}, {}) == 1
    assert user({"runAsUser": 1}, own(2), own(2)) == 2
    assert user({"runAsUser": 1}, {}, own(2)) is None
    assert user({}, own(1), {}) is None
    assert user({}, {}) is None
