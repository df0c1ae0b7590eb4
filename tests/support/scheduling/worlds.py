"""Worlds by their number: nodes, volumes, pods that have a place, and pods that wait for one."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from proa.kube import Object
from support.scheduling import wishes
from support.scheduling.dice import maybe, name_of, some

ZONE, HOSTNAME = "topology.kubernetes.io/zone", "kubernetes.io/hostname"
NAMESPACES = {"one": {"team": "red"}, "two": {"team": "blue"}}
RUNTIME_CLASSES = {
    "heavy": {"overhead": {"podFixed": {"cpu": "250m", "memory": "120Mi"}}},
    "on-ssd": {"scheduling": {"nodeSelector": {"disk": "ssd"}}},
}
_TAINTS = (
    {"key": "own", "value": "x", "effect": "NoSchedule"},
    {"key": "own", "value": "y", "effect": "NoExecute"},
    {"key": "soft", "value": "x", "effect": "PreferNoSchedule"},
)


@dataclass
class World:
    """All objects, as one writes them; pods of `ending` are being deleted, those of `over` have ended."""

    nodes: list[Object] = field(default_factory=list)
    classes: list[Object] = field(default_factory=list)
    volumes: list[Object] = field(default_factory=list)
    claims: list[Object] = field(default_factory=list)
    placed: list[Object] = field(default_factory=list)
    waiting: list[Object] = field(default_factory=list)
    ending: set[str] = field(default_factory=set)
    over: set[str] = field(default_factory=set)


def world(number: int) -> World:
    """The world of that number; always the same."""
    dice = Random(number)
    made = World(nodes=[_node(f"n{i}", dice) for i in range(dice.randint(3, 7))])
    made.classes = _classes(dice)
    _volumes(made, dice)
    for i in range(dice.randint(4, 12)):
        _place(made, f"placed-{i}", dice)
    claims = [name_of(claim) for claim in made.claims]
    made.waiting = [wishes.pod(f"waiting-{i:02}", claims, dice) for i in range(12)]
    return made


def _node(name: str, dice: Random) -> Object:
    labels = {HOSTNAME: name}
    if maybe(dice, 0.85):
        labels[ZONE] = dice.choice("xyz")
    if maybe(dice, 0.7):
        labels["disk"] = dice.choice(("ssd", "hdd"))
    if maybe(dice, 0.5):
        labels["rank"] = str(dice.randint(1, 9))
    room = {
        "cpu": f"{dice.choice((2, 3, 4))}",
        "memory": f"{dice.choice((1, 2, 4))}Gi",
        "pods": str(dice.choice((3, 110, 110))),
        "ephemeral-storage": "10Gi",
    }
    if maybe(dice, 0.4):
        room["example.com/gpu"] = "2"
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": labels},
        "spec": {
            "unschedulable": maybe(dice, 0.05),
            "taints": [*some(dice, _TAINTS)] if maybe(dice, 0.15) else [],
        },
        "status": {
            "capacity": room,
            "allocatable": room,
            "conditions": [{"type": "Ready", "status": "True", "reason": "Made"}],
        },
    }


def _classes(dice: Random) -> list[Object]:
    made: list[Object] = [
        _class("by-hand", "kubernetes.io/no-provisioner"),
        _class("made", "example.com/maker"),
        _class("at-once", "example.com/maker", volumeBindingMode="Immediate"),
    ]
    if maybe(dice, 0.5):
        expressions = [{"key": ZONE, "values": ["x", "y"]}]
        made[1]["allowedTopologies"] = [{"matchLabelExpressions": expressions}]
    return made


def _class(name: str, provisioner: str, **more: object) -> Object:
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": name},
        "provisioner": provisioner,
        "volumeBindingMode": "WaitForFirstConsumer",
    } | more


def _volumes(made: World, dice: Random) -> None:
    for i in range(dice.randint(0, 3)):
        made.volumes.append(_volume(f"free-{i}", made, dice))
    for i in range(dice.randint(1, 3)):
        held, claim = _volume(f"held-{i}", made, dice), _claim(f"held-{i}", "by-hand", dice)
        claim["spec"]["volumeName"] = held["metadata"]["name"]
        held["spec"]["accessModes"] = claim["spec"]["accessModes"]
        held["spec"]["claimRef"] = {"namespace": "one", "name": name_of(claim)}
        made.volumes.append(held)
        made.claims.append(claim)
    wanted = (("asks-hand", "by-hand"), ("asks-made", "made"), ("asks-now", "at-once"))
    made.claims.extend(_claim(name, kind, dice) for name, kind in wanted)


def _volume(name: str, made: World, dice: Random) -> Object:
    kind = dice.choice(("host", "zone", "none", "label"))
    node = dice.choice(made.nodes)["metadata"]["labels"]
    key = {"host": HOSTNAME, "zone": ZONE}.get(kind)
    spec: Object = {
        "capacity": {"storage": f"{dice.randint(1, 4)}Gi"},
        "accessModes": ["ReadWriteOncePod" if maybe(dice, 0.3) else "ReadWriteOnce"],
        "hostPath": {"path": f"/nowhere/{name}"},
        "storageClassName": "by-hand",
    }
    if key:
        expressions = [{"key": key, "operator": "In", "values": [node.get(key, "x")]}]
        spec["nodeAffinity"] = {"required": {"nodeSelectorTerms": [{"matchExpressions": expressions}]}}
    labels = {ZONE: dice.choice(("x", "y", "x__z"))} if kind == "label" else {}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name, "labels": labels},
        "spec": spec,
    }


def _claim(name: str, kind: str, dice: Random) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name, "namespace": "one"},
        "spec": {
            "storageClassName": kind,
            "accessModes": ["ReadWriteOncePod" if maybe(dice, 0.3) else "ReadWriteOnce"],
            "resources": {"requests": {"storage": f"{dice.randint(1, 3)}Gi"}},
        },
    }


def _place(made: World, name: str, dice: Random) -> None:
    held = [name_of(claim) for claim in made.claims if name_of(claim).startswith("held")]
    pod = wishes.placed(name, held, dice)
    pod["spec"]["nodeName"] = dice.choice(made.nodes)["metadata"]["name"]
    made.placed.append(pod)
    if maybe(dice, 0.12):
        made.ending.add(name)
    elif maybe(dice, 0.1):
        made.over.add(name)
