"""Opening the SQLite file: one server at a time, checked before use, left alone when damaged."""

from __future__ import annotations

import fcntl
import sqlite3
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from proa.cluster.store import database
from proa.cluster.store.encryption import NO_ENCRYPTION, Encryption
from proa.cluster.store.keyspace import Keyspace
from proa.cluster.store.reencryption import reencrypt
from proa.errors import UserError

_FORMAT = 1
_QUICK_CHECK_LIMIT = 64 << 20
_SCHEMA = """
PRAGMA auto_vacuum = INCREMENTAL;
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS revisions (
    revision INTEGER PRIMARY KEY, key TEXT NOT NULL, previous INTEGER NOT NULL,
    deleted INTEGER NOT NULL, cut INTEGER NOT NULL, value BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS revisions_by_key ON revisions (key, revision, deleted);
CREATE TABLE IF NOT EXISTS compaction (revision INTEGER NOT NULL);
"""


@dataclass(frozen=True)
class Opened:
    """A database ready for use, and what is in it."""

    lock: IO[str]
    writer: sqlite3.Connection
    reader: sqlite3.Connection
    """A second connection, for reads of history beside the writer."""
    keys: Keyspace
    revision: int
    compacted: int


def open_database(path: Path, encryption: Encryption = NO_ENCRYPTION) -> Opened:
    """Open or make the file. Raises UserError, having changed nothing, when it is damaged or in use."""
    with ExitStack() as undo:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            lock = undo.enter_context(_locked(path))
            writer = undo.enter_context(closing(_connect(path)))
            _check(writer, path)
            _prepare(writer, path)
            reader = undo.enter_context(closing(_connect(path)))
            reader.execute("PRAGMA query_only = ON")
            path.chmod(0o600)
            reencrypt(writer, encryption)
            keys = Keyspace(database.load(writer, encryption.unseal))
            opened = Opened(
                lock,
                writer,
                reader,
                keys,
                database.last_revision(writer),
                database.compacted_revision(writer),
            )
        except (sqlite3.DatabaseError, OSError) as error:
            raise UserError(
                f"cannot use the database {path}: {error}; nothing was changed in it: "
                "restore a backup, or move it away"
            ) from error
        undo.pop_all()
        return opened


def _locked(path: Path) -> IO[str]:
    """A file whose lock is held until it is closed."""
    file = path.with_name(path.name + ".lock").open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise UserError(f"{path} is in use by another server: stop that one first") from None
    return file


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
    try:
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA journal_size_limit = 67108864")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _check(connection: sqlite3.Connection, path: Path) -> None:
    """Look for damage; in a large file only the pages that are loaded anyway are looked at."""
    if not 0 < path.stat().st_size <= _QUICK_CHECK_LIMIT:
        return
    (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise sqlite3.DatabaseError(str(verdict))


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version not in (0, _FORMAT):
        raise UserError(f"{path} was written by a newer proa (format {version}): use that version")
    connection.executescript(_SCHEMA)
    if version == 0:
        connection.execute(f"PRAGMA user_version = {_FORMAT}")
        connection.execute("INSERT INTO compaction VALUES (0)")
