"""The cluster-wide half of storage: the class and the configuration that people expect to find."""

from __future__ import annotations

import logging

from proa.errors import AlreadyExists
from proa.kube import CONFIG_MAPS, STORAGE_CLASSES, Client, Manager, Object, Resource
from proa.storage import lost_nodes, resizer
from proa.storage.config import default_document
from proa.storage.local_path import StorageConfig
from proa.storage.names import CONFIG_MAP, NAMESPACE, PROVISIONER, STORAGE_CLASS

_log = logging.getLogger(__name__)


async def install(client: Client, config: StorageConfig) -> None:
    """Make the StorageClass and the ConfigMap where they are missing; what is there is the user's."""
    for resource, obj in manifests(config):
        namespace = obj["metadata"].get("namespace", "")
        try:
            await client.create(resource, obj, namespace)
        except AlreadyExists:
            continue
        _log.info("%s %s made", obj["kind"], obj["metadata"]["name"])


def setup(manager: Manager, config: StorageConfig) -> None:
    """Run the cluster-wide half with the manager: `install` once, then let volumes grow and lost ones go."""
    manager.add(_Installer(manager.client, config))
    lost_nodes.setup(manager)
    resizer.setup(manager)


def manifests(config: StorageConfig) -> list[tuple[Resource, Object]]:
    """The objects, as k3s has them; helper-pod scripts are not among them, since there are no helper pods."""
    storage_class: Object = {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {
            "name": STORAGE_CLASS,
            "annotations": {
                "defaultVolumeType": "local",
                "storageclass.kubernetes.io/is-default-class": "true",
            },
        },
        "provisioner": PROVISIONER,
        "reclaimPolicy": "Delete",
        "volumeBindingMode": "WaitForFirstConsumer",
    }
    config_map: Object = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": CONFIG_MAP, "namespace": NAMESPACE},
        "data": {"config.json": default_document(config.default_local_storage_path)},
    }
    return [(STORAGE_CLASSES, storage_class), (CONFIG_MAPS, config_map)]


class _Installer:
    """Runs `install` once."""

    def __init__(self, client: Client, config: StorageConfig) -> None:
        self._client = client
        self._config = config

    async def run(self) -> None:
        await install(self._client, self._config)
