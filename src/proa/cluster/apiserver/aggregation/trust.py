"""ConfigMap kube-system/extension-apiserver-authentication: whom aggregated servers may believe.

Source: kube-apiserver pkg/controlplane/controller/clusterauthenticationtrust; the role is upstream's.
"""

from __future__ import annotations

from proa.cluster.apiserver.config import ApiServerConfig
from proa.cluster.apiserver.front_proxy import trust_data
from proa.errors import AlreadyExists
from proa.kube.client import Client
from proa.kube.resources import CONFIG_MAPS

NAMESPACE, NAME = "kube-system", "extension-apiserver-authentication"


async def publish(client: Client, config: ApiServerConfig) -> None:
    """Make the ConfigMap, or put our part of it right."""
    authorities = (config.client_authority.read_text(), config.front_proxy.authority.read_text())
    data = trust_data(*authorities)
    try:
        await client.create(CONFIG_MAPS, {"metadata": {"name": NAME}, "data": data}, NAMESPACE)
    except AlreadyExists:
        present = await client.get(CONFIG_MAPS, NAME, NAMESPACE)
        if (present.get("data") or {}) | data != present.get("data"):
            await client.patch(CONFIG_MAPS, NAME, {"data": data}, NAMESPACE)
