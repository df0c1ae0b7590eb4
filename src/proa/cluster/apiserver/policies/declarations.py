"""The variables that the expressions of policies and match conditions read, and their types.

Source: apiserver, pkg/admission/plugin/cel; kubernetes.io, validating admission policy.
"""

from __future__ import annotations

from collections.abc import Mapping

from proa.cluster.cel import Type, types
from proa.cluster.cel.functions.authorization import AUTHORIZER, RESOURCE_CHECK
from proa.cluster.cel.types import BOOL, DYN, INT, STRING, TIMESTAMP, Field, list_of, map_of, object_type

_STRINGS = map_of(STRING, STRING)
_KIND = object_type("kubernetes.GroupVersionKind", dict.fromkeys(("group", "version", "kind"), STRING))
_RESOURCE = object_type(
    "kubernetes.GroupVersionResource", dict.fromkeys(("group", "version", "resource"), STRING)
)
_USER = object_type(
    "kubernetes.UserInfo",
    {
        "username": STRING,
        "uid": STRING,
        "groups": list_of(STRING),
        "extra": map_of(STRING, list_of(STRING)),
    },
)
REQUEST = object_type(
    "kubernetes.AdmissionRequest",
    {
        "kind": _KIND,
        "resource": _RESOURCE,
        "subResource": STRING,
        "requestKind": _KIND,
        "requestResource": _RESOURCE,
        "requestSubResource": STRING,
        "name": STRING,
        "namespace": STRING,
        "operation": STRING,
        "userInfo": _USER,
        "dryRun": BOOL,
        "options": DYN,
    },
)
_CONDITION = object_type(
    "kubernetes.NamespaceCondition",
    {
        **dict.fromkeys(("status", "type", "message", "reason"), STRING),
        "lastTransitionTime": TIMESTAMP,
    },
)
_METADATA = object_type(
    "kubernetes.NamespaceMetadata",
    {
        **dict.fromkeys(("name", "generateName", "namespace", "resourceVersion"), STRING),
        "labels": _STRINGS,
        "annotations": _STRINGS,
        "UID": Field(STRING, "uid"),
        "creationTimestamp": TIMESTAMP,
        "deletionGracePeriodSeconds": INT,
        "deletionTimestamp": TIMESTAMP,
        "generation": INT,
        "finalizers": list_of(STRING),
    },
)
NAMESPACE = object_type(
    "kubernetes.Namespace",
    {
        "metadata": _METADATA,
        "spec": object_type("kubernetes.NamespaceSpec", {"finalizers": list_of(STRING)}),
        "status": object_type(
            "kubernetes.NamespaceStatus", {"conditions": list_of(_CONDITION), "phase": STRING}
        ),
    },
)
_ALWAYS = {"object": DYN, "oldObject": DYN, "namespaceObject": NAMESPACE, "request": REQUEST}
REQUEST_RESOURCE = "authorizer.requestResource"


def variables(*, params: bool = False, authorizer: bool = False) -> dict[str, Type]:
    """The variables with their types, of an expression that may read parameters or ask the authorizer."""
    found = dict(_ALWAYS)
    if params:
        found["params"] = DYN
    if authorizer:
        found |= {"authorizer": AUTHORIZER, REQUEST_RESOURCE: RESOURCE_CHECK}
    return found


def composed(own: Mapping[str, Type]) -> Type:
    """The type of `variables`, which holds a policy's own ones."""
    return types.object_type("kubernetes.variables", own)
