"""The text of transactions and of errors; the library itself runs in the topology tests."""

from ipaddress import ip_network

import pytest

from proa.errors import MissingProgram
from proa.kernel import nftables
from proa.kernel.nftables import Chain


def test_transaction_replaces_the_rules_of_its_chains_only() -> None:
    chain = Chain("nodes", ("ip saddr 10.0.0.0/8 accept",), hook=nftables.SRCNAT)
    assert nftables.declare([chain]) == (
        "add table inet proa\n"
        "add chain inet proa nodes { type nat hook postrouting priority srcnat; policy accept; }\n"
        "flush chain inet proa nodes\n"
        "add rule inet proa nodes ip saddr 10.0.0.0/8 accept\n"
    )


@pytest.mark.parametrize(
    ("network", "rule"),
    [
        (
            "10.42.0.0/16",
            "ip saddr 10.42.0.0/16 ip daddr != { 10.42.0.0/16, 224.0.0.0/4 } masquerade fully-random",
        ),
        ("fd00::/56", "ip6 saddr fd00::/56 ip6 daddr != { fd00::/56, ff00::/8 } masquerade fully-random"),
    ],
)
def test_masquerade_spares_its_own_network_and_multicast(network: str, rule: str) -> None:
    assert nftables.masquerade(ip_network(network)) == (rule,)


QUEUE = "add rule inet proa nodes queue num 1"
LACKS = "load its module or use a kernel built with it"


@pytest.mark.parametrize(
    ("reason", "marks", "commands", "message"),
    [
        (
            "Could not process rule: No such file or directory",
            " " * 25 + "^" * 5,
            f"add table inet proa\n{QUEUE}\n",
            f"{QUEUE}: no such file or directory; the kernel lacks CONFIG_NFT_QUEUE: {LACKS}",
        ),
        (
            "Could not process rule: No such file or directory",
            " " * 19 + "^" * 4,
            "add rule inet proa gone accept",
            "no such file or directory",
        ),
        (
            "Could not process rule: Operation not supported",
            "",
            "add table inet proa",
            f"operation not supported; the kernel lacks CONFIG_NF_TABLES: {LACKS}",
        ),
        ("syntax error, unexpected newline", "       ^", "add foo", "syntax error, unexpected newline"),
    ],
    ids=["missing option", "missing chain", "no nftables", "syntax"],
)
def test_errors_are_one_line_and_name_a_missing_option(
    reason: str, marks: str, commands: str, message: str
) -> None:
    report = f"Error: {reason}\n{commands.splitlines()[0]}\n{marks}\n"
    assert nftables.explain(report, commands) == f"nftables: {message}"


def test_refusal_without_a_report() -> None:
    assert nftables.explain("", "add foo") == "nftables: refused without a reason"


def test_missing_library_names_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nftables, "_LIBRARY", "libnftables-that-is-not-there.so")
    nftables._library.cache_clear()
    with pytest.raises(MissingProgram, match="apt-get install libnftables1"):
        nftables._library()
    nftables._library.cache_clear()
