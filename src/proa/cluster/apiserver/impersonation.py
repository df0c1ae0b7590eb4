"""Acting as another user: the Impersonate-* headers, and the rights that they need.

Each of user, groups, uid and extra needs the verb `impersonate` on what it names. Who lacks that may still
hold the finer rights of Kubernetes 1.37: `impersonate:MODE` on whom, and `impersonate-on:MODE:VERB` on what.
Source: Kubernetes authentication, user impersonation; apiserver endpoints/filters/impersonation.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import unquote

from multidict import CIMultiDictProxy

from proa.cluster.apiserver.authorization import Authorizer, refusal
from proa.cluster.apiserver.authorizer import Action
from proa.cluster.apiserver.identity import (
    ANONYMOUS,
    AUTHENTICATED,
    MASTERS,
    SERVICE_ACCOUNT_PREFIX,
    UNAUTHENTICATED,
    User,
)
from proa.errors import BadRequest

_USER, _GROUP, _UID, _EXTRA = (f"impersonate-{name}" for name in ("user", "group", "uid", "extra-"))
_PREFIX = "impersonate-"
_AUTHENTICATION = "authentication.k8s.io"


def wanted(headers: CIMultiDictProxy[str]) -> User | None:
    """Whom a request wants to act as; None when nobody else. Raises BadRequest."""
    if _PREFIX not in "\n".join(headers).lower():
        return None
    name, uid = headers.get(_USER, ""), headers.get(_UID, "")
    groups = tuple(group for group in headers.getall(_GROUP, []) if group)
    extra = dict[str, tuple[str, ...]]()
    for header, value in headers.items():
        if header.lower().startswith(_EXTRA):
            key = unquote(header[len(_EXTRA) :].lower())
            extra[key] = (*extra.get(key, ()), value)
    if not (name or uid or groups or extra):
        return None
    if not name:
        raise BadRequest(f"requested {_shown(uid, groups)} without impersonating a user name")
    return User(name, groups, uid, extra)


def _shown(uid: str, groups: tuple[str, ...]) -> str:
    listed = "{" + ", ".join(f'"{group}"' for group in groups) + "}" if groups else "(nil)"
    return (
        f'&user.DefaultInfo{{Name:"", UID:"{uid}", Groups:[]string{listed}, Extra:map[string][]string(nil)}}'
    )


def assumed(authorizer: Authorizer, caller: User, other: User, action: Action) -> User:
    """The other user, complete, if the caller may act as them for that action. Raises Forbidden."""
    if MASTERS not in caller.groups:
        _check(authorizer, caller, other, action)
    return _completed(other)


def _check(authorizer: Authorizer, caller: User, other: User, action: Action) -> None:
    needed = list(_whom(other, ""))
    missing = [step for step in needed if not authorizer.allowed(caller, step)]
    if not missing:
        return
    mode = "serviceaccount" if other.name.startswith(SERVICE_ACCOUNT_PREFIX) else "user-info"
    finer = [replace(action, verb=f"impersonate-on:{mode}:{action.verb}"), *_whom(other, f":{mode}")]
    lacking = [step for step in finer if not authorizer.allowed(caller, step)]
    if lacking:
        raise refusal(caller, lacking[0] if len(missing) == len(needed) else missing[0])


def _whom(other: User, mode: str) -> Iterator[Action]:
    """What must be allowed to act as somebody."""
    verb = f"impersonate{mode}"
    group = _AUTHENTICATION if mode else ""
    if other.name.startswith(SERVICE_ACCOUNT_PREFIX):
        namespace, _, name = other.name[len(SERVICE_ACCOUNT_PREFIX) :].partition(":")
        yield Action(verb, group, "serviceaccounts", namespace=namespace, name=name)
    else:
        yield Action(verb, group, "users", name=other.name)
    for name in other.groups:
        yield Action(verb, group, "groups", name=name)
    if other.uid:
        yield Action(verb, _AUTHENTICATION, "uids", name=other.uid)
    for key, values in other.extra.items():
        for value in values:
            yield Action(verb, _AUTHENTICATION, "userextras", key, name=value)


def _completed(other: User) -> User:
    """The groups that a user of that name would be in."""
    groups = list(other.groups)
    if other.name.startswith(SERVICE_ACCOUNT_PREFIX) and not groups:
        namespace = other.name[len(SERVICE_ACCOUNT_PREFIX) :].partition(":")[0]
        groups = ["system:serviceaccounts", f"system:serviceaccounts:{namespace}"]
    if other.name == ANONYMOUS.name:
        groups += [UNAUTHENTICATED] if UNAUTHENTICATED not in groups else []
    elif not {AUTHENTICATED, UNAUTHENTICATED} & set(groups):
        groups.append(AUTHENTICATED)
    return replace(other, groups=tuple(groups))
