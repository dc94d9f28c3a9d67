"""The list of attacks of `benchmarks/attack.py`, in its short form: each must hold."""

import contextlib
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aitunes.errors import AiTunesError
from benchmarks import attack
from benchmarks.attacks import inputs
from benchmarks.attacks.damage import damaged
from benchmarks.attacks.target import NotTriedError, Target

READERS = (
    "card",
    "map",
    "packet",
    "score",
    "snapshots",
    "gesture",
    "sound",
    "mappings",
    "midi",
    "packed",
    "index",
    "labels",
    "preferences",
    "motion",
    "pictures",
    "set",
    "genres",
    "run",
    "index of features",
    "table of features",
    "sound to learn",
    "model",
)


@pytest.fixture(scope="module")
def target(tmp_path_factory):
    target = Target(tmp_path_factory.mktemp("attacked"))
    yield target
    target.close()


@pytest.mark.parametrize("name", attack.ATTACKS)
def test_it_holds(target, name):
    try:
        attack.ATTACKS[name](target)
    except NotTriedError as error:
        pytest.skip(str(error))
    target.check_alive()


@pytest.fixture(scope="module")
def readers(tmp_path_factory):
    return inputs.readers(tmp_path_factory.mktemp("inputs"))


def test_every_reader_is_attacked(readers):
    assert tuple(readers) == READERS


@pytest.mark.parametrize("name", READERS)
def test_sound_inputs_are_read(readers, name):
    for seed in readers[name].seeds:
        if name != "model":  # the end of one, which is none
            readers[name].read(seed)


@pytest.mark.parametrize("name", READERS)
@settings(max_examples=100)
@given(data=st.data())
def test_a_damaged_input_is_read_or_refused_in_a_sentence(readers, name, data):
    kind = data.draw(st.sampled_from(["mutated", "bytes"]))
    if kind == "mutated":
        content = damaged(readers[name].seeds, random.Random(data.draw(st.integers(0, 2**32))))
    else:
        content = data.draw(st.binary(max_size=200))
    with contextlib.suppress(AiTunesError):
        readers[name].read(content)
