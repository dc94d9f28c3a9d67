"""Gestures are files of one folder, and no name leads out of it."""

import pytest

from aitunes.errors import AiTunesError
from instrument.scores import gesture_store
from instrument.scores.gesture_store import GestureStore
from instrument.scores.gestures import GestureError
from instrument.scores.score import without_damage
from instrument.storage.paths import PathError


@pytest.fixture
def store(tmp_path):
    return GestureStore(tmp_path / "gestures")


def test_what_was_written_is_read_listed_and_deleted(store, tmp_path):
    assert store.names() == []
    store.write("wave", "0 /aitunes/play\n")
    store.write("Ärger 2", "# nothing\n")
    store.write("wave", "1 /aitunes/play\n")
    assert store.names() == ["wave", "Ärger 2"]
    assert store.read("wave") == "1 /aitunes/play\n"
    store.delete("wave")
    assert store.names() == ["Ärger 2"]
    assert sorted(path.name for path in (tmp_path / "gestures").iterdir()) == ["Ärger 2.txt", "Ärger 2.txt.bak"]


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "/etc/passwd", "a/b", "a\\b", ".hidden", "x\0y", "y" * 121])
def test_no_name_leads_out_of_the_folder(store, tmp_path, name):
    (tmp_path / "x.txt").write_text("mine")
    for act in (store.check, store.read, store.delete, lambda name: store.write(name, "")):
        with pytest.raises(PathError, match="not a plain file name"):
            act(name)
    assert (tmp_path / "x.txt").read_text() == "mine"


@pytest.mark.parametrize("act", ["read", "delete"])
def test_a_gesture_that_is_not_there_is_named(store, act):
    with pytest.raises(GestureError, match="there is no gesture named 'wave'"):
        getattr(store, act)("wave")


def test_what_is_no_gesture_is_refused_and_not_listed(store, tmp_path):
    folder = tmp_path / "gestures"
    folder.mkdir()
    (folder / "binary.txt").write_bytes(b"\xff\xfe\0")
    (folder / "endless.txt").write_bytes(b"#" * ((1 << 24) + 1))
    (folder / "folder.txt").mkdir()
    (folder / ".hidden.txt").write_text("")
    (folder / "notes.md").write_text("")
    assert store.names() == ["binary", "endless"]
    assert store.mend("binary") == ""
    for name, sentence in (("endless", "at most 16 MiB"), ("folder", "is no file of at most")):
        with pytest.raises(GestureError, match=sentence):
            store.read(name)


GESTURE = "# A gesture\n0.0000 /aitunes/pad/xy 0.25 0.5\n1.5000 /aitunes/latent/7 1\n2.0000 /aitunes/gesture/stop\n"


def test_a_damaged_gesture_is_replaced_by_its_backup_and_put_aside(tmp_path):
    sentences = []
    store = GestureStore(tmp_path, sentences.append)
    store.write("wave", GESTURE)
    damaged = GESTURE.replace("pad", "p\xe1d")
    (tmp_path / "wave.txt").write_text(damaged, encoding="latin-1")
    assert store.mend("wave") == GESTURE == store.read("wave")
    assert "Lines of the gesture wave in" in sentences[0]
    (aside,) = tmp_path.glob("wave.txt.damaged-*")
    assert aside.read_text(encoding="latin-1") == damaged
    assert store.names() == ["wave"]


def test_without_a_backup_at_most_two_lines_are_lost_by_any_flipped_bit():
    lines = GESTURE.splitlines()
    for bit in range(8 * len(GESTURE)):
        damaged = bytearray(GESTURE.encode())
        damaged[bit // 8] ^= 1 << bit % 8
        kept = without_damage(damaged.decode("utf-8", "replace")).splitlines()
        assert len(set(kept) & set(lines)) >= len(lines) - 2


def test_a_folder_that_cannot_be_made_is_a_sentence_and_leaves_nothing(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(GestureError, match="gestures cannot be kept in"):
        GestureStore(tmp_path / "file" / "gestures").write("wave", "")


def test_there_is_an_end_to_how_many_are_kept(store, monkeypatch):
    monkeypatch.setattr(gesture_store, "MAX_GESTURES", 2)
    for name in "ab":
        store.check(name)
        store.write(name, "")
    store.check("a")
    with pytest.raises(AiTunesError, match="there are 2 gestures; delete one first"):
        store.check("c")
