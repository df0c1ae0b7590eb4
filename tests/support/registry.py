"""A container registry on the loopback that asks for a password (source: OCI distribution specification)."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
import json
import tarfile
from collections.abc import AsyncIterator

from aiohttp import web

from proa.machine.images import Image, archive

_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
_CONFIG = "application/vnd.docker.container.image.v1+json"
_LAYER = "application/vnd.docker.image.rootfs.diff.tar"


class Registry:
    """Holds images by name, as `app:1`; `asked` counts the manifests that were fetched."""

    def __init__(self, user: str, password: str) -> None:
        self._right = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
        self._blobs: dict[str, tuple[bytes, str]] = {}
        self._tags: dict[str, str] = {}
        self.address = ""
        self.asked = 0

    def add(self, name: str, image: Image) -> None:
        """Have an image under this name."""
        with tarfile.open(fileobj=io.BytesIO(archive(image))) as tar:
            parts = {member.name: tar.extractfile(member) for member in tar.getmembers() if member.isfile()}
            content = {path: file.read() for path, file in parts.items() if file is not None}
        (listed,) = json.loads(content["manifest.json"])
        manifest = {
            "schemaVersion": 2,
            "mediaType": _MANIFEST,
            "config": self._blob(content[listed["Config"]], _CONFIG),
            "layers": [self._blob(content[path], _LAYER) for path in listed["Layers"]],
        }
        self._tags[name] = str(self._blob(json.dumps(manifest).encode(), _MANIFEST)["digest"])

    def _blob(self, data: bytes, kind: str) -> dict[str, object]:
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        self._blobs[digest] = (data, kind)
        return {"mediaType": kind, "digest": digest, "size": len(data)}

    async def answer(self, request: web.Request) -> web.Response:
        """One request of a client."""
        if request.headers.get("Authorization") != self._right:
            return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="test"'})
        kind, reference = request.match_info["kind"], request.match_info["reference"]
        digest = reference
        if kind == "manifests":
            self.asked += request.method == "GET"
            digest = self._tags.get(f"{request.match_info['name']}:{reference}", reference)
        if digest not in self._blobs:
            return web.Response(status=404)
        data, media_type = self._blobs[digest]
        headers = {"Docker-Content-Digest": digest, "Content-Type": media_type}
        return web.Response(body=data, headers=headers)


@contextlib.asynccontextmanager
async def running_registry(user: str, password: str) -> AsyncIterator[Registry]:
    """A registry on a free port of the loopback; `address` is what image names begin with."""
    registry = Registry(user, password)
    app = web.Application()
    app.router.add_get("/v2/{name:.+}/{kind:manifests|blobs}/{reference}", registry.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        registry.address = f"127.0.0.1:{runner.addresses[0][1]}"
        yield registry
    finally:
        await runner.cleanup()
