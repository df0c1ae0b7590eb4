"""exec, attach, cp and port-forward: the real kubectl, through our API server and kubelet, to containerd."""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import json
import os
import pty
import ssl
import struct
import termios
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest

from support.cluster import NEWEST, OLDER
from support.containerd import Containerd, running_containerd
from support.kubectl import Answer, Kubectl, end
from support.kubelet_lab import KubeletLab, container, kubelet_lab

pytestmark = [pytest.mark.root, pytest.mark.topology]


@pytest.fixture(scope="module")
def containerd() -> Iterator[Containerd]:
    with running_containerd() as made:
        yield made


@pytest.fixture
async def lab(containerd: Containerd, tmp_path: Path) -> AsyncIterator[KubeletLab]:
    async with kubelet_lab(containerd, tmp_path) as made:
        await made.create("web")
        await made.wait_running("web")
        yield made

        async def no_pipes() -> bool:
            return not list((made.root / "streams").glob("*"))

        await made.eventually(no_pipes, lambda: "pipes of a process that has ended are still there")


@pytest.fixture
def kubectl(lab: KubeletLab) -> Kubectl:
    return Kubectl(lab.base / "kubeconfig")


@pytest.mark.parametrize("version", [NEWEST, OLDER])
async def test_a_command_its_streams_and_its_code(lab: KubeletLab, version: str) -> None:
    kubectl = Kubectl(lab.base / "kubeconfig", version)
    answer = await kubectl.run("exec", "web", "--", "sh", "-c", "echo out; echo err >&2; exit 3")
    assert (answer.code, answer.stdout) == (3, b"out\n")
    assert answer.stderr.startswith("err\n")
    echoed = await kubectl.run("exec", "-i", "web", "--", "cat", text=b"to and fro\n")
    assert (echoed.code, echoed.stdout, echoed.stderr) == (0, b"to and fro\n", "")


async def test_much_data_both_ways_keeps_its_order(kubectl: Kubectl) -> None:
    data = b"".join(b"%09d\n" % number for number in range(800_000))
    answer = await kubectl.run("exec", "-i", "web", "--", "sh", "-c", "tee /tmp/copy", text=data)
    assert (answer.code, hashlib.sha256(answer.stdout).digest()) == (0, hashlib.sha256(data).digest())


async def test_a_terminal_has_a_size_and_one_stream(lab: KubeletLab, kubectl: Kubectl) -> None:
    ours, theirs = pty.openpty()
    fcntl.ioctl(ours, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 99, 0, 0))
    sized = "until [ \"$(stty size 2>/dev/null)\" = '33 99' ]; do sleep 0.02; done"
    command = ("sh", "-c", f"{sized}; echo $TERM; tty")
    process = await kubectl.start("exec", "-it", "web", "--", *command, stdin=theirs, stdout=theirs)
    os.close(theirs)
    try:
        async with asyncio.timeout(20):
            code = await process.wait()
        assert (code, os.read(ours, 1000)) == (0, b"xterm\r\n/dev/pts/0\r\n")
    finally:
        os.close(ours)


async def test_a_client_that_goes_takes_nothing_with_it(lab: KubeletLab, kubectl: Kubectl) -> None:
    script = "echo begun; cat; head -c 200000 /dev/zero; echo done >/tmp/done"
    process = await kubectl.start("exec", "-i", "web", "--", "sh", "-c", script)
    assert process.stdout is not None
    assert await process.stdout.readline() == b"begun\n"
    await end(process)

    async def done() -> bool:
        return (await kubectl.run("exec", "web", "--", "cat", "/tmp/done")).stdout == b"done\n"

    await lab.eventually(done, lambda: "the process did not see the end of its stdin, or was held up")


async def test_files_are_copied_both_ways(kubectl: Kubectl, tmp_path: Path) -> None:
    data = os.urandom(3_000_000)
    (tmp_path / "there").write_bytes(data)
    there = await kubectl.run("cp", str(tmp_path / "there"), "web:/tmp/there")
    back = await kubectl.run("cp", "web:/tmp/there", str(tmp_path / "back"))
    assert (there.code, back.code) == (0, 0), there.stderr + back.stderr
    assert (tmp_path / "back").read_bytes() == data


REFUSALS = {
    "no such program": (
        ("exec", "web", "--", "nosuch"), 'exec: "nosuch": executable file not found in $PATH'),
    "no such container": (("exec", "web", "-c", "other", "--", "true"), "container other is not valid for"),
    "no such pod": (("exec", "nobody", "--", "true"), 'pods "nobody" not found'),
    "a kubectl that speaks SPDY": (
        ("exec", "web", "--", "true"), "this cluster streams over WebSocket, not SPDY/3.1"),
    "a container that has ended": (
        ("exec", "two", "-c", "short", "--", "true"), "container is in CONTAINER_EXITED state"),
}  # fmt: skip


async def test_refusals_say_why(lab: KubeletLab, monkeypatch: pytest.MonkeyPatch) -> None:
    await lab.create("two", container(name="main"), container("exit 0", "short"), restartPolicy="Never")
    await lab.wait("two", lambda pod: any(
        "terminated" in c["state"] for c in pod["status"].get("containerStatuses", ())
    ))  # fmt: skip
    for what, (arguments, words) in REFUSALS.items():
        monkeypatch.setenv("KUBECTL_REMOTE_COMMAND_WEBSOCKETS", str("SPDY" not in what).lower())
        answer = await Kubectl(lab.base / "kubeconfig").run(*arguments)
        assert answer.code != 0, what
        assert words in answer.stderr, f"{what}: {answer.stderr}"


async def test_the_default_container_is_the_annotated_one(lab: KubeletLab, kubectl: Kubectl) -> None:
    await lab.create("many", container(name="first"), container(name="second", env=[
        {"name": "ME", "value": "second"}
    ]))  # fmt: skip
    await lab.wait_running("many")
    path = "/api/v1/namespaces/default/pods/many/exec?command=true&stdout=true"
    answer = await kubectl.run("get", "--raw", path)
    assert "a container name must be specified for pod many, choose one of: [first second]" in answer.stderr
    await kubectl.run("annotate", "pod", "many", "kubectl.kubernetes.io/default-container=second")
    assert (await kubectl.run("exec", "many", "--", "sh", "-c", "echo $ME")).stdout == b"second\n"
    assert "Upgrade request required" in (await kubectl.run("get", "--raw", path)).stderr


async def test_attach_passes_the_end_of_stdin(lab: KubeletLab, kubectl: Kubectl) -> None:
    await lab.create("reads", container("cat; echo over", stdin=True, stdinOnce=True), restartPolicy="Never")
    await lab.wait_running("reads")
    answer = await kubectl.run("attach", "-i", "reads", text=b"some words\n")
    assert (answer.code, answer.stdout) == (0, b"some words\nover\n"), answer.stderr
    await lab.wait_phase("reads", "Succeeded")


async def test_attach_misses_nothing_of_a_process_that_ends_at_once(lab: KubeletLab) -> None:
    names = [f"c{number}" for number in range(24)]
    said = "read line; echo problem >&2; echo heard $line; exec head -c 60000 /dev/zero"
    await lab.create("brief", *(container(said, name, stdin=True) for name in names), restartPolicy="Never")
    await lab.wait_running("brief")
    found = await asyncio.gather(*(converse(lab, f"attach/default/brief/{name}", b"you\n") for name in names))
    expected = (b"heard you\n" + bytes(60_000), b"problem\n")
    assert [n for n, (out, err, _) in enumerate(found) if (out, err) != expected] == []
    assert {json.loads(status)["status"] for *_, status in found} == {"Success"}


async def test_attach_ends_with_the_stdin_of_a_container_that_goes_on(
    lab: KubeletLab, kubectl: Kubectl
) -> None:
    said = "while read line; do echo heard $line; done; echo over"
    await lab.create("goes-on", container(said, stdin=True), restartPolicy="Never")
    await lab.wait_running("goes-on")
    for words in ("one", "two"):
        answer = await kubectl.run("attach", "-i", "goes-on", text=f"{words}\n".encode())
        assert (answer.code, answer.stdout) == (0, f"heard {words}\n".encode()), answer.stderr


async def converse(lab: KubeletLab, path: str, text: bytes) -> list[bytes]:
    """stdout, stderr and the closing status of a stream whose stdin is this text."""
    context = ssl.create_default_context(cafile=lab.base / "ca.crt")
    context.load_cert_chain(lab.base / "apiserver.crt", lab.base / "apiserver.key")
    url = f"https://127.0.0.1:{lab.port}/{path}?input=1&output=1&error=1"
    heard = [b"", b"", b""]
    async with (
        asyncio.timeout(20),
        aiohttp.ClientSession() as session,
        session.ws_connect(url, protocols=["v5.channel.k8s.io"], ssl=context) as socket,
    ):
        await socket.send_bytes(b"\0" + text)
        await socket.send_bytes(b"\xff\0")
        async for message in socket:
            heard[message.data[0] - 1] += message.data[1:]
    return heard


async def test_attach_shows_what_is_written_from_then_on(lab: KubeletLab, kubectl: Kubectl) -> None:
    await lab.create("talks", container("while sleep 0.05; do echo out; echo err >&2; done"))
    await lab.wait_running("talks")
    process = await kubectl.start("attach", "talks")
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        async with asyncio.timeout(20):
            assert await process.stdout.readline() == b"out\n"
            assert b"err\n" in [await process.stderr.readline() for _ in range(3)]
    finally:
        await end(process)


@pytest.mark.parametrize("version", [NEWEST, OLDER])
async def test_ports_are_forwarded(lab: KubeletLab, version: str) -> None:
    kubectl = Kubectl(lab.base / "kubeconfig", version)
    serve = "mkdir /tmp/www; head -c 5000000 /dev/zero >/tmp/www/big; exec httpd -f -p 8080 -h /tmp/www"
    await lab.create("serves", container(serve))
    await lab.wait_running("serves")
    process = await kubectl.start("port-forward", "serves", ":8080", ":9999")
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        lines = [await process.stdout.readline() for _ in range(4)]
        ports = {line.split()[-1]: line.split()[2].decode() for line in lines if b"127.0.0.1" in line}
        async with aiohttp.ClientSession() as session:
            for _ in range(3):
                async with session.get(f"http://{ports[b'8080']}/big") as answer:
                    assert await answer.read() == bytes(5_000_000)
            with pytest.raises(aiohttp.ClientError):
                await session.get(f"http://{ports[b'9999']}/")
        complaint = await process.stderr.readline()
        assert b"9999" in complaint
    finally:
        await end(process)


async def test_ports_are_forwarded_over_channels(lab: KubeletLab) -> None:
    await lab.create("pages", container("echo page >/tmp/x; exec httpd -f -p 8080 -h /tmp"))
    await lab.wait_running("pages")
    context = ssl.create_default_context(cafile=lab.base / "ca.crt")
    context.load_cert_chain(lab.base / "apiserver.crt", lab.base / "apiserver.key")
    url = f"https://127.0.0.1:{lab.port}/portForward/default/pages?port=8080,9999"
    received = dict.fromkeys(range(4), b"")
    async with (
        asyncio.timeout(20),
        aiohttp.ClientSession() as session,
        session.ws_connect(url, protocols=["v4.channel.k8s.io"], ssl=context) as socket,
    ):
        await socket.send_bytes(b"\0GET /x HTTP/1.0\r\n\r\n")
        async for message in socket:
            received[message.data[0]] += message.data[1:]
            if b"page\n" in received[0] and b"9999" in received[3]:
                break
    ports = {channel: int.from_bytes(text[:2], "little") for channel, text in received.items()}
    assert ports == {0: 8080, 1: 8080, 2: 9999, 3: 9999}
    assert b" 200 OK" in received[0]


async def test_a_pod_is_run_fed_and_removed_by_one_command(lab: KubeletLab, kubectl: Kubectl) -> None:
    overrides = json.dumps({"spec": {"nodeName": lab.name}})
    command = ("run", "once", "--image=busybox:stable", "-i", "--rm", "--quiet", "--restart=Never")
    answer = await kubectl.run(
        *command, f"--overrides={overrides}", "--", "sh", "-c", "cat; exit 4", text=b"x\n"
    )
    assert (answer.code, answer.stdout) == (4, b"x\n"), answer.stderr
    await lab.wait_gone("once")


async def test_clients_of_v4_are_served_without_an_end_of_stdin(lab: KubeletLab) -> None:
    context = ssl.create_default_context(cafile=lab.base / "ca.crt")
    context.load_cert_chain(lab.base / "apiserver.crt", lab.base / "apiserver.key")
    url = f"https://127.0.0.1:{lab.port}/exec/default/web/main?command=head&command=-1&input=1&output=1"
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(url, protocols=["v4.channel.k8s.io"], ssl=context) as socket,
    ):
        await socket.send_str("\0line\nmore\n")
        assert await socket.receive_bytes() == b"\x01line\n"
        ended = await socket.receive_bytes()
        assert (ended[0], json.loads(ended[1:])["status"]) == (3, "Success")
        assert (await socket.receive()).type == aiohttp.WSMsgType.CLOSE


async def test_a_kubelet_that_is_killed_leaves_no_pipes_to_the_next(
    lab: KubeletLab, kubectl: Kubectl
) -> None:
    process = await kubectl.start("exec", "-i", "web", "--", "cat")
    try:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"x\n")
        assert await process.stdout.readline() == b"x\n"
        lab.kill_kubelet()
        async with asyncio.timeout(20):
            assert await process.wait() != 0
    finally:
        lab.start_kubelet()
    assert (await kubectl_when_served(lab, kubectl)).stdout == b"back\n"


async def kubectl_when_served(lab: KubeletLab, kubectl: Kubectl) -> Answer:
    """The answer of the kubelet that has come back."""
    answer = Answer(1, b"", "")

    async def served() -> bool:
        nonlocal answer
        answer = await kubectl.run("exec", "web", "--", "echo", "back")
        return answer.code == 0

    await lab.eventually(served, lambda: answer.stderr)
    return answer
