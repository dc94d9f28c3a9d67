"""Folders of other people's are walked through, however deep and odd they are."""

import os
import subprocess

import pytest

from aitunes.folder_walk import MAX_DEPTH, walk_folders

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no folders so deep")


def dig(root, depth):
    """Make so many folders in each other, a file in each; their path may be longer than the system takes at once."""
    here = os.open(root, os.O_RDONLY)
    for _ in range(depth):
        os.close(os.open("x", os.O_WRONLY | os.O_CREAT, dir_fd=here))
        os.mkdir("a", dir_fd=here)
        inside = os.open("a", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inside
    os.close(here)


@pytest.fixture
def pit(tmp_path):
    """A folder that is gone after the test: Python's own removal, which pytest uses, ends in a RecursionError."""
    folder = tmp_path / "pit"
    folder.mkdir()
    yield folder
    subprocess.run(["rm", "-rf", str(folder)], check=True)


def walked(root):
    failures = []
    return [
        (folder.relative_to(root).as_posix(), names) for folder, _, names in walk_folders(root, failures.append)
    ], failures


@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 1_500, 5_000])
def test_very_deep_folders_are_named_and_end(pit, depth):
    dig(pit, depth)
    found, (failure,) = walked(pit)
    assert len(found) == MAX_DEPTH + 1
    assert all(names == ["x"] for _, names in found)
    assert "64 folders lie in each other" in failure.strerror
    assert failure.filename.endswith("/a")


def test_the_caller_chooses_and_orders_what_is_gone_into(tmp_path):
    for name in ("c/d", "a", "b"):
        (tmp_path / name).mkdir(parents=True)
    visited = []
    for folder, folders, _ in walk_folders(tmp_path, pytest.fail):
        folders[:] = sorted(name for name in folders if name != "b")
        visited.append(folder.relative_to(tmp_path).as_posix())
    assert visited == [".", "a", "c", "c/d"]


def test_links_that_lead_nowhere_are_files_and_what_vanishes_is_named(tmp_path):
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "folder").mkdir()
    failures, names = [], []
    for folder, _, files in walk_folders(tmp_path, failures.append):
        names += files
        if folder == tmp_path:
            (tmp_path / "folder").rmdir()
    assert names == ["loop"]
    assert [failure.filename for failure in failures] == [str(tmp_path / "folder")]
