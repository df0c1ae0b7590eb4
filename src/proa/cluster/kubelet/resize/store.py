"""What was given to pods that have been resized, on disk: a kubelet that starts goes on from there."""

from __future__ import annotations

import json
import logging
from pathlib import Path

from proa.cluster.kubelet.resize.given import Resources
from proa.files import write_atomic
from proa.kube import Object

_log = logging.getLogger(__name__)


class AllocationStore:
    """A JSON file: pod uid, container name, ResourceRequirements. A write is on disk when it returns."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._pods: dict[str, dict[str, Object]] = self._load()

    def get(self, uid: str) -> Resources | None:
        """What the pod has been given; None for one that was never resized."""
        return self._pods.get(uid)

    def put(self, uid: str, given: Resources) -> None:
        """Raises OSError; then the store is as before."""
        pods = self._pods | {uid: dict(given)}
        write_atomic(self._path, json.dumps(pods), 0o600)
        self._pods = pods

    def forget(self, uid: str) -> None:
        """The pod is gone. Raises OSError."""
        if self._pods.pop(uid, None) is not None:
            write_atomic(self._path, json.dumps(self._pods), 0o600)

    def _load(self) -> dict[str, dict[str, Object]]:
        try:
            found = json.loads(self._path.read_text())
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as fault:
            _log.warning("%s is not readable, so resized pods ask anew: %s", self._path, fault)
            return {}
        return found if isinstance(found, dict) else {}
