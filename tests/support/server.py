"""A real API server in this process, with its state in a folder of the test's own."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from proa.cluster.apiserver import ApiServer, ApiServerConfig, FrontProxyConfig
from proa.cluster.keypair import KeyPair
from proa.cluster.pki import Authority, Leaf, signing_key
from proa.kube import Client, Manager

_DEADLINE = 10.0


@asynccontextmanager
async def api_server(folder: Path, **more: Any) -> AsyncIterator[ApiServer]:
    """A started server on a free port of the loopback; `more` are further fields of its configuration."""
    authority = Authority.open(folder)
    pair = KeyPair(folder / "server.crt", folder / "server.key")
    authority.issue(Leaf("server", names=("127.0.0.1", "localhost")), pair)
    kubelet_client = KeyPair(folder / "kubelet-client.crt", folder / "kubelet-client.key")
    authority.issue(Leaf("kube-apiserver-kubelet-client", ("system:masters",)), kubelet_client)
    proxy = KeyPair.at(folder, "front-proxy-client")
    front_proxy = Authority.open(folder, "front-proxy-ca")
    front_proxy.issue(Leaf("front-proxy-client"), proxy)
    signing_key(folder / "service.key")
    server = ApiServer(
        ApiServerConfig(
            database=folder / "state.db",
            bind_address="127.0.0.1",
            port=0,
            certificate=pair.certificate,
            key=pair.key,
            client_authority=authority.files.certificate,
            kubelet_authority=authority.files.certificate,
            kubelet_certificate=kubelet_client.certificate,
            kubelet_key=kubelet_client.key,
            front_proxy=FrontProxyConfig(
                authority=front_proxy.files.certificate, certificate=proxy.certificate, key=proxy.key
            ),
            service_account_key=folder / "service.key",
            **more,
        )
    )
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


def session(server: ApiServer, folder: Path, name: str = "", *groups: str) -> aiohttp.ClientSession:
    """A session of a user with a certificate, or of nobody."""
    context = ssl.create_default_context(cafile=str(folder / "ca.crt"))
    if name:
        pair = KeyPair(folder / f"{name}.crt", folder / f"{name}.key")
        Authority.open(folder).issue(Leaf(name, groups), pair)
        context.load_cert_chain(pair.certificate, pair.key)
    connector = aiohttp.TCPConnector(ssl=context)
    return aiohttp.ClientSession(f"https://127.0.0.1:{server.port}", connector=connector)


@asynccontextmanager
async def running(client: Client, *setups: Callable[[Manager], Any]) -> AsyncIterator[Manager]:
    """Controllers set up on a manager of their own, until the block ends."""
    manager = Manager(client)
    for setup in setups:
        setup(manager)
    async with background(manager.run()):
        yield manager


@asynccontextmanager
async def background(work: Awaitable[None]) -> AsyncIterator[None]:
    """Something that runs beside the block and must not end before it."""
    task = asyncio.ensure_future(work)
    try:
        yield
        assert not task.done(), task.exception()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def eventually(condition: Callable[[], Awaitable[Any]], what: str = "") -> Any:
    """What `condition` gives as soon as that is true."""
    try:
        async with asyncio.timeout(_DEADLINE):
            while not (result := await condition()):  # noqa: ASYNC110 - what it asks gives no signal
                await asyncio.sleep(0.005)
            return result
    except TimeoutError:
        raise AssertionError(f"not within {_DEADLINE} s: {what or condition}") from None
