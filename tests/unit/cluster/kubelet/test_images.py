"""Image names, credentials, and when an image is pulled."""

import base64
import json
from pathlib import Path
from typing import Any, cast

import pytest

from proa.cluster.kubelet.cri import CriError, Image, Images
from proa.cluster.kubelet.images import ImageManager, check_name
from proa.cluster.kubelet.problems import ContainerProblem
from proa.cluster.kubelet.pull_credentials import credentials, registry_of
from proa.cluster.kubelet.pull_records import PullRecords
from proa.kube import EventRecorder, Object
from support.kubelet_objects import pod, spec_of

IMAGE = Image("sha256:1", ("docker.io/library/busybox:latest",), (), 1, None)


class Store:
    """An image store; `fault` is what a pull meets."""

    def __init__(self, *present: str, fault: CriError | None = None) -> None:
        self.present = set(present)
        self.fault = fault
        self.pulls: list[tuple[str, Any]] = []

    async def status(self, name: str) -> Image | None:
        return IMAGE if name in self.present else None

    async def pull(self, name: str, auth: Any = None) -> str:
        self.pulls.append((name, auth))
        if self.fault:
            raise self.fault
        self.present.add(name)
        return name


class Events:
    def __init__(self) -> None:
        self.seen: list[tuple[str, str]] = []

    async def event(self, _pod: Object, _kind: str, reason: str, message: str, **_: object) -> None:
        self.seen.append((reason, message))


def manager(store: Store, folder: Path) -> tuple[ImageManager, Events]:
    events, records = Events(), PullRecords(folder)
    return ImageManager(cast("Images", store), cast("EventRecorder", events), records), events


@pytest.mark.parametrize(
    "name",
    [
        "busybox",
        "busybox:1",
        "a/b/c",
        "host:5000/x",
        "images.dev/a/b__c:v1.2-x",
        "r.io/x@sha256:" + "a" * 64,
    ],
)
def test_good_names(name: str) -> None:
    check_name(name)


@pytest.mark.parametrize("name", ["", "UPPER", "a b", "a:", "a@sha256:1", "/a", "a//b", "a:tag:tag"])
def test_bad_names(name: str) -> None:
    with pytest.raises(ContainerProblem) as caught:
        check_name(name)
    assert caught.value.reason == "InvalidImageName"


def test_registries() -> None:
    names = ("busybox", "library/busybox", "images.dev/x/y", "localhost/x", "host:5000/x")
    assert [registry_of(n) for n in names] == [
        "docker.io",
        "docker.io",
        "images.dev",
        "localhost",
        "host:5000",
    ]


def test_credentials_are_those_of_the_registry() -> None:
    auths = {
        "https://index.docker.io/v1/": {"auth": base64.b64encode(b"me:secret:x").decode()},
        "images.dev": {"username": "u", "password": "p"},
    }
    data = base64.b64encode(json.dumps({"auths": auths}).encode()).decode()
    secrets: list[Object] = [{"data": {".dockerconfigjson": data}}, {"data": {}}]
    (hub,) = credentials("busybox", secrets)
    assert hub.auth == {"username": "me", "password": "secret:x"}
    (found,) = credentials("images.dev/a/b", secrets)
    assert (found.auth["username"], found.auth["password"]) == ("u", "p")
    assert list(credentials("others.dev/a/b", secrets)) == []


POLICIES = {
    "present, IfNotPresent": ("busybox", "IfNotPresent", 0),
    "present, Never": ("busybox", "Never", 0),
    "present, Always": ("busybox", "Always", 1),
    "absent, IfNotPresent": ("other", "IfNotPresent", 1),
}


@pytest.mark.parametrize(("name", "policy", "pulls"), POLICIES.values(), ids=POLICIES.keys())
async def test_pull_policy(name: str, policy: str, pulls: int, tmp_path: Path) -> None:
    store = Store("busybox")
    images, _ = manager(store, tmp_path)
    container = spec_of("main", image=name, imagePullPolicy=policy)
    assert await images.ensure(pod(container), container, []) == IMAGE
    assert len(store.pulls) == pulls


async def test_an_absent_image_with_policy_never(tmp_path: Path) -> None:
    images, events = manager(Store(), tmp_path)
    container = spec_of("main", imagePullPolicy="Never")
    with pytest.raises(ContainerProblem) as caught:
        await images.ensure(pod(container), container, [])
    assert caught.value.reason == "ErrImageNeverPull"
    assert events.seen[0][0] == "ErrImageNeverPull"


async def test_a_failed_pull_backs_off_and_keeps_its_reason(tmp_path: Path) -> None:
    store = Store(fault=CriError("NOT_FOUND", "no such image"))
    images, events = manager(store, tmp_path)
    container = spec_of("main", image="nope")
    reasons = []
    for _ in range(2):
        with pytest.raises(ContainerProblem) as caught:
            await images.ensure(pod(container), container, [])
        reasons.append((caught.value.reason, caught.value.message))
    cause = "rpc error: code = NotFound desc = no such image"
    assert reasons == [
        ("ErrImagePull", cause),
        ("ImagePullBackOff", f'Back-off pulling image "nope": ErrImagePull: {cause}'),
    ]
    assert len(store.pulls) == 1
    assert [r for r, _ in events.seen] == ["Pulling", "Failed", "Failed", "BackOff", "Failed"]
    assert 0 < images.retry_after(pod(container), container) <= 10
    images.forget("u1")
    assert images.retry_after(pod(container), container) == 0


def _secret(name: str, password: str) -> Object:
    auths = {"images.dev": {"username": "u", "password": password}}
    data = base64.b64encode(json.dumps({"auths": auths}).encode()).decode()
    return {"metadata": {"name": name, "uid": name}, "data": {".dockerconfigjson": data}}


async def test_who_shows_no_secret_of_a_pull_pulls_again(tmp_path: Path) -> None:
    store = Store()
    images, events = manager(store, tmp_path)
    container = spec_of("main", image="images.dev/a:1")
    await images.ensure(pod(container), container, [_secret("one", "right")])
    await images.ensure(pod(container), container, [_secret("two", "right")])
    assert len(store.pulls) == 1, "another secret with the same password"
    assert "can be accessed by the pod" in events.seen[-1][1]
    store.fault = CriError("UNKNOWN", "401 Unauthorized")
    for secrets in ([], [_secret("three", "guess")]):
        with pytest.raises(ContainerProblem, match="401 Unauthorized"):
            await images.ensure(pod(container), container, list(secrets))
        images.forget("u1")
    await images.ensure(pod(container), container, [_secret("one", "changed meanwhile")])


async def test_never_does_not_tell_of_an_image_that_the_pod_may_not_use(tmp_path: Path) -> None:
    store = Store()
    images, _ = manager(store, tmp_path)
    container = spec_of("main", image="images.dev/a:1")
    await images.ensure(pod(container), container, [_secret("one", "right")])
    never = container | {"imagePullPolicy": "Never"}
    with pytest.raises(ContainerProblem) as caught:
        await images.ensure(pod(never), never, [])
    assert caught.value.reason == "ErrImageNeverPull"
