"""Releases come from files, folders and the web whole or not at all, and nobody's name is taken by surprise."""

import contextlib
import http.server
import json
import os
import threading
import urllib.parse
from dataclasses import replace

import pytest

from aitunes.errors import ReleaseError
from aitunes.release.archive import pack_release
from aitunes.release.reader import MAP, read_card
from aitunes.release.side import SIDE
from aitunes.release.writer import write_release
from instrument.storage import paths
from instrument.storage.fetching import FetchError, fetch
from instrument.storage.installing import Installer, Wishes, remove_release
from instrument.storage.origins import origin_of
from instrument.storage.release_index import ReleaseIndexError, read_index, write_index
from instrument.storage.release_trial import ReleaseTrial

pytestmark = pytest.mark.training


@pytest.fixture
def shop(tmp_path):
    folder = tmp_path / "shop"
    folder.mkdir()
    return folder


@pytest.fixture
def packed(tiny, tmp_path, shop):
    """A packed release, `tiny`."""
    path = shop / "tiny.aitunes"
    pack_release(tiny.write(tmp_path / "made"), path)
    return path


@pytest.fixture
def home(tmp_path):
    return tmp_path / "releases"


@pytest.fixture
def installer(tiny, tmp_path, home):
    """An installer beside a bundled release named `bundled`; its trial refuses the release named `harmful`."""
    bundled = tmp_path / "package"
    tiny.write(bundled, "bundled")

    def trial(folder, part):
        if read_card(folder).name == "harmful":
            raise ReleaseError(f"The {part} of harmful loops.")

    return Installer(home, bundled, trial)


@pytest.fixture
def web(shop):
    """`web(name)`: the URL of a file of the shop, or of an answer that a server may give."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *words):
            super().__init__(*words, directory=str(shop))

        def log_message(self, *words):
            pass

        def do_GET(self):
            if self.path == "/to-a-file":
                self.send_response(302)
                self.send_header("Location", "file:///etc/passwd")
                self.end_headers()
            elif self.path == "/endless":
                self.send_response(200)
                self.end_headers()
                while True:
                    self.wfile.write(bytes(1 << 16))
            elif self.path == "/endless-head":
                while True:
                    self.wfile.write(1_000 * b"HTTP/1.1 100 Continue\r\n\r\n")
            elif self.path == "/broken":
                self.send_response(200)
                self.send_header("Content-Length", "1000")
                self.end_headers()
                self.wfile.write(b"half")
            elif self.path.startswith("/length?"):
                self.send_response(200)
                self.send_header("Content-Length", urllib.parse.unquote(self.path.partition("?")[2]))
                self.end_headers()
                self.wfile.write(b"half")
            elif self.path == "/silent":
                stopped.wait(5.0)
            else:
                super().do_GET()

        def handle(self):
            with contextlib.suppress(OSError):  # of a client that has seen enough
                super().handle()

    stopped = threading.Event()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield lambda name: f"http://127.0.0.1:{server.server_address[1]}/{name}"
    stopped.set()
    server.shutdown()
    thread.join()
    server.server_close()


def names(folder):
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_a_file_a_folder_and_a_url_install_the_same(installer, packed, home, tmp_path, web):
    found = installer.install(str(packed), Wishes())
    assert found.card == read_card(home / "tiny")
    assert origin_of(home / "tiny").startswith(f"from {packed}, 20")
    installer.install(str(tmp_path / "made" / "tiny"), Wishes(name="second"))
    installer.install(web("tiny.aitunes"), Wishes(name="third"))
    assert "http://127.0.0.1" in origin_of(home / "third")
    assert names(home) == ["second", "third", "tiny"]
    assert read_card(home / "third") == replace(found.card, name="third")


def test_a_name_that_is_taken_is_nobody_elses(installer, tiny, packed, home, tmp_path):
    assert not installer.install(str(packed), Wishes()).was_there
    assert installer.install(str(packed), Wishes()).was_there
    other = tiny.write(tmp_path / "other", latent_dim=4)
    with pytest.raises(ReleaseError, match="Another release named tiny is installed already"):
        installer.install(str(other), Wishes())
    assert read_card(home / "tiny").latent_dim == 3
    assert installer.install(str(other), Wishes(beside=True)).folder.name == "tiny-2"
    installer.install(str(other), Wishes(replace=True))
    assert read_card(home / "tiny").latent_dim == 4
    assert names(home) == ["tiny", "tiny-2"]


@pytest.mark.parametrize("wishes", [Wishes(name="bundled"), Wishes(name="bundled", replace=True)])
def test_bundled_names_stay_those_of_the_package(installer, packed, wishes, home):
    with pytest.raises(ReleaseError, match="comes with AiTunes"):
        installer.install(str(packed), wishes)
    assert names(home) == []


@pytest.mark.parametrize("name", ["../evil", "Über", "a" * 300, "C:evil", "a\0b"])
def test_a_name_that_is_a_path_is_refused(installer, packed, home, name):
    with pytest.raises(ReleaseError, match="name"):
        installer.install(str(packed), Wishes(name=name))
    assert names(home) == []


def test_what_fails_on_the_way_leaves_nothing(installer, tiny, packed, home, tmp_path):
    with pytest.raises(ReleaseError, match="harmful loops"):
        installer.install(str(tiny.write(tmp_path / "bad", "harmful")), Wishes())
    card = tiny.card("mapless")
    files = {**tiny.files(card, tiny.decoder(card)), MAP: b"no map"}
    with pytest.raises(ReleaseError, match="The map of mapless"):
        installer.install(str(write_release(tmp_path / "bad", card, files)), Wishes())
    files[MAP] = tiny.files(card, b"")[MAP]
    with pytest.raises(ReleaseError, match="The stereo side of mapless"):
        installer.install(str(write_release(tmp_path / "bad", card, {**files, SIDE: b"no side"})), Wishes())
    with pytest.raises(ReleaseError, match="keeps for itself"):
        installer.install(str(write_release(tmp_path / "bad", card, {**files, "origin.json": b"{}"})), Wishes())
    assert names(home) == []


def test_a_link_in_a_folder_is_refused(installer, tiny, home, tmp_path):
    folder = tiny.write(tmp_path / "linked")
    (folder / MAP).rename(tmp_path / MAP)
    (folder / MAP).symlink_to(tmp_path / MAP)
    with pytest.raises(ReleaseError, match=r"map.npz .* is a link"):
        installer.install(str(folder), Wishes())
    assert names(home) == []


def test_bundled_releases_pass_the_trial(home, tmp_path):
    path = tmp_path / "light.aitunes"
    pack_release(paths.bundled_releases() / "first-light", path)
    installer = Installer(home, tmp_path / "none", ReleaseTrial(tmp_path / "tried.json", wall_seconds=120.0).check)
    assert installer.install(str(path), Wishes()).folder == home / "first-light"


def test_an_index_makes_a_gallery_here_and_on_the_web(installer, packed, shop, home, web):
    (shop / "broken.aitunes").write_bytes(b"broken")
    listed, complaints = write_index(shop)
    assert [entry.name for entry in listed] == ["tiny"]
    assert len(complaints) == 1
    for location in (str(shop), str(shop / "index.json"), web(""), web("index.json")):
        index = read_index(location)
        assert index.releases["tiny"] == listed[0]
        found = installer.install(index.source("tiny"), Wishes(replace=True), index.releases["tiny"])
        assert found.folder == home / "tiny"
    with pytest.raises(ReleaseIndexError, match="it lists: tiny"):
        index.source("chamber")


@pytest.mark.parametrize("change", [{"sha256": "0" * 64}, {"bytes": 10}, {"name": "other"}])
def test_an_index_that_lies_installs_nothing(installer, packed, shop, home, web, change):
    write_index(shop)
    content = json.loads((shop / "index.json").read_text())
    content["releases"][0].update(change)
    (shop / "index.json").write_text(json.dumps(content))
    for location in (str(shop), web("")):
        index = read_index(location)
        (name,) = index.releases
        with pytest.raises((ReleaseError, FetchError), match=r"not the file that the index lists|bytes|holds tiny"):
            installer.install(index.source(name), Wishes(), index.releases[name])
    assert names(home) == []


@pytest.mark.parametrize(
    "change",
    [
        {"file": "../tiny.aitunes"},
        {"file": "http://elsewhere/tiny.aitunes"},
        {"file": "C:tiny.aitunes"},
        {"name": "../x"},
        {"sha256": "x"},
        {"bytes": -1},
        {"bytes": 1e30},
        {"description": "a" * 5_000},
        {"licence": 5},
    ],
)
def test_an_index_with_entries_that_are_none_is_refused(packed, shop, change):
    write_index(shop)
    content = json.loads((shop / "index.json").read_text())
    content["releases"][0].update(change)
    (shop / "index.json").write_text(json.dumps(content))
    with pytest.raises(ReleaseIndexError, match="no index that `aitunes index` writes"):
        read_index(str(shop))


@pytest.mark.parametrize("content", ["", "[]", "{}", "[" * 100_000, '{"aitunes_index": 2, "releases": []}', "\ufeff"])
def test_garbage_is_no_index(shop, content):
    (shop / "index.json").write_text(content)
    with pytest.raises(ReleaseIndexError):
        read_index(str(shop))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("missing.aitunes", "answers 404"),
        ("to-a-file", "answers 302|leads away"),
        ("endless", "more than the 1,000,000 bytes"),
        ("broken", "broke off"),
        ("silent", "cannot be reached: timed out"),
        ("endless-head", "cannot be reached"),
    ],
)
def test_a_server_cannot_harm(web, tmp_path, name, words):
    with (tmp_path / "file").open("wb") as sink, pytest.raises(FetchError, match=words):
        fetch(web(name), sink, 1_000_000, silence_seconds=0.5)


@pytest.mark.parametrize("length", ["9" * 5_000, "²³", "-5", "1e3", "many"])
def test_a_length_that_is_no_number_is_passed_over(web, tmp_path, length):
    with (tmp_path / "file").open("wb") as sink:
        assert fetch(f"{web('length')}?{urllib.parse.quote(length)}", sink, 1_000) == 4


@pytest.mark.parametrize("url", ["http://[", "http://[::1", "https://[x]"])
def test_an_index_without_an_address_is_refused(url):
    with pytest.raises(FetchError, match="no address on the web"):
        read_index(url)


def test_a_file_is_not_read_to_its_end_to_find_that_it_is_too_large(installer, tmp_path):
    path = tmp_path / "sparse.aitunes"
    path.touch()
    os.truncate(path, 1 << 42)  # nobody reads that
    with pytest.raises(ReleaseError, match="at most"):
        installer.install(str(path), Wishes())


@pytest.mark.parametrize("url", ["ftp://example.org/a", "file:///etc/passwd", "http://", "http://[", "http:// a/b"])
def test_what_is_no_address_of_the_web_is_refused(tmp_path, url):
    with (tmp_path / "file").open("wb") as sink, pytest.raises(FetchError):
        fetch(url, sink, 10)


def test_a_release_is_removed_whole_unless_something_else_lies_in_it(installer, packed, home):
    folder = installer.install(str(packed), Wishes()).folder
    (folder / "my notes.txt").write_text("keep me")
    with pytest.raises(ReleaseError, match="my notes"):
        remove_release(folder)
    assert read_card(folder).name == "tiny"
    (folder / "my notes.txt").unlink()
    remove_release(folder)
    assert names(home) == []
