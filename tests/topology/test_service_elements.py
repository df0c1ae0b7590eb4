"""What the kernel holds is the same whether elements come to it as text or in the kernel's own form."""

import subprocess

import pytest

from proa.kernel import netns
from proa.kernel.nftables import Nftables, NftError, declare
from proa.services import elements as el
from proa.services import ruleset
from proa.services.model import Action, Address, Endpoint, Frontend, Frontends, Masquerade
from proa.services.rules import ServiceRules
from proa.services.table import ServiceTable

pytestmark = [pytest.mark.root, pytest.mark.topology]

V4 = (Endpoint("10.42.1.1", 8080, local=True), Endpoint("10.42.2.1", 53))
V6 = (Endpoint("fd42::1", 8080, local=True), Endpoint("fd42::2", 65535))
SERVICES: Frontends = {
    Address("10.43.0.50", "tcp", 80): Frontend(Action.FORWARD, V4),
    Address("10.43.0.50", "udp", 65535): Frontend(Action.FORWARD, V4[:1], affinity=60),
    Address("10.43.0.51", "sctp", 1): Frontend(Action.REJECT),
    Address("10.43.0.52", "tcp", 1): Frontend(Action.DROP),
    Address("10.43.0.53", "tcp", 1): Frontend(Action.LEAVE),
    Address("192.0.2.9", "tcp", 80): Frontend(
        Action.FORWARD,
        V4,
        outside=V4[:1],
        allowed=("192.0.2.0/25", "198.51.100.7/32"),
        masquerade=Masquerade.NODE,
    ),
    Address("fd43::50", "tcp", 80): Frontend(Action.FORWARD, V6, affinity=60),
    Address("2001:db8::9", "tcp", 80): Frontend(
        Action.FORWARD, V6, allowed=("2001:db8:1::/48",), masquerade=Masquerade.EVERYONE
    ),
}


def services() -> ServiceTable:
    made = ServiceTable(("10.42.0.0/16", "fd42::/56"), ("10.43.0.0/16", "fd43::/112"))
    made.update({"d/s": SERVICES})
    return made


def listing() -> str:
    return subprocess.run(["nft", "list", "ruleset"], check=True, capture_output=True, text=True).stdout


def test_both_forms_say_the_same() -> None:
    with netns.throwaway(), Nftables() as nft:
        made = services()
        nft.run(made.preparation() + el.add(made.elements()))
        nft.run(made.completion(()))
        as_text = listing()
    with netns.throwaway(), ServiceRules() as rules:
        rules.declare(services())
        assert listing() == as_text
        rules.declare(services())
        assert listing() == as_text


def test_more_than_one_message_takes_is_one_transaction() -> None:
    made = ServiceTable(("10.42.0.0/16",), ("10.43.0.0/16",))
    many = {
        Address(f"10.43.{n >> 8}.{n & 255}", "tcp", 80): Frontend(Action.FORWARD, V4) for n in range(2000)
    }
    made.update({"d/s": many})
    with netns.throwaway(), Nftables() as nft:
        nft.run(made.preparation())
        nft.replace_elements(ruleset.layouts(), made.elements())
        assert listing().count("goto service4-n2") == 2000
        broken = [*made.elements(), (("service_frontends4", "10.43.0.1 . tcp . 81"), "goto nowhere")]
        with pytest.raises(NftError, match="add elements to service_frontends4: no such file or directory"):
            nft.replace_elements(ruleset.layouts(), broken)
        assert listing().count("goto service4-n2") == 2000
        nft.run(declare(()))
