from __future__ import annotations

import pytest

from proa.errors import UserError
from proa.settings import from_text, load

BOTH = {
    "cluster_cidr": "10.42.0.0/16,fd00:42::/56",
    "service_cidr": ["10.43.0.0/16,fd00:43::/112"],
}
SIX = {"cluster_cidr": ["fd00:42::/56"], "service_cidr": ["fd00:43::/112"]}


def test_both_families() -> None:
    settings = load({**BOTH, "node_ip": ["192.0.2.1", "2001:db8::1"]}, {})
    assert settings.cluster_cidr == ("10.42.0.0/16", "fd00:42::/56")
    assert settings.service_cidr == ("10.43.0.0/16", "fd00:43::/112")
    assert settings.cluster_dns == ("10.43.0.10", "fd00:43::a")
    assert settings.node_ip == ("192.0.2.1", "2001:db8::1")
    assert from_text(settings.as_text()) == settings


def test_ipv6_alone() -> None:
    assert load(SIX, {}).cluster_dns == ("fd00:43::a",)


def test_the_address_of_dns_follows_the_services() -> None:
    assert load({"service_cidr": "10.96.0.0/12"}, {}).cluster_dns == ("10.96.0.10",)
    assert load({"cluster_dns": "10.43.0.53"}, {}).cluster_dns == ("10.43.0.53",)
    assert load({**BOTH, "cluster_dns": "fd00:43::53"}, {}).cluster_dns == ("fd00:43::53",)


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (
            {"cluster_cidr": "10.42.0.0/16,10.44.0.0/16"},
            "--cluster-cidr: 10.42.0.0/16, 10.44.0.0/16: give one network, or one of IPv4 and one of IPv6",
        ),
        ({"cluster_cidr": []}, "--cluster-cidr: give a network"),
        (
            {"cluster_cidr": BOTH["cluster_cidr"]},
            "--cluster-cidr is IPv4 then IPv6, --service-cidr IPv4: give both the same families",
        ),
        (
            {**BOTH, "service_cidr": "fd00:43::/112,10.43.0.0/16"},
            "--cluster-cidr is IPv4 then IPv6, --service-cidr IPv6 then IPv4: give both",
        ),
        ({"cluster_cidr": "fd00:42::/56"}, "--cluster-cidr is IPv6, --service-cidr IPv4"),
        ({"cluster_cidr": "10.42.0.0/28"}, "--cluster-cidr: 10.42.0.0/28 has no room for a /24 per node"),
        ({"node_cidr_mask_size_ipv4": 31}, "--cluster-cidr: 10.42.0.0/16 has no room for a /31 per node"),
        (
            {**BOTH, "cluster_cidr": "10.42.0.0/16,fd00:42::/40"},
            "--cluster-cidr: fd00:42::/40 is too large for a /64 per node: give a /48 or smaller",
        ),
        ({"service_cidr": "10.43.0.0/29"}, "--service-cidr: 10.43.0.0/29 has no tenth address for DNS"),
        (
            {"service_cidr": "10.43.0.0/30", "cluster_dns": "10.43.0.2"},
            "--service-cidr: 10.43.0.0/30 is too small: give at least 8 addresses",
        ),
        ({"service_cidr": "10.42.128.0/17"}, "--cluster-cidr: 10.42.0.0/16 overlaps 10.42.128.0/17"),
        (
            {"cluster_dns": "10.96.0.10"},
            "--cluster-dns: 10.96.0.10 is not within --service-cidr 10.43.0.0/16",
        ),
        ({"cluster_dns": ["10.43.0.10", "10.43.0.11"]}, "--cluster-dns: 10.43.0.10, 10.43.0.11: give one"),
        ({"node_ip": ["192.0.2.1", "192.0.2.2"]}, "--node-ip: 192.0.2.1, 192.0.2.2: give one address"),
    ],
)
def test_ranges_that_do_not_fit_are_refused(flags: dict[str, object], words: str) -> None:
    with pytest.raises(UserError) as caught:
        load(flags, {})
    assert str(caught.value).startswith(words)
