"""Whatever a `.npz` file holds, it becomes plain arrays or one sentence."""

import contextlib
import io
import struct
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aitunes.errors import ReleaseError
from aitunes.release.arrays import ArraySpec, read_arrays

CODES = {"codes": ArraySpec("f", 2)}


def npz(folder, save=np.savez, **arrays):
    stream = io.BytesIO()
    save(stream, **arrays)
    return write(folder, stream.getvalue())


def write(folder, content):
    path = folder / "map.npz"
    path.write_bytes(content)
    return path


def archive(folder, name, content, compression=zipfile.ZIP_STORED):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as file:
        file.writestr(name, content)
    return write(folder, stream.getvalue())


def array(header, data=b""):
    text = header.encode("latin-1")
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + data


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("dtype", ["<f2", "<f4", "<f8", ">f4"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_are_what_was_saved(tmp_path, rng, save, dtype, order):
    codes = np.asarray(rng.normal(size=(5, 3)), dtype, order=order)
    names = np.array(["a", "bb", "ünï", "", "猫"])
    whole = np.arange(6, dtype=np.int32)
    empty = np.zeros((0, 3), np.float32)
    path = npz(tmp_path, save, codes=codes, names=names, whole=whole, empty=empty)
    specs = {"codes": ArraySpec("f", 2), "names": ArraySpec("U", 1), "whole": ArraySpec("iu", 1)}
    read = read_arrays(path, {**specs, "empty": ArraySpec("f", 2)})
    np.testing.assert_array_equal(read["codes"], codes)
    assert list(read["names"]) == list(names)
    assert list(read["whole"]) == list(range(6))
    assert read["empty"].shape == (0, 3)
    assert all(values.flags.writeable for values in read.values())


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e30])
def test_numbers_that_are_none_are_refused(tmp_path, value):
    path = npz(tmp_path, codes=np.array([[0.0, value]]))
    with pytest.raises(ReleaseError, match="values that are no numbers"):
        read_arrays(path, CODES)


@pytest.mark.parametrize(
    "values",
    [
        np.array([["a"]]),
        np.array([[1]]),
        np.zeros(3),
        np.zeros((1, 1, 1)),
        np.array([[1j]]),
        np.zeros((2, 2), [("x", "<f4")]),
        np.array([["1970"]], "datetime64[Y]"),
    ],
)
def test_another_kind_of_array_is_refused(tmp_path, values):
    with pytest.raises(ReleaseError, match="codes"):
        read_arrays(npz(tmp_path, codes=values), CODES)


def test_pickles_are_never_loaded(tmp_path):
    class Evil:
        def __reduce__(self):
            return (pytest.fail, ("a pickle was loaded",))

    with pytest.raises(ReleaseError, match="header"):
        read_arrays(npz(tmp_path, codes=np.array([[Evil()]], object)), CODES)


def test_a_missing_array_is_named(tmp_path):
    with pytest.raises(ReleaseError, match="The map cannot be read: it has no array codes"):
        read_arrays(npz(tmp_path, other=np.zeros(3)), CODES, what="The map")


@pytest.mark.parametrize("content", [b"", b"text", b"PK\x05\x06", b"PK\x05\x06" + bytes(18), b"\0" * 1_000])
def test_what_is_no_archive_is_refused(tmp_path, content):
    with pytest.raises(ReleaseError, match="The file cannot be read"):
        read_arrays(write(tmp_path, content), CODES)


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000, 3), }\n",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (999999999999999, 999999999999999), }\n",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-1, 3), }\n",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 3), 'more': 1}\n",
        "{'descr': '|O', 'fortran_order': False, 'shape': (1, 3), }\n",
        "{'descr': '<f3', 'fortran_order': False, 'shape': (1, 3), }\n",
        "{'descr': __import__('os'), 'fortran_order': False, 'shape': (1, 3), }\n",
        "(" * 4_000,
        "",
        "{'descr': '<f4', 'fortran_order': False, 'shape': " + "(" * 2_000 + "), }\n",
        " " * 60_000,
    ],
)
def test_a_header_that_lies_is_a_sentence(tmp_path, header):
    path = archive(tmp_path, "codes.npy", array(header, bytes(12)))
    with pytest.raises(ReleaseError, match="The file cannot be read: its array codes"):
        read_arrays(path, CODES)


def test_text_that_is_none_is_refused(tmp_path):
    header = "{'descr': '<U1', 'fortran_order': False, 'shape': (1,), }\n"
    for letter in (0x110000, 0xFFFFFFFF, 0xD800):
        path = archive(tmp_path, "names.npy", array(header, struct.pack("<I", letter)))
        with pytest.raises(ReleaseError, match="text that is none"):
            read_arrays(path, {"names": ArraySpec("U", 1)})


def test_what_unpacks_to_more_than_is_read_is_refused(tmp_path):
    header = "{'descr': '<f4', 'fortran_order': False, 'shape': (5000000, 4), }\n"
    path = archive(tmp_path, "codes.npy", array(header, bytes(80_000_000)), zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 200_000
    with pytest.raises(ReleaseError, match="larger than the 67,108,864 bytes that are read"):
        read_arrays(path, CODES)


def test_a_directory_of_many_files_is_not_read(tmp_path):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        for n in range(100):
            file.writestr(f"{n}.npy", b"")
    with pytest.raises(ReleaseError, match="more than 64 arrays"):
        read_arrays(write(tmp_path, stream.getvalue()), CODES)


def test_more_items_than_wanted_are_refused(tmp_path):
    with pytest.raises(ReleaseError, match="11 items; at most 10 are read"):
        read_arrays(npz(tmp_path, codes=np.zeros((11, 1))), {"codes": ArraySpec("f", 2, 10)})


@given(data=st.data())
def test_a_damaged_file_is_arrays_or_a_sentence(tmp_path_factory, data):
    folder = tmp_path_factory.getbasetemp()
    stream = io.BytesIO()
    data.draw(st.sampled_from([np.savez, np.savez_compressed]))(stream, codes=np.ones((4, 3), np.float32))
    content = bytearray(stream.getvalue())
    for _ in range(data.draw(st.integers(0, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = write(folder, bytes(content[: data.draw(st.integers(0, len(content)))]))
    with contextlib.suppress(ReleaseError):
        assert np.isfinite(read_arrays(path, CODES)["codes"]).all()
