"""Requests that are not as they should be: bodies, types, names, methods, options."""

from __future__ import annotations

from typing import Any

from corpus.story import (
    APPLY,
    JSON,
    JSON_PATCH,
    MERGE,
    STRATEGIC,
    TABLE,
    Step,
    apply,
    delete,
    get,
    patch,
    post,
    put,
    story,
)

CM = "/api/v1/namespaces/<ns>/configmaps"
PODS = "/api/v1/namespaces/<ns>/pods"
DEPLOYMENTS = "/apis/apps/v1/namespaces/<ns>/deployments"
POD_SPEC = {"containers": [{"name": "c", "image": "i"}]}
LONG = "a" * 254
YAML = "application/yaml"


def cm(name: str = "a", **metadata: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, **metadata}}


def meta(case: str, /, **metadata: Any) -> Step:
    """A ConfigMap with something wrong in its metadata."""
    return post(case, CM, {"metadata": {"name": "m", **metadata}})


def owner(**fields: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": "u", **fields}


STORIES = (
    story(
        "bodies",
        post("no JSON", CM, "{"),
        post("no object", CM, "[]"),
        post("a text", CM, '"x"'),
        post("nothing", CM, ""),
        post("an empty object", CM, {}),
        post("something after it", CM, '{"metadata":{"name":"z"}} x'),
        post("a field twice", CM, '{"metadata":{"name":"z1"},"data":{"a":"1"},"data":{"a":"2"}}'),
        post(
            "a field twice, strictly",
            f"{CM}?fieldValidation=Strict",
            '{"metadata":{"name":"z2"},"data":{"a":"1"},"data":{"a":"2"}}',
        ),
        post("broken YAML", CM, "metadata: {name: y\n", type=YAML),
        post("an unknown type", CM, "x", type="text/plain"),
        post("CBOR", CM, "x", type="application/cbor"),
        post("broken protobuf", CM, "k8s\x00x", type="application/vnd.kubernetes.protobuf"),
        post("another kind", CM, {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}}),
        post("another version", CM, {"apiVersion": "v2", "kind": "ConfigMap", "metadata": {"name": "s"}}),
        post("another group", CM, {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "s"}}),
        post("a kind that nobody knows", CM, {"apiVersion": "v1", "kind": "Nope", "metadata": {"name": "s"}}),
        post("another namespace", CM, cm(namespace="elsewhere")),
        post("a namespace that is not there", "/api/v1/namespaces/not-there/configmaps", cm()),
        post("a text for an object", CM, {"metadata": {"name": "t"}, "data": "x"}),
        post("a number for a text", CM, {"metadata": {"name": "t"}, "data": {"a": 1}}),
        post("metadata that are a text", CM, {"metadata": "x"}),
        post("a list for metadata", CM, {"metadata": []}),
        post("a text for a number", DEPLOYMENTS, {"metadata": {"name": "d"}, "spec": {"replicas": "x"}}),
        post("a fraction for a number", DEPLOYMENTS, {"metadata": {"name": "d"}, "spec": {"replicas": 1.5}}),
        post(
            "a number too large", DEPLOYMENTS, {"metadata": {"name": "d"}, "spec": {"replicas": 3000000000}}
        ),
        post("an object for a list", PODS, {"metadata": {"name": "p"}, "spec": {"containers": {}}}),
        post(
            "a bad quantity",
            PODS,
            {
                "metadata": {"name": "p"},
                "spec": {"containers": [{"name": "c", "image": "i", "resources": {"limits": {"cpu": "x"}}}]},
            },
        ),
        post(
            "bad base64", "/api/v1/namespaces/<ns>/secrets", {"metadata": {"name": "s"}, "data": {"a": "?"}}
        ),
        post(
            "a bad time",
            "/api/v1/namespaces/<ns>/events",
            {"metadata": {"name": "e"}, "involvedObject": {"namespace": "<ns>"}, "firstTimestamp": "x"},
        ),
        post("too large a body", CM, {"metadata": {"name": "big"}, "data": {"a": "x" * (3 << 20)}}),
        post("too large a ConfigMap", CM, {"metadata": {"name": "big"}, "data": {"a": "x" * (1 << 20)}}),
    ),
    story(
        "metadata",
        post("no name", CM, {"metadata": {}}),
        meta("capitals", name="A"),
        meta("an underscore", name="a_b"),
        meta("a dash at the end", name="a-"),
        meta("a dot in a row", name="a..b"),
        meta("too long", name=LONG),
        post("a slash", CM, {"metadata": {"name": "a/b"}}),
        post(
            "a dot in a Service's name",
            "/api/v1/namespaces/<ns>/services",
            {"metadata": {"name": "a.b"}, "spec": {"ports": [{"port": 1}]}},
        ),
        post(
            "a Service's name that begins with a digit",
            "/api/v1/namespaces/<ns>/services",
            {"metadata": {"name": "1a"}, "spec": {"ports": [{"port": 1}]}},
        ),
        post("a Namespace with a dot", "/api/v1/namespaces", {"metadata": {"name": "a.b"}}),
        post(
            "a Role with a slash",
            "/apis/rbac.authorization.k8s.io/v1/namespaces/<ns>/roles",
            {"metadata": {"name": "a/b"}, "rules": []},
        ),
        post(
            "a Role with a colon",
            "/apis/rbac.authorization.k8s.io/v1/namespaces/<ns>/roles",
            {"metadata": {"name": "a:B"}, "rules": []},
        ),
        post("a generated name", CM, {"metadata": {"generateName": "gen-"}}),
        post("a generated name that is long", CM, {"metadata": {"generateName": "g" * 70}}),
        post("a bad generated name", CM, {"metadata": {"generateName": "G_"}}),
        post("both names", CM, {"metadata": {"generateName": "gen-", "name": "both"}}),
        meta("a bad label's key", labels={"-": "x"}),
        meta("a label's key with two slashes", labels={"a/b/c": "x"}),
        meta("a label's key without a name", labels={"a/": "x"}),
        meta("a bad label's value", labels={"a": "x y"}),
        meta("a label's value that is long", labels={"a": "x" * 64}),
        meta("a bad annotation's key", annotations={"a b": "x"}),
        meta("annotations that are too large", annotations={"a": "x" * (256 << 10)}),
        meta("a bad finalizer", finalizers=["a b"]),
        meta("a finalizer without a domain", finalizers=["mine"]),
        meta("finalizers of the system", finalizers=["orphan", "foregroundDeletion"]),
        meta("an owner without a uid", ownerReferences=[{"apiVersion": "v1", "kind": "Pod", "name": "p"}]),
        meta("an owner without a name", ownerReferences=[{"apiVersion": "v1", "kind": "Pod", "uid": "u"}]),
        meta("an owner without a version", ownerReferences=[{"kind": "Pod", "name": "p", "uid": "u"}]),
        meta("an Event as owner", ownerReferences=[owner(kind="Event")]),
        meta("two controllers", ownerReferences=[owner(controller=True), owner(controller=True, uid="v")]),
        meta("an owner twice", ownerReferences=[owner(), owner()], name="own2"),
        meta("a resourceVersion", resourceVersion="1"),
        meta("a resourceVersion of one that is there", name="both", resourceVersion="1"),
        meta("a resourceVersion and a bad label", resourceVersion="1", labels={"-": "x"}),
        meta("a resourceVersion that is nothing", name="rv-0", resourceVersion="0"),
        post(
            "a resourceVersion, in a dry run",
            f"{CM}?dryRun=All",
            {"metadata": {"name": "rv-dry", "resourceVersion": "1"}},
        ),
        meta("a uid of its own", name="uid", uid="mine"),
        meta(
            "times of its own",
            name="times",
            creationTimestamp="2001-01-01T00:00:00Z",
            deletionTimestamp="2001-01-01T00:00:00Z",
            generation=7,
            selfLink="x",
        ),
        meta("unknown metadata", name="un", nope="x"),
        meta("a null label", name="nul", labels={"a": None}),
        meta(
            "managedFields of its own",
            name="mf",
            managedFields=[
                {
                    "manager": "x",
                    "operation": "Update",
                    "apiVersion": "v1",
                    "fieldsType": "FieldsV1",
                    "fieldsV1": {},
                }
            ],
        ),
    ),
    story(
        "field validation",
        post("unknown, strictly", f"{CM}?fieldValidation=Strict", cm() | {"nope": 1}),
        post("two unknown, strictly", f"{CM}?fieldValidation=Strict", cm("a", nope=1) | {"nope": 1}),
        post("unknown, with a warning", f"{CM}?fieldValidation=Warn", cm("w") | {"nope": 1}),
        post("unknown, by default", CM, cm("d") | {"nope": 1}),
        post("unknown, ignored", f"{CM}?fieldValidation=Ignore", cm("i") | {"nope": 1}),
        post("a bad directive", f"{CM}?fieldValidation=Nope", cm("x")),
        post(
            "unknown deep down",
            f"{DEPLOYMENTS}?fieldValidation=Strict",
            {
                "metadata": {"name": "d"},
                "spec": {
                    "selector": {"matchLabels": {"a": "b"}},
                    "template": {
                        "metadata": {"labels": {"a": "b"}},
                        "spec": {"containers": [{"name": "c", "image": "i", "nope": 1}]},
                    },
                },
            },
        ),
        put("unknown in a replacement", f"{CM}/w?fieldValidation=Strict", cm("w") | {"nope": 1}),
        patch("unknown in a merge patch", f"{CM}/w?fieldValidation=Strict", {"nope": 1}),
        patch("unknown in a merge patch, warned", f"{CM}/w", {"nope": 1}),
        patch("unknown in a strategic patch", f"{CM}/w?fieldValidation=Strict", {"nope": 1}, STRATEGIC),
        patch(
            "unknown in a JSON patch",
            f"{CM}/w?fieldValidation=Strict",
            [{"op": "add", "path": "/nope", "value": 1}],
            JSON_PATCH,
        ),
        patch(
            "unknown in a JSON patch's own",
            f"{CM}/w?fieldValidation=Strict",
            [{"op": "add", "path": "/data", "value": {}, "nope": 1}],
            JSON_PATCH,
        ),
        apply("unknown in an apply", f"{CM}/w", cm("w") | {"nope": 1}),
        patch("a wrong type in a merge patch", f"{CM}/w", {"data": {"a": 1}}),
        patch("a wrong type in a strategic patch", f"{CM}/w", {"data": {"a": 1}}, STRATEGIC),
        patch(
            "a wrong type in a JSON patch",
            f"{CM}/w",
            [{"op": "add", "path": "/data", "value": 1}],
            JSON_PATCH,
        ),
    ),
    story(
        "dry run",
        post("create", f"{CM}?dryRun=All", cm("dry")),
        get("it is not there", f"{CM}/dry"),
        post("create it", CM, cm("dry")),
        post("create what exists", f"{CM}?dryRun=All", cm("dry")),
        put("replace", f"{CM}/dry?dryRun=All", cm("dry") | {"data": {"a": "b"}}),
        patch("patch", f"{CM}/dry?dryRun=All", {"data": {"a": "b"}}),
        apply("apply", f"{CM}/dry", cm("dry") | {"data": {"a": "b"}}, "fieldManager=me&dryRun=All"),
        apply("apply what is not there", f"{CM}/dry2", cm("dry2"), "fieldManager=me&dryRun=All"),
        delete("delete", f"{CM}/dry?dryRun=All"),
        delete("delete by the body", f"{CM}/dry", {"dryRun": ["All"]}),
        get("it is as it was", f"{CM}/dry"),
        post("a bad value", f"{CM}?dryRun=Some", cm("dry3")),
        delete("a bad value in a delete", f"{CM}/dry?dryRun=Some"),
        delete("all", f"{CM}?dryRun=All"),
        get("all are still there", CM),
    ),
    story(
        "methods",
        put("put a collection", CM, cm()),
        patch("patch a collection", CM, {}),
        post("post an object", f"{CM}/a", cm()),
        delete("delete namespaces", "/api/v1/namespaces"),
        Step("an unknown method", "PROPFIND", CM),
        Step("options", "OPTIONS", CM),
        post("post a status", f"{PODS}/p/status", {}),
        delete("delete a status", f"{PODS}/p/status"),
        get("get a binding", f"{PODS}/p/binding"),
        get("get an eviction", f"{PODS}/p/eviction"),
        get("list reviews", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"),
        get("get a review", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews/x"),
        get("list bindings", "/api/v1/namespaces/<ns>/bindings"),
        get("a cluster-wide kind in a namespace", "/api/v1/namespaces/<ns>/nodes"),
        get("a namespaced object without its namespace", "/api/v1/configmaps/a"),
        post("create without a namespace", "/api/v1/configmaps", cm()),
        post("post to the version", "/version", {}),
        post("post to a group's version", "/apis/apps/v1", {}),
        post("post to a kind that is none", "/api/v1/nopes", {}),
        post("post to a version that is none", "/apis/apps/v9/deployments", {}),
        post("post to a group that is none", "/apis/nope.io/v1/nopes", {}),
        put("put what is of no kind", "/api/v1/namespaces/<ns>/nopes/a", {}),
        delete("delete what is of no kind", "/apis/nope.io/v1/nopes/a"),
    ),
    story(
        "negotiation",
        post("one", CM, cm("one") | {"data": {"a": "b"}}),
        get("any type", f"{CM}/one", accept="*/*"),
        get("JSON among others", f"{CM}/one", accept="text/html, application/json;q=0.9"),
        get("YAML", f"{CM}/one", accept="application/yaml"),
        get("HTML only", f"{CM}/one", accept="text/html"),
        get("XML", CM, accept="application/xml"),
        get("an unknown form", f"{CM}/one", accept="application/json;as=Nope;v=v1;g=meta.k8s.io"),
        get("an old table", f"{CM}/one", accept="application/json;as=Table;v=v1beta1;g=meta.k8s.io"),
        get("a table, else JSON", f"{CM}/one", accept=f"{TABLE},application/json"),
        get(
            "a table that is unknown, else JSON",
            f"{CM}/one",
            accept="application/json;as=Table;v=v9;g=meta.k8s.io,application/json",
        ),
        get("a table without objects", f"{CM}/one?includeObject=None", accept=TABLE),
        get("a table with objects", f"{CM}/one?includeObject=Object", accept=TABLE),
        get("a table with a bad wish", f"{CM}/one?includeObject=Nope", accept=TABLE),
        get("metadata of a list", CM, accept="application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"),
        get(
            "a list of metadata of one",
            f"{CM}/one",
            accept="application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io",
        ),
        get("pretty", f"{CM}/one?pretty=true"),
        get("small and compressed", f"{CM}/one", headers={"Accept-Encoding": "gzip"}),
        post("a large one", CM, cm("large") | {"data": {"a": "x" * 200000}}, only=("metadata.name",)),
        get(
            "large and compressed",
            f"{CM}/large",
            headers={"Accept-Encoding": "gzip"},
            only=("metadata.name",),
        ),
        get(
            "a large list, compressed",
            CM,
            headers={"Accept-Encoding": "gzip"},
            only=("items.*.metadata.name",),
        ),
        get("large, not compressed", f"{CM}/large", only=("metadata.name",)),
        post("answered as a table", CM, cm("two"), accept=TABLE),
        patch("patched and answered as a table", f"{CM}/one", {"data": {"c": "d"}}, accept=TABLE),
        patch(
            "patched and answered as metadata",
            f"{CM}/one",
            {"data": {"c": "e"}},
            accept="application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io",
        ),
        delete("deleted and answered as a table", f"{CM}/two", accept=TABLE),
        get("an error as a table", f"{CM}/nope", accept=TABLE),
        patch("a patch of no type", f"{CM}/one", "{}", JSON),
        patch("a patch of an unknown type", f"{CM}/one", "{}", "text/plain"),
        patch(
            "an apply in JSON's name", f"{CM}/one?fieldManager=me", cm("one"), "application/apply-patch+json"
        ),
        patch("a merge patch with a charset", f"{CM}/one", "{}", f"{MERGE}; charset=utf-8"),
        patch(
            "an apply in YAML",
            f"{CM}/one?fieldManager=me",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one}\n",
            APPLY,
        ),
    ),
    story(
        "users",
        get("a stranger reads", CM, user="stranger", groups=()),
        get("a stranger reads one", f"{CM}/one", user="stranger", groups=()),
        post("a stranger writes", CM, cm(), user="stranger", groups=()),
        delete("a stranger deletes all", CM, user="stranger", groups=()),
        get("a stranger reads nodes", "/api/v1/nodes", user="stranger", groups=()),
        get("a stranger watches", f"{CM}?watch=true", user="stranger", groups=()),
        get("a stranger reads a status", f"{DEPLOYMENTS}/d/status", user="stranger", groups=()),
        get("a stranger reads the groups", "/apis", user="stranger", groups=(), only=("kind",)),
        get("a stranger reads the version", "/version", user="stranger", groups=(), only=("major",)),
        get("a stranger reads metrics", "/metrics", user="stranger", groups=()),
        get("a stranger reads logs", "/logs/", user="stranger", groups=()),
        post(
            "a stranger asks who it is",
            "/apis/authentication.k8s.io/v1/selfsubjectreviews",
            {},
            user="stranger",
            groups=("a", "b"),
        ),
        post(
            "a stranger asks what it may",
            "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
            {"spec": {"resourceAttributes": {"verb": "get", "resource": "pods", "namespace": "<ns>"}}},
            user="stranger",
            groups=(),
        ),
        post(
            "an administrator asks what it may",
            "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
            {"spec": {"resourceAttributes": {"verb": "get", "resource": "pods"}}},
        ),
        post(
            "a review that asks nothing",
            "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
            {"spec": {}},
        ),
        post(
            "a review of somebody",
            "/apis/authorization.k8s.io/v1/subjectaccessreviews",
            {
                "spec": {
                    "user": "x",
                    "groups": ["system:masters"],
                    "resourceAttributes": {"verb": "get", "resource": "pods"},
                }
            },
        ),
        post(
            "a review of a path",
            "/apis/authorization.k8s.io/v1/subjectaccessreviews",
            {
                "spec": {
                    "user": "x",
                    "groups": ["system:authenticated"],
                    "nonResourceAttributes": {"verb": "get", "path": "/healthz"},
                }
            },
        ),
        post(
            "a review of nobody",
            "/apis/authorization.k8s.io/v1/subjectaccessreviews",
            {"spec": {"resourceAttributes": {"verb": "get", "resource": "pods"}}},
        ),
        post(
            "a local review",
            "/apis/authorization.k8s.io/v1/namespaces/<ns>/localsubjectaccessreviews",
            {
                "spec": {
                    "user": "x",
                    "resourceAttributes": {"verb": "get", "resource": "pods", "namespace": "<ns>"},
                }
            },
        ),
        post(
            "a local review of elsewhere",
            "/apis/authorization.k8s.io/v1/namespaces/<ns>/localsubjectaccessreviews",
            {
                "spec": {
                    "user": "x",
                    "resourceAttributes": {"verb": "get", "resource": "pods", "namespace": "other"},
                }
            },
        ),
        post(
            "a token that is none", "/apis/authentication.k8s.io/v1/tokenreviews", {"spec": {"token": "nope"}}
        ),
        post("no token", "/apis/authentication.k8s.io/v1/tokenreviews", {"spec": {}}),
    ),
)
