"""Images without a registry: archives that `ctr images import` reads."""

import hashlib
import io
import json
import tarfile
from pathlib import Path


_APPLETS = (
    "sh sleep cat echo true false ls id hostname nc httpd wget env touch test mount stat seq rm dd tail mkdir ln"
).split()


def write_image(archive: Path, name: str, files: dict[str, Path], config: dict[str, object]) -> None:
    """Write an image archive of one layer; `files` maps a path in the image to a file here."""
    layer = _layer(files)
    image = {
        "architecture": "amd64",
        "os": "linux",
        "config": config,
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}"]},
    }
    manifest = [{"Config": "config.json", "RepoTags": [name], "Layers": ["layer.tar"]}]
    with tarfile.open(archive, "w") as tar:
        _add(tar, "layer.tar", layer)
        _add(tar, "config.json", json.dumps(image).encode())
        _add(tar, "manifest.json", json.dumps(manifest).encode())


def _layer(files: dict[str, Path]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for directory in ("tmp", "etc"):
            entry = tarfile.TarInfo(directory)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o1777 if directory == "tmp" else 0o755
            tar.addfile(entry)
        for path, source in files.items():
            _add(tar, path, source.read_bytes(), 0o755)
        _add(tar, "etc/passwd", b"root:x:0:0:root:/root:/bin/sh\nworker:x:1000:1000::/:/bin/sh\n")
        if "bin/busybox" in files:
            for applet in _APPLETS:
                link = tarfile.TarInfo(f"bin/{applet}")
                link.type, link.linkname = tarfile.SYMTYPE, "busybox"
                tar.addfile(link)
    return buffer.getvalue()


def _add(tar: tarfile.TarFile, path: str, data: bytes, mode: int = 0o644) -> None:
    entry = tarfile.TarInfo(path)
    entry.size, entry.mode = len(data), mode
    tar.addfile(entry, io.BytesIO(data))
