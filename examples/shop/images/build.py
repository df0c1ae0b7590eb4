"""Makes the two images of the shop, each an archive for `proa images import`, without a registry.

    scripts/shop-images FOLDER

Packages are kept in FOLDER/packages. An image is made again when what is here has changed; remove
FOLDER to get newer packages.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import debian

from proa.errors import ProaError
from proa.files import write_atomic
from proa.machine import images
from proa.machine.images import Image

_HERE = Path(__file__).parent
Files = dict[str, tuple[bytes, int]]


def database(cache: Path) -> Image:
    """Debian's MariaDB server, which makes its own data folder at its first start."""
    found = debian.content(["mariadb-server-core", "mariadb-client-core"], cache)
    entrypoint = (_HERE / "db" / "entrypoint.sh").read_bytes()
    return _image(
        "docker.io/shop/mariadb:1",
        found,
        {"usr/bin/entrypoint": (entrypoint, 0o755)},
        {"var/lib/mysql": 0o777, "run/mysqld": 0o777},
        "/usr/bin/entrypoint",
    )


def front(cache: Path) -> Image:
    """Debian's Python with its MySQL client, the shop's program, and what it puts in its volume."""
    found = debian.content(["python3", "python3-pymysql"], cache, without=("dpkg", "tar"))
    own = _HERE / "front"
    files: Files = {"usr/bin/shop": ((own / "shop.py").read_bytes(), 0o755)}
    for path in sorted((own / "content").rglob("*")):
        if path.is_file():
            files[f"usr/share/shop/{path.relative_to(own / 'content')}"] = path.read_bytes(), 0o644
    return _image("docker.io/shop/front:1", found, files, {}, "/usr/bin/shop")


def build(folder: Path) -> list[Path]:
    """The archives in `folder`, made where they are missing or older than what is here."""
    made = []
    wanted: dict[str, Callable[[Path], Image]] = {"mariadb": database, "front": front}
    for name, image in wanted.items():
        path = folder / f"shop-{name}-{_digest()}.tar"
        if not path.exists():
            archive = images.archive(image(folder / "packages"))
            for old in folder.glob(f"shop-{name}-*.tar"):
                old.unlink()
            write_atomic(path, archive)
        made.append(path)
    return made


def _image(
    name: str, found: debian.Content, files: Files, folders: Mapping[str, int], entrypoint: str
) -> Image:
    """With busybox for a shell; what Debian's packages bring goes before it."""
    base = images.busybox()
    files = {debian.merged(path): content for path, content in base.files.items()} | found.files | files
    links = {debian.merged(path): target for path, target in base.links.items()} | found.links
    return Image(
        names=(name,),
        files=files,
        links={path: target for path, target in links.items() if path not in files},
        folders={debian.merged(path): mode for path, mode in (dict(base.folders) | dict(folders)).items()},
        entrypoint=(entrypoint,),
    )


def _digest() -> str:
    """Of all that makes the images, but the packages."""
    sources = sorted(path for path in _HERE.rglob("*") if path.is_file() and path.suffix != ".pyc")
    content = b"".join(path.read_bytes() for path in sources)
    return hashlib.sha256(content).hexdigest()[:12]


if __name__ == "__main__":
    try:
        for path in build(Path(sys.argv[1])):
            print(path)
    except ProaError as error:
        sys.exit(f"shop-images: {error}")
