"""Images of a registry that wants a password: secrets of the pod and of its account, and pull policies."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from proa.kube import EVENTS, SECRETS, SERVICE_ACCOUNTS, Object
from proa.machine.images import busybox
from support.containerd import Containerd, running_containerd
from support.kubelet_lab import KubeletLab, container, kubelet_lab
from support.registry import Registry, running_registry

pytestmark = [pytest.mark.root, pytest.mark.topology]


@pytest.fixture(scope="module")
def containerd() -> Iterator[Containerd]:
    with running_containerd() as made:
        yield made


@pytest.fixture
async def lab(containerd: Containerd, tmp_path: Path) -> AsyncIterator[KubeletLab]:
    async with kubelet_lab(containerd, tmp_path) as made:
        yield made


@pytest.fixture
async def registry() -> AsyncIterator[Registry]:
    async with running_registry("me", "pass:word") as made:
        for name in ("app:1", "other:1"):
            made.add(name, busybox())
        yield made


async def secret(lab: KubeletLab, name: str, registry: Registry, password: str) -> None:
    auth = base64.b64encode(f"me:{password}".encode()).decode()
    config = json.dumps({"auths": {registry.address: {"auth": auth}}}).encode()
    data = {".dockerconfigjson": base64.b64encode(config).decode()}
    made = {"metadata": {"name": name}, "type": "kubernetes.io/dockerconfigjson", "data": data}
    await lab.api.create(SECRETS, made, "default")


def waiting(pod: Object) -> Object:
    for status in pod["status"].get("containerStatuses") or ():
        return dict(status["state"].get("waiting") or {})
    return {}


async def test_only_who_has_the_password_gets_the_image(lab: KubeletLab, registry: Registry) -> None:
    image = f"{registry.address}/app:1"
    await lab.create("nobody", container(image=image))
    pod = await lab.wait("nobody", lambda p: waiting(p).get("reason") == "ErrImagePull")
    assert image in waiting(pod)["message"]
    await secret(lab, "wrong", registry, "guess")
    await secret(lab, "right", registry, "pass:word")
    await lab.create("both", container(image=image), imagePullSecrets=[{"name": "wrong"}, {"name": "right"}])
    await lab.wait_running("both")
    told = [
        e["message"] for e in (await lab.api.list(EVENTS))["items"] if e["involvedObject"]["name"] == "both"
    ]
    assert any(text.startswith(f'Successfully pulled image "{image}" in ') for text in told)


async def test_an_image_on_the_node_is_no_way_round_its_password(lab: KubeletLab, registry: Registry) -> None:
    image = f"{registry.address}/app:1"
    await secret(lab, "right", registry, "pass:word")
    await lab.create("owner", container(image=image), imagePullSecrets=[{"name": "right"}])
    await lab.wait_running("owner")
    lab.kill_kubelet()
    lab.start_kubelet()
    await lab.create("asks", container(image=image))
    await lab.wait("asks", lambda p: waiting(p).get("reason") == "ErrImagePull")
    await lab.create("never", container(image=image, imagePullPolicy="Never"))
    await lab.wait("never", lambda p: waiting(p).get("reason") == "ErrImageNeverPull")


async def test_the_secrets_of_an_account_are_its_pods(lab: KubeletLab, registry: Registry) -> None:
    await secret(lab, "right", registry, "pass:word")
    account = {"metadata": {"name": "puller"}, "imagePullSecrets": [{"name": "right"}]}
    await lab.api.create(SERVICE_ACCOUNTS, account, "default")
    await lab.create("web", container(image=f"{registry.address}/other:1"), serviceAccountName="puller")
    await lab.wait_running("web")


async def test_always_asks_the_registry_and_if_not_present_does_not(
    lab: KubeletLab, registry: Registry
) -> None:
    image = f"{registry.address}/app:1"
    await secret(lab, "right", registry, "pass:word")
    secrets = {"imagePullSecrets": [{"name": "right"}]}
    await lab.create("first", container(image=image), **secrets)
    await lab.wait_running("first")
    asked = registry.asked
    await lab.create("again", container(image=image, imagePullPolicy="IfNotPresent"), **secrets)
    await lab.wait_running("again")
    assert registry.asked == asked
    await lab.create("always", container(image=image, imagePullPolicy="Always"))
    pod = await lab.wait("always", lambda p: "image" in waiting(p).get("message", ""))
    assert waiting(pod)["reason"] in ("ErrImagePull", "ImagePullBackOff"), "it has no secret"
