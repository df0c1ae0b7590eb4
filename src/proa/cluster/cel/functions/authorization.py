"""Asking who may do what. Source: the apiserver's authz library.

The answer comes from a function that whoever offers the variable `authorizer` brings.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from proa.cluster.cel.errors import Failure
from proa.cluster.cel.functions.overload import function, method, size_of, tenth
from proa.cluster.cel.runtime_types import register
from proa.cluster.cel.types import BOOL, STRING, object_type

_NAMESPACE = "kubernetes.authorization."
AUTHORIZER = object_type(f"{_NAMESPACE}Authorizer")
PATH_CHECK = object_type(f"{_NAMESPACE}PathCheck")
GROUP_CHECK = object_type(f"{_NAMESPACE}GroupCheck")
RESOURCE_CHECK = object_type(f"{_NAMESPACE}ResourceCheck")
DECISION = object_type(f"{_NAMESPACE}Decision")
_CHECK_COST = 350_000
_NAMESPACE_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_ACCOUNT_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether something is allowed, and why."""

    allowed: bool
    reason: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: a verb on a resource, or on a path. An empty account is the user of the request."""

    account: tuple[str, str] = ("", "")
    """Namespace and name of a service account."""
    path: str = ""
    group: str = ""
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    verb: str = ""
    field_selector: str = ""
    label_selector: str = ""


Decide = Callable[[Question], Decision]


@dataclass(frozen=True, slots=True)
class Authorizer:
    """The value of `authorizer`."""

    decide: Decide
    asked: Question = Question()


class PathCheck(Authorizer):
    """A path is chosen."""

    __slots__ = ()


class GroupCheck(Authorizer):
    """A group is chosen."""

    __slots__ = ()


class ResourceCheck(Authorizer):
    """A resource is chosen."""

    __slots__ = ()


for _class, _type in (
    (Authorizer, AUTHORIZER),
    (PathCheck, PATH_CHECK),
    (GroupCheck, GROUP_CHECK),
    (ResourceCheck, RESOURCE_CHECK),
    (Decision, DECISION),
):
    register(_class, _type)


def _path(authorizer: Authorizer, path: str) -> PathCheck:
    if not path.strip():
        raise Failure("path must not be empty")
    return PathCheck(authorizer.decide, replace(authorizer.asked, path=path))


def _group(authorizer: Authorizer, group: str) -> GroupCheck:
    return GroupCheck(authorizer.decide, replace(authorizer.asked, group=group))


def _account(authorizer: Authorizer, namespace: str, name: str) -> Authorizer:
    if not _ACCOUNT_NAME.fullmatch(name):
        raise Failure("Invalid service account name")
    if not _NAMESPACE_NAME.fullmatch(namespace):
        raise Failure("Invalid service account namespace")
    return Authorizer(authorizer.decide, replace(authorizer.asked, account=(namespace, name)))


def _resource(check: GroupCheck, resource: str) -> ResourceCheck:
    if not resource.strip():
        raise Failure("resource must not be empty")
    return ResourceCheck(check.decide, replace(check.asked, resource=resource))


def _narrowed(field: str) -> Callable[[ResourceCheck, str], ResourceCheck]:
    return lambda check, value: ResourceCheck(
        check.decide, replace(check.asked, **cast("Any", {field: value}))
    )


def _check(check: Authorizer, verb: str) -> Decision:
    return check.decide(replace(check.asked, verb=verb))


def _selector_cost(args: Sequence[Any], _result: Any) -> int:
    size = size_of(args[1])
    return 10 + tenth(size) + -(-size // 2) * 50


_NARROWED = (RESOURCE_CHECK, STRING)

OVERLOADS = (
    method("path", (AUTHORIZER, STRING), PATH_CHECK, _path),
    method("group", (AUTHORIZER, STRING), GROUP_CHECK, _group),
    method("serviceAccount", (AUTHORIZER, STRING, STRING), AUTHORIZER, _account),
    method("resource", (GROUP_CHECK, STRING), RESOURCE_CHECK, _resource),
    *(
        method(name, _NARROWED, RESOURCE_CHECK, _narrowed(name))
        for name in ("subresource", "namespace", "name")
    ),
    method("fieldSelector", _NARROWED, RESOURCE_CHECK, _narrowed("field_selector"), _selector_cost),
    method("labelSelector", _NARROWED, RESOURCE_CHECK, _narrowed("label_selector"), _selector_cost),
    method("check", (PATH_CHECK, STRING), DECISION, _check, _CHECK_COST),
    method("check", (RESOURCE_CHECK, STRING), DECISION, _check, _CHECK_COST),
    method("errored", (DECISION,), BOOL, lambda decision: bool(decision.error)),
    method("error", (DECISION,), STRING, lambda decision: decision.error),
    method("allowed", (DECISION,), BOOL, lambda decision: decision.allowed),
    method("reason", (DECISION,), STRING, lambda decision: decision.reason),
)

PATCH_OVERLOADS = (
    function(
        "jsonpatch.escapeKey",
        (STRING,),
        STRING,
        lambda key: key.replace("~", "~0").replace("/", "~1"),
        lambda args, _result: tenth(size_of(args[0])),
    ),
)
