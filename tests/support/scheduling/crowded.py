"""Full worlds by their number: a pod that matters more than most, and those of which some must go for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from proa.kube import Object
from support.scheduling.dice import maybe
from support.scheduling.worlds import HOSTNAME, ZONE

_CPU = 4000
PRIORITIES = {"least": -5, "low": 1, "middle": 20, "high": 50, "urgent": 100, "polite": 100, "highest": 500}


@dataclass
class Crowd:
    """Nodes, the pods on them, their budgets, and the pod that wants room."""

    nodes: list[Object] = field(default_factory=list)
    placed: list[Object] = field(default_factory=list)
    budgets: list[Object] = field(default_factory=list)
    waiting: Object = field(default_factory=dict)


def crowd(number: int) -> Crowd:
    """The world of that number; always the same."""
    dice = Random(10_000 + number)
    made = Crowd(nodes=[_node(f"n{i}", dice) for i in range(dice.randint(2, 4))])
    minute = 0
    for node in made.nodes:
        left = _CPU
        while (size := dice.choice((500, 800, 1200, 2000))) <= left and not maybe(dice, 0.04):
            left -= size
            minute += dice.randint(1, 9)
            made.placed.append(_placed(len(made.placed), node["metadata"]["name"], size, minute, dice))
    made.budgets = [_budget(guard, dice.choice((0, 0, 1, 2))) for guard in "ab" if maybe(dice, 0.6)]
    made.waiting = _waiting(dice)
    return made


def _node(name: str, dice: Random) -> Object:
    room = {"cpu": "4", "memory": "8Gi", "pods": dice.choice(("4", "110", "110"))}
    return {
        "metadata": {"name": name, "labels": {HOSTNAME: name, ZONE: dice.choice("xy")}},
        "spec": {"taints": [], "unschedulable": maybe(dice, 0.05)},
        "status": {
            "capacity": room,
            "allocatable": room,
            "conditions": [{"type": "Ready", "status": "True"}],
        },
    }


def _pod(name: str, priority: str, cpu: int, labels: Object) -> Object:
    container: Object = {"name": "c", "image": "web", "resources": {"requests": {"cpu": f"{cpu}m"}}}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "one", "labels": labels},
        "spec": {
            "containers": [container],
            "priorityClassName": priority,
            "terminationGracePeriodSeconds": 30,
        },
    }


def _placed(number: int, node: str, size: int, minute: int, dice: Random) -> Object:
    priority = dice.choice(("least", "low", "low", "middle", "high", "high", "highest"))
    labels = {"app": dice.choice("ab"), "guard": dice.choice("abc")}
    made = _pod(f"placed-{number}", priority, size, labels)
    made["spec"]["nodeName"] = node
    if maybe(dice, 0.15):
        made["spec"]["containers"][0]["ports"] = [{"containerPort": 80, "hostPort": 80}]
    time = f"2026-01-01T{minute // 60:02}:{minute % 60:02}:00Z"
    made["status"] = {"phase": "Running", "startTime": time}
    return made


def _budget(guard: str, allowed: int) -> Object:
    return {
        "metadata": {"name": guard, "namespace": "one"},
        "spec": {"selector": {"matchLabels": {"guard": guard}}, "minAvailable": 1},
        "status": {
            "disruptionsAllowed": allowed,
            "currentHealthy": 1,
            "desiredHealthy": 1,
            "expectedPods": 1,
            "observedGeneration": 1,
        },
    }


def _waiting(dice: Random) -> Object:
    priority = dice.choice(("urgent", "urgent", "urgent", "urgent", "middle", "polite"))
    made = _pod("waiting", priority, dice.choice((1500, 2500, 2500, 3500, 4500)), {"app": "b"})
    if maybe(dice, 0.2):
        made["spec"]["containers"][0]["ports"] = [{"containerPort": 80, "hostPort": 80}]
    if maybe(dice, 0.2):
        term = {"topologyKey": dice.choice((HOSTNAME, ZONE)), "labelSelector": {"matchLabels": {"app": "a"}}}
        apart = {"requiredDuringSchedulingIgnoredDuringExecution": [term]}
        made["spec"]["affinity"] = {"podAntiAffinity": apart}
    if maybe(dice, 0.15):
        made["spec"]["nodeSelector"] = {ZONE: "x"}
    return made
