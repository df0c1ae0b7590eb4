from __future__ import annotations

import hashlib
import io
import json
import tarfile

from proa.machine.images import Image, archive

IMAGE = Image(
    names=("docker.io/library/tool:1", "docker.io/library/tool:latest"),
    files={"bin/tool": (b"#!/bin/sh\n", 0o755)},
    links={"usr/bin/alias": "/bin/tool"},
    folders={"tmp": 0o1777},
    command=("tool",),
    user="1234",
)


def members(content: bytes) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        return {member.name: member for member in tar}


def read(content: bytes, name: str) -> bytes:
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        file = tar.extractfile(name)
        assert file is not None
        return file.read()


def test_the_same_image_gives_the_same_bytes() -> None:
    assert archive(IMAGE) == archive(IMAGE)


def test_the_manifest_names_configuration_layer_and_tags() -> None:
    content = archive(IMAGE)
    (manifest,) = json.loads(read(content, "manifest.json"))
    assert manifest["RepoTags"] == list(IMAGE.names)
    layer, config = read(content, manifest["Layers"][0]), read(content, manifest["Config"])
    assert manifest["Config"] == hashlib.sha256(config).hexdigest() + ".json"
    assert json.loads(config)["rootfs"]["diff_ids"] == ["sha256:" + hashlib.sha256(layer).hexdigest()]
    process = json.loads(config)["config"]
    assert (process["Cmd"], process["User"]) == (["tool"], "1234")


def test_the_layer_holds_files_links_and_their_folders_in_order() -> None:
    found = members(read(archive(IMAGE), "layer.tar"))
    assert list(found) == ["bin", "bin/tool", "tmp", "usr", "usr/bin", "usr/bin/alias"]
    assert found["bin/tool"].mode == 0o755
    assert found["tmp"].mode == 0o1777
    assert found["usr/bin/alias"].linkname == "/bin/tool"
    assert all((entry.uid, entry.gid, entry.mtime) == (0, 0, 0) for entry in found.values())
