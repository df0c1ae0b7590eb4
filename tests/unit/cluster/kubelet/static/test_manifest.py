"""Files become static pods, and static pods mirrors."""

import pytest

from proa.cluster.kubelet.static.manifest import (
    ManifestError,
    is_mirror,
    is_static,
    mirror_of,
    parse_manifest,
)

_TEXT = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: c, image: busybox}]}\n"


def test_a_pod_of_this_node() -> None:
    pod = parse_manifest(_TEXT, "/m/web.yaml", "Node-1", "2026-01-01T00:00:00Z")
    assert pod["metadata"]["name"] == "web-node-1"
    assert pod["metadata"]["namespace"] == "default"
    assert pod["spec"]["nodeName"] == "Node-1"
    assert pod["spec"]["tolerations"] == [{"operator": "Exists", "effect": "NoExecute"}]
    assert len(pod["metadata"]["uid"]) == 32
    assert is_static(pod)
    assert not is_mirror(pod)


def test_the_uid_follows_the_content_and_the_node() -> None:
    def uid(text: str, node: str) -> str:
        return str(parse_manifest(text, "/m/web.yaml", node, "")["metadata"]["uid"])

    assert uid(_TEXT, "n") == uid(_TEXT, "n")
    assert len({uid(_TEXT, "n"), uid(_TEXT, "m"), uid(_TEXT.replace("busybox", "other"), "n")}) == 3


def test_a_mirror_is_owned_by_the_node() -> None:
    pod = parse_manifest(_TEXT, "/m/web.yaml", "n", "")
    mirror = mirror_of(pod, {"metadata": {"name": "n", "uid": "node-uid"}})
    assert is_mirror(mirror)
    assert not is_static(mirror)
    assert "uid" not in mirror["metadata"]
    assert mirror["metadata"]["ownerReferences"][0]["uid"] == "node-uid"


@pytest.mark.parametrize(
    "text", ["{", "kind: List", _TEXT.replace("v1", "v2"), _TEXT.replace("name: web", ""), "- 1", ""]
)
def test_what_is_no_pod_is_named(text: str) -> None:
    with pytest.raises(ManifestError, match=r"/m/web\.yaml"):
        parse_manifest(text, "/m/web.yaml", "n", "")
