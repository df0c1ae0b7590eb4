"""Patches of the four types, and what is wrong with some."""

from __future__ import annotations

from typing import Any

from corpus.story import JSON_PATCH, STRATEGIC, Step, apply, get, patch, post, put, story

CM = "/api/v1/namespaces/<ns>/configmaps"
DEPLOYMENTS = "/apis/apps/v1/namespaces/<ns>/deployments"
AT = f"{CM}/a"
D = f"{DEPLOYMENTS}/d"
CONTAINERS = [
    {"name": "a", "image": "x", "env": [{"name": "E", "value": "1"}, {"name": "F", "value": "2"}]},
    {"name": "b", "image": "y", "args": ["1", "2"]},
]


def ops(name: str, *operations: dict[str, Any]) -> Step:
    return patch(name, AT, list(operations), JSON_PATCH)


def deployment(containers: list[Any], **spec: Any) -> dict[str, Any]:
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": containers}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "d"},
        "spec": {"selector": {"matchLabels": {"a": "b"}}, "template": template, **spec},
    }


def pod(name: str, spec: dict[str, Any]) -> Step:
    """A strategic patch of the pod template."""
    return patch(
        name,
        D,
        {"spec": {"template": {"spec": spec}}},
        STRATEGIC,
        only=("kind", "message", "reason", "details", "metadata.generation", "spec"),
    )


def config(*keys: str, **metadata: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "s", **metadata},
        "data": dict.fromkeys(keys, "1"),
    }


S = f"{CM}/s"
STORIES = (
    story(
        "JSON",
        post("make", CM, {"metadata": {"name": "a", "labels": {"l": "1"}}, "data": {"a": "1", "b": "2"}}),
        ops("add", {"op": "add", "path": "/data/c", "value": "3"}),
        ops("replace", {"op": "replace", "path": "/data/c", "value": "4"}),
        ops("remove", {"op": "remove", "path": "/data/c"}),
        ops("move", {"op": "move", "from": "/data/a", "path": "/data/z"}),
        ops("copy", {"op": "copy", "from": "/data/z", "path": "/data/y"}),
        ops(
            "test",
            {"op": "test", "path": "/data/z", "value": "1"},
            {"op": "add", "path": "/data/t", "value": "t"},
        ),
        ops("a test that fails", {"op": "test", "path": "/data/z", "value": "2"}),
        ops("remove what is not there", {"op": "remove", "path": "/data/nope"}),
        ops("replace what is not there", {"op": "replace", "path": "/data/nope", "value": "x"}),
        ops("below what is not there", {"op": "add", "path": "/nope/x/y", "value": "x"}),
        ops("an unknown operation", {"op": "nope", "path": "/data/z"}),
        ops("no operation", {"path": "/data/z"}),
        ops("no path", {"op": "add", "value": "x"}),
        ops(
            "escapes",
            {"op": "add", "path": "/metadata/annotations", "value": {"a/b": "1"}},
            {"op": "replace", "path": "/metadata/annotations/a~1b", "value": "2"},
        ),
        ops("nothing"),
        ops("the name", {"op": "replace", "path": "/metadata/name", "value": "other"}),
        ops("the kind", {"op": "replace", "path": "/kind", "value": "Secret"}),
        ops("the uid", {"op": "replace", "path": "/metadata/uid", "value": "other"}),
        ops("an old revision", {"op": "replace", "path": "/metadata/resourceVersion", "value": "1"}),
        patch("no list", AT, {"op": "add"}, JSON_PATCH),
        patch("no JSON", AT, "[", JSON_PATCH),
        patch("of nothing", f"{CM}/nope", [{"op": "add", "path": "/data", "value": {}}], JSON_PATCH),
        get("in the end", AT),
    ),
    story(
        "merge",
        post("make", CM, {"metadata": {"name": "a", "labels": {"l": "1"}}, "data": {"a": "1", "b": "2"}}),
        patch("add", AT, {"data": {"c": "3"}}),
        patch("remove", AT, {"data": {"c": None}}),
        patch("remove what is not there", AT, {"data": {"nope": None}}),
        patch("nothing", AT, {}),
        patch("the name", AT, {"metadata": {"name": "other"}}),
        patch("the namespace", AT, {"metadata": {"namespace": "other"}}),
        patch("the uid", AT, {"metadata": {"uid": "other"}}),
        patch("the kind", AT, {"kind": "Secret"}),
        patch("the version", AT, {"apiVersion": "v2"}),
        patch("an old revision", AT, {"metadata": {"resourceVersion": "1"}, "data": {"x": "y"}}),
        patch("a revision that is none", AT, {"metadata": {"resourceVersion": "x"}, "data": {"x": "y"}}),
        patch("no object", AT, []),
        patch("a text", AT, '"x"'),
        patch("no JSON", AT, "{"),
        patch("all data", AT, {"data": None}),
        patch("forced", f"{AT}?force=true", {"data": {"f": "1"}}),
        patch("by a manager with a long name", f"{AT}?fieldManager={'m' * 129}", {}),
        patch(
            "metadata that only the server sets",
            AT,
            {"metadata": {"generation": 9, "creationTimestamp": "2001-01-01T00:00:00Z", "selfLink": "x"}},
        ),
        get("in the end", AT),
    ),
    story(
        "strategic",
        post("make", DEPLOYMENTS, deployment(CONTAINERS, replicas=2)),
        pod("one container's image", {"containers": [{"name": "a", "image": "z"}]}),
        pod("a new container", {"containers": [{"name": "c", "image": "z"}]}),
        pod("delete a container", {"containers": [{"name": "c", "$patch": "delete"}]}),
        pod("delete what is not there", {"containers": [{"name": "nope", "$patch": "delete"}]}),
        pod(
            "the order",
            {
                "$setElementOrder/containers": [{"name": "b"}, {"name": "a"}],
                "containers": [{"name": "a", "image": "w"}],
            },
        ),
        pod(
            "an order that lacks one",
            {"$setElementOrder/containers": [{"name": "a"}], "containers": [{"name": "b", "image": "w"}]},
        ),
        pod(
            "an element of a list in an element",
            {
                "containers": [
                    {"name": "a", "env": [{"name": "E", "value": "9"}, {"name": "G", "value": "3"}]}
                ]
            },
        ),
        pod("a whole list", {"containers": [{"name": "b", "args": ["3"]}]}),
        pod("replace a list", {"containers": [{"$patch": "replace"}, {"name": "only", "image": "o"}]}),
        pod("a container without a name", {"containers": [{"image": "z"}]}),
        pod("an unknown directive", {"containers": [{"name": "a", "$patch": "nope"}]}),
        pod("tolerations are one list", {"tolerations": [{"key": "k", "operator": "Exists"}]}),
        pod("volumes keep keys", {"volumes": [{"name": "v", "emptyDir": {}}]}),
        pod(
            "another source of a volume",
            {"volumes": [{"name": "v", "$retainKeys": ["name", "hostPath"], "hostPath": {"path": "/x"}}]},
        ),
        patch(
            "the strategy",
            D,
            {"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}},
            STRATEGIC,
            only=("spec.strategy",),
        ),
        patch(
            "finalizers", D, {"metadata": {"finalizers": ["a.b/c"]}}, STRATEGIC, only=("metadata.finalizers",)
        ),
        patch(
            "more finalizers",
            D,
            {"metadata": {"finalizers": ["d.e/f"]}},
            STRATEGIC,
            only=("metadata.finalizers",),
        ),
        patch(
            "fewer finalizers",
            D,
            {"metadata": {"$deleteFromPrimitiveList/finalizers": ["a.b/c", "d.e/f"]}},
            STRATEGIC,
            only=("metadata.finalizers",),
        ),
        patch("null", D, {"spec": {"replicas": None}}, STRATEGIC, only=("spec.replicas",)),
        patch("invalid", D, {"spec": {"replicas": -1}}, STRATEGIC),
        patch("immutable", D, {"spec": {"selector": {"matchLabels": {"c": "d"}}}}, STRATEGIC),
        patch(
            "the status is not touched",
            D,
            {"status": {"replicas": 5}},
            STRATEGIC,
            only=("status", "metadata.generation"),
        ),
        patch(
            "by the status alone",
            f"{D}/status",
            {"status": {"replicas": 5}, "spec": {"replicas": 7}},
            STRATEGIC,
            only=("status", "spec.replicas", "metadata.generation"),
        ),
        patch(
            "conditions",
            f"{D}/status",
            {"status": {"conditions": [{"type": "Available", "status": "True"}]}},
            STRATEGIC,
            only=("status",),
        ),
        patch(
            "another condition",
            f"{D}/status",
            {"status": {"conditions": [{"type": "Progressing", "status": "True"}]}},
            STRATEGIC,
            only=("status",),
        ),
        patch("no object", D, [], STRATEGIC),
        patch("of nothing", f"{DEPLOYMENTS}/nope", {}, STRATEGIC),
        get("in the end", D),
    ),
    story(
        "apply",
        apply("without a manager", S, config("a"), "x=y"),
        apply("new", S, config("a", "b")),
        apply("the same", S, config("a", "b")),
        apply("less", S, config("a")),
        apply("by another, the same", S, config("a"), "fieldManager=other"),
        apply("by another, changed", S, {**config(), "data": {"a": "2"}}, "fieldManager=other"),
        apply(
            "by another, two conflicts",
            S,
            {**config(), "data": {"a": "2"}, "immutable": False},
            "fieldManager=other",
        ),
        apply("by force", S, {**config(), "data": {"a": "2"}}, "fieldManager=other&force=true"),
        apply("the first again", S, config("a")),
        apply("another name", S, {**config("a"), "metadata": {"name": "t"}}),
        apply("another namespace", S, config("a", namespace="other")),
        apply("no name", S, {"apiVersion": "v1", "kind": "ConfigMap"}),
        apply("no kind", S, {"metadata": {"name": "s"}}),
        apply("another kind", S, {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}}),
        apply("another version", S, {"apiVersion": "v2", "kind": "ConfigMap", "metadata": {"name": "s"}}),
        apply("a text", S, '"x"'),
        apply("no YAML", S, "{"),
        apply("nothing", S, ""),
        apply("a wrong type", S, {**config(), "data": {"a": 1}}),
        apply("managedFields", S, config("a", managedFields=[])),
        apply("an old revision", S, config("a", resourceVersion="1")),
        apply(
            "a uid of something new",
            f"{CM}/n",
            {**config("a", uid="u"), "metadata": {"name": "n", "uid": "u"}},
        ),
        apply("a bad value for force", S, config("a"), "fieldManager=me&force=nope"),
        apply("a deployment", D, deployment(CONTAINERS)),
        apply(
            "scaled by another",
            f"{D}",
            {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "metadata": {"name": "d"},
                "spec": {"replicas": 3},
            },
            "fieldManager=scaler",
        ),
        apply(
            "one container by another",
            D,
            {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "metadata": {"name": "d"},
                "spec": {"template": {"spec": {"containers": [{"name": "side", "image": "s"}]}}},
            },
            "fieldManager=side",
        ),
        apply(
            "an image by another",
            D,
            {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "metadata": {"name": "d"},
                "spec": {"template": {"spec": {"containers": [{"name": "a", "image": "s"}]}}},
            },
            "fieldManager=side",
        ),
        apply("a container twice", D, deployment([*CONTAINERS, CONTAINERS[0]])),
        apply(
            "a status",
            f"{D}/status",
            {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "metadata": {"name": "d"},
                "status": {"replicas": 1},
            },
            "fieldManager=status",
        ),
        apply(
            "a status of nothing",
            f"{DEPLOYMENTS}/nope/status",
            {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "nope"}, "status": {}},
        ),
        apply(
            "invalid",
            f"{DEPLOYMENTS}/e",
            {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "metadata": {"name": "e"},
                "spec": {"replicas": -1},
            },
        ),
        put(
            "without owners",
            S,
            {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": "s", "managedFields": [{}]},
                "data": {"a": "5"},
            },
        ),
        apply("after that", S, config("a")),
        get("in the end", D),
    ),
)
