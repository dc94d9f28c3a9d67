"""Asks a playing engine, over OSC, to change to a release: all that training knows of the instrument."""

from __future__ import annotations

import socket
import time

from pythonosc.osc_message import OscMessage, ParseError
from pythonosc.osc_message_builder import OscMessageBuilder

from aitunes.errors import TrainingError

LOAD = "/aitunes/model/load"
DEFAULT_ENGINE = "127.0.0.1:7420"
_MAX_BYTES = 65_536


def engine_address(text: str) -> tuple[str, int]:
    """Parse host and port of HOST:PORT.

    >>> engine_address("studio.local:7421")
    ('studio.local', 7421)

    Raises:
        TrainingError: it is something else.
    """
    host, _, port = text.strip().rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65_536:
        raise TrainingError(f"An engine's address is HOST:PORT, such as {DEFAULT_ENGINE}, not {text!r}.")
    return host.strip("[]"), int(port)


def load_on_engine(release: str, engine: str = DEFAULT_ENGINE, timeout_seconds: float = 10.0) -> None:
    """Have an engine change to a release, cross-faded, and wait until it has.

    Args:
        release: its name; the engine finds it in its own folders.
        engine: HOST:PORT.

    Raises:
        TrainingError: no engine answers, or it refuses.
    """
    message = OscMessageBuilder(LOAD)
    message.add_arg(release, OscMessageBuilder.ARG_TYPE_STRING)
    answer, reason = _ask(engine, message.build(), ("/done", "/fail"), timeout_seconds)
    if answer == "/fail":
        raise TrainingError(f"The engine at {engine} plays on as before: {reason}")


def check_engine(engine: str = DEFAULT_ENGINE, timeout_seconds: float = 5.0) -> None:
    """Ask an engine which release it plays, before work begins that would be in vain without it.

    Args:
        engine: HOST:PORT.

    Raises:
        TrainingError: no engine answers.
    """
    _ask(engine, OscMessageBuilder(LOAD).build(), (LOAD,), timeout_seconds)


def _ask(engine: str, message: OscMessage, answers: tuple[str, ...], timeout_seconds: float) -> tuple[str, str]:
    """Send a message; returns the address of what is answered and its last argument."""
    try:
        kind, _, _, _, address = socket.getaddrinfo(*engine_address(engine), type=socket.SOCK_DGRAM)[0]
        with socket.socket(kind, socket.SOCK_DGRAM) as link:
            link.connect(address)
            link.send(message.dgram)
            return _answer(link, answers, time.monotonic() + timeout_seconds)
    except OSError as error:  # a timeout, a refused datagram, an unknown host
        why = (error.strerror or str(error)).lower()
        raise TrainingError(
            f"No engine answers at {engine} ({why}). Start `aitunes play`, or give the address that it says."
        ) from error


def _answer(link: socket.socket, answers: tuple[str, ...], deadline: float) -> tuple[str, str]:
    """Wait for an answer about the load; other messages are ignored."""
    while True:
        link.settimeout(max(1e-3, deadline - time.monotonic()))
        try:
            message = OscMessage(link.recv(_MAX_BYTES))
        except ParseError:
            continue
        values = [str(value) for value in message.params]
        if values and message.address in answers and (message.address == LOAD or values[0] == LOAD):
            return message.address, values[-1]
