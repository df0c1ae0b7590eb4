"""containerd's own event stream: which container ended, so that nothing has to poll.

The CRI's GetContainerEvents would say the same, but containerd before 1.7 does not have it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from proa.cluster.kubelet.cri.channel import Channel, CriError
from proa.cluster.kubelet.cri.messages import CRI

_log = logging.getLogger(__name__)

_SUBSCRIBE = "/containerd.services.events.v1.Events/Subscribe"
_TOPICS = ("/tasks/exit", "/tasks/oom")
_FILTERS = [f'namespace==k8s.io,topic=="{topic}"' for topic in _TOPICS]
_PAUSE = 0.2


async def follow_exits(channel: Channel, on_exit: Callable[[str], None], on_gap: Callable[[], None]) -> None:
    """Call `on_exit` with the id of each container or sandbox that ends, until cancelled.

    When the stream breaks, as when containerd restarts, it is opened again, and `on_gap` says that
    events may have been missed.
    """
    while True:
        try:
            async for envelope in channel.stream(
                _SUBSCRIBE, "SubscribeRequest", {"filters": _FILTERS}, "Envelope"
            ):
                container_id = _ended(envelope)
                if container_id:
                    on_exit(container_id)
        except CriError as fault:
            _log.debug("event stream of containerd: %s", fault)
        await asyncio.sleep(_PAUSE)
        on_gap()


def _ended(envelope: dict[str, Any]) -> str:
    """The container whose main process ended; empty when only an exec did."""
    payload: bytes = envelope.get("event", {}).get("value", b"")
    if envelope["topic"] == "/tasks/oom":
        return str(CRI.decode("TaskOOM", payload)["container_id"])
    exit_ = CRI.decode("TaskExit", payload)
    return str(exit_["container_id"]) if exit_["id"] == exit_["container_id"] else ""
