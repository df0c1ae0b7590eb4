"""A Deployment and its ReplicaSets: which is the newest, and what their annotations say. Pure.

Source: kubernetes.io, labels and annotations; upstream's deployment_util.go.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from proa.cluster.controllers.pod_template import HASH_LABEL, bare, short_hash, with_labels
from proa.cluster.controllers.rollout import Bounds, Member, bounds
from proa.kube import Object, annotations_of, is_deleting, labels_of, owner_reference

REVISION = "deployment.kubernetes.io/revision"
_HISTORY = "deployment.kubernetes.io/revision-history"
DESIRED = "deployment.kubernetes.io/desired-replicas"
_MOST = "deployment.kubernetes.io/max-replicas"
_NOT_COPIED = frozenset(
    {
        "kubectl.kubernetes.io/last-applied-configuration",
        "deprecated.deployment.rollback.to",
        REVISION,
        _HISTORY,
        DESIRED,
        _MOST,
    }
)


@dataclass
class Family:
    """A Deployment with the ReplicaSets that it controls."""

    deployment: Object
    sets: list[Object]

    @property
    def limit(self) -> Bounds:
        return bounds(self.deployment["spec"])

    @property
    def new(self) -> Object | None:
        """The oldest ReplicaSet with the Deployment's present template."""
        template = bare(self.deployment["spec"]["template"])
        same = [one for one in self.sets if bare(one["spec"]["template"]) == template]
        return min(same, key=age, default=None)

    @property
    def old(self) -> list[Object]:
        """All others, oldest first."""
        newest = self.new
        return sorted((one for one in self.sets if one is not newest), key=age)

    def put(self, changed: Object) -> None:
        """A ReplicaSet was written."""
        uid = changed["metadata"]["uid"]
        self.sets = [one for one in self.sets if one["metadata"]["uid"] != uid] + [changed]


def age(obj: Object) -> tuple[str, str]:
    """Sorts by time of creation."""
    return obj["metadata"]["creationTimestamp"], obj["metadata"]["name"]


def member(replica_set: Object) -> Member:
    """The ReplicaSet as the arithmetic sees it."""
    status = replica_set.get("status") or {}
    return Member(
        replica_set["metadata"]["name"],
        size_of(replica_set),
        status.get("availableReplicas", 0),
        _number(replica_set, _MOST),
        age(replica_set),
    )


def size_of(replica_set: Object) -> int:
    return int(replica_set["spec"].get("replicas", 1))


def revision_of(obj: Object) -> int:
    """The revision that a Deployment or ReplicaSet carries; 0 for none."""
    return _number(obj, REVISION)


def _number(obj: Object, annotation: str) -> int:
    text = annotations_of(obj).get(annotation, "")
    return int(text) if text.isdecimal() else 0


def is_scaling(family: Family) -> bool:
    """Whether the Deployment's number changed since a ReplicaSet in use was last scaled."""
    wanted = str(family.limit.replicas)
    sizes = (annotations_of(one).get(DESIRED, wanted) for one in family.sets if size_of(one) > 0)
    return any(size != wanted for size in sizes)


def new_replica_set(family: Family, size: int) -> Object:
    """The ReplicaSet for the Deployment's present template."""
    deployment = family.deployment
    spec, status = deployment["spec"], deployment.get("status") or {}
    digest = short_hash(bare(spec["template"]), status.get("collisionCount"))
    template = with_labels(spec["template"], {HASH_LABEL: digest})
    exact = (spec["selector"].get("matchLabels") or {}) | {HASH_LABEL: digest}
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": f"{deployment['metadata']['name']}-{digest}",
            "namespace": deployment["metadata"]["namespace"],
            "labels": labels_of(template),
            "annotations": _copied(deployment)
            | {REVISION: str(_next_revision(family.sets))}
            | sizes(family.limit),
            "ownerReferences": [owner_reference(deployment)],
        },
        "spec": {
            "replicas": size,
            "minReadySeconds": spec.get("minReadySeconds", 0),
            "selector": spec["selector"] | {"matchLabels": exact},
            "template": template,
        },
    }


def newest_again(family: Family, new: Object) -> Object:
    """The newest ReplicaSet as the Deployment wants it: annotations, and a revision above all others."""
    annotations, last = annotations_of(new), revision_of(new)
    changed = annotations | _copied(family.deployment)
    if (number := _next_revision(family.old)) > last:
        changed[REVISION] = str(number)
        if last:
            changed[_HISTORY] = ",".join(filter(None, (annotations.get(_HISTORY), str(last))))
    wait = family.deployment["spec"].get("minReadySeconds", 0)
    return new | {
        "metadata": new["metadata"] | {"annotations": changed},
        "spec": new["spec"] | {"minReadySeconds": wait},
    }


def resized(replica_set: Object, size: int, limit: Bounds) -> Object:
    """The ReplicaSet with another size, which remembers what it was measured against."""
    metadata = replica_set["metadata"]
    return replica_set | {
        "metadata": metadata | {"annotations": annotations_of(replica_set) | sizes(limit)},
        "spec": replica_set["spec"] | {"replicas": size},
    }


def sizes(limit: Bounds) -> dict[str, str]:
    """The annotations that a later proportional scaling reads."""
    return {DESIRED: str(limit.replicas), _MOST: str(limit.most)}


def superfluous(family: Family) -> list[Object]:
    """Old ReplicaSets beyond the history limit that are not in use, lowest revision first."""
    limit = family.deployment["spec"].get("revisionHistoryLimit", 10)
    alive = sorted((one for one in family.old if not is_deleting(one)), key=revision_of)
    return [one for one in alive[: max(0, len(alive) - limit)] if _is_idle(one)]


def _is_idle(replica_set: Object) -> bool:
    status: dict[str, Any] = replica_set.get("status") or {}
    seen: bool = status.get("observedGeneration", 0) >= replica_set["metadata"].get("generation", 0)
    return seen and not size_of(replica_set) and not status.get("replicas")


def _copied(deployment: Object) -> dict[str, str]:
    return {k: v for k, v in annotations_of(deployment).items() if k not in _NOT_COPIED}


def _next_revision(sets: Iterable[Object]) -> int:
    return max(map(revision_of, sets), default=0) + 1
