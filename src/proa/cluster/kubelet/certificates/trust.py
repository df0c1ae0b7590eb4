"""What pods trust: ClusterTrustBundles, by name or by signer (source: pkg/kubelet/clustertrustbundle)."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from proa.cluster.kubelet.certificates.pem import certificates, clean
from proa.cluster.kubelet.following import Following
from proa.kube import Client, Informer, Object, labels_of
from proa.kube.resources import CLUSTER_TRUST_BUNDLES
from proa.kube.selectors import label_selector


class TrustBundles:
    """Follows all bundles once a pod wants one; `on_change` is called with the uids of such pods."""

    def __init__(self, client: Client, on_change: Callable[[str], None]) -> None:
        self._informer = Informer(client, CLUSTER_TRUST_BUNDLES)
        self._informer.on_change(lambda _old, _new: self._changed())
        self._following = Following(self._informer)
        self._on_change = on_change
        self._holders: set[str] = set()

    async def anchors(self, uid: str, projection: Object) -> bytes | None:
        """The trust anchors of a `clusterTrustBundle`, each once, in PEM; None when no bundle fits."""
        self._holders.add(uid)
        await self._following.begin()
        bundles = list(self._wanted(projection))
        texts = (bundle["spec"].get("trustBundle") or "" for bundle in bundles)
        return clean(iter(sorted({der for text in texts for der in certificates(text)}))) if bundles else None

    def _wanted(self, projection: Object) -> Iterable[Object]:
        if "name" in projection:
            found = self._informer.get(projection["name"])
            return [found] if found else []
        selector = label_selector(projection.get("labelSelector"))
        return [
            bundle
            for bundle in self._informer.list()
            if bundle["spec"].get("signerName") == projection.get("signerName")
            and selector is not None
            and selector.matches(labels_of(bundle))
        ]

    def forget(self, uid: str) -> None:
        """The pod is gone."""
        self._holders.discard(uid)

    async def close(self) -> None:
        """Follow nothing any more."""
        await self._following.end()

    def _changed(self) -> None:
        for uid in tuple(self._holders):
            self._on_change(uid)
