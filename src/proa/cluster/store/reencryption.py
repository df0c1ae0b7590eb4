"""Brings stored values into the form that the first key of each kind gives, once at the start."""

from __future__ import annotations

import sqlite3

from proa.cluster.store.encryption import Encryption


def reencrypt(connection: sqlite3.Connection, encryption: Encryption) -> int:
    """Rewrite, in one transaction, what another key or none sealed; the number of values.

    Raises UserError, having changed nothing, when a value cannot be opened.
    """
    rows = connection.execute("SELECT revision, key, value FROM revisions")
    changed = [
        (encryption.seal(key, encryption.unseal(key, value)), revision)
        for revision, key, value in rows
        if not encryption.is_current(key, value)
    ]
    if not changed:
        return 0
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.executemany("UPDATE revisions SET value = ? WHERE revision = ?", changed)
        connection.execute("COMMIT")
    except sqlite3.Error:
        connection.execute("ROLLBACK")
        raise
    # The old bytes must not stay behind in free pages or in the log.
    connection.execute("VACUUM")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    return len(changed)
