import json

import pytest

from aitunes.errors import AiTunesError
from instrument.storage.snapshots import MAX_SNAPSHOTS, SnapshotError, SnapshotStore
from instrument.synthesis.snapshot import Snapshot

SETTINGS = {"/smoothing": [0.5], "/gain": [-6.0], "/freeze": [True], "/position": [0.25], "/speed": [1.0]}
SNAPSHOT = Snapshot("tiny", [0.5, -1.0, 2.0], SETTINGS)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "home" / "snapshots.json"


@pytest.fixture
def store(path):
    return SnapshotStore(path)


def test_a_snapshot_outlives_its_store(store, path):
    store.save("calm", SNAPSHOT)
    assert SnapshotStore(path).get("calm") == SNAPSHOT
    assert [file.name for file in path.parent.iterdir()] == ["snapshots.json"]


def test_a_snapshot_of_former_setting_names_is_read(store, path):
    store.save("calm", SNAPSHOT)
    path.write_text(path.read_text(encoding="utf-8").replace("/smoothing", "/glide"), encoding="utf-8")
    assert store.get("calm") == SNAPSHOT


def test_names_are_sorted_and_the_last_of_a_name_stays(store):
    assert store.names() == []
    for name in ("wild", "calm", "wild"):
        store.save(name, SNAPSHOT)
    other = Snapshot("other", [1.0], {})
    store.save("calm", other)
    assert store.names() == ["calm", "wild"]
    assert store.get("calm") == other


def test_a_deleted_snapshot_is_gone(store):
    store.save("calm", SNAPSHOT)
    store.delete("calm")
    for act in (store.get, store.delete):
        with pytest.raises(SnapshotError, match="no snapshot named 'calm'"):
            act("calm")


@pytest.mark.parametrize("name", ["../x", "", ".x", "a/b", "a\0b"])
def test_names_are_plain(store, path, name):
    with pytest.raises(AiTunesError, match="plain file name"):
        store.save(name, SNAPSHOT)
    assert not path.exists()


DAMAGED = [
    "",
    "[" * 100_000,
    "{",
    "[]",
    '{"a": 1}',
    '{"a": {}}',
    '{"a": {"release": "tiny", "coordinates": [0], "settings": {}, "more": 1, "settings": []}}',
    '{"a": {"release": 5, "coordinates": [0], "settings": {}}}',
    '{"a": {"release": "tiny", "coordinates": ["x"], "settings": {}}}',
    '{"a": {"release": "tiny", "coordinates": [NaN], "settings": {}}}',
    '{"a": {"release": "tiny", "coordinates": 3, "settings": {}}}',
    '{"a": {"release": "tiny", "coordinates": [0], "settings": {"/gain": ["loud"]}}}',
    '{"a": {"release": "tiny", "coordinates": [0], "settings": {"/gain": []}}}',
    '{"a": {"release": "tiny", "coordinates": [0], "settings": {"/nothing": [1]}}}',
    '{"a": {"release": "tiny", "coordinates": [0], "settings": {"/release/load": ["x"]}}}',
]


@pytest.mark.parametrize("text", DAMAGED)
def test_a_damaged_file_is_refused_and_kept(store, path, text):
    path.parent.mkdir()
    path.write_text(text)
    for act in (store.names, lambda: store.get("a"), lambda: store.save("b", SNAPSHOT), lambda: store.delete("a")):
        with pytest.raises(SnapshotError, match=r"is damaged: .*; move it away to begin anew"):
            act()
    assert path.read_text() == text


def test_values_out_of_range_are_clipped_as_those_of_messages_are(store, path):
    path.parent.mkdir()
    path.write_text(json.dumps({"a": {"release": "x", "coordinates": [99.0], "settings": {"/gain": [99]}}}))
    assert store.get("a") == Snapshot("x", [4.0], {"/gain": [6.0]})


def test_there_is_room_for_so_many_and_no_more(store, path):
    path.parent.mkdir()
    fields = {"release": "tiny", "coordinates": [0.0], "settings": {}}
    path.write_text(json.dumps({f"{n}": fields for n in range(MAX_SNAPSHOTS)}))
    with pytest.raises(SnapshotError, match="delete one first"):
        store.save("one more", SNAPSHOT)
    store.save("0", SNAPSHOT)
    assert store.get("0") == SNAPSHOT


def test_a_file_in_the_folders_place_is_a_sentence(store, path):
    path.parent.write_text("not a folder")
    with pytest.raises(SnapshotError, match=r"snapshots cannot be kept in .*: a file is where a folder should be"):
        store.save("calm", SNAPSHOT)
    assert store.names() == []


def test_a_folder_in_the_files_place_is_a_sentence(store, path):
    path.mkdir(parents=True)
    with pytest.raises(SnapshotError, match="cannot be read: a folder is where a file should be"):
        store.save("calm", SNAPSHOT)


@pytest.mark.parametrize(("call", "sentence"), [("exists", "cannot be read"), ("replace", "cannot be kept in")])
def test_a_file_that_may_not_be_used_is_a_sentence_and_leaves_nothing_behind(store, path, monkeypatch, call, sentence):
    def forbid(*arguments, **options):
        raise PermissionError(13, "Permission denied", "snapshots.json")

    with monkeypatch.context() as segment:
        segment.setattr(f"pathlib.Path.{call}", forbid)
        with pytest.raises(SnapshotError, match=f"{sentence}.*: Permission denied$"):
            store.save("calm", SNAPSHOT)
    assert not path.parent.exists() or list(path.parent.iterdir()) == []
