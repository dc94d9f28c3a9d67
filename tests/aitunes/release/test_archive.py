"""A packed release is the same bytes each time; whatever else a file holds is refused with a sentence."""

import json
import stat
import zipfile

import pytest

from aitunes.errors import ReleaseError
from aitunes.release.archive import opened_archive, pack_release, unpack_files
from aitunes.release.reader import CARD, MAP, read_release

pytestmark = pytest.mark.training


@pytest.fixture(scope="module")
def folder(tiny, tmp_path_factory):
    return tiny.write(tmp_path_factory.mktemp("releases"))


@pytest.fixture(scope="module")
def entries(folder):
    """Names and contents of a packed release, in order."""
    path = folder.parent / "packed.aitunes"
    pack_release(folder, path)
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture
def zipped(tmp_path):
    """`zipped(entries, compression)`: a zip file of these."""

    def write(entries, compression=zipfile.ZIP_STORED):
        path = tmp_path / "strange.aitunes"
        with zipfile.ZipFile(path, "w", compression) as archive:
            for name, content in entries:
                archive.writestr(name, content)
        return path

    return write


def refusal(path, folder):
    with pytest.raises(ReleaseError) as refused, opened_archive(path) as (card, open_file):
        unpack_files(card, open_file, folder)
    return str(refused.value)


def test_the_same_release_gives_the_same_bytes_and_comes_back_whole(folder, tmp_path):
    paths = [tmp_path / "a.aitunes", tmp_path / "b.aitunes"]
    (folder / "notes.txt").write_text("not of the release")
    for path in paths:
        pack_release(folder, path)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    with zipfile.ZipFile(paths[0]) as archive:
        assert archive.namelist()[0] == CARD
        assert "notes.txt" not in archive.namelist()
        assert {entry.compress_type for entry in archive.infolist()} == {zipfile.ZIP_STORED}
    back = tmp_path / "tiny"
    back.mkdir()
    with opened_archive(paths[0]) as (card, open_file):
        unpack_files(card, open_file, back)
    assert read_release(back).card == read_release(folder).card
    pack_release(back, tmp_path / "c.aitunes")
    assert (tmp_path / "c.aitunes").read_bytes() == paths[0].read_bytes()


def test_a_release_that_is_damaged_is_not_packed(tiny, tmp_path):
    folder = tiny.write(tmp_path)
    (folder / MAP).write_bytes(b"other")
    with pytest.raises(ReleaseError, match=r"map.npz .* SHA-256 differs"):
        pack_release(folder, tmp_path / "tiny.aitunes")
    assert [path.name for path in tmp_path.iterdir()] == ["tiny"]


@pytest.mark.parametrize("share", [0.0, 0.3, 0.99])
def test_a_file_that_was_cut_is_refused(folder, tmp_path, share):
    path = tmp_path / "cut.aitunes"
    pack_release(folder, path)
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    assert "its end is missing" in refusal(path, tmp_path)


def test_a_byte_that_changed_is_found_or_changes_nothing(folder, tmp_path):
    path = tmp_path / "changed.aitunes"
    pack_release(folder, path)
    content, refused = bytearray(path.read_bytes()), 0
    for position in range(40, len(content), len(content) // 40):
        content[position] ^= 0x55
        path.write_bytes(content)
        target = tmp_path / str(position)
        target.mkdir()
        try:
            with opened_archive(path) as (card, open_file):
                unpack_files(card, open_file, target)
        except ReleaseError:
            refused += 1
        else:  # a date, say
            assert read_release(target).card == read_release(folder).card
        content[position] ^= 0x55
    assert refused > 30


@pytest.mark.parametrize(
    "name",
    [
        "../evil",
        "..\\evil",
        "/etc/evil",
        "C:evil",
        "C:\\evil",
        "deep/evil",
        "e" * 300,
        "origin\nevil",
        "NUL",
        "con.txt",
    ],
)
def test_a_name_that_the_card_does_not_list_is_refused(entries, zipped, tmp_path, name):
    sentence = refusal(zipped([*entries.items(), (name, b"evil")]), tmp_path)
    assert "which its card does not list" in sentence
    assert len(sentence) < 300
    assert list(tmp_path.rglob("*evil*")) == []


@pytest.mark.parametrize("name", ["../evil", "C:evil", "aux", "nul.txt", "end.", "a" * 300, "a\0b", "", "."])
def test_a_card_cannot_list_a_name_that_is_a_path(entries, zipped, tmp_path, name):
    card = json.loads(entries[CARD])
    card["files"][name] = "0" * 64
    assert "not a plain name" in refusal(zipped([(CARD, json.dumps(card))]), tmp_path)


def test_names_that_differ_by_case_are_refused(entries, zipped, tmp_path):
    assert "differ by case" in refusal(zipped([*entries.items(), ("MAP.npz", b"")]), tmp_path)
    card = json.loads(entries[CARD])
    card["files"]["Map.npz"] = "0" * 64
    assert "differ by case" in refusal(zipped([(CARD, json.dumps(card))]), tmp_path)


def test_a_name_that_hides_another_behind_nul_is_refused(entries, zipped, tmp_path):
    path = zipped([*entries.items(), ("evilXmap.npz", b"")])
    path.write_bytes(path.read_bytes().replace(b"evilXmap.npz", b"evil\0map.npz"))
    assert "does not list" in refusal(path, tmp_path)


def test_links_and_folders_are_refused(entries, zipped, tmp_path):
    link = zipfile.ZipInfo("map.png")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    assert "a folder or a link" in refusal(zipped([*entries.items(), (link, "/etc/passwd")]), tmp_path)
    assert "a folder or a link" in refusal(zipped([*entries.items(), ("deep/", b"")]), tmp_path)


def test_a_bomb_is_refused_before_it_unpacks(entries, zipped, tmp_path):
    bomb = {**entries, MAP: bytes(1 << 20)}
    assert "compressed" in refusal(zipped(bomb.items(), zipfile.ZIP_DEFLATED), tmp_path)


def test_a_file_that_claims_more_than_it_has_is_refused(entries, zipped, tmp_path):
    path = zipped(entries.items())
    content = bytearray(path.read_bytes())
    directory = content.rfind(b"PK\x01\x02")
    content[directory + 20 : directory + 28] = (1 << 30).to_bytes(4, "little") * 2
    path.write_bytes(content)
    assert "claims to hold more" in refusal(path, tmp_path)


def test_an_entry_without_a_name_and_one_that_lies_nowhere_are_refused(entries, zipped, tmp_path):
    content = zipped(entries.items()).read_bytes()
    directory = content.rfind(b"PK\x01\x02")
    nameless, nowhere = bytearray(content), bytearray(content)
    nameless[directory + 46] = 0  # where a name ends
    nowhere[-6:-2] = (1 << 30).to_bytes(4, "little")  # of the directory, from which all places count
    for number, damaged in enumerate((nameless, nowhere)):
        path = tmp_path / f"{number}.aitunes"
        path.write_bytes(damaged)
        assert "The file" in refusal(path, tmp_path)


def test_encrypted_nested_and_foreign_files_are_refused(entries, zipped, tmp_path):
    path = zipped(entries.items())
    content = bytearray(path.read_bytes())
    content[content.rfind(b"PK\x01\x02") + 8] |= 1
    inner = tmp_path / "encrypted.aitunes"
    inner.write_bytes(content)
    assert "encrypted" in refusal(inner, tmp_path)
    assert "does not begin with card.json" in refusal(zipped([("tiny.aitunes", path.read_bytes())]), tmp_path)
    assert "unzip it" in refusal(zipped([(f"tiny/{name}", data) for name, data in entries.items()]), tmp_path)
    (tmp_path / "song.aitunes").write_bytes(b"RIFF" + bytes(100))
    assert "no release packed" in refusal(tmp_path / "song.aitunes", tmp_path)


def test_a_crowded_file_is_refused_by_its_end_alone(entries, zipped, tmp_path):
    many = [(f"f{n}", b"") for n in range(2_000)]
    assert "holds 2,0" in refusal(zipped([*entries.items(), *many]), tmp_path)


def test_a_newer_card_says_what_to_do(entries, zipped, tmp_path):
    card = {**json.loads(entries[CARD]), "schema": 2}
    assert "Update AiTunes" in refusal(zipped([(CARD, json.dumps(card))]), tmp_path)


def test_what_the_card_lists_must_be_there(entries, zipped, tmp_path):
    assert "map.npz is missing" in refusal(zipped((n, c) for n, c in entries.items() if n != MAP), tmp_path)
    assert "does not begin" in refusal(zipped([]), tmp_path)
