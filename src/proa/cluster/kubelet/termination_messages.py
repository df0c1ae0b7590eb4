"""What a container says at its end (source: API reference, Container.terminationMessagePath)."""

from __future__ import annotations

from pathlib import Path

from proa.cluster.kubelet.config import KubeletConfig
from proa.cluster.kubelet.container_config import MESSAGE_POLICY
from proa.cluster.kubelet.cri import ContainerStatus
from proa.cluster.kubelet.logs.entries import tail_text

_LONGEST_FILE, _LONGEST_LOG, _LOG_LINES = 4096, 2048, 80


def message_file(config: KubeletConfig, uid: str, container: str, attempt: int) -> Path:
    """The file on the node that an attempt at a container finds at its terminationMessagePath."""
    return config.pods_dir / uid / "containers" / container / str(attempt)


def termination_message(config: KubeletConfig, uid: str, ended: ContainerStatus) -> str:
    """What the container wrote; after a failure its last log lines, when the policy says so."""
    try:
        with message_file(config, uid, ended.name, ended.attempt).open("rb") as file:
            text = file.read(_LONGEST_FILE).decode(errors="replace")
    except OSError:
        text = ""
    fallback = ended.annotations.get(MESSAGE_POLICY) == "FallbackToLogsOnError"
    if not text and fallback and ended.exit_code != 0:
        return tail_text(Path(ended.log_path), _LOG_LINES)[-_LONGEST_LOG:]
    return text
