"""Addresses of Services of both IP families, the objects that hold them, and the ranges they come from."""

from __future__ import annotations

from typing import Any

from corpus.story import STRATEGIC, TABLE, Step, delete, get, patch, post, put, story

SERVICE_CIDR = ("10.43.0.0/16", "fd00:43::/112")
CONTROLLERS = True
"""One of them makes ranges ready and keeps those in use."""

SERVICES = "/api/v1/namespaces/<ns>/services"
ADDRESSES = "/apis/networking.k8s.io/v1/ipaddresses"
RANGES = "/apis/networking.k8s.io/v1/servicecidrs"

PREFER: dict[str, Any] = {"ipFamilyPolicy": "PreferDualStack"}
REQUIRE: dict[str, Any] = {"ipFamilyPolicy": "RequireDualStack"}
SINGLE: dict[str, Any] = {"ipFamilyPolicy": "SingleStack"}


def families(*numbers: int) -> dict[str, Any]:
    return {"ipFamilies": [f"IPv{number}" for number in numbers]}


def addresses(*texts: str, alone: bool = False) -> dict[str, Any]:
    """As both fields say them; `alone` leaves out the old one."""
    return {"clusterIPs": list(texts)} | ({} if alone else {"clusterIP": texts[0]})


def service(name: str, /, **spec: Any) -> dict[str, Any]:
    ports = {"ports": [{"name": "http", "port": 80}]}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"selector": {"a": "b"}} | ports | spec,
    }


def make(case: str, *, until: int = 0, **spec: Any) -> Step:
    """A Service of that name but for what may not stand in one."""
    name = "".join(c if c.isalnum() else "-" for c in case.lower())
    return post(case, SERVICES, service(name, **spec), until=until)


def change(case: str, name: str, **spec: Any) -> Step:
    return patch(case, f"{SERVICES}/{name}", {"spec": spec})


def replace(case: str, name: str, **spec: Any) -> Step:
    return put(case, f"{SERVICES}/{name}", service(name, **spec))


def held(case: str, address: str) -> Step:
    only = ("metadata.name", "metadata.labels", "spec", "reason")
    return get(case, f"{ADDRESSES}/{address}", until=200, only=only)


def free(case: str, address: str) -> Step:
    return get(case, f"{ADDRESSES}/{address}", until=404)


def ip_address(name: str, /, **parent: Any) -> dict[str, Any]:
    reference = {"group": "example.com", "resource": "gateways", "namespace": "x", "name": "y"} | parent
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "IPAddress",
        "metadata": {"name": name},
        "spec": {"parentRef": reference},
    }


def service_cidr(name: str, *cidrs: str) -> dict[str, Any]:
    kind = {"apiVersion": "networking.k8s.io/v1", "kind": "ServiceCIDR"}
    return kind | {"metadata": {"name": name}, "spec": {"cidrs": list(cidrs)}}


READY = ("spec", "status.conditions", "metadata.finalizers")

POLICIES = (
    make("nothing"),
    make("single", **SINGLE),
    make("prefer", **PREFER),
    make("require", **REQUIRE),
    make("four", **families(4)),
    make("six", **families(6)),
    make("six, single", **SINGLE, **families(6)),
    make("six, prefer", **PREFER, **families(6)),
    make("six and four, require", **REQUIRE, **families(6, 4)),
    make("four and six, prefer", **PREFER, **families(4, 6)),
    make("four and six, no policy", **families(4, 6)),
    make("four and six, single", **SINGLE, **families(4, 6)),
    make("four twice", **PREFER, **families(4, 4)),
    make("of no family", **PREFER, **families(5)),
    make("of three", **PREFER, **families(4, 6, 4)),
    make("another policy", ipFamilyPolicy="Never"),
    make("node port", type="NodePort", **PREFER),
    make("balanced", type="LoadBalancer", **REQUIRE),
    make("named", type="ExternalName", externalName="example.com", **PREFER),
    make("named, of a family", type="ExternalName", externalName="example.com", **families(6)),
    make("only named", type="ExternalName", externalName="example.com"),
)
HEADLESS = (
    make("plain", clusterIP="None"),
    make("prefer", clusterIP="None", **PREFER),
    make("require", clusterIP="None", **REQUIRE),
    make("six", clusterIP="None", **families(6)),
    make("six and four", clusterIP="None", **REQUIRE, **families(6, 4)),
    make("two, no policy", clusterIP="None", **families(6, 4)),
    make("of nobody", clusterIP="None", selector=None),
    make("of nobody, single", clusterIP="None", selector=None, **SINGLE),
    make("of nobody, six", clusterIP="None", selector=None, **families(6)),
    make("of nobody, prefer six", clusterIP="None", selector=None, **PREFER, **families(6)),
    make("none and more", **REQUIRE, **addresses("None", "fd00:43::21")),
    make("none by the list", **addresses("None", alone=True)),
    change("plain to both", "plain", **REQUIRE),
    change("plain to single", "plain", **SINGLE),
    change("plain to six", "plain", **families(6)),
    change("six and four turned", "six-and-four", **families(4, 6)),
    change("to an address", "prefer", **addresses("10.43.0.22")),
    change("to nothing", "prefer", clusterIP=None, clusterIPs=None),
    replace("without saying", "require", clusterIP="None"),
)
ASKED = (
    make("four", clusterIP="10.43.0.30"),
    make("six", clusterIP="fd00:43::30"),
    make("both", **PREFER, **addresses("10.43.0.31", "fd00:43::31")),
    make("six first", **REQUIRE, **addresses("fd00:43::32", "10.43.0.32")),
    make("one of two", **REQUIRE, **addresses("fd00:43::33")),
    make("one, its family", **families(6), **addresses("fd00:43::34")),
    make("one, another family", **families(4), **addresses("fd00:43::35")),
    make("two, turned families", **REQUIRE, **families(6, 4), **addresses("10.43.0.36", "fd00:43::36")),
    make("two, no policy", **addresses("10.43.0.37", "fd00:43::37")),
    make("two, single", **SINGLE, **addresses("10.43.0.37", "fd00:43::37")),
    make("two of one family", **PREFER, **addresses("10.43.0.38", "10.43.0.39")),
    make("three", **PREFER, **addresses("10.43.0.38", "fd00:43::38", "10.43.0.39")),
    make("by the list alone", **PREFER, **addresses("10.43.0.38", "fd00:43::38", alone=True)),
    make("unlike the list", clusterIP="10.43.0.38", clusterIPs=["10.43.0.39"]),
    make("no address", clusterIP="nowhere"),
    make("no second address", **PREFER, **addresses("10.43.0.38", "nowhere")),
    make("out of range", clusterIP="192.0.2.7"),
    make("six out of range", clusterIP="2001:db8::7"),
    make("second out of range", **PREFER, **addresses("10.43.0.40", "2001:db8::7")),
    make("the network itself", clusterIP="10.43.0.0"),
    make("the last", clusterIP="10.43.255.255"),
    make("the network of six", clusterIP="fd00:43::"),
    make("the last of six", clusterIP="fd00:43::ffff"),
    make("taken", clusterIP="10.43.0.30"),
    make("six taken", clusterIP="fd00:43::30"),
    make("second taken", **PREFER, **addresses("10.43.0.41", "fd00:43::30")),
    make("written otherwise", clusterIP="fd00:43:0::3a"),
    post("as a dry run", f"{SERVICES}?dryRun=All", service("dry", **PREFER)),
)
UPGRADES = (
    make("a", clusterIP="10.43.0.50"),
    change("a, prefer", "a", **PREFER),
    change("a, single", "a", **SINGLE),
    change("a, require, with an address", "a", **REQUIRE, **addresses("10.43.0.50", "fd00:43::50")),
    change("a, prefer, from require", "a", **PREFER),
    change("a, fewer addresses", "a", **addresses("10.43.0.50")),
    change("a, fewer families", "a", **families(4)),
    change("a, other first address", "a", **addresses("10.43.0.51", "fd00:43::50")),
    change("a, other second address", "a", **addresses("10.43.0.50", "fd00:43::51")),
    change("a, turned", "a", **families(6, 4)),
    change("a, all turned", "a", **families(6, 4), **addresses("fd00:43::50", "10.43.0.50")),
    change("a, single, families left", "a", **SINGLE, **families(4)),
    free("a gave it back", "fd00:43::50"),
    change("a, require, by families", "a", **REQUIRE, **families(4, 6)),
    change("a, single, of the other", "a", **SINGLE, **families(6)),
    change("a, single, by the list", "a", **SINGLE, **addresses("10.43.0.50")),
    change("a, two without a policy", "a", **families(4, 6)),
    change("a, the other family", "a", **families(6)),
    change("a, another address", "a", clusterIP="10.43.0.51"),
    change("a, no address", "a", clusterIP=None),
    change("a, headless", "a", clusterIP="None"),
    change("a, second of its family", "a", **PREFER, **addresses("10.43.0.50", "10.43.0.52")),
    make("holder", clusterIP="fd00:43::54"),
    change("a, second taken", "a", **PREFER, **addresses("10.43.0.50", "fd00:43::54")),
    make("b", **PREFER, **addresses("fd00:43::53", "10.43.0.53")),
    replace("b, not saying", "b"),
    replace("b, single", "b", **SINGLE),
    replace("b, prefer again", "b", **PREFER),
    replace("b, require", "b", **REQUIRE),
    replace("b, not saying a policy", "b", **addresses("fd00:43::53")),
    patch(
        "b, one less, strategic",
        f"{SERVICES}/b",
        {"spec": {"clusterIPs": ["fd00:43::53"], "ipFamilies": ["IPv6"], **SINGLE}},
        STRATEGIC,
    ),
)
TYPES = (
    make("a", **REQUIRE, **addresses("10.43.0.60", "fd00:43::60")),
    change("a, named", "a", type="ExternalName", externalName="example.com"),
    free("it gave four back", "10.43.0.60"),
    free("it gave six back", "fd00:43::60"),
    change("a, named and of a family", "a", **families(4)),
    change("a, with addresses again", "a", type="ClusterIP", externalName=None, **PREFER),
    change("a, by node ports", "a", type="NodePort"),
    change("a, named again", "a", type="ExternalName", externalName="example.com"),
    change("a, headless", "a", type="ClusterIP", externalName=None, clusterIP="None"),
    change("a, named a third time", "a", type="ExternalName", externalName="example.com"),
    change("a, at an address", "a", type="ClusterIP", clusterIP="fd00:43::61"),
    change("a, named with an address", "a", type="ExternalName", externalName="x.y", clusterIP="fd00:43::62"),
)
OBJECTS = (
    make("a", **REQUIRE, **addresses("10.43.0.70", "fd00:43::70")),
    held("of four", "10.43.0.70"),
    held("of six", "fd00:43::70"),
    get("as a table", f"{ADDRESSES}/fd00:43::70", accept=TABLE),
    delete("the service goes", f"{SERVICES}/a"),
    free("four goes", "10.43.0.70"),
    free("six goes", "fd00:43::70"),
    post("somebody else's", ADDRESSES, ip_address("10.43.0.71")),
    make("at somebody else's", clusterIP="10.43.0.71"),
    patch("of another parent", f"{ADDRESSES}/10.43.0.71", {"spec": {"parentRef": {"name": "z"}}}),
    patch("labelled", f"{ADDRESSES}/10.43.0.71", {"metadata": {"labels": {"a": "b"}}}),
    delete("somebody else's goes", f"{ADDRESSES}/10.43.0.71"),
    make("at what was somebody else's", clusterIP="10.43.0.71"),
    post("without a parent", ADDRESSES, {"metadata": {"name": "10.43.0.72"}, "spec": {}}),
    post("of a nameless parent", ADDRESSES, ip_address("10.43.0.72", name="")),
    post("of no resource", ADDRESSES, ip_address("10.43.0.72", resource="")),
    post("of a bad group", ADDRESSES, ip_address("10.43.0.72", group="a_b")),
    post("of a path", ADDRESSES, ip_address("10.43.0.72", name="a/b", namespace="..")),
    post("no address", ADDRESSES, ip_address("10.43.0")),
    post("a bad address of a bad parent", ADDRESSES, ip_address("10.43.0.073", name="")),
)
CIDRS = (
    get("the first", f"{RANGES}/kubernetes", until=200, only=READY),
    post("of nothing", RANGES, service_cidr("bad")),
    post("of three", RANGES, service_cidr("bad", "10.44.0.0/24", "fd00:44::/112", "10.45.0.0/24")),
    post("of one family", RANGES, service_cidr("bad", "10.44.0.0/24", "10.45.0.0/24")),
    post("of no network", RANGES, service_cidr("bad", "10.44.0.0")),
    post("of host bits", RANGES, service_cidr("bad", "10.44.0.1/24")),
    post("written otherwise", RANGES, service_cidr("bad", "fd00:44:0::/112")),
    post("another", RANGES, service_cidr("more", "10.44.0.0/28")),
    make("at another", until=201, clusterIP="10.44.0.3"),
    held("it is held", "10.44.0.3"),
    make("beyond another", clusterIP="10.44.0.16"),
    patch("of another network", f"{RANGES}/more", {"spec": {"cidrs": ["10.44.0.0/27"]}}),
    patch(
        "of both", f"{RANGES}/more", {"spec": {"cidrs": ["10.44.0.0/28", "fd00:44::/124"]}}, only=("spec",)
    ),
    patch("of one again", f"{RANGES}/more", {"spec": {"cidrs": ["10.44.0.0/28"]}}),
    make("at another of six", until=201, clusterIP="fd00:44::3"),
    patch("labelled", f"{RANGES}/more", {"metadata": {"labels": {"a": "b"}}}, only=("metadata.labels",)),
    get("another is ready", f"{RANGES}/more", only=READY),
    delete("another goes", f"{RANGES}/more", only=("kind", "spec", "status.status")),
)


STORIES = (
    story("policies", *POLICIES),
    story("headless", *HEADLESS),
    story("asked for", *ASKED),
    story("upgrades", *UPGRADES),
    story("types", *TYPES),
    story("objects", *OBJECTS),
    story("ranges", *CIDRS),
)
