"""For which pods a node may ask certificates: its own, as they are (source: NodeRestriction)."""

from __future__ import annotations

from collections.abc import Iterator

from proa.cluster.apiserver.admission.request import Request
from proa.cluster.apiserver.nodes.references import MIRROR
from proa.cluster.apiserver.nodes.refusal import refuse
from proa.cluster.apiserver.view import View
from proa.kube.resources import NODES, PODS, SERVICE_ACCOUNTS, Object


def admit(node: str, request: Request, view: View) -> None:
    """Raises Forbidden."""
    if request.operation != "CREATE":
        refuse(request, f"unexpected operation {request.operation}")
    namespace, spec = request.target.namespace, request.obj.get("spec") or {}
    if spec.get("nodeName") != node:
        named = spec.get("nodeName", "")
        refuse(request, f'spec.nodeName "{named}" is not the requesting node "{node}"')
    _same(request, "node", view.get(NODES, node), spec.get("nodeUID"))
    pod = _same(request, "pod", view.get(PODS, spec.get("podName") or "", namespace), spec.get("podUID"))
    if pod["spec"].get("nodeName") != node:
        refuse(request, f'pod "{spec["podName"]}" does not run on node "{node}"')
    if MIRROR in (pod["metadata"].get("annotations") or {}):
        refuse(request, f'pod "{spec["podName"]}" is a mirror pod')
    account = spec.get("serviceAccountName") or ""
    if account != pod["spec"].get("serviceAccountName"):
        refuse(request, f'serviceAccountName "{account}" differs from that of pod "{spec["podName"]}"')
    found = view.get(SERVICE_ACCOUNTS, account, namespace)
    _same(request, "service account", found, spec.get("serviceAccountUID"))
    if spec.get("signerName") not in set(_signers(pod)):
        signer = spec.get("signerName", "")
        refuse(request, f'pod "{spec["podName"]}" has no podCertificate volume of signer "{signer}"')


def _same(request: Request, what: str, found: Object | None, uid: str | None) -> Object:
    """The object that a request names, if it is still the same one."""
    if found is None:
        refuse(request, f"the {what} that it names does not exist")
    if found["metadata"]["uid"] != uid:
        refuse(request, f'the {what} that it names has another UID than "{uid}"')
    return found


def _signers(pod: Object) -> Iterator[str]:
    for volume in pod["spec"].get("volumes") or ():
        for source in (volume.get("projected") or {}).get("sources") or ():
            if "podCertificate" in source:
                yield source["podCertificate"].get("signerName") or ""
