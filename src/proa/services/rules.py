"""The rules in the kernel: put there whole, changed, looked after, taken away."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

from proa.kernel.nftables import TABLE, Nftables, NftError
from proa.services.ruleset import BASE_CHAINS, PREFIX, layouts
from proa.services.table import ServiceTable


class ServiceRules:
    """nftables of the network namespace that this is opened in."""

    def __init__(self) -> None:
        self._nft = Nftables()
        self._seen: list[str | None] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._nft.close()

    def declare(self, table: ServiceTable) -> None:
        """Puts the whole state in the place of what is there."""
        there = self._there()
        try:
            self._put(table, there)
        except NftError:
            if not there:
                raise
            # What is there has another form, perhaps of another version: out with it first.
            self._nft.run(_removal(there))
            self._put(table, ())
        self._seen = self._base()

    def _put(self, table: ServiceTable, there: Iterable[tuple[str, str]]) -> None:
        self._nft.run(table.preparation())
        self._nft.replace_elements(layouts(), table.elements())
        self._nft.run(table.completion([name for kind, name in there if kind == "chain"]))

    def run(self, commands: str) -> None:
        """Changes the state; NftError when what is there is not what the commands start from."""
        self._nft.run(commands)

    def intact(self) -> bool:
        """Whether the chains that everything hangs on are as `declare` left them."""
        return self._base() == self._seen

    def remove(self) -> None:
        """Takes away all rules of Services, and the table when nothing else is in it."""
        self._nft.run(f"add table {TABLE}\n" + _removal(self._there()))
        self._nft.withdraw(())

    def _base(self) -> list[str | None]:
        return [self._nft.listing(name) for name in BASE_CHAINS]

    def _there(self) -> list[tuple[str, str]]:
        return [(kind, name) for kind, name in self._nft.objects() if name.startswith(PREFIX)]


def _removal(there: Iterable[tuple[str, str]]) -> str:
    """Chains and maps refer to each other: both are emptied before anything is deleted."""
    there = list(there)
    flush = [f"flush {kind} {TABLE} {name}" for kind, name in there]
    delete = [f"delete {kind} {TABLE} {name}" for kind, name in there]
    return "\n".join([*flush, *delete, ""])
