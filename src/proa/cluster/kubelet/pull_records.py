"""Who may use the images that this node has pulled.

An image pulled with a secret is on the node's disk, where a pod without the secret must not find it. So it
is on record which secrets pulled an image; who shows none of them has to pull it again, which the registry
refuses. Images that the node did not pull were put there for all.
Source: pkg/kubelet/images/pullmanager (`NeverVerifyPreloadedImages`); the files are upstream's.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from proa.cluster.kubelet.pull_credentials import Credential
from proa.files import write_atomic
from proa.kube import now

_log = logging.getLogger(__name__)

_API = "kubelet.config.k8s.io/v1beta1"


class PullRecords:
    """Files of a folder, one an image that was pulled and one a pull that has begun. Blocking."""

    def __init__(self, folder: Path) -> None:
        self._pulled, self._pulling = folder / "pulled", folder / "pulling"

    def begin(self, name: str) -> None:
        """From now on an image of that name may be ours, however the pull ends."""
        self._write(self._pulling / _file(name), {"kind": "ImagePullIntent", "image": name})

    def end(self, name: str) -> None:
        """The pull has failed, or `note` has said how it went."""
        (self._pulling / _file(name)).unlink(missing_ok=True)

    def note(self, name: str, image_id: str, credential: Credential | None) -> None:
        """The image was pulled by that name: with the credential, or without any, so that all may use it."""
        path = self._pulled / _file(image_id)
        record = self._read(path) or {"kind": "ImagePulledRecord", "imageRef": image_id}
        mapping = record.setdefault("credentialMapping", {})
        known = mapping.setdefault(repository(name), {})
        if credential is None:
            mapping[repository(name)] = {"nodePodsAccessible": True}
        elif not known.get("nodePodsAccessible"):
            source = dict(credential.source)
            others = [it for it in known.get("kubernetesSecrets", ()) if it.get("uid") != source["uid"]]
            known["kubernetesSecrets"] = [*others, source]
        self._write(path, record)

    def may_use(self, name: str, image_id: str, credentials: Sequence[Credential]) -> bool:
        """Whether a pod that shows these may use the image by that name without asking the registry."""
        record = self._read(self._pulled / _file(image_id))
        if record is None:
            return not (self._pulling / _file(name)).exists()
        known = (record.get("credentialMapping") or {}).get(repository(name)) or {}
        if known.get("nodePodsAccessible"):
            return True
        secrets = known.get("kubernetesSecrets") or ()
        return any(credential.matches(secret) for credential in credentials for secret in secrets)

    def keep(self, image_ids: Collection[str], at: float) -> None:
        """At that time, seconds since the epoch, only these were left; one that comes back is for all."""
        kept = {_file(image_id) for image_id in image_ids}
        for path in _files(self._pulled):
            with suppress(FileNotFoundError):
                if path.name not in kept and path.stat().st_mtime < at:
                    path.unlink()

    def _read(self, path: Path) -> dict[str, Any] | None:
        """A record; one that cannot be read is one that nobody is named in."""
        try:
            found = json.loads(path.read_text())
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as fault:
            _log.warning("%s: %s: who uses the image has to pull it", path, fault)
            return {}
        return found if isinstance(found, dict) else {}

    def _write(self, path: Path, record: dict[str, Any]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        whole = {"apiVersion": _API, **record, "lastUpdatedTime": now()}
        write_atomic(path, json.dumps(whole) + "\n", mode=0o600)


def repository(name: str) -> str:
    """An image name without tag and digest."""
    head, _, _ = name.partition("@")
    folder, slash, last = head.rpartition("/")
    return f"{folder}{slash}{last.partition(':')[0]}"


def _file(name: str) -> str:
    return f"sha256-{hashlib.sha256(name.encode()).hexdigest()}"


def _files(folder: Path) -> Iterable[Path]:
    with suppress(OSError):
        return list(folder.iterdir())
    return ()
