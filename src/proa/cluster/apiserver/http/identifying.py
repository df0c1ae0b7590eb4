"""Who makes a request, and as whom they act."""

from __future__ import annotations

from aiohttp import hdrs, web

from proa.cluster.apiserver import impersonation
from proa.cluster.apiserver.authentication import TokenAuthenticator
from proa.cluster.apiserver.authorization import Authorizer
from proa.cluster.apiserver.http.connection import user_of
from proa.cluster.apiserver.http.health import OPEN_PATHS
from proa.cluster.apiserver.http.request_info import RequestInfo
from proa.cluster.apiserver.identity import ANONYMOUS, User
from proa.errors import Unauthorized


class Identifying:
    """Knows users by certificate or token.

    Those without any are system:anonymous, if `anonymous` says so or they only ask how the server is.
    """

    def __init__(self, tokens: TokenAuthenticator, authorizer: Authorizer, *, anonymous: bool) -> None:
        self._tokens = tokens
        self._authorizer = authorizer
        self._anonymous = anonymous

    def caller(self, request: web.BaseRequest) -> User:
        """Whose credential it is. Raises Unauthorized."""
        user = user_of(request)
        if user is not None:
            return user
        scheme, _, token = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
        if scheme.lower() == "bearer" and token.strip():
            return self._tokens.user(token.strip())
        if not self._anonymous and request.path not in OPEN_PATHS:
            raise Unauthorized("Unauthorized")
        return ANONYMOUS

    def acting(self, request: web.BaseRequest, caller: User, info: RequestInfo) -> User:
        """As whom the caller acts. Raises Forbidden, BadRequest."""
        other = impersonation.wanted(request.headers)
        if other is None:
            return caller
        return impersonation.assumed(self._authorizer, caller, other, info.action)
