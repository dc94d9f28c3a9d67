"""The messages of docs/midi.md are understood by the release that a player has first."""

import re
from pathlib import Path

import pytest

from aitunes.release.reader import read_release
from instrument.namespace import check_arguments, expand
from instrument.storage.paths import bundled_releases
from instrument.synthesis.performance import Performance

PAGE = (Path(__file__).parents[3] / "docs" / "midi.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```osc\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_is_understood(example):
    performance = Performance.of(read_release(bundled_releases() / "first-light").card, iterations=4)
    rows = expand(performance.latent_dim)
    for line in example.splitlines():
        path, *words = line.removeprefix("> ").split()
        performance.apply(path, check_arguments(rows[path], [float(word) for word in words]))


def test_the_page_has_examples():
    assert len(EXAMPLES) >= 2
