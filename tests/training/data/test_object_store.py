"""Data and features in an object store: moto's server, which answers as S3 does."""

import json
import os

import pytest

pytest.importorskip("lightning", reason="pip install aitunes[training]")
s3fs = pytest.importorskip("s3fs", reason="pip install aitunes[cluster]")
moto_server = pytest.importorskip("moto.server", reason="pip install aitunes[dev]")

from dataclasses import replace  # noqa: E402

import numpy as np  # noqa: E402

from aitunes.datasets.folder import read_folder  # noqa: E402
from aitunes.errors import TrainingError  # noqa: E402
from aitunes.remote_paths import RemotePathError, check_reachable, file_sizes, parse_path, read_ranges, write_whole  # noqa: E402
from training.cli import main  # noqa: E402
from training.data.corpus import CorpusOptions, open_corpus, prepare_case  # noqa: E402
from training.data.feature_preparation import PrepareOptions, prepare_tracks  # noqa: E402
from training.data.feature_store import FeatureStore, is_store  # noqa: E402
from training.data.loading import EpochBatches, loader  # noqa: E402
from training.data.stored_segments import StoredSegments  # noqa: E402

pytestmark = pytest.mark.training


def quiet(done, total, seconds):
    pass


@pytest.fixture(scope="module")
def bucket():
    """URL of an empty bucket."""
    import boto3

    server = moto_server.ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    known = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}
    known["AWS_ENDPOINT_URL"] = f"http://{host}:{port}"
    before = dict(os.environ)
    os.environ.update(known)
    boto3.client("s3").create_bucket(Bucket="sounds")
    yield "s3://sounds"
    os.environ.clear()
    os.environ.update(before)
    server.stop()


@pytest.fixture(scope="module")
def remote_audio(bucket, audio_folder):
    """The folder of six tracks, in the bucket."""
    target = parse_path(f"{bucket}/audio")
    for path in audio_folder.rglob("*.wav"):
        write_whole(target / path.relative_to(audio_folder).as_posix(), [path.read_bytes()])
    return target


def contents(store):
    """All files of a store but the list of its sources, whose times differ from disk to disk."""
    index = json.loads((store / "index.json").read_bytes())
    sources = index.pop("sources")
    files = {name: (store / name).read_bytes() for name in file_sizes(store) if name not in ("index.json", sources)}
    return files, index


def test_features_in_an_object_store_are_those_on_a_disk(remote_audio, audio_folder, bucket, small_case, tmp_path):
    options = PrepareOptions(small_case.features)
    prepare_tracks(read_folder(audio_folder), options, tmp_path / "features", quiet)
    local = read_folder(audio_folder)
    remote = replace(read_folder(remote_audio), name=local.name)
    assert [track.name for track in remote.tracks] == [track.name for track in local.tracks]
    target = parse_path(f"{bucket}/features/a")
    prepare_tracks(remote, options, target, quiet)
    assert contents(target) == contents(tmp_path / "features")
    assert not file_sizes(target / ".work")


def test_a_stopped_run_goes_on_in_the_object_store(remote_audio, bucket, small_case):
    data, target, options = (
        read_folder(remote_audio),
        parse_path(f"{bucket}/features/b"),
        PrepareOptions(small_case.features),
    )

    def stop(done, total, seconds):
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(TrainingError, match="goes on where it stood"):
        prepare_tracks(data, options, target, stop)
    assert not is_store(target)
    told = []
    prepare_tracks(data, options, target, lambda done, total, seconds: told.append(done))
    assert told[0] >= 3
    assert len(FeatureStore(target).tracks.names) == 6


def test_a_training_reads_from_the_object_store_what_it_would_from_a_disk(
    remote_audio, audio_folder, bucket, small_case, tmp_path
):
    scenario = small_case.scenarios.find("tiny")
    there = CorpusOptions(remote_audio, parse_path(f"{bucket}/features/c"), memory_share=0.0)
    here = CorpusOptions(audio_folder, tmp_path / "features", memory_share=0.0)
    prepare_case(small_case, scenario, there, quiet)
    remote, local = (open_corpus(small_case, scenario, options, quiet, str) for options in (there, here))
    assert isinstance(remote.train.S, StoredSegments)
    assert remote.hash == local.hash
    batches = EpochBatches.of(local.train, 5, 1)
    for (S, _), (wanted, _) in zip(loader(remote.train, batches), loader(local.train, batches), strict=True):
        assert np.array_equal(S, wanted)


def test_the_command_line_takes_urls(remote_audio, bucket, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    options = ["-E", "folder", "-S", "low-dim32", "--data-dir", str(remote_audio), "--features", f"{bucket}/features/d"]
    assert main(["prepare", *options]) == 0
    assert f"{bucket}/features/d: 9 s of" in capsys.readouterr().out  # six tracks of a second, a segment of 1.5 s each


def test_pieces_of_an_object_are_read_alone(bucket):
    path = parse_path(f"{bucket}/pieces")
    write_whole(path, [b"0123", np.frombuffer(b"456789", np.uint8)])
    assert read_ranges(path, [(0, 2), (7, 10)]) == [b"01", b"789"]


def test_an_object_store_that_does_not_answer_is_a_sentence(monkeypatch, bucket):
    s3fs.S3FileSystem.clear_instance_cache()
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(RemotePathError, match=r"s3://elsewhere/a cannot be reached.*credentials"):
        check_reachable(parse_path("s3://elsewhere/a"))
    s3fs.S3FileSystem.clear_instance_cache()


def test_a_url_of_a_library_that_is_not_here_is_a_sentence(capsys):
    with pytest.raises(RemotePathError, match=r"pip install adlfs"):
        parse_path("az://container/a")
    assert main(["prepare", "-E", "folder", "-S", "low-dim32", "--data-dir", "nowhere://a"]) == 2
    assert "names no file system that is known here" in capsys.readouterr().err
