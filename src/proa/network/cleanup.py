"""What `proa down` does to the pod network of a namespace: takes away what is proa's, nothing else."""

from __future__ import annotations

import shutil
from pathlib import Path

from proa.kernel import links, routes
from proa.kernel.netlink import Netlink
from proa.kernel.nftables import Nftables
from proa.network import backends, endpoint, install


def cleanup(*, cni_conf_dir: Path | None = None, data_dir: Path | None = None, purge: bool = False) -> None:
    """Removes pods' devices, the backend's device, proa's routes, its nftables table and its CNI list.

    The allocations in `data_dir` go only with `purge`. Acts on the calling thread's namespace; what
    is gone already is no failure. The agent must not run any more.
    """
    with Netlink() as netlink:
        own = backends.device_names()
        present = links.all_links(netlink)
        links.delete(netlink, [it.name for it in present if endpoint.is_pod_device(it) or it.name in own])
        left = (route for route in routes.all_routes(netlink) if route.protocol == routes.PROTOCOL)
        netlink.execute([routes.remove(route) for route in left])
    with Nftables() as nft:
        nft.delete_table()
    if cni_conf_dir:
        (cni_conf_dir / install.CONFLIST).unlink(missing_ok=True)
    if purge and data_dir:
        shutil.rmtree(data_dir, ignore_errors=True)
