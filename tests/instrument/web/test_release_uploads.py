"""Installs packed releases over HTTP: in pieces, checked as `aitunes install` does, by this machine alone."""

import asyncio
import contextlib
import dataclasses
import sys

import httpx
import pytest

from aitunes.release.archive import MAX_ARCHIVE_BYTES, pack_release
from aitunes.release.reader import read_card
from aitunes.release.writer import write_release
from instrument.storage.library import Library
from instrument.storage.paths import HOME_VARIABLE, bundled_releases, user_releases
from instrument.web.app import application
from instrument.web.release_uploads import ReleaseUploads
from instrument.web.services import ServerOptions, assemble
from instrument.web.sound_uploads import MAX_PIECE_BYTES

_PROGRAM = """
import json, sys
from pathlib import Path
words, path = sys.argv[1:-1], Path(sys.argv[-1])
if path.name == "slow.aitunes":
    sys.stdin.read()
    import time; time.sleep(1000)
if path.read_bytes() == b"bad":
    sys.exit(f"aitunes: The file {path} is damaged. Fetch it again.")
if path.read_bytes() == b"mute":
    sys.exit(1)
print(json.dumps({"release": path.stem, "words": words}))
"""


@contextlib.asynccontextmanager
async def serving(tmp_path, command=None, host="127.0.0.1"):
    """Yield a client of a server in this process, and the folder where it keeps what is brought."""
    within = tmp_path / "temporary"
    within.mkdir(exist_ok=True)
    options = ServerOptions(("127.0.0.1", 9), ("127.0.0.1", 80), discovery=False)
    services = assemble(options, Library([]), ("127.0.0.1", 80), lambda listening: asyncio.sleep(0))
    uploads = ReleaseUploads(command, within)
    app = application(dataclasses.replace(services, uploads=uploads))
    transport = httpx.ASGITransport(app, client=(host, 5))
    headers = {"Origin": "http://127.0.0.1", "User-Agent": "Mozilla/5.0"}
    try:
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=headers) as page:
            page.session = (await page.post("/api/v1/session", json={})).json()
            yield page, within
    finally:
        await uploads.close()
        assert list(within.iterdir()) == []


@pytest.fixture
def run(tmp_path):
    """`run(scenario, **options)`: a scenario of a page with a server; installing is a small program."""
    program = tmp_path / "program.py"
    program.write_text(_PROGRAM)

    def play(scenario, command=(sys.executable, str(program)), **options):
        async def whole():
            async with serving(tmp_path, command, **options) as (page, within), asyncio.timeout(120.0):
                await scenario(page, within)

        asyncio.run(whole())

    return play


async def bring(page, content, name="kitchen.aitunes"):
    """Announce a release and bring it; returns its id."""
    begun = await page.post("/api/v1/releases", json={"name": name, "bytes": len(content)})
    assert begun.status_code == 201, begun.text
    for at in range(0, len(content), MAX_PIECE_BYTES):
        answer = await piece(page, begun.json()["id"], at, content[at : at + MAX_PIECE_BYTES])
        assert answer.status_code == 204, answer.text
    return begun.json()["id"]


async def piece(page, upload, at, content):
    return await page.put("/api/v1/releases/piece", params={"id": upload, "at": at}, content=content)


async def install(page, upload):
    return await page.post("/api/v1/releases/install", params={"id": upload})


def test_a_real_release_is_installed_among_the_users_own(run, tmp_path, monkeypatch):
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    card = read_card(bundled_releases() / "first-light")
    files = {name: (bundled_releases() / "first-light" / name).read_bytes() for name in card.files}
    pack_release(write_release(tmp_path, dataclasses.replace(card, name="mine"), files), tmp_path / "mine.aitunes")
    content = (tmp_path / "mine.aitunes").read_bytes()

    async def scenario(page, within):
        assert "install" in page.session["can"]
        middle = len(content) // 2
        answer = await install(page, await bring(page, content[:middle] + b"!!" + content[middle + 2 :]))
        assert answer.status_code == 422
        assert str(within) not in answer.json()["detail"]
        assert answer.json()["detail"].endswith(".")
        answer = await install(page, await bring(page, content))
        assert (answer.status_code, answer.json()) == (201, {"release": "mine"})

    run(scenario, command=None)
    assert [path.name for path in user_releases().iterdir()] == ["mine"]


def test_a_piece_that_does_not_fit_is_refused_and_one_that_comes_twice_is_not(run):
    async def scenario(page, within):
        begun = (await page.post("/api/v1/releases", json={"name": "../a b.aitunes", "bytes": 5})).json()["id"]
        for at, content, status in ((0, b"abc", 204), (0, b"abc", 204), (4, b"e", 409), (3, b"defg", 409)):
            assert (await piece(page, begun, at, content)).status_code == status
        assert (await install(page, begun)).status_code == 409  # not all of it
        assert (await piece(page, begun, 3, b"de")).status_code == 204
        (file,) = within.rglob("*.aitunes")
        assert (file.name, file.read_bytes()) == ("a b.aitunes", b"abcde")
        assert (await piece(page, "other", 0, b"abc")).status_code == 404
        assert (await install(page, begun)).json() == {"release": "a b"}
        assert (await install(page, begun)).status_code == 404  # it is gone

    run(scenario)


@pytest.mark.parametrize(("content", "words"), [(b"bad", "is damaged. Fetch it again."), (b"mute", "could not be")])
def test_what_the_command_refuses_is_its_sentence(run, content, words):
    async def scenario(page, within):
        answer = await install(page, await bring(page, content))
        assert answer.status_code == 422
        assert words in answer.json()["detail"]
        assert "/" not in answer.json()["detail"]

    run(scenario)


def test_what_is_too_large_or_no_announcement_is_refused(run):
    async def scenario(page, within):
        for body, status in (
            ({"name": "a", "bytes": MAX_ARCHIVE_BYTES + 1}, 413),
            ({"name": "a", "bytes": 0}, 422),
            ({"name": "a" * 2_000, "bytes": 1}, 422),
            ({"bytes": 1}, 422),
            ({"name": "a", "bytes": 1, "path": "/etc"}, 422),
        ):
            assert (await page.post("/api/v1/releases", json=body)).status_code == status
        begun = (await page.post("/api/v1/releases", json={"name": "a", "bytes": 2 * MAX_PIECE_BYTES})).json()["id"]
        assert (await piece(page, begun, 0, bytes(MAX_PIECE_BYTES + 1))).status_code == 413
        assert (await piece(page, begun, -1, b"a")).status_code == 422

    run(scenario)


def test_one_is_installed_at_a_time_and_what_is_cut_off_leaves_nothing(run):
    async def scenario(page, within):
        upload = await bring(page, b"x", "slow.aitunes")
        first = asyncio.create_task(install(page, upload))
        while (await piece(page, upload, 0, b"x")).status_code != 409:  # until its process runs
            await asyncio.sleep(0.02)
        assert (await page.post("/api/v1/releases", json={"name": "a", "bytes": 1})).status_code == 409
        first.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await first
        assert (await page.post("/api/v1/releases", json={"name": "a", "bytes": 1})).status_code == 201

    run(scenario)


def test_strangers_install_nothing(run):
    async def scenario(page, within):
        assert page.session.get("can", []) == []
        for method, path in (
            ("POST", "releases"),
            ("PUT", "releases/piece?id=a&at=0"),
            ("POST", "releases/install?id=a"),
        ):
            answer = await page.request(method, f"/api/v1/{path}", json={"name": "a", "bytes": 1})
            assert answer.status_code in (401, 403)

    run(scenario, host="192.0.2.7")
