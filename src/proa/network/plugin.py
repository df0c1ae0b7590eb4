"""The CNI plugin: hands what the runtime says to the node's daemon and prints the answer.

Runs for every pod that comes or goes, so it must be up in no time: it uses only modules that are
compiled into the interpreter (and its socket extension), parses no JSON, and skips the interpreter's
tear-down. `install.py` writes it out with a `#!` line that leaves site-packages and environment out.

To the daemon: the CNI_* variables, each ended by a zero byte, a zero byte, the configuration; then the
end of the stream. From the daemon: the exit status as one digit, then what to print.
"""

import _socket
import posix

VERSIONS = ("0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0")
PATIENCE = 120.0
"""Seconds to wait for the daemon; the runtime has its own, shorter deadlines."""
TRY_AGAIN, BAD_CONFIGURATION = 11, 7


def main() -> int:
    """The exit status; the answer is on standard output by then."""
    configuration = read(0)
    command = posix.environ.get(b"CNI_COMMAND", b"")
    version = value(configuration, b"cniVersion").decode() or "1.0.0"
    if command == b"VERSION":
        supported = '", "'.join(VERSIONS)
        write(f'{{"cniVersion": "{version}", "supportedVersions": ["{supported}"]}}\n'.encode())
        return 0
    socket = value(configuration, b"socket")
    if not socket:
        return fail(version, BAD_CONFIGURATION, 'the network configuration has no "socket" of the daemon')
    try:
        answer = ask(socket, configuration)
    except OSError as error:
        reason = f"{socket.decode()}: {error.strerror or error}"
        return fail(version, TRY_AGAIN, f"the agent of proa does not answer on {reason}")
    if not answer:
        return fail(version, TRY_AGAIN, "the agent of proa ended while it worked on this")
    write(answer[1:])
    return answer[0] - 48


def ask(path: bytes, configuration: bytes) -> bytes:
    """The daemon's answer, empty when it died over it."""
    environment = b"".join(
        name + b"=" + setting + b"\0" for name, setting in posix.environ.items() if name[:4] == b"CNI_"
    )
    connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    connection.settimeout(PATIENCE)
    connection.connect(path)
    connection.sendall(environment + b"\0" + configuration)
    connection.shutdown(_socket.SHUT_WR)
    parts = []
    while part := connection.recv(65536):
        parts.append(part)
    return b"".join(parts)


def value(configuration: bytes, key: bytes) -> bytes:
    """The first string value of `key` in a JSON text, empty when it has none."""
    pieces = configuration.partition(b'"' + key + b'"')[2].split(b'"', 2)
    return pieces[1] if len(pieces) == 3 and pieces[0].strip() == b":" else b""


def fail(version: str, code: int, message: str) -> int:
    """Prints an error as the CNI specification wants it."""
    plain = message.replace("\\", "/").replace('"', "'")
    write(f'{{"cniVersion": "{version}", "code": {code}, "msg": "{plain}"}}\n'.encode())
    return 1


def read(descriptor: int) -> bytes:
    parts = []
    while part := posix.read(descriptor, 65536):
        parts.append(part)
    return b"".join(parts)


def write(data: bytes) -> None:
    while data:
        data = data[posix.write(1, data) :]


if __name__ == "__main__":
    try:
        status = main()
    except Exception as fault:  # noqa: BLE001 - the runtime wants JSON whatever happens
        status = fail("1.0.0", 5, f"proa: {type(fault).__name__}: {fault}")
    posix._exit(status)  # noqa: SLF001 - a public function under the name of its C module
