"""Images made on this machine from its own static programs, so that a cluster needs no registry.

An image is an archive as `docker save` writes it (image specification 1.2): one layer, a
configuration and a manifest with the names. The same programs give the same bytes.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from proa.errors import MissingProgram, UserError
from proa.files import write_atomic
from proa.machine.containerd import PAUSE_IMAGE

BUSYBOX = "docker.io/library/busybox"
_ARCHITECTURES = {
    "x86_64": "amd64",
    "aarch64": "arm64",
    "armv7l": "arm",
    "riscv64": "riscv64",
    "ppc64le": "ppc64le",
}
_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class Image:
    """What an image holds and how it starts."""

    names: tuple[str, ...]
    files: Mapping[str, tuple[bytes, int]] = field(default_factory=dict)
    """Content and mode by path; folders are made as needed."""
    links: Mapping[str, str] = field(default_factory=dict)
    """Target by path of each symbolic link."""
    folders: Mapping[str, int] = field(default_factory=dict)
    """Mode by path of folders that are empty or not 0755."""
    entrypoint: Sequence[str] = ()
    command: Sequence[str] = ()
    user: str = ""
    """Name or number of whom it runs as; root when empty."""


def archive(image: Image) -> bytes:
    """The image as a tar archive that `ctr images import`, podman and docker read."""
    layer = _layer(image)
    config = json.dumps(_config(image, hashlib.sha256(layer).hexdigest()), sort_keys=True).encode()
    name = hashlib.sha256(config).hexdigest()
    manifest = [{"Config": f"{name}.json", "RepoTags": list(image.names), "Layers": ["layer.tar"]}]
    content = {
        "layer.tar": (layer, 0o644),
        f"{name}.json": (config, 0o644),
        "manifest.json": (json.dumps(manifest).encode(), 0o644),
    }
    return _tar(content, {}, {})


def busybox() -> Image:
    """A small user land: Debian's busybox-static and links for all it can do."""
    program = _static_program("busybox", "busybox-static")
    listing = subprocess.run([program, "--list-full"], check=True, capture_output=True, text=True).stdout
    banner = subprocess.run([program], check=True, capture_output=True, text=True).stdout
    version = ".".join(banner.split()[1].removeprefix("v").split(".")[:2])
    return Image(
        names=tuple(f"{BUSYBOX}:{tag}" for tag in ("stable", "latest", version)),
        files={
            "bin/busybox": (program.read_bytes(), 0o755),
            "etc/passwd": (
                b"root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/home:/bin/false\n",
                0o644,
            ),
            "etc/group": (b"root:x:0:\nnogroup:x:65534:\n", 0o644),
        },
        links={path: "/bin/busybox" for path in listing.split() if path != "bin/busybox"},
        folders={"root": 0o700, "tmp": 0o1777, "var/tmp": 0o1777, "home": 0o755, "var/www": 0o755},
        command=("sh",),
    )


def pause() -> Image:
    """What holds a pod's namespaces: Debian's catatonit, which waits and reaps."""
    program = _static_program("catatonit", "catatonit")
    files = {"catatonit": (program.read_bytes(), 0o755)}
    return Image(names=(PAUSE_IMAGE,), files=files, entrypoint=("/catatonit", "-P"))


def build(folder: Path) -> list[Path]:
    """The archives of all images in `folder`, made where they are missing."""
    made = []
    for name, image in (("pause", pause), ("busybox", busybox)):
        path = folder / f"{name}.tar"
        if not path.exists():
            write_atomic(path, archive(image()))
        made.append(path)
    return made


def _static_program(name: str, package: str) -> Path:
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/bin:/bin")
    if found is None:
        raise MissingProgram(name, package)
    path = Path(found).resolve()
    if b"/lib/ld" in path.read_bytes()[:4096] or b"/lib64/ld" in path.read_bytes()[:4096]:
        raise UserError(f"{path} needs libraries, an image needs the static one: apt-get install {package}")
    return path


def _config(image: Image, layer_digest: str) -> dict[str, object]:
    process: dict[str, object] = {"Env": [_PATH]}
    if image.user:
        process["User"] = image.user
    if image.entrypoint:
        process["Entrypoint"] = list(image.entrypoint)
    if image.command:
        process["Cmd"] = list(image.command)
    machine = os.uname().machine
    return {
        "architecture": _ARCHITECTURES.get(machine, machine),
        "os": "linux",
        "created": "1970-01-01T00:00:00Z",
        "config": process,
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer_digest}"]},
        "history": [{"created": "1970-01-01T00:00:00Z", "created_by": "proa"}],
    }


def _layer(image: Image) -> bytes:
    parents = {
        str(folder) for path in (*image.files, *image.links, *image.folders) for folder in Path(path).parents
    }
    folders = dict.fromkeys(parents - {"."}, 0o755) | dict(image.folders)
    return _tar(image.files, image.links, folders)


def _tar(
    files: Mapping[str, tuple[bytes, int]], links: Mapping[str, str], folders: Mapping[str, int]
) -> bytes:
    """Entries in the order of names, owned by root, dated 1970."""
    output = io.BytesIO()
    with tarfile.open(fileobj=output, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for path in sorted({*files, *links, *folders}):
            entry = tarfile.TarInfo(path)
            if path in folders:
                entry.type, entry.mode = tarfile.DIRTYPE, folders[path]
                tar.addfile(entry)
            elif path in links:
                entry.type, entry.linkname, entry.mode = tarfile.SYMTYPE, links[path], 0o777
                tar.addfile(entry)
            else:
                content, entry.mode = files[path]
                entry.size = len(content)
                tar.addfile(entry, io.BytesIO(content))
    return output.getvalue()
