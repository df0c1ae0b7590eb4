"""none: bring your own network plugin.

proa attaches no pod, installs no plugin and writes no CNI configuration; the node turns Ready when
another plugin has written its own. What k3s calls `--flannel-backend none`.

Configuration (net-conf `Backend`): Type `none`; no other key.
Needs from the kernel: nothing.
Source: k3s, documentation of `--flannel-backend`.
"""

from __future__ import annotations

from typing import ClassVar

from proa.network.backends.base import Backend


class NoNetwork(Backend):
    name: ClassVar[str] = "none"
    attaches_pods: ClassVar[bool] = False
