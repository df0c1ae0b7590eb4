"""Pods with made-up wishes: everything that the scheduler's filters look at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from proa.kube import Object
from support.scheduling.dice import maybe, some

ZONE, HOSTNAME = "topology.kubernetes.io/zone", "kubernetes.io/hostname"
_KEYS = (ZONE, HOSTNAME, "disk")


def placed(name: str, claims: Sequence[str], dice: Random) -> Object:
    """A pod that is somewhere: small, with labels, now and then a port, a claim or pods that it repels."""
    made = _plain(name, dice)
    _ask(made["spec"]["containers"][0], dice, (50, 100, 300, 600))
    for chance, wish in ((0.25, ports), (0.2, anti_affinity)):
        if maybe(dice, chance):
            wish(made, dice)
    if made["metadata"]["namespace"] == "one" and maybe(dice, 0.25):
        claim(made, claims, dice)
    return made


def pod(name: str, claims: Sequence[str], dice: Random) -> Object:
    """A pod that waits, with one or two wishes."""
    made = _plain(name, dice)
    if maybe(dice, 0.8):
        _ask(made["spec"]["containers"][0], dice, (50, 50, 100, 200, 500, 2500))
    for wish in some(dice, WISHES):
        wish(made, dice)
    if made["metadata"]["namespace"] == "one" and maybe(dice, 0.25):
        for _ in range(dice.randint(1, 2)):
            claim(made, claims, dice)
    return made


def _plain(name: str, dice: Random) -> Object:
    labels = {"app": dice.choice("abc"), "tier": dice.choice("xy")}
    if maybe(dice, 0.5):
        labels["hash"] = dice.choice("12")
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": dice.choice(("one", "one", "two")), "labels": labels},
        "spec": {"containers": [{"name": "c", "image": "web"}], "terminationGracePeriodSeconds": 1},
    }


def _ask(container: Object, dice: Random, amounts: Sequence[int]) -> None:
    requests = {"cpu": f"{dice.choice(amounts)}m", "memory": f"{dice.choice(amounts)}Mi"}
    if maybe(dice, 0.2):
        requests["ephemeral-storage"] = f"{dice.choice((1, 4, 12))}Gi"
    container["resources"] = {"requests": requests}
    if maybe(dice, 0.15):
        container["resources"] = {"limits": requests}


def claim(made: Object, claims: Sequence[str], dice: Random) -> None:
    """Mounts a claim, which now and then is not there."""
    name = "nobodys" if maybe(dice, 0.05) else dice.choice(claims)
    volumes = made["spec"].setdefault("volumes", [])
    volumes.append({"name": f"v{len(volumes)}", "persistentVolumeClaim": {"claimName": name}})


def ports(made: Object, dice: Random) -> None:
    """A port of the node, of all addresses or of one."""
    port = {"containerPort": 80, "hostPort": dice.choice((80, 443)), "protocol": dice.choice(("TCP", "UDP"))}
    if maybe(dice, 0.4):
        port["hostIP"] = dice.choice(("127.0.0.1", "0.0.0.0", "10.0.0.1"))
    made["spec"]["containers"][0]["ports"] = [port]


def gpu(made: Object, dice: Random) -> None:
    """An extended resource."""
    amount = {"example.com/gpu": str(dice.choice((1, 2, 3)))}
    made["spec"]["containers"][0].setdefault("resources", {}).setdefault("limits", {}).update(amount)
    made["spec"]["containers"][0]["resources"].setdefault("requests", {}).update(amount)


def init_containers(made: Object, dice: Random) -> None:
    """Some before, some beside."""
    made["spec"]["initContainers"] = [
        {"name": f"i{i}", "image": "web"} | ({"restartPolicy": "Always"} if maybe(dice, 0.5) else {})
        for i in range(dice.randint(1, 3))
    ]
    for container in made["spec"]["initContainers"]:
        _ask(container, dice, (100, 400, 1200))


def whole_pod(made: Object, dice: Random) -> None:
    """Requests of the pod as a whole."""
    made["spec"]["resources"] = {"requests": {"cpu": f"{dice.choice((20, 25))}00m"}}
    made["spec"]["containers"][0].pop("resources", None)


def runtime_class(made: Object, dice: Random) -> None:
    """One that costs more, or that is not on all nodes."""
    made["spec"]["runtimeClassName"] = dice.choice(("heavy", "on-ssd"))


def tolerations(made: Object, dice: Random) -> None:
    """Of some of the taints."""
    choices: list[Object] = [
        {"key": "own", "operator": "Exists"},
        {"key": "own", "value": "x", "effect": "NoSchedule"},
        {"key": "own", "operator": "Equal", "value": "y"},
        {"operator": "Exists"},
        {"key": "node.kubernetes.io/unschedulable", "operator": "Exists", "effect": "NoSchedule"},
    ]
    made["spec"]["tolerations"] = some(dice, choices)


def node_selector(made: Object, dice: Random) -> None:
    """Labels that the node has, unless a runtime class says which."""
    if "runtimeClassName" not in made["spec"]:
        made["spec"]["nodeSelector"] = {"disk": dice.choice(("ssd", "hdd"))}


def node_affinity(made: Object, dice: Random) -> None:
    """Terms of which one is enough."""
    terms = [_node_term(dice) for _ in range(dice.randint(1, 2))]
    required = {"nodeSelectorTerms": terms}
    _affinity(made)["nodeAffinity"] = {"requiredDuringSchedulingIgnoredDuringExecution": required}


def _node_term(dice: Random) -> Object:
    term: Object = {}
    if maybe(dice, 0.3):
        operator = dice.choice(("In", "In", "NotIn"))
        name = {"key": "metadata.name", "operator": operator, "values": [f"n{dice.randint(0, 7)}"]}
        term["matchFields"] = [name]
    if not term or maybe(dice, 0.5):
        term["matchExpressions"] = some(
            dice,
            [
                {"key": "disk", "operator": "In", "values": ["ssd", "nvme"]},
                {"key": "disk", "operator": "NotIn", "values": ["ssd"]},
                {"key": ZONE, "operator": "Exists"},
                {"key": "disk", "operator": "DoesNotExist"},
                {"key": "rank", "operator": "Gt", "values": ["4"]},
                {"key": "rank", "operator": "Lt", "values": ["6"]},
            ],
        )
    return term


def affinity(made: Object, dice: Random) -> None:
    """To pods that one or two terms describe."""
    terms = [_pod_term(dice) for _ in range(dice.randint(1, 2))]
    _affinity(made)["podAffinity"] = {"requiredDuringSchedulingIgnoredDuringExecution": terms}


def anti_affinity(made: Object, dice: Random) -> None:
    """Away from such pods."""
    terms = [_pod_term(dice) for _ in range(dice.randint(1, 2))]
    _affinity(made)["podAntiAffinity"] = {"requiredDuringSchedulingIgnoredDuringExecution": terms}


def _pod_term(dice: Random) -> Object:
    term: Object = {"topologyKey": dice.choice(_KEYS), "labelSelector": _selector(dice)}
    if maybe(dice, 0.25):
        term["namespaces"] = some(dice, ("one", "two"))
    if maybe(dice, 0.25):
        term["namespaceSelector"] = dice.choice(({}, {"matchLabels": {"team": "blue"}}))
    if maybe(dice, 0.2) and "hash" not in str(term):
        term[dice.choice(("matchLabelKeys", "mismatchLabelKeys"))] = ["hash"]
    return term


def _selector(dice: Random) -> Object:
    choices: list[Object] = [
        {"matchLabels": {"app": "a"}},
        {"matchLabels": {"app": "b", "tier": "x"}},
        {"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["c"]}]},
        {"matchExpressions": [{"key": "hash", "operator": "Exists"}]},
    ]
    return dice.choice(choices)


def spread(made: Object, dice: Random) -> None:
    """One or two constraints that must hold."""
    keys = some(dice, _KEYS)
    made["spec"]["topologySpreadConstraints"] = [_constraint(key, dice) for key in keys]


def _constraint(key: str, dice: Random) -> Object:
    made: Object = {
        "topologyKey": key,
        "maxSkew": dice.choice((1, 1, 2)),
        "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": dice.choice((_selector(dice), {})),
    }
    if maybe(dice, 0.25):
        made["minDomains"] = dice.randint(1, 4)
    if maybe(dice, 0.3):
        made["nodeAffinityPolicy"] = dice.choice(("Honor", "Ignore"))
    if maybe(dice, 0.3):
        made["nodeTaintsPolicy"] = dice.choice(("Honor", "Ignore"))
    if maybe(dice, 0.25) and made["labelSelector"] and "hash" not in str(made):
        made["matchLabelKeys"] = ["hash"]
    return made


def _affinity(made: Object) -> Object:
    found: Object = made["spec"].setdefault("affinity", {})
    return found


Wish = Callable[[Object, Random], None]
WISHES: tuple[Wish, ...] = (
    ports,
    gpu,
    init_containers,
    whole_pod,
    runtime_class,
    tolerations,
    node_selector,
    node_affinity,
    affinity,
    anti_affinity,
    spread,
    spread,
    affinity,
)
