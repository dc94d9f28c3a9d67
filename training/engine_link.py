"""Asks a playing engine, over OSC, to change to a release: all that training knows of the instrument."""

from __future__ import annotations

from aitunes.errors import TrainingError
from aitunes.osc.address import DEFAULT_PORT, AddressError, parse_host_port
from aitunes.osc.client import Client, NoAnswerError, RefusedError
from aitunes.osc.packets import Message

LOAD = "/aitunes/release/load"
DEFAULT_ENGINE = f"127.0.0.1:{DEFAULT_PORT}"


def engine_address(text: str) -> tuple[str, int]:
    """Return host and port of HOST:PORT.

    Raises:
        TrainingError: the text is something else.
    """
    try:
        return parse_host_port(text)
    except AddressError as error:
        raise TrainingError(f"An engine's address: {error}.") from error


def load_on_engine(release: str, engine: str = DEFAULT_ENGINE, timeout_seconds: float = 10.0) -> None:
    """Have an engine change to a release, cross-faded, and wait until it has.

    Args:
        release: its name; the engine finds it in its own folders.
        engine: HOST:PORT.

    Raises:
        TrainingError: no engine answers, or it refuses.
    """
    try:
        _ask(engine, timeout_seconds, release)
    except RefusedError as error:
        raise TrainingError(f"The engine at {engine} plays on as before: {error}") from error


def check_engine(engine: str = DEFAULT_ENGINE, timeout_seconds: float = 5.0) -> None:
    """Ask an engine which release it plays, before work begins that would be in vain without it.

    Args:
        engine: HOST:PORT.

    Raises:
        TrainingError: no engine answers.
    """
    _ask(engine, timeout_seconds)


def _ask(engine: str, timeout_seconds: float, *names: str) -> Message:
    try:
        with Client(*engine_address(engine)) as client:
            return client.ask(LOAD, *names, timeout_seconds=timeout_seconds)
    except (AddressError, NoAnswerError) as error:
        raise TrainingError(f"{error} Start `aitunes play`, or give the address that it says.") from error
