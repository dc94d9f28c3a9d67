"""Makes instruments of sounds over HTTP: what is brought, bounds, one training at a time, and its end."""

import asyncio
import contextlib
import dataclasses
import errno
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest

from aitunes.release.processes import own_process
from instrument.learning import TRAINING_MISSING
from instrument.storage.library import Library
from instrument.web.app import application
from instrument.web.problems import ProblemError
from instrument.web.services import ServerOptions, assemble
from instrument.web.sound_uploads import ENDINGS, MAX_BYTES, MAX_FILES, MAX_PIECE_BYTES, SoundUploads, safe_path
from instrument.web.trainings import Trainings

DEADLINE_SECONDS = 60.0
_PROGRAM = """
import json, os, sys, time
from pathlib import Path
def tell(**line): print(json.dumps(line), flush=True)
folder = Path(sys.argv[2])
tell(said=" ".join(sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.*"))))
tell(said=" ".join(sys.argv[3:]))
if folder.name == "empty":
    tell(failed="There is no sound in it."); sys.exit(1)
print("[]", "no JSON")
tell(progress={"stage": "learning", "share": 0.5, "seconds_left": 75.0})
tell(version={"release": "mine", "number": 1, "plays": True, "held_db": 4.25})
if folder.name == "slow":
    assert sys.stdin.readline() == "stop\\n"
    tell(said=f"threads {os.environ.get('OMP_NUM_THREADS')}")
if folder.name == "stuck":
    time.sleep(1000)
"""


@contextlib.asynccontextmanager
async def serving(tmp_path, **changes):
    """Yield a page of a server in this process, and where its sounds are kept; learning is a small program."""
    program, within = tmp_path / "program.py", tmp_path / "temporary"
    program.write_text(_PROGRAM)
    within.mkdir(exist_ok=True)
    options = ServerOptions(("127.0.0.1", 9), ("127.0.0.1", 80), discovery=False)
    services = assemble(options, Library([]), ("127.0.0.1", 80), lambda listening: asyncio.sleep(0))
    settings = {"command": [sys.executable, str(program)], "is_installed": lambda: True, "within": within}
    trainings = Trainings(services.trainings.engine, **{**settings, **changes})
    app = application(dataclasses.replace(services, trainings=trainings))
    transport = httpx.ASGITransport(app, client=("127.0.0.1", 5))
    headers = {"Origin": "http://127.0.0.1", "User-Agent": "Mozilla/5.0"}
    try:
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=headers) as page:
            page.session = (await page.post("/api/v1/session", json={})).json()
            yield page, within
    finally:
        await trainings.close()


def running(scenario, tmp_path, **changes):
    """Run a scenario of a page with a server."""

    async def run():
        async with serving(tmp_path, **changes) as (page, within), asyncio.timeout(DEADLINE_SECONDS):
            await scenario(page, within)

    asyncio.run(run())


async def bring(page, sounds, name="Kitchen"):
    """Announce sounds, content by path, and bring them; returns the collection."""
    size = sum(map(len, sounds.values()))
    begun = await page.post("/api/v1/training", json={"name": name, "files": len(sounds), "bytes": size})
    assert begun.status_code == 201, begun.text
    collection = begun.json()["id"]
    for number, (path, content) in enumerate(sounds.items()):
        answer = await piece(page, collection, number, path, 0, content)
        assert answer.status_code == 204, answer.text
    return collection


async def piece(page, collection, number, name, at, content):
    where = {"id": collection, "number": number, "name": name, "at": at}
    return await page.put("/api/v1/training/piece", params=where, content=content)


async def start(page, collection, **words):
    return await page.post("/api/v1/training/start", json={"id": collection, **words})


async def until(page, *states):
    while (state := (await page.get("/api/v1/training")).json())["state"] not in states:
        await asyncio.sleep(0.02)
    return state


async def version(page):
    while not (state := (await page.get("/api/v1/training")).json())["version"]:
        await asyncio.sleep(0.02)
    return state


def test_sounds_are_brought_in_pieces_and_learnt_and_nothing_of_them_stays(tmp_path):
    async def scenario(page, within):
        assert "train" in page.session["can"]
        begun = await page.post("/api/v1/training", json={"name": "../Kitchen", "files": 2, "bytes": 7})
        collection = begun.json()["id"]
        for at, content in ((0, b"abc"), (3, b"de"), (3, b"de")):  # the last one a second time, as after a loss
            assert (await piece(page, collection, 0, "drums/kick C#2.WAV", at, content)).status_code == 204
        assert (await piece(page, collection, 1, "../../../etc/passwd/bell.flac", 0, b"fg")).status_code == 204
        (kick,) = within.rglob("kick*")
        assert kick.read_bytes() == b"abcde"
        assert kick.parts[-3:] == ("Kitchen", "drums", "kick C#2.wav")
        assert (await start(page, collection, minutes=2)).status_code == 202
        state = await until(page, "done")
        assert state["sentences"][0] == "drums/kick C#2.wav etc/passwd/bell.flac"
        assert state["sentences"][1] == "--json-progress --connect 127.0.0.1:9 --minutes 2"
        told = [state[word] for word in ("release", "version", "plays", "held_db", "progress", "seconds_left")]
        assert told == ["mine", 1, True, 4.25, 0.5, 75.0]
        assert list(within.iterdir()) == []
        assert (await page.delete("/api/v1/training")).status_code == 204
        assert (await page.get("/api/v1/training")).json()["state"] == "empty"

    running(scenario, tmp_path)


def test_learning_stops_early_and_keeps_what_it_has(tmp_path):
    async def scenario(page, within):
        await start(page, await bring(page, {"a.wav": b"x"}, "slow"))
        await version(page)
        assert (await page.post("/api/v1/training/stop")).json()["stopping"]
        assert (await until(page, "done"))["release"] == "mine"

    running(scenario, tmp_path)


def test_a_second_training_waits_for_the_end_of_the_first(tmp_path):
    async def scenario(page, within):
        collection = await bring(page, {"a.wav": b"x"}, "slow")
        await start(page, collection)
        wanted = {"name": "other", "files": 1, "bytes": 1}
        for answer in (
            await page.post("/api/v1/training", json=wanted),
            await start(page, collection),
            await page.delete("/api/v1/training"),
            await piece(page, collection, 0, "a.wav", 1, b"x"),
        ):
            assert answer.status_code == 409
            assert answer.json()["detail"] == "“slow” is still being learnt; wait until it is done, or stop it."
        await version(page)
        await page.post("/api/v1/training/stop")
        await until(page, "done")
        assert (await page.post("/api/v1/training", json=wanted)).status_code == 201

    running(scenario, tmp_path)


def test_what_does_not_heed_the_first_stop_is_ended_by_the_second(tmp_path):
    async def scenario(page, within):
        await start(page, await bring(page, {"a.wav": b"x"}, "stuck"))
        await version(page)
        for _ in range(2):
            assert (await page.post("/api/v1/training/stop")).status_code == 202
        assert (await until(page, "done"))["release"] == "mine"
        assert (await page.post("/api/v1/training/stop")).json()["detail"] == "Nothing is being learnt."

    running(scenario, tmp_path)


def test_a_failure_is_a_sentence(tmp_path):
    async def scenario(page, within):
        await start(page, await bring(page, {"a.wav": b"x"}, "empty"))
        assert (await until(page, "failed"))["error"] == "There is no sound in it."
        assert list(within.iterdir()) == []

    running(scenario, tmp_path)


def test_learning_has_the_cores_that_the_server_leaves_free(tmp_path, monkeypatch):
    for name, value in own_process("instrument")[1].items():  # as the engine starts the server
        monkeypatch.setenv(name, value)

    async def scenario(page, within):
        await start(page, await bring(page, {"a.wav": b"x"}, "slow"))
        await version(page)
        await page.post("/api/v1/training/stop")
        assert (await until(page, "done"))["sentences"][-1] == "threads None"

    running(scenario, tmp_path)


@pytest.mark.parametrize(
    ("announced", "status", "words"),
    [
        ({"files": MAX_FILES + 1, "bytes": 1}, 413, "At most 3,000 sounds"),
        ({"files": 1, "bytes": MAX_BYTES + 1}, 413, "2 GB are taken"),
        ({"files": 0, "bytes": 1}, 422, "files"),
        ({"files": 1, "bytes": 1, "folder": "/home"}, 422, "folder"),
    ],
)
def test_what_is_announced_is_bounded(tmp_path, announced, status, words):
    async def scenario(page, within):
        answer = await page.post("/api/v1/training", json={"name": "x", **announced})
        assert answer.status_code == status
        assert words in answer.json()["detail"]
        assert list(within.iterdir()) == []

    running(scenario, tmp_path)


def test_pieces_that_do_not_fit_change_nothing(tmp_path):
    async def scenario(page, within):
        begun = await page.post("/api/v1/training", json={"name": "x", "files": 2, "bytes": 4})
        collection = begun.json()["id"]
        for number, name, at, content, status in (
            (2, "a.wav", 0, b"x", 422),
            (0, "a.exe", 0, b"x", 422),
            (0, "a.wav", 1, b"x", 409),
            (0, "a.wav", 0, b"12345", 413),
            (0, "a.wav", 0, b"x" * (MAX_PIECE_BYTES + 1), 413),
            (0, "n" * 1_001 + ".wav", 0, b"x", 422),
            (-1, "a.wav", 0, b"x", 422),
        ):
            assert (await piece(page, collection, number, name, at, content)).status_code == status
        assert (await piece(page, "another", 0, "a.wav", 0, b"x")).status_code == 409
        assert (await start(page, collection)).json()["detail"].startswith("Not all sounds have arrived")
        assert [path for path in within.rglob("*.*") if path.stat().st_size] == []

    running(scenario, tmp_path)


def test_a_full_disk_is_a_sentence(tmp_path, monkeypatch):
    def refuse(*words):
        raise OSError(errno.ENOSPC, "No space left on device")

    async def scenario(page, within):
        begun = await page.post("/api/v1/training", json={"name": "x", "files": 1, "bytes": 1})
        monkeypatch.setattr(Path, "open", refuse)
        answer = await piece(page, begun.json()["id"], 0, "a.wav", 0, b"x")
        assert (answer.status_code, answer.json()["detail"].split(";")[0]) == (507, "The disk is full")

    running(scenario, tmp_path)


def test_sounds_for_which_the_disk_has_no_room_are_not_begun(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=300 << 20))
    with pytest.raises(ProblemError, match=r"The disk is full: 315 MB are free.* need 373 MB"):
        SoundUploads("x", 1, 100 << 20, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_sounds_that_nobody_goes_on_bringing_are_deleted(tmp_path):
    async def scenario(page, within):
        await bring(page, {"a.wav": b"x"})
        await until(page, "empty")
        assert list(within.iterdir()) == []

    running(scenario, tmp_path, idle_seconds=0.2)


def test_without_the_training_extra_nothing_is_offered(tmp_path):
    async def scenario(page, within):
        assert "train" not in page.session["can"]
        answer = await page.post("/api/v1/training", json={"name": "x", "files": 1, "bytes": 1})
        assert (answer.status_code, answer.json()["detail"]) == (501, TRAINING_MISSING)

    running(scenario, tmp_path, is_installed=lambda: False)


def test_the_end_of_the_server_ends_learning_and_deletes_the_sounds(tmp_path):
    async def scenario(page, within):
        await start(page, await bring(page, {"a.wav": b"x"}, "stuck"))
        await version(page)

    running(scenario, tmp_path)
    assert list((tmp_path / "temporary").iterdir()) == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("/etc/passwd/../x.wav", ("etc", "passwd", "x.wav")),
        ("C:\\Users\\Anne\\b.mp3", ("C", "Users", "Anne", "b.mp3")),
        ("nul/CON.aiff", ("nul_", "CON_.aiff")),
        ("a/b/c/d/e/f.wav", ("a", "d", "e", "f.wav")),
        ("….wav", ("sound.wav",)),
        ("x" * 300 + ".wav", ("x" * 80 + ".wav",)),
        ("Ütli\u202eberg/Glöckchen.ogg", ("Ütli berg", "Glöckchen.ogg")),
    ],
)
def test_names_are_made_of_words_and_lead_nowhere(name, expected):
    assert safe_path(name) == expected


def test_sounds_whose_names_become_the_same_are_kept_apart(tmp_path):
    sounds = SoundUploads("x", 3, 3, tmp_path)
    for number, name in enumerate(("a?.wav", "a!.wav", "A.WAV")):
        sounds.write(number, name, 0, b"%d" % number)
    assert sorted(path.name for path in sounds.folder.iterdir()) == ["A (3).wav", "a (2).wav", "a.wav"]
    assert sounds.is_whole


def test_every_ending_that_is_taken_is_one_that_learning_reads():
    listing = pytest.importorskip("training.learn.listing")
    assert set(ENDINGS) <= {*listing.LIBSNDFILE, *listing.FFMPEG}


def test_pages_elsewhere_and_pages_without_a_session_train_nothing(served):
    for headers, status in (
        ({"Origin": "http://evil.example"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": served.origin}, 401),
        ({"Host": "evil.example"}, 403),
    ):
        for method, path, body in (
            ("GET", "", None),
            ("GET", "/events", None),
            ("POST", "", {"name": "x", "files": 1, "bytes": 1}),
            ("PUT", "/piece?id=x&number=0&at=0&name=a.wav", None),
            ("POST", "/start", {"id": "x"}),
            ("POST", "/stop", None),
            ("DELETE", "", None),
        ):
            answer = httpx.request(method, f"{served.origin}/api/v1/training{path}", json=body, headers=headers)
            assert answer.status_code == status, (headers, method, path)


def test_thousands_of_sounds_of_one_name_have_names_of_their_own(tmp_path):
    sounds = SoundUploads("kit", MAX_FILES, MAX_FILES, within=tmp_path)
    for number in range(MAX_FILES):
        sounds.write(number, "a/b (2).wav" if number == 1 else f"{'A' if number % 2 else 'a'}/B.wav", 0, b"x")
    names = [path.relative_to(sounds.folder).as_posix() for path in sounds.folder.rglob("*.wav")]
    assert sounds.is_whole
    assert len({name.casefold() for name in names}) == MAX_FILES
    assert max(int(name.partition("(")[2].partition(")")[0] or 1) for name in names) == MAX_FILES
