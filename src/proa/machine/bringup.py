"""Brings a cluster up on this machine: prepares all files, starts the parts, waits until nodes are Ready."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable, Coroutine, Iterable, Sequence
from ipaddress import ip_address
from typing import Any

from proa.errors import ProaError, UserError
from proa.files import write_if_changed
from proa.kernel import forwarding, netns
from proa.machine import checks, claim, containerd, images, mounts, nodes, record, runtimes
from proa.machine.keeper import keeper
from proa.machine.layout import Layout, NodeLayout
from proa.machine.plan import (
    MAXIMUM_NODES,
    Node,
    families,
    namespaced_nodes,
    node_settings,
    server_settings,
)
from proa.settings import Settings

Report = Callable[[str], None]
"""Told what begins now, in words for a person."""


def planned_nodes(settings: Settings, count: int) -> list[Node]:
    """The nodes to run: this machine itself for 0, else as many namespaces."""
    if not 0 <= count <= MAXIMUM_NODES:
        raise UserError(f"--nodes: {count} is not allowed: give a number from 1 to {MAXIMUM_NODES}")
    if count:
        return namespaced_nodes(count, families(settings))
    primary, *other = _own_addresses(settings)
    return [Node(settings.node_name or socket.gethostname().lower(), primary, secondary="".join(other))]


def _own_addresses(settings: Settings) -> list[str]:
    """The machine's address in each family of the cluster; UserError when it has none in one."""
    given: dict[int, str] = {ip_address(text).version: text for text in settings.node_ip}
    if strange := sorted(given.keys() - set(families(settings))):
        raise UserError(
            f"--node-ip: {given[strange[0]]} is an IPv{strange[0]} address, the cluster has no such range:"
            " leave it out, or give --cluster-cidr and --service-cidr of its family too"
        )
    if foreign := sorted(set(given.values()) - nodes.all_addresses()):
        raise UserError(f"--node-ip: no network device of this machine has the address {foreign[0]}")
    return [given.get(version) or _own_address(version) for version in families(settings)]


def _own_address(version: int) -> str:
    if address := nodes.own_address(version):
        return address
    raise UserError(
        f"this machine has no IPv{version} address, and --cluster-cidr has an IPv{version} range:"
        " give an address with --node-ip, or ranges of the other family alone"
    )


def check(settings: Settings, layout: Layout, planned: Sequence[Node]) -> None:
    """Raises UserError for whatever would keep the cluster from starting."""
    checks.check_programs()
    runtimes.check(settings.default_runtime)
    claim.check(layout)
    check_nodes(layout, planned)
    left_over = {status.name for status in keeper(layout, planned).statuses() if status.state == "running"}
    if "server" not in left_over:
        checks.check_port(settings.bind_address, settings.https_listen_port, "--https-listen-port")
    if any(not node.netns and f"agent-{node.name}" not in left_over for node in planned):
        checks.check_port("0.0.0.0", checks.KUBELET_PORT)


def check_nodes(layout: Layout, planned: Sequence[Node]) -> None:
    """Raises UserError when the state has nodes that would not come back: their pods would wait for them."""
    known = {folder.parent.name for folder in (layout.data / "agent").glob("*/settings.json")}
    lost = sorted(known - {node.name for node in planned})
    if lost and layout.database.exists():
        names, home = ", ".join(lost), layout.data
        raise UserError(
            f"{home} holds a cluster with node {names}, which this start would leave out: start it with the"
            f" same --nodes or --node-name as before, or begin anew with proa down --purge --data-dir {home}"
        )


def prepare(settings: Settings, layout: Layout, planned: Sequence[Node], report: Report) -> None:
    """Write and make everything that the parts need."""
    record.write(layout, _record(settings, layout, planned))
    claim.take(layout)
    report("network of the nodes")
    nodes.connect(planned)
    report("containerd's configuration")
    write_containerd_configuration(settings, layout, planned)
    report("certificates")
    _write_credentials_and_settings(settings, layout, planned)
    report("images")
    images.build(layout.images)


async def start(settings: Settings, layout: Layout, planned: Sequence[Node], report: Report) -> None:
    """Start the parts; returns when every node is Ready and has the images. Raises ProaError when late."""
    from proa.machine import waiting

    report("start of server, containerd and agent")
    watched = keeper(layout, planned)
    running = {status.name for status in watched.statuses() if status.state == "running"}
    adopted = [node.name for node in planned if f"agent-{node.name}" in running]
    watched.start()
    names = [node.name for node in planned]
    ready = waiting.nodes_ready(settings.write_kubeconfig, names, adopted, report)
    sockets = [layout.node(node.name).containerd_socket for node in planned]
    loads = [asyncio.to_thread(waiting.load_images, layout, place) for place in sockets]
    try:
        async with asyncio.timeout(waiting.PATIENCE):
            await waiting.unless_a_part_dies(watched, _all(ready, *loads))
    except TimeoutError:
        raise ProaError(f"not ready after {waiting.PATIENCE:.0f} s: see the logs, {watched.logs}") from None
    if any(node.netns for node in planned):
        nodes.route_pods(planned, await waiting.pod_ranges(settings.write_kubeconfig))
    report("ready")


async def _all(*work: Coroutine[Any, Any, None]) -> None:
    """Do these at once; the first failure ends the others and is raised as it is."""
    try:
        async with asyncio.TaskGroup() as group:
            for each in work:
                group.create_task(each)
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None


def _record(settings: Settings, layout: Layout, planned: Sequence[Node]) -> record.Record:
    """What is to be known of this cluster; how the machine was before an earlier, unfinished start stays."""
    earlier = record.read(layout)
    return record.Record(
        tuple(planned),
        settings.as_text(),
        earlier.before if earlier else _kernel_settings(families(settings)),
        earlier.named_namespaces if earlier else mounts.is_point(netns.NAMES),
    )


def _kernel_settings(versions: Iterable[int]) -> dict[str, str]:
    """What a start changes of the machine's own, with the values that it finds."""
    return {name: value for version in versions for name, value in forwarding.present(version).items()}


def require_node(settings: Settings, layout: Layout, node: Node) -> None:
    """What an agent started by hand needs: a containerd, and credentials, issued here if this machine can."""
    place = layout.node(node.name)
    if layout.server_pair("ca").key.exists():
        from proa.cluster.pki import Authority
        from proa.machine.credentials import prepare_node

        prepare_node(settings, layout, node, Authority.open(layout.tls))
    if not place.kubeconfig.exists():
        raise UserError(f"{place.kubeconfig} is not there: run proa server on this machine first")
    if not place.containerd_socket.exists():
        config = place.containerd_config
        raise UserError(f"no containerd at {place.containerd_socket}: containerd --config {config} starts it")


def write_containerd_configuration(settings: Settings, layout: Layout, planned: Sequence[Node]) -> None:
    """The configuration of each node's containerd, for the release that is installed."""
    release, may_lower = containerd.major_release(), containerd.may_lower_oom_score()
    for node in planned:
        place = layout.node(node.name)
        for folder in (place.run, place.network_config, place.plugins):
            folder.mkdir(parents=True, exist_ok=True)
        options = _containerd_options(settings, place, may_lower_oom_score=may_lower)
        write_if_changed(place.containerd_config, containerd.configuration(release, options), 0o600)


def _containerd_options(
    settings: Settings, place: NodeLayout, *, may_lower_oom_score: bool
) -> containerd.ContainerdOptions:
    return containerd.ContainerdOptions(
        root=place.containerd_root,
        state=place.containerd_state,
        socket=place.containerd_socket,
        cni_conf_dir=place.network_config,
        cni_bin_dir=place.plugins,
        may_lower_oom_score=may_lower_oom_score,
        default_runtime=settings.default_runtime,
        runtimes=runtimes.installed(),
    )


def _write_credentials_and_settings(settings: Settings, layout: Layout, planned: Sequence[Node]) -> None:
    from proa.machine.credentials import prepare_node, prepare_server

    authority = prepare_server(settings, layout, [it for node in planned for it in node.addresses])
    for node in planned:
        prepare_node(settings, layout, node, authority)
        text = json.dumps(node_settings(settings, node).as_text(), indent=1)
        write_if_changed(layout.node(node.name).settings, text, 0o600)
    text = json.dumps(server_settings(settings, planned).as_text(), indent=1)
    write_if_changed(layout.server_settings, text, 0o600)
