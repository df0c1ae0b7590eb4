"""pods/resize: what a pod that exists may use, and what of its security contexts is refused."""

from __future__ import annotations

from typing import Any

from corpus.story import JSON_PATCH, MERGE, STRATEGIC, Step, get, patch, post, put, story

PODS = "/api/v1/namespaces/<ns>/pods"
RESIZE = f"{PODS}/p/resize"


def container(name: str = "c", **resources: Any) -> dict[str, Any]:
    return {"name": name, "image": "i", "resources": resources}


def pod(*containers: dict[str, Any], **spec: Any) -> dict[str, Any]:
    more = {"containers": list(containers) or [_usual()]} | spec
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": more}


def _usual() -> dict[str, Any]:
    return container(requests={"cpu": "100m", "memory": "50Mi"}, limits={"cpu": "200m"})


def resize(case: str, *containers: dict[str, Any], **spec: Any) -> Step:
    parts = [{key: value for key, value in c.items() if key != "image"} for c in containers]
    body = {"spec": ({"containers": parts} if parts else {}) | spec}
    return patch(case, RESIZE, body, STRATEGIC)


STORIES = (
    story(
        "more and less",
        post("make it", PODS, pod()),
        resize("more", container(requests={"cpu": "150m"}, limits={"cpu": "1"})),
        resize("less", container(requests={"cpu": "50m", "memory": "20Mi"})),
        resize("the same in other words", container(requests={"cpu": "0.05"})),
        resize("nothing", container()),
        get("as resize shows it", RESIZE),
        patch("memory by merge", RESIZE, {"spec": {"containers": [
            container(requests={"cpu": "50m", "memory": "30Mi"}, limits={"cpu": "1"})]}},
            MERGE),
        patch("by JSON patch", RESIZE, [
            {"op": "replace", "path": "/spec/containers/0/resources/requests/memory", "value": "40Mi"}],
            JSON_PATCH),
        put("replaced", RESIZE, pod(
            container(requests={"cpu": "60m", "memory": "40Mi"}, limits={"cpu": "1"}))),
    ),
    story(
        "refusals",
        post("make it", PODS, pod(_usual(), container("d"))),
        resize("a request beyond the limit", container(requests={"cpu": "300m"})),
        resize("a request taken away", container(requests={"memory": None})),
        resize("a limit taken away", container(limits={"cpu": None})),
        resize("another resource", container(requests={"ephemeral-storage": "1Gi"})),
        resize("an unknown container", container("x", requests={"cpu": "1"})),
        resize("a negative amount", container(requests={"cpu": "-1"})),
        resize("another policy", {"name": "c", "resizePolicy": [
            {"resourceName": "cpu", "restartPolicy": "RestartContainer"}]}),
        resize("another class", *(container(n, requests={"cpu": "1", "memory": "1Gi"}, limits={
            "cpu": "1", "memory": "1Gi"}) for n in ("c", "d"))),
        patch("another name of a container", RESIZE, [
            {"op": "replace", "path": "/spec/containers/1/name", "value": "e"}],
            JSON_PATCH),
        patch("a container less", RESIZE, [{"op": "remove", "path": "/spec/containers/1"}],
              JSON_PATCH),
    ),
    story(
        "the best of efforts stays",
        post("make it", PODS, pod(container())),
        resize("a request", container(requests={"cpu": "1"})),
    ),
    story(
        "guaranteed stays",
        post("make it", PODS, pod(container(limits={"cpu": "1", "memory": "1Gi"}))),
        resize("only the limit", container(limits={"cpu": "2"})),
        resize("both", container(limits={"cpu": "2"}, requests={"cpu": "2"})),
    ),
    story(
        "init containers",
        post("make it", PODS, pod(_usual(), initContainers=[
            container("i", requests={"cpu": "1"}), container("s", requests={"cpu": "1"}) | {
                "restartPolicy": "Always"}])),
        resize("one that ends", initContainers=[{"name": "i", "resources": {"requests": {"cpu": "2"}}}]),
        resize("a sidecar", initContainers=[{"name": "s", "resources": {"requests": {"cpu": "2"}}}]),
        resize("other things", initContainers=[{"name": "s", "resources": {"requests": {"a.b/x": "2"}}}]),
    ),
    story(
        "security contexts",
        *(post(case, PODS, pod({"name": "c", "image": "i", "securityContext": context}, **spec))
          for case, context, spec in (
            ("no type of filter", {"seccompProfile": {}}, {}),
            ("another type of filter", {"seccompProfile": {"type": "None"}}, {}),
            ("no file of a filter", {"seccompProfile": {"type": "Localhost"}}, {}),
            ("a file too many", {"seccompProfile": {"type": "RuntimeDefault", "localhostProfile": "x"}}, {}),
            ("an absolute file", {"seccompProfile": {"type": "Localhost", "localhostProfile": "/x"}}, {}),
            ("a file elsewhere", {"seccompProfile": {"type": "Localhost", "localhostProfile": "a/../x"}}, {}),
            ("a padded name", {"appArmorProfile": {"type": "Localhost", "localhostProfile": " x"}}, {}),
            ("an empty name", {"appArmorProfile": {"type": "Localhost", "localhostProfile": ""}}, {}),
            ("a name too many", {"appArmorProfile": {"type": "Unconfined", "localhostProfile": "x"}}, {}),
            ("another armour", {"appArmorProfile": {"type": "Steel"}}, {}),
            ("a bare proc", {"procMount": "Unmasked"}, {}),
            ("another proc", {"procMount": "Half"}, {"hostUsers": False}),
            ("privileged, yet not", {"privileged": True, "allowPrivilegeEscalation": False}, {}),
            ("an administrator, yet not", {
                "allowPrivilegeEscalation": False, "capabilities": {"add": ["CAP_SYS_ADMIN"]}}, {}),
            ("a bare proc of its own users", {"procMount": "Unmasked"}, {"hostUsers": False}),
        )),
    ),
)  # fmt: skip
