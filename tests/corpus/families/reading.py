"""Lists and watches: selectors, pages, revisions, forms."""

from __future__ import annotations

from typing import Any

from corpus.story import PARTIAL, TABLE, Step, delete, get, patch, post, story, watch

CM = "/api/v1/namespaces/<ns>/configmaps"
PODS = "/api/v1/namespaces/<ns>/pods"


def make(name: str, **labels: str) -> Step:
    return post(
        f"make {name}",
        CM,
        {"metadata": {"name": name, "labels": labels}},
        keep={name: "metadata.resourceVersion"},
    )


def names(name: str, query: str, **more: Any) -> Step:
    """A list of which names and the page's own metadata are compared."""
    return get(
        name,
        f"{CM}?{query}",
        only=("kind", "metadata", "items.*.metadata.name", "message", "reason", "code", "details"),
        **more,
    )


MADE = (make("a", app="x"), make("b", app="y", tier="1"), make("c"), make("d", app="x", tier="2"))
STREAMED = "watch=true&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan"
POD = {
    "metadata": {"name": "p", "labels": {"a": "b"}},
    "spec": {"nodeName": "n1", "containers": [{"name": "c", "image": "i"}]},
}

STORIES = (
    story(
        "selectors",
        *MADE,
        *(
            names(selector, f"labelSelector={selector}")
            for selector in (
                "app%3Dx",
                "app%3D%3Dx",
                "app!%3Dx",
                "app",
                "!app",
                "app in (x,y)".replace(" ", "%20"),
                "app%20notin%20(x)",
                "app%3Dx,tier%3D2",
                "app,!tier",
                "tier%3E1",
                "tier%3C2",
                "app%3D",
                "app%20in%20()",
                "app%20in%20x",
                "a%20b",
                "%3D",
                "app%3Dx%3Dy",
                "-%3Dx",
                "app%3D%20x%20",
                "app%3D-",
            )
        ),
        *(
            names(selector, f"fieldSelector={selector}")
            for selector in (
                "metadata.name%3Da",
                "metadata.name!%3Da",
                "metadata.namespace%3D<ns>",
                "metadata.namespace%3Dother",
                "metadata.name%3Da,metadata.namespace%3D<ns>",
                "metadata.name%3Dnope",
                "data.a%3Db",
                "metadata.labels%3Db",
                "metadata.name",
                "metadata.name%3Da%3Db",
                "metadata.name%20in%20(a)",
            )
        ),
        names("both", "labelSelector=app%3Dx&fieldSelector=metadata.name%3Dd"),
        names("of all namespaces", "x=y"),
        get(
            "all namespaces by a label",
            "/api/v1/configmaps?labelSelector=tier%3D2,app%3Dx",
            only=("items.*.metadata.name",),
        ),
    ),
    story(
        "fields of kinds",
        post("a pod", PODS, POD),
        *(
            get(
                f"{kind} {selector}",
                f"{path}?fieldSelector={selector}&limit=5",
                only=("kind", "message", "reason", "code", "items.*.metadata.name"),
            )
            for kind, path, selector in (
                ("pods", PODS, "spec.nodeName%3Dn1"),
                ("pods", PODS, "spec.nodeName!%3Dn1"),
                ("pods", PODS, "status.phase%3DPending"),
                ("pods", PODS, "spec.restartPolicy%3DAlways"),
                ("pods", PODS, "spec.hostNetwork%3Dfalse"),
                ("pods", PODS, "spec.schedulerName%3Ddefault-scheduler"),
                ("pods", PODS, "status.podIP%3D"),
                ("pods", PODS, "spec.nope%3Dx"),
                ("secrets", "/api/v1/namespaces/<ns>/secrets", "type%3DOpaque"),
                ("services", "/api/v1/namespaces/<ns>/services", "spec.type%3DClusterIP"),
                ("namespaces", "/api/v1/namespaces", "metadata.name%3D<ns>"),
                ("namespaces", "/api/v1/namespaces", "status.phase%3DTerminating"),
                ("nodes", "/api/v1/nodes", "spec.unschedulable%3Dtrue"),
                ("events", "/api/v1/namespaces/<ns>/events", "involvedObject.kind%3DPod"),
                ("new events", "/apis/events.k8s.io/v1/namespaces/<ns>/events", "regarding.kind%3DPod"),
                ("new events", "/apis/events.k8s.io/v1/namespaces/<ns>/events", "involvedObject.kind%3DPod"),
                ("jobs", "/apis/batch/v1/namespaces/<ns>/jobs", "status.successful%3D0"),
                ("replicasets", "/apis/apps/v1/namespaces/<ns>/replicasets", "status.replicas%3D0"),
                (
                    "replicationcontrollers",
                    "/api/v1/namespaces/<ns>/replicationcontrollers",
                    "status.replicas%3D0",
                ),
                ("deployments", "/apis/apps/v1/namespaces/<ns>/deployments", "metadata.name%3Dx"),
                ("deployments", "/apis/apps/v1/namespaces/<ns>/deployments", "spec.replicas%3D1"),
                (
                    "certificatesigningrequests",
                    "/apis/certificates.k8s.io/v1/certificatesigningrequests",
                    "spec.signerName%3Dx",
                ),
                ("resourceslices", "/apis/resource.k8s.io/v1/resourceslices", "spec.driver%3Dx"),
                ("ipaddresses", "/apis/networking.k8s.io/v1/ipaddresses", "spec.parentRef.name%3Dx"),
                ("persistentvolumes", "/api/v1/persistentvolumes", "name%3Dx"),
                (
                    "customresourcedefinitions",
                    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
                    "metadata.name%3Dx",
                ),
            )
        ),
    ),
    story(
        "pages",
        *MADE,
        names("the first", "limit=1"),
        get(
            "the first two",
            f"{CM}?limit=2",
            only=("metadata", "items.*.metadata.name"),
            keep={"next": "metadata.continue"},
        ),
        names("the rest", "limit=2&continue=<next>"),
        names("the rest in one", "continue=<next>"),
        names("selected", "limit=1&labelSelector=app%3Dx"),
        names("with an end", "limit=4"),
        names("with more than there is", "limit=9"),
        names("a bad token", "continue=nope"),
        names("a bad limit", "limit=x"),
        names("a negative limit", "limit=-1"),
        names("a token and a revision", "continue=<next>&resourceVersion=1"),
        names("a token and a match", "continue=<next>&resourceVersion=1&resourceVersionMatch=Exact"),
    ),
    story(
        "revisions",
        *MADE,
        delete("delete one", f"{CM}/c"),
        names("of any time", "resourceVersion=0"),
        names("not older", "resourceVersion=<a>&resourceVersionMatch=NotOlderThan"),
        names("exact", "resourceVersion=<d>&resourceVersionMatch=Exact"),
        names("exact at first", "resourceVersion=<a>&resourceVersionMatch=Exact"),
        names("a revision alone", "resourceVersion=<a>"),
        names("a revision and a limit", "resourceVersion=<d>&limit=2"),
        names("exact and zero", "resourceVersion=0&resourceVersionMatch=Exact"),
        names("a match alone", "resourceVersionMatch=Exact"),
        names("an unknown match", "resourceVersion=1&resourceVersionMatch=Nope"),
        names("no number", "resourceVersion=x"),
        names("negative", "resourceVersion=-1"),
        names("of the future, exact", "resourceVersion=999999999&resourceVersionMatch=Exact"),
        names("initial events of a list", "sendInitialEvents=true"),
        get("one of any time", f"{CM}/a?resourceVersion=0"),
        get("one, no number", f"{CM}/a?resourceVersion=x"),
        get("one, not older", f"{CM}/a?resourceVersion=<a>"),
    ),
    story(
        "watches",
        *MADE[:2],
        watch("what is there", f"{CM}?watch=true", 2),
        watch("from the future", f"{CM}?watch=true&resourceVersion=99999999&timeoutSeconds=1", 1),
        watch("from any time", f"{CM}?watch=1&resourceVersion=0", 2),
        patch("change one", f"{CM}/a", {"data": {"k": "1"}}),
        patch("relabel it", f"{CM}/a", {"metadata": {"labels": {"app": "z"}}}),
        delete("delete the other", f"{CM}/b"),
        watch("from a revision", f"{CM}?watch=true&resourceVersion=<b>", 3),
        watch("selected: it goes", f"{CM}?watch=true&resourceVersion=<b>&labelSelector=app%3Dx", 2),
        watch("selected: it comes", f"{CM}?watch=true&resourceVersion=<b>&labelSelector=app%3Dz", 1),
        watch("one by its field", f"{CM}?watch=true&resourceVersion=<b>&fieldSelector=metadata.name%3Db", 1),
        watch("by the old path", "/api/v1/watch/namespaces/<ns>/configmaps", 1),
        watch("one by the old path", "/api/v1/watch/namespaces/<ns>/configmaps/a", 1),
        watch("as tables", f"{CM}?watch=true&resourceVersion=<b>", 3, accept=TABLE),
        watch(
            "as tables with objects",
            f"{CM}?watch=true&includeObject=Object&resourceVersion=<b>",
            2,
            accept=TABLE,
        ),
        watch("as metadata", f"{CM}?watch=true&resourceVersion=<b>", 3, accept=PARTIAL),
        watch("streamed", f"{CM}?{STREAMED}", 2),
        watch("streamed as tables", f"{CM}?{STREAMED}", 2, accept=TABLE),
        watch("streamed and selected", f"{CM}?{STREAMED}&labelSelector=nope", 1),
        watch(
            "streamed without bookmarks",
            f"{CM}?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan",
            1,
        ),
        watch(
            "streamed without a match", f"{CM}?watch=true&sendInitialEvents=true&allowWatchBookmarks=true", 1
        ),
        watch(
            "no initial events",
            f"{CM}?watch=true&sendInitialEvents=false&resourceVersionMatch=NotOlderThan&resourceVersion=<b>",
            1,
        ),
        watch("a match alone", f"{CM}?watch=true&resourceVersionMatch=NotOlderThan", 1),
        watch(
            "exact",
            f"{CM}?watch=true&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=Exact",
            1,
        ),
        watch("no number", f"{CM}?watch=true&resourceVersion=x", 1),
        watch("a bad selector", f"{CM}?watch=true&labelSelector=%3D", 1),
        watch("a bad field", f"{CM}?watch=true&fieldSelector=nope%3Dx", 1),
        watch("that ends", f"{CM}?watch=true&resourceVersion=<a>&timeoutSeconds=1", 5),
        watch("one object", f"{CM}/a?watch=true", 1),
    ),
)
