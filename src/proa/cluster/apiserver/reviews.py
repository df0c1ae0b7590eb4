"""Reviews: who am I, may I, may somebody, whose token is this (authentication and authorization.k8s.io)."""

from __future__ import annotations

from collections.abc import Mapping

from proa.cluster.apiserver.authentication import TokenAuthenticator
from proa.cluster.apiserver.authorization import Authorizer
from proa.cluster.apiserver.authorizer import Action
from proa.cluster.apiserver.identity import MASTERS, User
from proa.cluster.apiserver.subresources import Creator, Post
from proa.errors import BadRequest, Unauthorized
from proa.kube.resources import Object

_ALL: Object = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}
_ALL_PATHS: Object = {"verbs": ["*"], "nonResourceURLs": ["*"]}


class Reviews:
    """Answers reviews."""

    def __init__(self, authorizer: Authorizer, tokens: TokenAuthenticator) -> None:
        self._authorizer = authorizer
        self._tokens = tokens

    def creators(self) -> Mapping[tuple[str, str], Creator]:
        """By (resource.group, subresource)."""
        return {
            ("selfsubjectreviews.authentication.k8s.io", ""): self.self_subject,
            ("tokenreviews.authentication.k8s.io", ""): self.token,
            ("selfsubjectaccessreviews.authorization.k8s.io", ""): self.self_access,
            ("subjectaccessreviews.authorization.k8s.io", ""): self.access,
            ("localsubjectaccessreviews.authorization.k8s.io", ""): self.access,
            ("selfsubjectrulesreviews.authorization.k8s.io", ""): self.self_rules,
        }

    async def self_subject(self, post: Post) -> Object:
        """Who the caller is."""
        return _answer(post, {"userInfo": post.user.info()})

    async def token(self, post: Post) -> Object:
        """Whose token it is."""
        spec = _spec(post.body)
        token, audiences = str(spec.get("token", "")), frozenset(spec.get("audiences") or ())
        try:
            owner = self._tokens.user(token, audiences)
        except Unauthorized as error:
            return _answer(post, {"user": {}, "error": error.message})
        status: Object = {"authenticated": True, "user": owner.info()}
        if audiences:
            status["audiences"] = sorted(audiences & self._tokens.audiences(token))
        return _answer(post, status)

    async def self_access(self, post: Post) -> Object:
        """Whether the caller may."""
        return _answer(post, self._decision(post.user, _spec(post.body)))

    async def access(self, post: Post) -> Object:
        """Whether somebody may."""
        spec = _spec(post.body)
        subject = User(spec.get("user", ""), tuple(spec.get("groups") or ()))
        if not subject.name and not subject.groups:
            raise BadRequest("at least one of spec.user and spec.groups must be specified")
        return _answer(post, self._decision(subject, spec))

    async def self_rules(self, post: Post) -> Object:
        """What the caller may in a namespace."""
        rules = self._authorizer.rbac.rules(post.user)
        granted = [*rules.everywhere, *rules.by_namespace.get(_spec(post.body).get("namespace", ""), ())]
        if MASTERS in post.user.groups:
            granted = [_ALL, _ALL_PATHS, *granted]
        status = {
            "resourceRules": [dict(rule) for rule in granted if "resources" in rule],
            "nonResourceRules": [dict(rule) for rule in granted if "nonResourceURLs" in rule],
            "incomplete": False,
        }
        return _answer(post, status)

    def _decision(self, user: User, spec: Object) -> Object:
        return {"allowed": self._authorizer.allowed(user, _action(spec))}


def _spec(body: Object) -> Object:
    spec: Object = body.setdefault("spec", {})
    return spec


def _action(spec: Object) -> Action:
    if path := spec.get("nonResourceAttributes"):
        return Action(path.get("verb", ""), path=path.get("path", ""))
    about = spec.get("resourceAttributes")
    if about is None:
        raise BadRequest(
            "exactly one of spec.resourceAttributes and spec.nonResourceAttributes must be specified"
        )
    names = ("group", "resource", "subresource", "namespace", "name")
    return Action(about.get("verb", ""), **{name: about.get(name, "") for name in names})


def _answer(post: Post, status: Object) -> Object:
    resource = post.target.resource
    metadata = {"creationTimestamp": None, **(post.body.get("metadata") or {})}
    answer = {**post.body, "kind": resource.kind, "apiVersion": resource.api_version}
    return {**answer, "metadata": metadata, "status": status}
