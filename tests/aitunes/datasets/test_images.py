"""MNIST, CIFAR10, and vectors."""

import contextlib
import gzip
import os
import pickle
import struct

import numpy as np
import pytest

from aitunes.datasets.cifar10 import LABELS, read_batch, read_cifar10
from aitunes.datasets.folder import DataSetError
from aitunes.datasets.items import Items
from aitunes.datasets.mnist import read_idx, read_mnist
from aitunes.datasets.vectors import KINDS, make_vectors


def idx(values):
    return bytes((0, 0, 8, values.ndim)) + struct.pack(f">{values.ndim}I", *values.shape) + values.tobytes()


def write_mnist(folder, rng, compressed=False, counts=(20, 5)):
    folder.mkdir()
    for part, count in zip(("train", "t10k"), counts, strict=True):
        images = rng.integers(0, 256, (count, 28, 28), dtype=np.uint8)
        for name, values in (("images-idx3", images), ("labels-idx1", np.arange(count, dtype=np.uint8) % 10)):
            contents = idx(values)
            path = folder / f"{part}-{name}-ubyte{'.gz' if compressed else ''}"
            path.write_bytes(gzip.compress(contents) if compressed else contents)
    return folder


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("place", ["mnist", "MNIST"])
def test_mnist_is_read_compressed_or_not(tmp_path, rng, compressed, place):
    write_mnist(tmp_path / place, rng, compressed)
    data = read_mnist(tmp_path)
    assert data.train.S.shape == (20, 1, 28, 28)
    assert data.train.S.dtype == np.float32
    assert data.held_out.labels.tolist() == ["0", "1", "2", "3", "4"]
    assert 0.0 <= data.train.S.min() < data.train.S.max() <= 1.0
    assert np.array_equal(read_mnist(tmp_path / place).train.S, data.train.S)


def test_missing_mnist_says_where_to_get_it_and_where_to_put_it(tmp_path):
    with pytest.raises(DataSetError, match=rf"MNIST is not in {tmp_path}.*https://.*put them into {tmp_path}/mnist"):
        read_mnist(tmp_path)


@pytest.mark.parametrize(
    ("harm", "sentence"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:-7]), r"should hold \[5, 28, 28\] values"),
        (lambda path: path.write_bytes(b"hello"), "no idx file"),
        (lambda path: path.write_bytes(b""), "no idx file"),
        (lambda path: path.unlink(), "lacks t10k-images-idx3-ubyte.gz"),
        (lambda path: path.write_bytes(idx(np.zeros((4, 28, 28), np.uint8))), "do not fit"),
    ],
)
def test_damaged_mnist_is_refused_by_the_name_of_the_file(tmp_path, rng, harm, sentence):
    folder = write_mnist(tmp_path / "mnist", rng)
    harm(folder / "t10k-images-idx3-ubyte")
    with pytest.raises(DataSetError, match=sentence):
        read_mnist(tmp_path)


@pytest.mark.parametrize("cut", [1, 30, 9999])
def test_a_damaged_archive_is_refused(tmp_path, cut):
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(idx(np.zeros((9, 9), np.uint8)))[:-cut] or b"no archive")
    with pytest.raises(DataSetError, match="is damaged"):
        read_idx(path)


def batch(rng, count=6):
    return {
        b"data": rng.integers(0, 256, (count, 3072), dtype=np.uint8),
        b"labels": [int(n) % 10 for n in range(count)],
        b"batch_label": b"a test",
    }


@pytest.mark.parametrize("protocol", range(5))
def test_cifar10_is_read_whatever_the_pickle_protocol(tmp_path, rng, protocol):
    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()
    for name in [*(f"data_batch_{n}" for n in range(1, 6)), "test_batch"]:
        (folder / name).write_bytes(pickle.dumps(batch(rng), protocol=protocol))
    data = read_cifar10(tmp_path)
    assert data.train.S.shape == (30, 3, 32, 32)
    assert data.held_out.labels.tolist() == list(LABELS[:6])
    assert 0.0 <= data.train.S.min() < data.train.S.max() <= 1.0


class Malicious:
    def __reduce__(self):
        return os.system, ("touch stolen",)


@pytest.mark.parametrize("where", ["data", "whole"])
def test_a_pickle_that_runs_code_is_refused_by_name_and_runs_nothing(tmp_path, rng, monkeypatch, where):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "test_batch"
    path.write_bytes(pickle.dumps(Malicious() if where == "whole" else {**batch(rng), b"data": Malicious()}))
    with pytest.raises(DataSetError, match=rf"{path} is no batch.*asks for posix.system"):
        read_batch(path)
    assert not (tmp_path / "stolen").exists()


@pytest.mark.parametrize("reference", ["builtins eval", "numpy load", "numpy.core.multiarray _reconstruct.__globals__"])
def test_nothing_but_what_arrays_need_is_looked_up(tmp_path, reference):
    module, name = reference.split()
    path = tmp_path / "test_batch"
    path.write_bytes(f"c{module}\n{name}\n(S'1'\ntR.".encode())
    with pytest.raises(DataSetError, match=f"asks for {module}.{name}"):
        read_batch(path)


@pytest.mark.parametrize(
    "contents",
    [
        b"",
        b"\x80\x04",
        b"no pickle at all",
        pickle.dumps([1, 2]),
        pickle.dumps({b"data": np.zeros((2, 5), np.uint8), b"labels": [1, 2]}),
        pickle.dumps({b"data": np.zeros((1, 3072), np.uint8), b"labels": [10]}),
    ],
)
def test_a_file_that_is_no_batch_is_refused(tmp_path, contents):
    path = tmp_path / "test_batch"
    path.write_bytes(contents)
    with pytest.raises(DataSetError, match="no batch of CIFAR10's pictures"):
        read_batch(path)


def crafted(shape, dtype, data, made="numpy.core.multiarray\n_reconstruct"):
    """Return a batch whose pictures have whatever state the test says."""
    text = lambda words: b"U" + bytes([len(words)]) + words  # noqa: E731
    kind = b"cnumpy\ndtype\n(" + text(dtype) + b"I00\nI01\ntR"
    array = b"c" + made.encode() + b"\n(cnumpy\nndarray\n(I0\ntU\x01btR"
    state = b"(I1\n(" + b"".join(b"L%dL\n" % size for size in shape) + b"t" + kind + b"I00\n" + data + b"tb"
    return b"(" + text(b"data") + array + state + text(b"labels") + b"(lI1\nad."


@pytest.mark.parametrize(
    ("shape", "dtype", "data"),
    [
        ((1, 3072), b"O8", b"U\x04abcd"),
        ((1, 3072), b"u1", b"U\x04abcd"),
        ((1, 10**15), b"u1", b"U\x04abcd"),
        ((-1, -4), b"u1", b"U\x04abcd"),
        ((2**63, 2, 0), b"u1", b"U\x00"),
        ((1, 4), b"u1", b"(l"),
        ((1, 4), b"V4", b"U\x04abcd"),
        ((1, 4), b"u8", b"U\x04abcd"),
    ],
)
def test_an_array_that_is_not_what_it_says_is_refused_and_reaches_nothing_compiled(tmp_path, shape, dtype, data):
    path = tmp_path / "test_batch"
    path.write_bytes(crafted(shape, dtype, data))
    with pytest.raises(DataSetError, match="no batch of CIFAR10's pictures"):
        read_batch(path)


def test_the_crafted_array_is_read_where_it_is_right(tmp_path):
    path = tmp_path / "test_batch"
    path.write_bytes(crafted((1, 3072), b"u1", b"T" + (3072).to_bytes(4, "little") + bytes(3072)))
    assert read_batch(path).labels.tolist() == ["automobile"]


def test_any_damage_of_a_batch_is_a_sentence(tmp_path, rng):
    path = tmp_path / "test_batch"
    for protocol in range(5):
        whole = pickle.dumps(batch(rng, 2), protocol=protocol)
        for _ in range(200):
            data = bytearray(whole)
            for place in rng.integers(0, min(len(data), 300), rng.integers(1, 5)):
                data[place] = rng.integers(256)
            path.write_bytes(data[: rng.integers(1, len(data) + 1)])
            with contextlib.suppress(DataSetError):
                read_batch(path)


def test_a_bomb_in_gzip_is_refused(tmp_path):
    path = tmp_path / "train-images-idx3-ubyte.gz"
    path.write_bytes(gzip.compress(bytes(80 << 20), 1))
    with pytest.raises(DataSetError, match="unpacks to more than"):
        read_idx(path)


def test_missing_cifar10_says_where_to_get_it_and_what_is_missing(tmp_path, rng):
    with pytest.raises(DataSetError, match=r"cifar-10-python.tar.gz and unpack it there"):
        read_cifar10(tmp_path)
    (tmp_path / "test_batch").write_bytes(pickle.dumps(batch(rng)))
    with pytest.raises(DataSetError, match="lacks data_batch_1, data_batch_2"):
        read_cifar10(tmp_path)


@pytest.mark.data
def test_the_real_mnist_has_its_digits(shared_data):
    data = read_mnist(shared_data)
    assert (len(data.train), len(data.held_out)) == (60_000, 10_000)
    assert data.train.labels[:5].tolist() == ["5", "0", "4", "1", "9"]
    assert data.train.S.mean() == pytest.approx(0.1307, abs=1e-4)
    assert data.train.S.std() == pytest.approx(0.3081, abs=1e-4)


@pytest.mark.data
def test_the_real_cifar10_has_its_pictures(shared_data):
    items = read_batch(shared_data / "cifar10" / "cifar-10-batches-py" / "test_batch")
    assert len(items) == 10_000
    assert items.labels[:4].tolist() == ["cat", "ship", "ship", "airplane"]
    assert np.all(np.unique(items.labels, return_counts=True)[1] == 1_000)
    # A photograph is smooth: planes and rows are where they belong.
    assert np.abs(np.diff(items.S[:100], axis=3)).mean() < 0.5 * np.abs(np.diff(items.S[:100], axis=1)).mean() + 0.1
    assert np.corrcoef(items.S[:200, 0, :-1].ravel(), items.S[:200, 0, 1:].ravel())[0, 1] > 0.9


def test_vectors_come_from_their_seed_and_lie_in_range():
    data, again, other = make_vectors(400, 3), make_vectors(400, 3), make_vectors(400, 4)
    assert np.array_equal(data.train.S, again.train.S)
    assert not np.array_equal(data.train.S, other.train.S)
    assert data.train.S.shape == (360, 5)
    assert len(data.held_out) == 40
    assert data.train.S.min() >= 0.0
    assert data.train.S.max() <= 1.0
    assert set(data.train.labels) == set(KINDS)


def test_two_numbers_decide_a_vector_of_each_kind():
    data = make_vectors(20_000).train
    for kind in KINDS:
        points = data.S[data.labels == kind]
        near = points[np.argsort(((points - points[0]) ** 2).sum(axis=1))[:200]]
        values = np.linalg.svd(near - near.mean(axis=0), compute_uv=False)
        assert values[2] < 0.6 * values[1], kind  # a small part of a sheet is flat


def test_items_need_a_label_each():
    with pytest.raises(ValueError, match="3 items have 2 labels"):
        Items(np.zeros((3, 5), np.float32), np.array(["a", "b"]))
