"""What the server says that it serves."""

from __future__ import annotations

from corpus.story import get, story

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
_NAMED = {
    "admissionregistration.k8s.io": ("v1",),
    "apiextensions.k8s.io": ("v1",),
    "apiregistration.k8s.io": ("v1",),
    "apps": ("v1",),
    "authentication.k8s.io": ("v1",),
    "authorization.k8s.io": ("v1",),
    "autoscaling": ("v2", "v1"),
    "batch": ("v1",),
    "certificates.k8s.io": ("v1",),
    "coordination.k8s.io": ("v1",),
    "discovery.k8s.io": ("v1",),
    "events.k8s.io": ("v1",),
    "flowcontrol.apiserver.k8s.io": ("v1",),
    "networking.k8s.io": ("v1",),
    "node.k8s.io": ("v1",),
    "policy": ("v1",),
    "rbac.authorization.k8s.io": ("v1",),
    "resource.k8s.io": ("v1",),
    "scheduling.k8s.io": ("v1",),
    "storage.k8s.io": ("v1",),
    "storagemigration.k8s.io": ("v1",),
}
_VERSIONS = [f"{group}/{version}" for group, versions in _NAMED.items() for version in versions]

STORIES = (
    story(
        "documents",
        get("the core's versions", "/api"),
        get("the core's versions, a slash at the end", "/api/"),
        get("the groups", "/apis"),
        get("the core, aggregated", "/api", accept=AGGREGATED),
        get("the groups, aggregated", "/apis", accept=AGGREGATED),
        get("the kinds of v1", "/api/v1"),
        get("the kinds of v1, a slash at the end", "/api/v1/"),
        *(get(f"the group {name}", f"/apis/{name}") for name in _NAMED),
        *(get(f"the kinds of {name}", f"/apis/{name}") for name in _VERSIONS),
        get("an unknown group", "/apis/nope"),
        get("an unknown version", "/apis/apps/v9"),
        get("an unknown version of the core", "/api/v9"),
        get("an unknown path", "/nope"),
        get("an unknown kind", "/api/v1/nopes"),
        get("an unknown kind of a group", "/apis/apps/v1/nopes"),
        get("an unknown kind in a namespace", "/api/v1/namespaces/<ns>/nopes"),
        get("an unknown subresource", "/api/v1/namespaces/<ns>/pods/p/nope"),
        get("the version", "/version", only=("major", "minor")),
        get("health", "/healthz"),
        get("life", "/livez"),
        get("readiness", "/readyz"),
        get("an unknown check", "/readyz/nope"),
    ),
)
