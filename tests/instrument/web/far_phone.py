"""Plays as a phone in a network namespace of its own, and prints JSON lines: `far_phone.py URL TOKEN ENGINE_PORT`."""

import json
import socket
import sys
import time

import httpx
from websockets.sync.client import connect

from aitunes.osc.packets import build, messages

SECONDS = 20.0


def main(place, token, engine_port):
    def tell(**words):
        print(json.dumps(words), flush=True)

    def status(client, method, path, **options):
        return client.request(method, f"{place}{path}", timeout=SECONDS, **options).status_code

    origin = {"Origin": place}
    with httpx.Client(headers=origin) as stranger:
        tell(page=status(stranger, "GET", "/", headers={"Accept": "text/html"}))
        tell(before=[status(stranger, "GET", f"/api/v1/{path}") for path in ("releases", "training", "status")])
        tell(session=status(stranger, "POST", "/api/v1/session", json={}))
    tell(loopback=[is_open("127.0.0.1", place.rpartition(":")[2]), is_open("127.0.0.1", engine_port)])
    with httpx.Client(headers=origin) as phone:
        tell(paired=status(phone, "POST", "/api/v1/phones/pair", json={"token": token, "name": "Far phone"}))
        tell(after=[status(phone, "GET", f"/api/v1/{path}") for path in ("releases", "training", "midi")])
        wanted = {"name": "x", "files": 1, "bytes": 1}
        tell(train=status(phone, "POST", "/api/v1/training", json=wanted))
        tell(named=status(phone, "GET", "/api/v1/releases", headers={"Host": "evil.example"}))
        cookie = {"Cookie": "; ".join(f"{name}={value}" for name, value in phone.cookies.items())}
    url = f"{place.replace('http', 'ws')}/api/v1/osc"
    with connect(url, origin=place, additional_headers=cookie, open_timeout=SECONDS) as websocket:
        websocket.send(build("/aitunes/pad/xy", 0.25, 0.75))
        websocket.send(build("/aitunes/device/set", "x"))
        tell(refused=answer(websocket, "/fail")[0])
        websocket.send(build("/aitunes/note", 60, 100, 77))
        websocket.send(build("/version"))
        answer(websocket, "/version.reply")
        tell(plays=True)
        while True:  # until the test takes it out of reach
            websocket.send(json.dumps({"ping": 1}))
            time.sleep(1.0)


def is_open(host, port):
    with socket.socket() as probe:
        probe.settimeout(SECONDS)
        return probe.connect_ex((host, int(port))) == 0


def answer(websocket, address):
    while True:
        frame = websocket.recv(timeout=SECONDS)
        for message in messages(frame) if isinstance(frame, bytes) else ():
            if message.address == address:
                return message.arguments


if __name__ == "__main__":
    main(*sys.argv[1:])
