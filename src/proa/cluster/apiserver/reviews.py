"""Reviews: who am I, may I, may somebody, whose token is this (authentication and authorization.k8s.io)."""

from __future__ import annotations

from collections.abc import Mapping

from proa.cluster.apiserver.authentication import TokenAuthenticator
from proa.cluster.apiserver.authorization import Authorizer
from proa.cluster.apiserver.authorizer import Action
from proa.cluster.apiserver.escalation import FULL
from proa.cluster.apiserver.identity import MASTERS, User
from proa.cluster.apiserver.review_rules import action_of, check_metadata
from proa.cluster.apiserver.subresources import Creator, Post
from proa.errors import BadRequest, Unauthorized
from proa.kube.resources import Object


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
            ("localsubjectaccessreviews.authorization.k8s.io", ""): self.local_access,
            ("selfsubjectrulesreviews.authorization.k8s.io", ""): self.self_rules,
        }

    async def self_subject(self, post: Post) -> Object:
        """Who the caller is."""
        return _answer(post, {"userInfo": post.user.info()})

    async def token(self, post: Post) -> Object:
        """Whose token it is."""
        spec = _spec(post.body)
        token, audiences = str(spec.get("token", "")), frozenset(spec.get("audiences") or ())
        if not token:
            raise BadRequest("token is required for TokenReview in authentication")
        try:
            owner = self._tokens.user(token, audiences)
        except Unauthorized:
            return _answer(post, {"user": {}, "error": "invalid bearer token"})
        wanted = audiences or self._tokens.own_audiences
        found = sorted(wanted & self._tokens.audiences(token))
        return _answer(post, {"authenticated": True, "user": owner.info(), "audiences": found})

    async def self_access(self, post: Post) -> Object:
        """Whether the caller may."""
        check_metadata(post, local=False)
        action = action_of(_spec(post.body))
        return _answer(post, self._decision(post.user, action))

    async def access(self, post: Post) -> Object:
        """Whether somebody may."""
        check_metadata(post, local=False)
        return _answer(post, self._somebody(post.body))

    async def local_access(self, post: Post) -> Object:
        """Whether somebody may in a namespace."""
        check_metadata(post, local=True)
        return _answer(post, self._somebody(post.body, post.target.namespace))

    async def self_rules(self, post: Post) -> Object:
        """What the caller may in a namespace."""
        namespace = _spec(post.body).get("namespace", "")
        if not namespace:
            raise BadRequest("no namespace on request")
        granted = self._authorizer.rbac.rules(post.user).inside(namespace)
        if MASTERS in post.user.groups and FULL[0] not in granted:
            granted = [*FULL, *granted]
        return _answer(
            post,
            {
                "resourceRules": [dict(rule) for rule in granted if "resources" in rule],
                "nonResourceRules": [dict(rule) for rule in granted if "nonResourceURLs" in rule],
                "incomplete": False,
            },
        )

    def _somebody(self, body: Object, namespace: str | None = None) -> Object:
        spec = _spec(body)
        action = action_of(spec, somebody=True, namespace=namespace)
        extra = {key: tuple(values) for key, values in (spec.get("extra") or {}).items()}
        user = User(spec.get("user", ""), tuple(spec.get("groups") or ()), spec.get("uid", ""), extra)
        return self._decision(user, action)

    def _decision(self, user: User, action: Action) -> Object:
        decision = self._authorizer.decide(user, action)
        return {"allowed": decision.allowed} | ({"reason": decision.reason} if decision.reason else {})


def _spec(body: Object) -> Object:
    spec: Object = body.setdefault("spec", {})
    return spec


def _answer(post: Post, status: Object) -> Object:
    resource = post.target.resource
    metadata = dict(post.body.get("metadata") or {})
    answer = {**post.body, "kind": resource.kind, "apiVersion": resource.api_version}
    return {**answer, "metadata": metadata, "status": status}
