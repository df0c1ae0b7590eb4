"""What every request passes on its way in and out: who, fair turns, limits, the audit log, metrics."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import hdrs, web

from proa.cluster.apiserver.admission.annotations import AUDIT
from proa.cluster.apiserver.audit.auditor import DECISION, REASON, Auditor, Record
from proa.cluster.apiserver.authorization import Authorizer
from proa.cluster.apiserver.http import body
from proa.cluster.apiserver.http.identifying import Identifying
from proa.cluster.apiserver.http.reply import AUDIT_ID, Disconnected, Reply, audit_headers, error_reply
from proa.cluster.apiserver.http.request_info import READING, RequestInfo
from proa.cluster.apiserver.identity import MASTERS, User
from proa.cluster.apiserver.metrics import Metrics
from proa.cluster.apiserver.overload import Inflight, Turns
from proa.cluster.apiserver.overload.inflight import Seat
from proa.errors import ApiError, BadRequest, InternalError, Timeout
from proa.kube.durations import parse_duration

logger = logging.getLogger(__name__)
Serve = Callable[[web.BaseRequest, User, RequestInfo], Awaitable[web.StreamResponse]]

_LATE = "Timeout: request did not complete within the allotted timeout"
_OWN_FAULT = "an error on the server has prevented the request from succeeding"
_BODIES = frozenset({hdrs.METH_POST, hdrs.METH_PUT, hdrs.METH_PATCH})


def check_text(request: web.BaseRequest) -> None:
    """Raises BadRequest for headers that are not UTF-8: they end in names, logs and stored objects."""
    values = b"".join([value for _, value in request.raw_headers])
    try:
        if not values.isascii():
            values.decode()
    except UnicodeDecodeError:
        raise BadRequest("the headers of the request are not UTF-8") from None


def _seconds(timeout: str) -> float:
    """What a client waits at most. Raises BadRequest."""
    try:
        return parse_duration(timeout)
    except ValueError as error:
        raise BadRequest(f"invalid timeout specified in the request URL - {error}") from None


class Gate:
    """Lets requests through to `serve`; a failure is a Status, never a broken connection."""

    def __init__(
        self,
        identifying: Identifying,
        authorizer: Authorizer,
        inflight: Inflight,
        metrics: Metrics,
        auditor: Auditor | None,
    ) -> None:
        self._identifying = identifying
        self._authorizer = authorizer
        self._inflight = inflight
        self._metrics = metrics
        self._auditor = auditor
        self._turns = Turns()

    async def __call__(self, request: web.BaseRequest, info: RequestInfo, serve: Serve) -> web.StreamResponse:
        """The answer of `serve`, or why there is none."""
        begin = time.perf_counter()
        response = await self._guarded(request, info, serve)
        seconds = None if info.long_running else time.perf_counter() - begin
        self._metrics.count(info.labels, response.status, seconds)
        return response

    async def _guarded(self, request: web.BaseRequest, info: RequestInfo, serve: Serve) -> web.StreamResponse:
        try:
            check_text(request)
            caller = self._identifying.caller(request)
            patience = _seconds(info.timeout) if info.timeout else math.inf
            exempt = MASTERS in caller.groups
            writes = info.verb not in READING
            seat = self._inflight.enter(caller.name, writes=writes, exempt=exempt, patience=patience)
            return await self._seated(request, caller, info, serve, seat, exempt=exempt)
        except ApiError as error:
            return error_reply(error)
        except ConnectionError:
            return Disconnected(b"")
        except RecursionError:  # before anything was stored, as that is the last step
            return error_reply(BadRequest("the object provided is nested too deeply"))
        except Exception:
            logger.exception("%s %s failed", request.method, request.path)
            return error_reply(InternalError(_OWN_FAULT))

    async def _seated(
        self,
        request: web.BaseRequest,
        caller: User,
        info: RequestInfo,
        serve: Serve,
        seat: Seat,
        *,
        exempt: bool,
    ) -> web.StreamResponse:
        """The answer, as long as the time of the seat lasts; what may have no end gives its seat back."""
        try:
            if not exempt and not self._turns.take(caller.name):
                await self._turns.wait(caller.name)
            if info.long_running:
                self._inflight.leave(seat)
            if self._auditor is not None:
                return await self._audited(self._auditor, request, caller, info, serve)
            return await serve(request, self._identifying.acting(request, caller, info), info)
        except asyncio.CancelledError:
            if not seat.expired:
                raise
            if seat.task is not None:
                seat.task.uncancel()
            raise Timeout(_LATE) from None
        finally:
            self._inflight.leave(seat)

    async def _audited(
        self,
        auditor: Auditor,
        request: web.BaseRequest,
        caller: User,
        info: RequestInfo,
        serve: Serve,
    ) -> web.StreamResponse:
        record = self._begin(auditor, request, caller, info)
        if record is None:
            return await serve(request, self._identifying.acting(request, caller, info), info)
        request[AUDIT_ID] = record.audit_id
        token = AUDIT.set(record.annotations)
        response: web.StreamResponse = Disconnected(b"")
        try:
            user = self._identifying.acting(request, caller, info)
            if user is not caller:
                auditor.impersonated(record, user)
            decision = self._authorizer.decide(user, info.action)
            record.annotations |= {
                DECISION: "allow" if decision.allowed else "forbid",
                REASON: decision.reason,
            }
            if info.long_running and decision.allowed:
                auditor.started(record, 200)
            response = await serve(request, user, info)
        except ApiError as error:
            response = error_reply(error)
        finally:
            AUDIT.reset(token)
            sent = response.body if isinstance(response, Reply) and not info.long_running else b""
            auditor.complete(record, response.status, await _request_object(request), sent)
        if isinstance(response, Reply) and not info.long_running:
            response.add_headers(audit_headers(request))
        return response

    def _begin(
        self, auditor: Auditor, request: web.BaseRequest, caller: User, info: RequestInfo
    ) -> Record | None:
        route = info.route
        return auditor.begin(
            caller,
            info.action,
            version=route.target.resource.version if route else "",
            uri=request.raw_path,
            source=request.remote or "",
            agent=request.headers.get(hdrs.USER_AGENT, ""),
            audit_id=request.headers.get("Audit-ID", ""),
        )


async def _request_object(request: web.BaseRequest) -> Any:
    """The body that a write was sent with, when it was read and is an object."""
    if request.method not in _BODIES or not request.content.is_eof():
        return None
    try:
        if request.method == hdrs.METH_PATCH:
            return (await body.read_patch(request))[0]
        return await body.read_object(request)
    except ApiError:
        return None
