"""The bundled releases of music: small, even over the pad, moving, and credited."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from aitunes.release.bundled import BUNDLED
from aitunes.release.motion import read_motion
from aitunes.release.reader import TORCHSCRIPT, read_landmarks, read_release

RELEASES = Path(__file__).parents[3] / "instrument" / "releases"
MUSIC = sorted(set(BUNDLED) - {"carousel", "chamber", "first-light"})


@pytest.fixture(scope="module", params=MUSIC)
def release(request):
    return read_release(RELEASES / request.param)


def levels_db(release, codes):
    """Level of each code [items, latent_dim] as it is decoded, dB."""
    (S,) = release.decoder.run(None, {"z": codes.astype(np.float32)})
    power = (release.card.features.denormalise(S[:, :, 0]).astype(np.float64) ** 2).sum(axis=1)
    return 10 * np.log10(np.maximum(power, 1e-12))


def test_every_bundled_release_is_there():
    assert {path.name for path in RELEASES.iterdir() if path.is_dir()} == set(BUNDLED)


def test_it_is_small_and_answers_every_hop(release):
    assert sum(path.stat().st_size for path in release.folder.iterdir()) < 3.5e6
    assert TORCHSCRIPT not in release.card.files
    assert release.card.is_frame_model


def test_the_level_over_the_pad_is_even(release):
    edges = np.asarray(release.card.latent.pad_range)
    coordinates = np.zeros((256, release.card.latent_dim))
    for axis, along in enumerate(np.meshgrid(np.linspace(0, 1, 16), np.linspace(0, 1, 16))):
        coordinates[:, axis] = edges[axis, 0] + np.ptp(edges[axis]) * along.ravel()
    level = levels_db(release, release.card.latent.codes(coordinates))
    assert np.abs(level - np.median(level)).max() < 6.2
    assert release.card.training.metrics["pad_level_db"] <= 6.0


def test_its_motion_moves_as_the_material_did(release):
    motion = read_motion(release.folder, release.card)
    codes = motion.offsets + np.repeat(motion.codes, np.diff(motion.code_starts), axis=0)
    parts = [codes[first:end] for first, end in list(pairwise(motion.code_starts))[:20]]
    assert np.median([levels_db(release, part).std() for part in parts]) > 1.0
    figures = release.card.training.metrics
    assert 0.8 < figures["motion_moves_db"] / figures["material_moves_db"] < 1.2


def test_its_map_and_card_name_who_made_the_sounds(release):
    record = release.card.training
    labels = {str(label) for label in read_landmarks(release.folder, release.card).labels}
    assert len(labels) > 3
    assert all(label in record.data_licence for label in labels)
    assert record.data_licence.startswith("Excerpts. ")
    assert "creativecommons.org/licenses/by/3.0" in record.data_licence
    assert "not stated" not in record.data_licence
    assert record.command.startswith(f"aitunes-train release {release.card.name} --data-dir music")


def test_its_preview_is_ogg(release):
    assert (release.folder / "preview.ogg").read_bytes()[:4] == b"OggS"
    assert (release.folder / "preview.ogg").stat().st_size < 200_000
