import json
import re

import pytest

from aitunes.errors import AiTunesError
from instrument.storage.snapshots import MAX_SNAPSHOTS, SnapshotError, SnapshotFormat, SnapshotStore
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
    assert sorted(file.name for file in path.parent.iterdir()) == ["snapshots.json", "snapshots.json.bak"]


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


@pytest.fixture
def sentences():
    return []


@pytest.fixture
def watched(path, sentences):
    return SnapshotStore(path, sentences.append)


def put_aside(path):
    return [file.read_bytes() for file in path.parent.glob("snapshots.json.damaged-*")]


@pytest.mark.parametrize("text", [*DAMAGED, "\0", '{"a": ' + "9" * 400 + "}", '{"a": ' + "9" * 5_000 + "}"])
def test_a_damaged_file_is_put_aside_with_a_sentence_and_saving_works(watched, sentences, path, text):
    path.parent.mkdir()
    path.write_text(text)
    watched.save("b", SNAPSHOT)
    assert watched.get("b") == SNAPSHOT
    assert put_aside(path) == [text.encode()]
    (sentence,) = sentences
    assert re.search(
        r"The snapshots in .* are damaged; .* is now snapshots\.json\.damaged-\d{4}-\d\d-\d\d-\d{6}\.$", sentence
    )


def test_of_a_damaged_file_everything_is_kept_that_can_be_read(watched, path):
    path.parent.mkdir()
    fields = {"release": "tiny", "coordinates": [0.5], "settings": {"/gain": [-6.0], "/speed": ["fast"]}}
    values = {"calm": fields, "wild": fields | {"coordinates": ["x"]}, "settings": fields | {"coordinates": [10**400]}}
    path.write_text(json.dumps(values))
    assert watched.names() == ["calm"]
    assert watched.get("calm") == Snapshot("tiny", [0.5], {"/gain": [-6.0]})


@pytest.mark.parametrize("content", [b"", b"\xff" * 100, b"{", None])
def test_a_file_that_cannot_be_read_at_all_is_replaced_by_its_backup(watched, sentences, path, content):
    for name in ("calm", "wild"):
        watched.save(name, SNAPSHOT)
    path.unlink()
    path.mkdir() if content is None else path.write_bytes(content)
    assert watched.names() == ["calm", "wild"]
    assert "the backup beside it was read" in sentences[0]
    assert SnapshotStore(path).get("wild") == SNAPSHOT


TWO = {"calm": Snapshot("tiny", [0.5], {"/gain": [-6.0]}), "wild": Snapshot("tiny", [2.0], {"/freeze": [True]})}
KIND = SnapshotFormat()
CONTENT = KIND.dump(TWO).encode()


def flipped(bit):
    damaged = bytearray(CONTENT)
    damaged[bit // 8] ^= 1 << bit % 8
    return bytes(damaged)


def test_whatever_bit_flips_the_other_snapshot_is_kept_and_with_the_backup_both():
    for bit in range(8 * len(CONTENT)):
        text = flipped(bit).decode("utf-8", "replace")
        found, is_whole = KIND.parse(text)
        assert any(found.get(name) == snapshot for name, snapshot in TWO.items()), text
        assert KIND.parse(KIND.dump(found)) == (found, True)
        if is_whole:
            assert len(found) == 2, text
        else:
            merged = KIND.merge(TWO, found)
            assert {name: merged[name] for name in TWO} == TWO, text


@pytest.mark.parametrize("with_backup", [True, False])
def test_after_a_flipped_bit_snapshots_can_be_recalled_and_saved(watched, path, rng, with_backup):
    for bit in rng.integers(0, 8 * len(CONTENT), 12):
        for name, snapshot in TWO.items():
            watched.save(name, snapshot)
        path.write_bytes(flipped(bit))
        if not with_backup:
            path.with_name("snapshots.json.bak").unlink()
        watched.save("new", SNAPSHOT)
        assert watched.get("new") == SNAPSHOT
        assert set(watched.names()) & set(TWO)


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


@pytest.mark.parametrize(("call", "sentence"), [("stat", "cannot be read"), ("replace", "cannot be kept in")])
def test_a_file_that_may_not_be_used_is_a_sentence_and_leaves_nothing_behind(store, path, monkeypatch, call, sentence):
    def forbid(*arguments, **options):
        raise PermissionError(13, "Permission denied", "snapshots.json")

    with monkeypatch.context() as segment:
        segment.setattr(f"pathlib.Path.{call}", forbid)
        with pytest.raises(SnapshotError, match=f"{sentence}.*: Permission denied$"):
            store.save("calm", SNAPSHOT)
    assert not path.parent.exists() or list(path.parent.iterdir()) == []
