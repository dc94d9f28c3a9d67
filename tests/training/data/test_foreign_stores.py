"""Prepared features from anywhere: whatever stands in their index and headers, a sentence comes of it."""

import json
import os
import shutil

import numpy as np
import pytest

pytest.importorskip("lightning", reason="pip install aitunes[training]")

from aitunes.datasets.folder import read_folder
from aitunes.errors import TrainingError
from aitunes.remote_paths import RemotePathError, parse_path
from training.data.feature_preparation import PrepareOptions, prepare_tracks
from training.data.feature_store import INDEX, FeatureStore
from training.data.sources import describe_changes

pytestmark = pytest.mark.training


@pytest.fixture(scope="module")
def store(audio_folder, small_case, tmp_path_factory):
    folder = tmp_path_factory.mktemp("store") / "a"
    prepare_tracks(read_folder(audio_folder), PrepareOptions(small_case.features), folder, lambda *done: None)
    return folder


@pytest.fixture
def spoilt(store, tmp_path):
    """A copy of the store, and its index to be changed."""
    folder = tmp_path / "copy"
    shutil.copytree(store, folder)
    return folder, json.loads((folder / INDEX).read_text())


ODD = [None, 0, -1, 10**15, 2.5, "x", "", "../x", [], [[]], {}, float("nan"), [["a", 10**15]], [["../a.npy", 1]], True]


@pytest.mark.parametrize("value", ODD, ids=repr)
@pytest.mark.parametrize("key", ["schema", "tracks", "shards", "features", "sources", "skipped", "name"])
def test_an_odd_index_is_read_or_refused_in_a_sentence(spoilt, key, value):
    folder, index = spoilt
    (folder / INDEX).write_text(json.dumps({**index, key: value}))
    assert read_or_refused(folder)


def read_or_refused(folder):
    """Open a store; True where that gives segments or our sentence, and no other error."""
    try:
        return len(FeatureStore(folder)) > 0
    except TrainingError as error:
        return "damaged one" in str(error)


def test_damaged_headers_of_the_table_are_a_sentence(spoilt, rng):
    folder, index = spoilt
    path = folder / index["tracks"]
    whole = path.read_bytes()
    header = 10 + int.from_bytes(whole[8:10], "little")
    for _ in range(300):
        data = bytearray(whole)
        for position in rng.integers(0, header, rng.integers(1, 6)):
            data[position] = rng.integers(256)
        path.write_bytes(data)
        assert read_or_refused(folder)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
@pytest.mark.parametrize("key", ["tracks", "sources"])
def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(spoilt, key):
    folder, index = spoilt
    path = folder / index[key]
    path.unlink()
    os.mkfifo(path)
    assert read_or_refused(folder)
    assert describe_changes(path, []) == ""


@pytest.mark.parametrize("field", ["items", "shard", "row"])
@pytest.mark.parametrize("value", [-1, 0, 10**15, 2**63 - 1])
def test_a_table_that_claims_too_much_is_refused(spoilt, field, value):
    folder, index = spoilt
    rows = np.load(folder / index["tracks"])
    if (rows[field] == value).all():
        return
    rows[field] = value
    np.save(folder / index["tracks"], rows)
    if (field, value) in (("shard", 0), ("row", 0)):  # where each track has a shard of its own, 0 may be right
        return
    with pytest.raises(TrainingError, match="damaged one"):
        FeatureStore(folder)


@pytest.mark.parametrize("url", ["ftp://a/b", "zip://a", "data://x", "http://a", "nowhere://", "://x", "s3x://a"])
def test_odd_urls_are_a_sentence(url):
    with pytest.raises(RemotePathError, match="names no file system that is known here"):
        parse_path(url)
