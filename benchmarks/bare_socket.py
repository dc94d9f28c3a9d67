"""Serves a blank page whose every move of a hand goes over a WebSocket and out as a datagram: the least there can be.

    python -m benchmarks.bare_socket PORT

`benchmarks.page` starts it as the page's peer. One thread, no event loop, one connection after another; what comes as a
binary frame goes to 127.0.0.1:PORT as it is.
"""

from __future__ import annotations

import base64
import hashlib
import re
import socket
import sys

_PAGE = b"""<!doctype html><title>bare</title>
<style>html,body,div{margin:0;width:100%;height:100%;touch-action:none}</style>
<div id="pad"></div><script>
const socket = new WebSocket(`ws://${location.host}/`);
const pad = document.getElementById("pad");
pad.addEventListener("pointerrawupdate", (event) => {
  const bytes = new Uint8Array(32);
  bytes.set(new TextEncoder().encode("/aitunes/pad/xy"));
  bytes.set(new TextEncoder().encode(",ff"), 16);
  const view = new DataView(bytes.buffer);
  view.setFloat32(20, event.clientX / innerWidth);
  view.setFloat32(24, 0.5);
  socket.send(bytes.subarray(0, 28));
});
socket.onopen = () => (document.title = "open");
</script>"""
_MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def main() -> None:
    """Print the port, then serve until ended."""
    target = ("127.0.0.1", int(sys.argv[1]))
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        print(listening.getsockname()[1], flush=True)
        while True:
            connection, _ = listening.accept()
            with connection:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                _serve(connection, datagrams, target)


def _serve(connection: socket.socket, datagrams: socket.socket, target: tuple[str, int]) -> None:
    head = connection.recv(65_536)
    key = re.search(rb"Sec-WebSocket-Key: (\S+)", head, re.IGNORECASE)
    if key is None:
        answer = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close"
        connection.sendall(f"{answer}\r\nContent-Length: {len(_PAGE)}\r\n\r\n".encode() + _PAGE)
        return
    accept = base64.b64encode(hashlib.sha1(key[1] + _MAGIC).digest())
    connection.sendall(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
        + accept
        + b"\r\n\r\n"
    )
    data = b""
    while more := connection.recv(4_096):
        data += more
        while len(data) >= 6 and len(data) >= (size := 6 + (data[1] & 0x7F)):
            mask, body = data[2:6], data[6:size]
            datagrams.sendto(bytes(byte ^ mask[n % 4] for n, byte in enumerate(body)), target)
            data = data[size:]


if __name__ == "__main__":
    main()
