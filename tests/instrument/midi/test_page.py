"""The messages of docs/midi.md are understood by the release that a player has first."""

import re
from pathlib import Path

import pytest

from aitunes.release.reader import read_release
from instrument.midi.setup import Setup
from instrument.namespace import Kind, check_arguments, expand
from instrument.storage.paths import bundled_releases
from instrument.synthesis.performance import Performance

PAGE = (Path(__file__).parents[3] / "docs" / "midi.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```osc\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_is_understood(example):
    performance = Performance.of(read_release(bundled_releases() / "first-light").card, iterations=4)
    rows = expand(performance.point.dim)
    for line in example.splitlines():
        path, *words = line.removeprefix("> ").split()
        values = check_arguments(rows[path], [word if word.startswith("/") else float(word) for word in words])
        if rows[path].kind is not Kind.RELAY:
            performance.apply(path, values)


def test_the_mappings_of_the_page_are_right():
    (text,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    setup = Setup(text)
    assert (setup.faults, len(setup.mappings), len(setup.zones)) == ([], 3, 1)


def test_the_page_has_examples():
    assert len(EXAMPLES) >= 2
