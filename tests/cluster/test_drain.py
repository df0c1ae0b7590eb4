"""`kubectl drain` empties a node as fast as a disruption budget lets it."""

from __future__ import annotations

from support.cluster import Cluster, pod

BUDGET = "Cannot evict pod as it would violate the pod's disruption budget."


def guarded(replicas: int, least: int) -> list[dict[str, object]]:
    """A Deployment and a budget that keeps `least` of its pods."""
    selector = {"matchLabels": {"app": "guarded"}}
    template = {
        "metadata": {"labels": selector["matchLabels"]},
        "spec": pod("x", "sleep", "1000000")["spec"] | {"terminationGracePeriodSeconds": 1},
    }
    spec = {"replicas": replicas, "selector": selector, "template": template}
    metadata = {"name": "guarded"}
    budget = {"minAvailable": least, "selector": selector}
    return [
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec},
        {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": metadata, "spec": budget},
    ]


def test_a_node_is_drained_as_far_as_the_budget_permits(cluster: Cluster) -> None:
    """Replacements find no other node, so the second pod has to stay until somebody helps."""
    (node,) = cluster.get("nodes")["items"]
    name = node["metadata"]["name"]
    with cluster.namespace("drained") as namespace:
        space = ("-n", namespace)
        drain = ("drain", name, "--ignore-daemonsets", "--pod-selector=app=guarded")
        try:
            for thing in guarded(2, least=1):
                thing["metadata"] = {"name": "guarded", "namespace": namespace}
                cluster.apply(thing)
            cluster.kubectl("rollout", "status", "deployment/guarded", *space, "--timeout=60s")
            cluster.wait("pdb/guarded", "jsonpath={.status.disruptionsAllowed}=1", namespace)
            stuck = cluster.kubectl(*drain, "--timeout=8s", check=False)
            assert stuck.returncode == 1
            assert BUDGET in stuck.stderr
            pods = cluster.get("pods", *space)["items"]
            ready = [one for one in pods if one["status"]["phase"] == "Running"]
            assert len(ready) == 1, "the budget keeps one"
            assert any(one["status"]["phase"] == "Pending" for one in pods), "one waits for a node"
            cluster.kubectl("scale", "deployment/guarded", *space, "--replicas=0")
            assert cluster.kubectl(*drain, "--timeout=30s").returncode == 0
        finally:
            cluster.kubectl("uncordon", name)
