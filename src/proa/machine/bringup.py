"""Brings a cluster up on this machine: prepares all files, starts the parts, waits until nodes are Ready."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable, Sequence
from pathlib import Path

from proa.errors import ProaError, UserError
from proa.files import write_if_changed
from proa.kernel import sysctl
from proa.machine import checks, containerd, images, nodes, record
from proa.machine.keeper import keeper
from proa.machine.layout import Layout
from proa.machine.plan import Node, namespaced_nodes, node_settings
from proa.settings import Settings

Report = Callable[[str], None]
"""Told what begins now, in words for a person."""
LOOPBACK_PLUGIN = Path("/usr/lib/cni/loopback")  # package containernetworking-plugins


def planned_nodes(settings: Settings, count: int) -> list[Node]:
    """The nodes to run: this machine itself for 0, else as many namespaces."""
    if count:
        return namespaced_nodes(count)
    address = settings.node_ip or nodes.own_address()
    if address is None:
        raise UserError("this machine has no address: give one with --node-ip")
    return [Node(settings.node_name or socket.gethostname().lower(), address)]


def check(settings: Settings, layout: Layout, planned: Sequence[Node]) -> None:
    """Raises UserError for whatever would keep the cluster from starting."""
    checks.check_programs()
    left_over = {status.name for status in keeper(layout, planned).statuses() if status.state == "running"}
    if "server" not in left_over:
        checks.check_port(settings.bind_address, settings.https_listen_port, "--https-listen-port")
    if any(not node.netns and f"agent-{node.name}" not in left_over for node in planned):
        checks.check_port("0.0.0.0", checks.KUBELET_PORT)


def prepare(settings: Settings, layout: Layout, planned: Sequence[Node], report: Report) -> None:
    """Write and make everything that the parts need."""
    before = record.read(layout)
    kept = before.before if before else {nodes.FORWARDING: sysctl.read(nodes.FORWARDING)}
    record.write(layout, record.Record(tuple(planned), settings.as_text(), kept))
    report("network of the nodes")
    nodes.connect(planned)
    report("containerd's configuration")
    release, may_lower = containerd.major_release(), containerd.may_lower_oom_score()
    for node in planned:
        _write_node(settings, layout, node, release, may_lower_oom_score=may_lower)
    report("certificates")
    _write_credentials(settings, layout, planned)
    report("images")
    images.build(layout.images)


async def start(settings: Settings, layout: Layout, planned: Sequence[Node], report: Report) -> None:
    """Start the parts; returns when every node is Ready and has the images. Raises ProaError when late."""
    from proa.machine import waiting

    report("start of server, containerd and agent")
    keeper(layout, planned).start()
    ready = waiting.nodes_ready(settings.write_kubeconfig, [node.name for node in planned], report)
    sockets = [layout.node(node.name).containerd_socket for node in planned]
    loads = [asyncio.to_thread(waiting.load_images, layout, place) for place in sockets]
    try:
        async with asyncio.timeout(waiting.PATIENCE):
            await asyncio.gather(ready, *loads)
    except TimeoutError:
        raise ProaError(f"not ready after {waiting.PATIENCE:.0f} s: see the logs in {layout.logs}") from None
    report("ready")


def _write_node(
    settings: Settings, layout: Layout, node: Node, release: int, *, may_lower_oom_score: bool
) -> None:
    place = layout.node(node.name)
    for folder in (place.run, place.network_config, place.plugins):
        folder.mkdir(parents=True, exist_ok=True)
    # containerd sets up a pod's loopback with this plugin, and looks for plugins in one folder.
    link = place.plugins / LOOPBACK_PLUGIN.name
    if not link.is_symlink():
        link.symlink_to(LOOPBACK_PLUGIN)
    options = containerd.ContainerdOptions(
        root=place.containerd_root,
        state=place.containerd_state,
        socket=place.containerd_socket,
        cni_conf_dir=place.network_config,
        cni_bin_dir=place.plugins,
        may_lower_oom_score=may_lower_oom_score,
    )
    write_if_changed(place.containerd_config, containerd.configuration(release, options), 0o600)
    write_if_changed(place.settings, json.dumps(node_settings(settings, node).as_text(), indent=1), 0o600)


def _write_credentials(settings: Settings, layout: Layout, planned: Sequence[Node]) -> None:
    from proa.machine.credentials import prepare_node, prepare_server

    authority = prepare_server(settings, layout, [node.address for node in planned])
    for node in planned:
        prepare_node(settings, layout, node, authority)
    write_if_changed(layout.server_settings, json.dumps(settings.as_text(), indent=1), 0o600)
