"""Where the groups and versions of this server stand in discovery.

Source: kube-apiserver's apiVersionPriorities and its controller that registers custom resources.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class Priority(NamedTuple):
    """groupPriorityMinimum and versionPriority of an APIService; the higher comes first."""

    group: int
    version: int


CUSTOM = Priority(1000, 100)
"""Groups of custom resources; their versions stand in the order of Kubernetes versions."""

_USUAL_VERSION, _USUAL_BETA = 15, 9
_GROUPS = {
    "": 18000,
    "apps": 17800,
    "events.k8s.io": 17750,
    "authentication.k8s.io": 17700,
    "authorization.k8s.io": 17600,
    "autoscaling": 17500,
    "batch": 17400,
    "certificates.k8s.io": 17300,
    "networking.k8s.io": 17200,
    "policy": 17100,
    "rbac.authorization.k8s.io": 17000,
    "storage.k8s.io": 16800,
    "admissionregistration.k8s.io": 16700,
    "apiextensions.k8s.io": 16700,
    "scheduling.k8s.io": 16600,
    "coordination.k8s.io": 16500,
    "node.k8s.io": 16300,
    "discovery.k8s.io": 16200,
    "resource.k8s.io": 16200,
    "flowcontrol.apiserver.k8s.io": 16100,
    "storagemigration.k8s.io": 15800,
}
_VERSIONS = {
    ("", "v1"): 1,
    ("autoscaling", "v2"): 30,
    ("resource.k8s.io", "v1"): 21,
    ("flowcontrol.apiserver.k8s.io", "v1"): 21,
}
_LAST = 0x10FFFF
_STAGES = {"alpha": 0, "beta": 1, "": 2}
_KUBERNETES_VERSION = re.compile(r"v(\d+)(?:(alpha|beta)(\d+))?")


def built_in(group: str, version: str) -> Priority | None:
    """The priority of a group and version of Kubernetes; None for what is no APIService."""
    if group not in _GROUPS:
        return None
    usual = _USUAL_BETA if "beta" in version else _USUAL_VERSION
    return Priority(_GROUPS[group], _VERSIONS.get((group, version), usual))


def version_rank(version: str) -> tuple[int, int, int, str]:
    """Sorts as upstream does: v2, v1, v1beta2, v1beta1, v1alpha1; what has another form comes last, by name.

    The key is for a descending sort but for the name, which is why names are turned round.
    """
    match = _KUBERNETES_VERSION.fullmatch(version)
    if match is None:
        return -1, 0, 0, "".join(chr(_LAST - ord(letter)) for letter in version) + chr(_LAST)
    major, stage, minor = match.groups()
    return _STAGES[stage or ""], int(major), int(minor or 0), ""
