"""projected: several sources in one directory, in memory.

Fields: `sources` (serviceAccountToken, configMap, secret, downwardAPI, clusterTrustBundle, podCertificate),
`defaultMode` (0644). Tokens come from the API server's TokenRequest and are renewed after four fifths of
their life; certificates come from their signer by a PodCertificateRequest and are renewed when it says. These
and trust bundles belong to the user as whom all containers run, if they agree on one.
Needs tmpfs. Source: API reference, ProjectedVolumeSource.
"""

from __future__ import annotations

from proa.cluster.kubelet.problems import VolumeProblem
from proa.cluster.kubelet.volumes.atomic import File
from proa.cluster.kubelet.volumes.files import show_files
from proa.cluster.kubelet.volumes.payload import (
    config_map,
    downward_files,
    mode_of,
    object_files,
    personal_file,
    secret,
)
from proa.cluster.kubelet.volumes.plugin import ReadyVolume, VolumeRequest, volume_plugin
from proa.kube import Object

_DEFAULT_LIFETIME = 3600


@volume_plugin("projected", "projected")
async def set_up(source: Object, request: VolumeRequest) -> ReadyVolume:
    mode = mode_of(source, request)
    files: dict[str, File] = {}
    for index, projection in enumerate(source.get("sources") or ()):
        if "podCertificate" in projection:
            place = f"{request.name}/{index}"
            files |= await _certificate(projection["podCertificate"], request, mode, place)
        else:
            files |= await _project(projection, request, mode)
    return await show_files(files, request, in_memory=True)


async def _project(projection: Object, request: VolumeRequest, mode: int) -> dict[str, File]:
    if "serviceAccountToken" in projection:
        return await _token(projection["serviceAccountToken"], request, mode)
    if "clusterTrustBundle" in projection:
        return await _trust(projection["clusterTrustBundle"], request, mode)
    if "configMap" in projection:
        part = projection["configMap"]
        return object_files(config_map(request, part["name"]), part, request, mode)
    if "secret" in projection:
        part = projection["secret"]
        return object_files(secret(request, part["name"]), part, request, mode)
    if "downwardAPI" in projection:
        return downward_files(projection["downwardAPI"], request, mode)
    raise VolumeProblem(f"projection of {', '.join(projection)} is not supported")


async def _token(part: Object, request: VolumeRequest, mode: int) -> dict[str, File]:
    lifetime = part.get("expirationSeconds") or _DEFAULT_LIFETIME
    token = await request.credentials.tokens.token(request.pod, part.get("audience") or "", lifetime)
    return {part["path"]: personal_file(token.encode(), request, mode)}


async def _trust(part: Object, request: VolumeRequest, mode: int) -> dict[str, File]:
    uid = request.pod["metadata"]["uid"]
    anchors = await request.credentials.bundles.anchors(uid, part)
    if anchors is None and not part.get("optional"):
        if "name" in part:
            raise VolumeProblem(f'clustertrustbundle "{part["name"]}" not found')
        raise VolumeProblem("combination of signerName and labelSelector matched zero ClusterTrustBundles")
    return {part["path"]: personal_file(anchors or b"", request, mode)}


async def _certificate(part: Object, request: VolumeRequest, mode: int, place: str) -> dict[str, File]:
    key, chain = await request.credentials.certificates.credential(request.pod, place, part)
    shown = {"credentialBundlePath": key + chain, "keyPath": key, "certificateChainPath": chain}
    return {
        part[field]: personal_file(content, request, mode)
        for field, content in shown.items()
        if part.get(field)
    }
