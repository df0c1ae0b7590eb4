"""One request, from its first byte to its answer: who, what, may they, do it."""

from __future__ import annotations

import logging

from aiohttp import hdrs, web

from proa.cluster.apiserver.aggregation import Aggregator
from proa.cluster.apiserver.authentication import TokenAuthenticator
from proa.cluster.apiserver.authorization import Authorizer
from proa.cluster.apiserver.authorizer import Action
from proa.cluster.apiserver.http.connection import user_of
from proa.cluster.apiserver.http.documents import OPEN_PATHS, Documents, not_found
from proa.cluster.apiserver.http.objects import ObjectRequests
from proa.cluster.apiserver.http.reply import Disconnected, error_reply
from proa.cluster.apiserver.http.router import Router
from proa.cluster.apiserver.http.upgrades import StreamRequests
from proa.cluster.apiserver.identity import User
from proa.cluster.apiserver.subresources.streams import is_stream
from proa.errors import ApiError, InternalError, Unauthorized

logger = logging.getLogger(__name__)


class Handler:
    """Answers every request; a failure is a Status, never a broken connection."""

    def __init__(
        self,
        tokens: TokenAuthenticator,
        authorizer: Authorizer,
        router: Router,
        objects: ObjectRequests,
        streams: StreamRequests,
        documents: Documents,
        aggregator: Aggregator,
    ) -> None:
        self._tokens = tokens
        self._authorizer = authorizer
        self._router = router
        self._objects = objects
        self._streams = streams
        self._documents = documents
        self._aggregator = aggregator

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            return await self._serve(request)
        except ApiError as error:
            return error_reply(error)
        except ConnectionError:
            return Disconnected(b"")
        except Exception:
            logger.exception("%s %s failed", request.method, request.path)
            return error_reply(
                InternalError("an error on the server has prevented the request from succeeding")
            )

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        path, _, query = request.raw_path.partition("?")
        if path.strip("/").partition("/")[0] in OPEN_PATHS:
            return self._documents.serve(request, path, query)
        user = self._authenticate(request)
        remote = self._aggregator.find(path)
        if remote is not None:
            return await self._aggregator.serve(request, user, remote, path, query)
        route = self._router.find(path)
        if route is not None and is_stream(route.target):
            return await self._streams.serve(request, user, route.target, query)
        if route is not None:
            return await self._objects.serve(request, user, route, query)
        if path.strip("/").count("/") > 2 and path.startswith(("/api/", "/apis/")):
            raise not_found()
        self._authorizer.require(user, Action(_VERBS.get(request.method, request.method.lower()), path=path))
        return self._documents.serve(request, path, query)

    def _authenticate(self, request: web.BaseRequest) -> User:
        user = user_of(request)
        if user is not None:
            return user
        scheme, _, token = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthorized("Unauthorized")
        return self._tokens.user(token.strip())


_VERBS = {hdrs.METH_GET: "get", hdrs.METH_HEAD: "head", hdrs.METH_POST: "post", hdrs.METH_PUT: "put"}
