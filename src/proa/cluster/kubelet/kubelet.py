"""The kubelet of one node: pods of the API become containers of containerd."""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import Mapping
from pathlib import Path

from proa.cluster.kubelet.access import Gate, Reviews
from proa.cluster.kubelet.admission import port_refusal, security_refusal, sysctl_refusal
from proa.cluster.kubelet.certificates import PodCertificates, TrustBundles
from proa.cluster.kubelet.cgroups import Cgroups
from proa.cluster.kubelet.config import KubeletConfig
from proa.cluster.kubelet.cri import Channel, Images, Runtime, Snapshots, Tasks, follow_exits
from proa.cluster.kubelet.dns import parse_resolver
from proa.cluster.kubelet.environment import service_variables
from proa.cluster.kubelet.eviction.manager import EvictionManager
from proa.cluster.kubelet.fields import NodeFacts
from proa.cluster.kubelet.handlers import Handlers
from proa.cluster.kubelet.host import Host
from proa.cluster.kubelet.image_gc import ImageCollector
from proa.cluster.kubelet.images import ImageManager
from proa.cluster.kubelet.logs import rotate_logs
from proa.cluster.kubelet.machine import Machine, has_apparmor, read_machine
from proa.cluster.kubelet.node import NodeReporter
from proa.cluster.kubelet.node_status import admission_refusal, allocatable
from proa.cluster.kubelet.objects import ObjectCache
from proa.cluster.kubelet.observation import Observer
from proa.cluster.kubelet.own_node import OwnNode
from proa.cluster.kubelet.pod_manager import PodManager
from proa.cluster.kubelet.probes import ProbeManager
from proa.cluster.kubelet.pull_records import PullRecords
from proa.cluster.kubelet.resize import AllocationStore, Resizer
from proa.cluster.kubelet.resources import pod_requests
from proa.cluster.kubelet.server import KubeletServer
from proa.cluster.kubelet.static import Mirrors, StaticSource
from proa.cluster.kubelet.stats import Collector, StatsRoutes
from proa.cluster.kubelet.stats.disks import Disks
from proa.cluster.kubelet.status_writer import StatusWriter
from proa.cluster.kubelet.streams import StreamRoutes
from proa.cluster.kubelet.tokens import TokenManager
from proa.cluster.kubelet.turns import Turns
from proa.cluster.kubelet.volumes.image_views import ImageViews
from proa.cluster.kubelet.volumes.manager import VolumeManager
from proa.cluster.kubelet.volumes.plugin import Credentials
from proa.kube import PODS, SERVICES, Client, EventRecorder, Informer, Object, to_integer, to_milli

_log = logging.getLogger(__name__)

_FEWEST_TURNS = 4


class Kubelet:
    """Everything that one node does for its pods. It owns neither `client` nor containerd."""

    def __init__(self, client: Client, config: KubeletConfig) -> None:
        self._client = client
        self._config = config
        self._informer = Informer(client, PODS, field_selector=f"spec.nodeName={config.node_name}")
        self._services = Informer(client, SERVICES)
        self._own_node = OwnNode(client, config.node_name)
        self._mirrors = Mirrors(client, self._informer, config.node_name)
        self._pods = PodManager(self._informer, self._mirrors)
        self._static = StaticSource(config.manifests_dir, config.node_name, self._pods.set_static)

    async def run(self) -> None:
        """Work until cancelled. Running pods go on, and the next kubelet of this name adopts them.

        Raises OSError or ssl.SSLError when the HTTPS port cannot be served.
        """
        config = self._config
        for directory in (config.pods_dir, config.logs_dir):
            directory.mkdir(parents=True, exist_ok=True)
        config.pods_dir.chmod(0o750)
        shutil.rmtree(config.streams_dir, ignore_errors=True)
        channel = Channel(config.containerd_socket)
        machine = read_machine(config.data_dir, config.cgroup_mount)
        host = self._make_host(channel, machine)
        disks = Disks(config, host.objects.get)
        images = Images(channel)
        collector = Collector(config, machine, host.runtime, images, disks, self._pods.pods)
        records = PullRecords(config.pull_records_dir)
        self._image_collector = ImageCollector(images, host.runtime, config.arguments, records.keep)
        self._eviction = EvictionManager(
            collector,
            self._pods.pods,
            self._pods.evict,
            self._image_collector.free_all,
            config.arguments.eviction,
        )
        streams = StreamRoutes(config, self._pods, host.observer, host.runtime, Tasks(channel))
        gate = Gate(Reviews(self._client, config.node_name))
        stats = StatsRoutes(collector, host.probes)
        server = KubeletServer(config, gate, self._pods, host.observer, streams, stats)
        try:
            await server.start()
            await self._work(channel, host)
        finally:
            await server.stop()
            await host.objects.close()
            await host.certificates.close()
            await host.bundles.close()
            await channel.close()

    async def _work(self, channel: Channel, host: Host) -> None:
        node = NodeReporter(
            self._client,
            self._config,
            host.runtime,
            host.events,
            self._pods.wake_all,
            self._eviction.conditions,
            lambda: self._image_collector.present,
        )

        def runtime_gap() -> None:
            node.look()
            self._pods.wake_all()

        async with asyncio.TaskGroup() as group:
            group.create_task(self._informer.run())
            group.create_task(self._services.run())
            group.create_task(self._own_node.run())
            group.create_task(node.run())
            group.create_task(self._image_collector.run())
            group.create_task(self._eviction.run())
            group.create_task(rotate_logs(host.runtime, self._config.logs_dir, self._config.arguments.logs))
            self._pods.begin(host)
            self._static.read()
            group.create_task(self._static.run())
            group.create_task(self._mirrors.run())
            group.create_task(follow_exits(channel, self._pods.ended, runtime_gap))
            await self._services.wait_synced()
            group.create_task(self._pods.run())

    def _make_host(self, channel: Channel, machine: Machine) -> Host:
        client, config, pods = self._client, self._config, self._pods
        events = EventRecorder(client, "kubelet", config.node_name)
        runtime = Runtime(channel)
        facts = NodeFacts(tuple(config.node_ips), allocatable(config, machine))
        self._room = {
            "cpu": to_milli(facts.allocatable["cpu"]),
            "memory": to_integer(facts.allocatable["memory"]),
            "pods": to_integer(facts.allocatable["pods"]),
        }
        self._sizes = Resizer(AllocationStore(config.allocations_file), pods, self._room, events.event)
        objects, handlers = ObjectCache(client, pods.refresh), Handlers(runtime)
        images = Images(channel)
        manager = ImageManager(images, events, PullRecords(config.pull_records_dir))
        views = ImageViews(manager, images, Snapshots(channel), objects)
        credentials = Credentials(
            tokens=(tokens := TokenManager(client)),
            certificates=(certificates := PodCertificates(client, config.node_name, pods.refresh)),
            bundles=(bundles := TrustBundles(client, pods.refresh)),
        )
        return Host(
            config=config,
            client=client,
            events=events,
            runtime=runtime,
            observer=Observer(runtime),
            images=manager,
            objects=objects,
            tokens=tokens,
            certificates=certificates,
            bundles=bundles,
            volumes=VolumeManager(config, objects, credentials, views, lambda: facts),
            cgroups=Cgroups(config.cgroup_mount, config.arguments.pod_max_pids),
            handlers=handlers,
            probes=ProbeManager(handlers, events, config.node_ips, pods.wake),
            statuses=StatusWriter(client, pods.in_api),
            sizes=self._sizes,
            resolver=parse_resolver(Path("/etc/resolv.conf").read_text()),
            facts=facts,
            memory=machine.memory,
            turns=Turns(max(_FEWEST_TURNS, 2 * machine.cpus)),
            services=self._service_variables,
            admit=self._admit,
        )

    def _service_variables(self, namespace: str, links: bool) -> Mapping[str, str]:
        return service_variables(self._services.list(), namespace, links=links)

    async def _admit(self, pod: Object) -> tuple[str, str] | None:
        """Why the pod may not be here, or has no room beside those that were here before it."""
        if refusal := await self._own_node.refusal(pod) or self._eviction.refusal(pod):
            return refusal
        others = [
            self._sizes.given(other)
            for other in self._pods.alive()
            if other["metadata"]["uid"] != pod["metadata"]["uid"]
            and (other.get("status") or {}).get("startTime")
        ]
        used = [pod_requests(other) for other in others]
        too_much = admission_refusal(pod_requests(pod), used, self._room)
        return (
            too_much
            or port_refusal(pod, others)
            or sysctl_refusal(pod, self._config.arguments.allowed_unsafe_sysctls)
            or security_refusal(pod, apparmor=has_apparmor())
        )
