"""Sounds on the pad, and what lies between them."""

import re
from dataclasses import replace

import numpy as np
import pytest

from aitunes.errors import AiTunesError
from aitunes.release.card import LATENT_LIMIT
from instrument.pad.anchors import Anchor, AnchorFile, anchor_weights, blend

TWO = [Anchor("low", 0.2, 0.5, (1.0, 0.0, -1.0)), Anchor("high", 0.8, 0.5, (-1.0, 2.0, 3.0))]


def test_at_an_anchor_it_alone_sounds():
    for anchor in TWO:
        np.testing.assert_array_equal(blend(TWO, anchor.x, anchor.y), np.float32(anchor.coordinates))


def test_halfway_both_sound_alike():
    np.testing.assert_allclose(blend(TWO, 0.5, 0.9), [0.0, 1.0, 1.0], atol=1e-6)


def test_the_nearer_anchor_counts_by_the_square_of_the_distance():
    np.testing.assert_allclose(anchor_weights(TWO, 0.4, 0.5), [0.8, 0.2], atol=1e-6)


def test_weights_sum_to_one_everywhere(rng):
    anchors = [Anchor(str(n), *rng.uniform(size=2), (0.0,)) for n in range(9)]
    for x, y in rng.uniform(size=(50, 2)):
        weights = anchor_weights(anchors, x, y)
        assert weights.sum() == pytest.approx(1.0, abs=1e-5)
        assert weights.min() >= 0.0


def test_an_anchor_stays_on_the_pad():
    moved = TWO[0].moved(-1.0, 2.0)
    assert (moved.x, moved.y) == (0.0, 1.0)
    assert moved.coordinates == TWO[0].coordinates


def test_anchors_are_kept_for_each_release(tmp_path):
    file = AnchorFile(tmp_path / "anchors")
    file.write("tiny", TWO)
    assert file.read("tiny", latent_dim=3) == TWO
    assert file.read("other", latent_dim=3) == []


def test_an_anchor_keeps_how_its_notes_begin_and_fall_within_what_can_be_played(tmp_path):
    file = AnchorFile(tmp_path)
    file.write("tiny", [replace(TWO[0], attack=0.5, decay=12.0), replace(TWO[1], attack=0.0, decay=1e9)])
    assert [(anchor.attack, anchor.decay) for anchor in file.read("tiny", 3)] == [(0.5, 12.0), (0.1, 60.0)]
    (tmp_path / "old.json").write_text(anchor())
    (old,) = file.read("old", 3)
    assert (old.attack, old.decay) == (1.0, 0.0)


def test_anchors_of_another_size_are_left_out(tmp_path):
    file = AnchorFile(tmp_path)
    file.write("tiny", TWO)
    assert file.read("tiny", latent_dim=5) == []


def anchor(x="0", coordinates="[0, 0, 0]"):
    return f'[{{"name": "a", "x": {x}, "y": 0, "coordinates": {coordinates}}}]'


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[" * 100_000,
        "[{}]",
        "7",
        '"a"',
        anchor(coordinates='["far"]'),
        anchor(coordinates="[NaN, 0, 0]"),
        anchor(coordinates="7"),
        anchor(x="NaN"),
        anchor(x="9" * 400),
        anchor(x="null"),
        anchor(x="1" + "0" * 5_000),
        anchor(coordinates='[0, 0, 0], "attack": NaN'),
        anchor(coordinates='[0, 0, 0], "decay": "fast"'),
    ],
)
def test_damaged_anchors_are_put_aside_with_a_sentence(tmp_path, text):
    (tmp_path / "tiny.json").write_text(text)
    sentences = []
    file = AnchorFile(tmp_path, sentences.append)
    assert file.read("tiny", latent_dim=3) == []
    assert re.search(r"tiny\.json are damaged; .* is now tiny\.json\.damaged-", sentences[0])
    (aside,) = tmp_path.glob("tiny.json.damaged-*")
    assert aside.read_text() == text
    file.write("tiny", TWO)
    assert file.read("tiny", latent_dim=3) == TWO


def test_after_a_flipped_bit_the_backup_has_all_anchors_and_without_it_one_is_kept(tmp_path, rng):
    file, path = AnchorFile(tmp_path), tmp_path / "tiny.json"
    file.write("tiny", TWO)
    for place in rng.integers(0, path.stat().st_size, 12):
        file.write("tiny", TWO)
        content = bytearray(path.read_bytes())
        content[place] ^= 0x80  # which no JSON of ours has
        path.write_bytes(content)
        assert file.read("tiny", latent_dim=3) == TWO
        path.write_bytes(content)
        path.with_name("tiny.json.bak").unlink()
        assert set(file.read("tiny", latent_dim=3)) & set(TWO)


def test_anchors_beyond_the_pad_and_the_latent_space_are_clipped(tmp_path):
    (tmp_path / "tiny.json").write_text(anchor(x="1e300", coordinates="[1e300, -1e300, 1]"))
    (read,) = AnchorFile(tmp_path).read("tiny", latent_dim=3)
    assert (read.x, read.coordinates) == (1.0, (LATENT_LIMIT, -LATENT_LIMIT, 1.0))


def test_more_anchors_than_a_megabyte_are_not_read(tmp_path):
    (tmp_path / "tiny.json").write_text("[" + " " * (1 << 20) + "]")
    sentences = []
    assert AnchorFile(tmp_path, sentences.append).read("tiny", latent_dim=3) == []
    assert "are damaged" in sentences[0]


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(AiTunesError, match="cannot be kept"):
        AnchorFile(tmp_path / "file" / "anchors").write("tiny", TWO)
