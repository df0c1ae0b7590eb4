"""Secrets at rest."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import pytest
import yaml

from proa.cluster.store import SqliteStore
from proa.cluster.store.encryption import NO_ENCRYPTION, Encryption, load_encryption
from proa.cluster.store.store import Value
from proa.errors import UserError
from proa.machine import secrets_encryption

KEY, OTHER = "/secrets/default/s", "/configmaps/default/c"


def value(text: str) -> Value:
    return Value(b'{"metadata":{"resourceVersion":"', b'"},"data":"%b"}' % text.encode())


def config(folder: Path, *providers: dict[str, object]) -> Encryption:
    path = folder / "keys.yaml"
    resources = [{"resources": ["secrets"], "providers": list(providers)}]
    path.write_text(yaml.safe_dump({"kind": "EncryptionConfiguration", "resources": resources}))
    path.chmod(0o600)
    return load_encryption(path)


def key(provider: str, name: str = "k", secret: bytes = b"s" * 32) -> dict[str, object]:
    return {provider: {"keys": [{"name": name, "secret": base64.b64encode(secret).decode()}]}}


async def write(folder: Path, encryption: Encryption) -> None:
    store = SqliteStore(folder / "state.db", encryption=encryption)
    try:
        for name in (KEY, OTHER):
            current = store.get(name)
            if current is None:
                await store.create(name, value("hidden"))
            else:
                await store.update(name, value("hidden2"), current.revision)
    finally:
        await store.close()


async def read(folder: Path, encryption: Encryption) -> bytes:
    store = SqliteStore(folder / "state.db", encryption=encryption)
    try:
        entry = store.get(KEY)
        assert entry is not None
        page = await store.range_at(1, "/secrets/")
        assert all(old.value.startswith(b"{") for old in page.entries)
        return entry.value
    finally:
        await store.close()


def on_disk(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.glob("state.db*"))


@pytest.mark.parametrize("provider", ["aesgcm", "aescbc"])
async def test_secrets_are_opaque_on_disk_and_plain_in_memory(tmp_path: Path, provider: str) -> None:
    encryption = config(tmp_path, key(provider), {"identity": {}})
    await write(tmp_path, encryption)

    assert on_disk(tmp_path).count(b"hidden") == 1  # the ConfigMap's
    assert b"k8s:enc:%b:v1:k:" % provider.encode() in on_disk(tmp_path)
    assert b'"hidden"' in await read(tmp_path, encryption)


async def test_what_was_plain_is_encrypted_at_the_next_start(tmp_path: Path) -> None:
    await write(tmp_path, NO_ENCRYPTION)
    await write(tmp_path, NO_ENCRYPTION)
    await read(tmp_path, config(tmp_path, key("aesgcm"), {"identity": {}}))

    assert on_disk(tmp_path).count(b"hidden") == 2  # both revisions of the ConfigMap


async def test_another_key_takes_over(tmp_path: Path) -> None:
    await write(tmp_path, config(tmp_path, key("aesgcm", "old")))
    both = config(tmp_path, key("aesgcm", "new", b"n" * 32), key("aesgcm", "old"))
    await read(tmp_path, both)

    assert b":old:" not in on_disk(tmp_path)
    assert b'"hidden"' in await read(tmp_path, config(tmp_path, key("aesgcm", "new", b"n" * 32)))


@pytest.mark.parametrize("wrong", [key("aesgcm", "k", b"x" * 32), key("aesgcm", "other")])
async def test_without_the_right_key_nothing_starts_and_nothing_is_lost(
    tmp_path: Path, wrong: dict[str, object]
) -> None:
    right = config(tmp_path, key("aesgcm"))
    await write(tmp_path, right)

    for encryption in (NO_ENCRYPTION, config(tmp_path, wrong)):
        with pytest.raises(UserError, match="give back the file of keys"):
            await read(tmp_path, encryption)
    assert b'"hidden"' in await read(tmp_path, right)


async def test_a_value_moved_to_another_key_is_not_accepted(tmp_path: Path) -> None:
    encryption = config(tmp_path, key("aesgcm"))
    sealed = encryption.seal(KEY, b"{}")
    with pytest.raises(UserError):
        encryption.unseal("/secrets/default/other", sealed)


def test_a_readable_file_of_keys_is_refused(tmp_path: Path) -> None:
    config(tmp_path, key("aesgcm"))
    (tmp_path / "keys.yaml").chmod(0o644)
    with pytest.raises(UserError, match="chmod 600"):
        load_encryption(tmp_path / "keys.yaml")


@pytest.mark.parametrize("provider", [{"kms": {}}, key("aesgcm", secret=b"short"), key("aesgcm", name="a:b")])
def test_what_is_wrong_in_it_is_told(tmp_path: Path, provider: dict[str, object]) -> None:
    with pytest.raises(UserError, match="keys.yaml"):
        config(tmp_path, provider)


def test_the_file_of_keys_is_kept_by_commands(tmp_path: Path) -> None:
    path = tmp_path / "cred" / "keys.yaml"
    secrets_encryption.ensure(path)
    before = path.read_bytes()
    secrets_encryption.ensure(path)
    assert path.read_bytes() == before
    assert path.stat().st_mode & 0o777 == 0o600

    new = secrets_encryption.rotate(path)
    enabled, names = secrets_encryption.status(path)
    assert (enabled, names[0], len(names)) == (True, new, 2)
    secrets_encryption.disable(path)
    assert not load_encryption(path).seal(KEY, b"{}").startswith(b"k8s")
    with pytest.raises(UserError):
        secrets_encryption.prune(path)
    secrets_encryption.enable(path)
    assert secrets_encryption.prune(path) == names[1:]
    assert load_encryption(path).unseal(KEY, load_encryption(path).seal(KEY, os.urandom(9)))
