"""Lists: which revision, which page, which entries (source: KEP-1931, API concepts, resource versions)."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from proa.cluster.apiserver import stored_form
from proa.cluster.apiserver.codec import encode_json
from proa.cluster.apiserver.kind import Kind
from proa.cluster.apiserver.options import ListOptions
from proa.cluster.apiserver.selection import Selection
from proa.cluster.apiserver.target import Target, object_key
from proa.cluster.store import Compacted, Entry, Page, Store
from proa.errors import BadRequest, Expired, Timeout
from proa.kube.resources import Object

_PIECE_BYTES = 160 << 10
_TOO_OLD = "The provided continue parameter is too old to display a consistent list result."


@dataclass(frozen=True, slots=True)
class Listing:
    """Entries in the order of keys, and the metadata of their List."""

    kind: Kind
    entries: list[Entry]
    revision: int
    continue_token: str = ""
    remaining: int | None = None

    def metadata(self) -> dict[str, object]:
        """ListMeta."""
        metadata: dict[str, object] = {"resourceVersion": str(self.revision)}
        if self.continue_token or self.kind.form is not None:
            metadata["continue"] = self.continue_token
        if self.remaining is not None:
            metadata["remainingItemCount"] = self.remaining
        return metadata

    def head(self) -> bytes:
        """The List object as JSON up to its first item; the items and `]}` follow."""
        resource = self.kind.resource
        header = {
            "kind": self.kind.list_kind,
            "apiVersion": resource.api_version,
            "metadata": self.metadata(),
        }
        return encode_json(header)[:-1] + b',"items":['

    def encode(self) -> bytes:
        """The List object as JSON, joined of stored bytes."""
        return b"".join(self.pieces())

    def pieces(self) -> Iterator[bytes]:
        """The List object as JSON, in pieces of about the size that a processor's cache holds."""
        values = [entry.value for entry in self.entries]
        count = max(1, _PIECE_BYTES * len(values) // max(1, sum(map(len, values))))
        before, after = self.head(), b"]}"
        for start in range(0, len(values), count):
            part = values[start : start + count]
            part[0] = before + part[0]
            before = b","
            if start + count >= len(values):
                part[-1] += after
            yield b",".join(part)
        if not values:
            yield before + after

    def size(self) -> int:
        """Bytes of the List object as JSON."""
        items = sum([len(entry.value) for entry in self.entries]) + max(0, len(self.entries) - 1)
        return len(self.head()) + items + len(b"]}")


class ExpiredToken(Expired):
    """410 for a continue token; it brings a new one, which goes on in the present."""

    def __init__(self, token: str) -> None:
        super().__init__(_TOO_OLD)
        self.token = token

    def status(self) -> Object:
        return super().status() | {"metadata": {"continue": self.token}}


def encode_token(revision: int, start: str) -> str:
    """Where the next page begins: at the first key after `start`."""
    token = json.dumps({"v": "meta.k8s.io/v1", "rv": revision, "start": f"{start}\0"})
    return base64.urlsafe_b64encode(token.encode()).rstrip(b"=").decode()


def decode_token(token: str) -> tuple[int, str]:
    """(revision, first key); a revision of -1 means the present. Raises BadRequest."""
    try:
        fields = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        version, revision, start = fields["v"], int(fields["rv"]), str(fields["start"])
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise BadRequest("continue key is not valid: it does not come from this server") from error
    if version != "meta.k8s.io/v1" or revision == 0 or revision < -1 or not start:
        raise BadRequest("continue key is not valid: server does not recognize this encoded version")
    return revision, start


def check_reached(store: Store, revision: int) -> None:
    """Raises Timeout for a revision that does not exist yet."""
    if revision > store.revision:
        message = f"Too large resource version: {revision}, current: {store.revision}"
        cause = {"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}
        raise Timeout(f"Timeout: {message}", {"causes": [cause], "retryAfterSeconds": 1})


async def list_entries(store: Store, target: Target, options: ListOptions) -> Listing:
    """The page that was asked for. Raises BadRequest, Expired, Timeout."""
    selection = Selection.of(target.kind, options)
    if selection:
        target = selection.collection(target)
    if options.continue_token:
        revision, start = decode_token(options.continue_token)
        start = target.prefix + start
    else:
        revision, start = _wanted_revision(store, options), ""
    if selection and revision < 0 and (single := _single(store, target, selection)) is not None:
        shown = await stored_form.all_shown(target.kind, single)
        return Listing(target.kind, [e for e in shown if selection.matches(e)], store.revision)
    page = selected(store, target, selection, revision, start) if selection else None
    if page is None:
        page = await _page(store, target, revision, start, 0 if selection else options.limit)
    page = page._replace(entries=await stored_form.all_shown(target.kind, page.entries))
    return _filtered(target, page, selection, options.limit) if selection else _whole(target, page)


def _wanted_revision(store: Store, options: ListOptions) -> int:
    """The exact revision to read at; -1 when any recent one will do."""
    wanted = int(options.resource_version or 0)
    check_reached(store, wanted)
    exact = options.match == "Exact" or (not options.match and options.limit > 0)
    return wanted if wanted and exact else -1


def _single(store: Store, target: Target, selection: Selection) -> list[Entry] | None:
    """The answer when the selector names one object."""
    name = selection.name
    if name is None or (target.resource.namespaced and not target.namespace):
        return None
    entry = store.get(object_key(target.kind.stored_as or target.resource, name, target.namespace))
    return [entry] if entry is not None else []


def selected(
    store: Store, target: Target, selection: Selection, revision: int = -1, start: str = ""
) -> Page | None:
    """What may match, by an index; None without one, and for a past that was another."""
    at = store.revision if revision < 0 else revision
    if not store.touched(target.prefix) <= at <= store.revision:
        return None
    for term, values in selection.terms():
        found = store.select(target.prefix, term, values, start=start)
        if found is not None:
            return Page(found, 0, at)
    return None


async def _page(store: Store, target: Target, revision: int, start: str, limit: int) -> Page:
    if revision < 0:
        return store.range(target.prefix, start=start, limit=limit)
    try:
        return await store.range_at(revision, target.prefix, start=start, limit=limit)
    except Compacted as error:
        if not start:
            raise Expired(f"The resourceVersion for the provided list is too old: {revision}") from error
        raise ExpiredToken(encode_token(-1, start[len(target.prefix) : -1])) from error


def _whole(target: Target, page: Page) -> Listing:
    if not page.remaining:
        return Listing(target.kind, page.entries, page.revision)
    last = page.entries[-1].key[len(target.prefix) :]
    token = encode_token(page.revision, last)
    return Listing(target.kind, page.entries, page.revision, token, page.remaining)


def _filtered(target: Target, page: Page, selection: Selection, limit: int) -> Listing:
    matching = (entry for entry in selection.narrow(page.entries) if selection.matches(entry))
    if not limit:
        return Listing(target.kind, list(matching), page.revision)
    entries = list(islice(matching, limit))
    token = ""
    if next(matching, None) is not None:
        token = encode_token(page.revision, entries[-1].key[len(target.prefix) :])
    return Listing(target.kind, entries, page.revision, token)
