"""Evictions and the budgets that stand against them."""

from __future__ import annotations

from typing import Any

from corpus.story import Step, get, post, put, story

PODS = "/api/v1/namespaces/<ns>/pods"
BUDGETS = "/apis/policy/v1/namespaces/<ns>/poddisruptionbudgets"


def pod(name: str, phase: str = "Running", ready: str = "True") -> tuple[Step, Step]:
    spec: dict[str, Any] = {"containers": [{"name": "c", "image": "i"}]}
    status = {"phase": phase, "conditions": [{"type": "Ready", "status": ready}]}
    made = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"a": "b"}}, "spec": spec}
    return (
        post(f"make {name}", PODS, made),
        put(f"{name} is {phase}", f"{PODS}/{name}/status", {**made, "status": status}),
    )


def evict(case: str, name: str, body_name: str = "", **more: Any) -> Step:
    body = {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": body_name or name, "namespace": "<ns>"},
    }
    return post(case, f"{PODS}/{name}/eviction", body | more)


def budget(name: str, **spec: Any) -> Step:
    made = {
        "metadata": {"name": name},
        "spec": {"selector": {"matchLabels": {"a": "b"}}, "minAvailable": 1, **spec},
    }
    return post(f"budget {name}", BUDGETS, made, keep={"pdb": "metadata.resourceVersion"})


def counted(case: str, name: str, allowed: int, healthy: int, desired: int = 1, **spec: Any) -> Step:
    status = {
        "disruptionsAllowed": allowed,
        "currentHealthy": healthy,
        "desiredHealthy": desired,
        "expectedPods": 2,
        "observedGeneration": 1,
    }
    made = {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": name, "resourceVersion": "<pdb>"},
    }
    spec = {"selector": {"matchLabels": {"a": "b"}}, "minAvailable": 1, **spec}
    return put(case, f"{BUDGETS}/{name}/status", made | {"spec": spec, "status": status})


STORIES = (
    story(
        "without a budget",
        *pod("p"),
        evict("another name", "p", "q"),
        evict("as a dry run", "p", deleteOptions={"dryRun": ["All"]}),
        evict("with a wrong uid", "p", deleteOptions={"preconditions": {"uid": "x"}}),
        evict("evict", "p"),
        get("it is gone", f"{PODS}/p"),
        evict("evict it again", "p"),
    ),
    story(
        "a budget",
        *pod("p"),
        *pod("unready", ready="False"),
        *pod("pending", "Pending", "False"),
        *pod("done", "Succeeded", "False"),
        budget("b"),
        evict("not counted yet", "p"),
        counted("none may go", "b", 0, 1),
        evict("none may go, ask", "p"),
        evict("one that is pending", "pending"),
        evict("one that is done", "done"),
        evict("one that is not ready", "unready"),
    ),
    story(
        "a budget with room",
        *pod("p"),
        *pod("q"),
        budget("b"),
        counted("one may go", "b", 1, 2),
        evict("as a dry run", "p", deleteOptions={"dryRun": ["All"]}),
        evict("the first", "p"),
        get("it is counted", f"{BUDGETS}/b", only=("status.disruptionsAllowed",)),
        evict("the second", "q"),
    ),
    story(
        "unhealthy pods",
        *pod("p", ready="False"),
        budget("b"),
        counted("too few are healthy", "b", 0, 0),
        evict("too few are healthy, ask", "p"),
    ),
    story(
        "unhealthy pods always go",
        *pod("p", ready="False"),
        budget("b", unhealthyPodEvictionPolicy="AlwaysAllow"),
        counted("too few are healthy", "b", 0, 0, unhealthyPodEvictionPolicy="AlwaysAllow"),
        evict("ask", "p"),
    ),
    story("two budgets", *pod("p"), budget("b"), budget("c"), evict("ask", "p")),
)
