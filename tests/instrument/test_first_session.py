"""The first session of docs/first-session.md, played against a real engine."""

import doctest
import re
import shlex
import time
from pathlib import Path

import pytest

from aitunes.osc.packets import parse

PAGE = Path(__file__).parents[2] / "docs" / "first-session.md"
EXCHANGES = re.findall(r"```osc\n(.*?)```", PAGE.read_text(), re.DOTALL)
ANSWER_SECONDS = 30.0
TOKEN = "TOKEN"  # on the page, whatever number the engine chooses


def typed(word):
    """A word of the page as the OSC argument that it stands for."""
    try:
        return int(word)
    except ValueError:
        pass
    try:
        return float(word)
    except ValueError:
        return word


def written(message):
    """A message as the page writes it."""

    def text(value):
        return f'"{value}"' if isinstance(value, str) else str(round(value, 4) if isinstance(value, float) else value)

    return " ".join((message.address, *map(text, message.arguments)))


def expect(client, line):
    """Wait for a message that reads as the line and return it; other messages are passed over, as a patch would."""
    heard = []
    pattern = line.replace(TOKEN, "...")
    deadline = time.monotonic() + ANSWER_SECONDS
    while (remaining := deadline - time.monotonic()) > 0.0:
        try:
            datagram, _ = client.receive(remaining)
        except TimeoutError:
            break
        message = parse(datagram)[0].messages[-1]
        heard.append(written(message))
        if doctest.OutputChecker().check_output(pattern + "\n", heard[-1] + "\n", doctest.ELLIPSIS):
            return message
    return pytest.fail(f"{line!r} was not answered; heard: {heard[-20:]}")


def test_the_page_holds_a_session():
    assert len(EXCHANGES) >= 7


def test_every_answer_of_the_page_is_what_an_engine_says(start):
    client = start("play", "--output", "none", "--osc-port", 0, "--no-pad", "--release", "first-light").client()
    token = ""
    for exchange in EXCHANGES:
        for line in exchange.splitlines():
            if line.startswith("> "):
                address, *words = shlex.split(line[2:].replace(TOKEN, token))
                client.send(address, *map(typed, words))
            else:
                answer = expect(client, line.removeprefix("< "))
                token = str(answer.arguments[-1]) if line.endswith(TOKEN) else token
