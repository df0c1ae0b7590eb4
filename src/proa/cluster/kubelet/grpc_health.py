"""The gRPC health protocol, as far as a probe needs it (source: grpc.health.v1, Health/Check)."""

from __future__ import annotations

import grpc
import grpc.aio

from proa.cluster.protobuf import Codec, messages

_CHECK = "/grpc.health.v1.Health/Check"
_CODEC = Codec(
    messages({"HealthCheckRequest": "1 service string", "HealthCheckResponse": "1 status enum"}),
    fill_defaults=True,
)
_STATES = ("UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN")
_SERVING = 1
_OPTIONS = (("grpc.enable_http_proxy", 0), ("grpc.use_local_subchannel_pool", 1),
            ("grpc.primary_user_agent", "kube-probe/1.37"))  # fmt: skip


async def check(address: str, service: str, limit: float) -> str:
    """Ask a server within `limit` seconds how a service is; returns what is wrong, empty when nothing is."""
    async with grpc.aio.insecure_channel(address, options=_OPTIONS) as channel:
        stub = channel.unary_unary(
            _CHECK,
            lambda value: _CODEC.encode("HealthCheckRequest", value),
            lambda data: _CODEC.decode("HealthCheckResponse", data),
        )
        try:
            answer = await stub({"service": service}, timeout=limit)
        except grpc.aio.AioRpcError as fault:
            return _complaint(fault, address, limit)
    state = int(answer["status"])
    if state == _SERVING:
        return ""
    name = _STATES[state] if state < len(_STATES) else str(state)
    return f'service unhealthy (responded with "{name}")'


def _complaint(fault: grpc.aio.AioRpcError, address: str, limit: float) -> str:
    code, details = fault.code(), fault.details() or ""
    if code is grpc.StatusCode.UNIMPLEMENTED:
        what = "this server does not implement the grpc health protocol (grpc.health.v1.Health)"
        return f"error: {what}: {details}"
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        return f"timeout: health rpc did not complete within {limit:g}s"
    if code is grpc.StatusCode.UNAVAILABLE:
        return f'error: failed to connect service at "{address}": {details}'
    word = "".join(part.capitalize() for part in code.name.split("_"))
    return f"error: health rpc probe failed: rpc error: code = {word} desc = {details}"
