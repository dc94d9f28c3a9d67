"""Renders over HTTP: real jobs in real processes, their sound, their bounds."""

import asyncio
import base64
import io
import json
import subprocess
import sys
import time

import httpx
import numpy as np
import pytest
import soundfile
from pydantic import ValidationError

from aitunes.release.bundled import BUNDLED
from instrument.storage import paths
from instrument.web.problems import ProblemError
from instrument.web.render_jobs import RenderJobs
from instrument.web.render_request import RenderRequest
from instrument.web.walks import path_score, walk_score

DEADLINE_SECONDS = 120.0


@pytest.fixture(scope="module")
def alone(engine_process, releases, tmp_path_factory):
    """Return the address of a server without any engine, for rendering."""
    words = ("web", "--http-port", 0, "--no-discovery", "--connect", "127.0.0.1:9", "--releases", releases)
    server = engine_process(tmp_path_factory.mktemp("home"), *words)
    yield server.says(r"OSCQuery at (http://127\.0\.0\.1:\d+)/").group(1)
    server.close()


@pytest.fixture
def client(alone):
    with httpx.Client(base_url=alone, timeout=DEADLINE_SECONDS) as client:
        yield client


def finished(client, **wanted):
    """Queue a render and return it when it is over."""
    answer = client.post("/api/v1/renders", json=wanted)
    assert answer.status_code == 202, answer.text
    deadline = time.monotonic() + DEADLINE_SECONDS
    while (job := client.get(answer.headers["location"]).json())["state"] in ("queued", "running"):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return job


def heard(client, job):
    assert job["state"] == "done", job["error"]
    return soundfile.read(io.BytesIO(client.get(job["links"]["audio"]).content), always_2d=True)


def test_a_line_over_the_pad_becomes_a_sound_of_its_length(client):
    points = [{"seconds": 0, "x": 0, "y": 0}, {"seconds": 1, "x": 1, "y": 1}]
    job = finished(client, release="tiny", seconds=1.5, points=points, axes=[1, 0], sample_rate=32_000)
    y, rate = heard(client, job)
    assert (rate, y.shape) == (32_000, (48_000, 2))
    assert np.abs(y).max() > 0.01
    assert job["progress"] == 1.0
    assert job["bytes"] == len(client.get(job["links"]["audio"]).content)


def test_a_midi_file_becomes_the_sound_that_the_command_renders(client, releases, tmp_path):
    # 240 beats a minute; a note, which this release has not; and after a beat the modulation wheel.
    track = b"\x00\xff\x51\x03\x03\xd0\x90\x00\x90\x3c\x64\x00\xb0\x01\x00\x60\xb0\x01\x7f\x00\xff\x2f\x00"
    content = b"MThd" + bytes((0, 0, 0, 6, 0, 0, 0, 1, 0, 96)) + b"MTrk" + len(track).to_bytes(4, "big") + track
    job = finished(client, release="tiny", midi=base64.b64encode(content).decode(), seconds=1.0)
    y, rate = heard(client, job)
    (tmp_path / "song.mid").write_bytes(content)
    words = ["render", tmp_path / "song.mid", "-o", tmp_path / "song.wav", "--releases", releases, "--release", "tiny"]
    command = [sys.executable, "-m", "instrument", *map(str, words), "--seconds", "1", "--sample-rate", str(rate)]
    subprocess.run(command, check=True, capture_output=True)
    expected, _ = soundfile.read(tmp_path / "song.wav", always_2d=True)
    assert np.abs(y).max() > 0.01
    assert y.shape == expected.shape
    assert np.abs(y - expected).max() < 1e-4
    still = heard(client, finished(client, release="tiny", score="0 /aitunes/gain 0", seconds=1.0))[0]
    assert np.abs(y - still).max() > 1e-3  # the wheel was heard


def test_the_same_seed_walks_the_same_way_and_another_one_does_not(client):
    sounds = [
        client.get(finished(client, release="notes", seconds=2.0, seed=seed)["links"]["audio"]).content
        for seed in (1, 1, 2)
    ]
    assert sounds[0] == sounds[1] != sounds[2]


@pytest.mark.parametrize(("kind", "channels"), [("flac", 2), ("ogg", 1)])
def test_formats_and_channels_are_as_asked(client, kind, channels):
    job = finished(client, release="sine", seconds=0.5, score="0 /aitunes/gain -3", format=kind, channels=channels)
    y, _ = heard(client, job)
    assert y.shape[1] == channels
    sound = client.get(job["links"]["audio"])
    assert sound.headers["content-type"] == f"audio/{kind}"
    assert f"sine-0s-seed0.{kind}" in sound.headers["content-disposition"]


def test_a_player_may_ask_for_parts_and_asks_once(client):
    job = finished(client, release="tiny", seconds=0.3, score="0 /aitunes/gain 0")
    link = job["links"]["audio"]
    whole = client.get(link)
    part = client.get(link, headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, whole.content[10:20])
    assert client.get(link, headers={"If-None-Match": whole.headers["etag"]}).status_code == 304


def test_progress_comes_as_events_until_the_end(client):
    job = client.post("/api/v1/renders", json={"release": "tiny", "seconds": 2, "score": "0 /aitunes/gain 0"}).json()
    with client.stream("GET", job["links"]["events"]) as events:
        assert events.headers["content-type"].startswith("text/event-stream")
        text = "".join(events.iter_text())
    kinds = [line.removeprefix("event: ") for line in text.splitlines() if line.startswith("event: ")]
    states = [json.loads(line.removeprefix("data: ")) for line in text.splitlines() if line.startswith("data: ")]
    assert kinds[-1] == "end"
    assert set(kinds[:-1]) == {"progress"}
    assert states[-1]["state"] == "done"
    assert sorted(shares := [state["progress"] for state in states]) == shares


def test_a_render_is_deleted_and_its_sound_with_it(client):
    job = client.post("/api/v1/renders", json={"release": "tiny", "seconds": 600, "score": "0 /aitunes/gain 0"}).json()
    assert client.get(job["links"]["audio"]).status_code == 409
    assert client.delete(job["links"]["self"]).status_code == 204
    gone = client.get(job["links"]["self"])
    assert (gone.status_code, gone.headers["content-type"]) == (404, "application/problem+json")


def test_what_cannot_be_rendered_says_why(client):
    assert "Line 1" in finished(client, release="tiny", score="0 /nothing")["error"]
    assert "no gesture named" in finished(client, release="tiny", gesture="waves")["error"]
    assert "base64" in finished(client, release="tiny", midi="AAAAA")["error"]
    assert finished(client, release="tiny", midi="AAAA")["state"] == "failed"


@pytest.mark.parametrize(
    "wanted",
    [
        {"seconds": 601},
        {"seconds": "nan"},
        {"seconds": 0},
        {"seed": -1},
        {"format": "mp3"},
        {"channels": 5},
        {"sample_rate": 1},
        {"points": []},
        {"points": [{"seconds": 0, "x": 2, "y": 0}]},
        {"score": "x", "gesture": "y"},
        {"path": "/etc/passwd"},
        {"axes": [0, 7], "points": [{"seconds": 0, "x": 0, "y": 0}]},
    ],
)
def test_values_out_of_bounds_are_refused_by_name(client, wanted):
    answer = client.post("/api/v1/renders", json={"release": "tiny", **wanted})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    named = answer.json()["detail"]
    assert any(field in named for field in wanted) or "exclude" in named


@pytest.mark.parametrize(
    "wanted",
    [
        {"points": [{}] * 19_999},
        {"points": [{f"k{n}": n for n in range(2_000)}] * 50},
        {f"k{n}": n for n in range(100_000)},
        {"axes": list(range(100_000))},
        {"score": ["x"] * 100_000},
    ],
)
def test_however_much_is_wrong_it_is_said_in_a_few_words(wanted):
    with pytest.raises(ValidationError) as refused:
        RenderRequest.model_validate(wanted)
    assert refused.value.error_count() <= 3


@pytest.mark.parametrize(
    "body", [b"[" * 100_000, b'{"a":' * 100_000, b'{"seed": %s}' % (b"1" * 5_000), b"\xff", b"null"]
)
def test_what_is_no_request_is_refused_in_a_sentence(client, body):
    answer = client.post("/api/v1/renders", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_path_is_no_release_and_no_gesture(client):
    for name in ("../tiny", "/etc", "..", "nothing"):
        assert client.post("/api/v1/renders", json={"release": name}).status_code == 404
    assert "plain file name" in finished(client, release="tiny", gesture="../../x")["error"]


def test_a_score_writes_no_file_but_its_sound_and_ends_nothing(client, tmp_path_factory):
    base = tmp_path_factory.getbasetemp()
    acts = f"record/start {base / 'stolen.wav'}", "snapshot/save stolen", "gesture/record stolen", "quit"
    job = finished(client, release="tiny", seconds=0.3, score="".join(f"0 /aitunes/{act}\n" for act in acts))
    assert not list(base.rglob("*stolen*"))
    assert job["state"] == "failed" or len(heard(client, job)[0])
    assert client.get("/api/v1/status").status_code == 200


class TestQueue:
    """Keeps a queue without any worker, on the test's own loop."""

    def test_a_full_queue_says_when_to_come_back(self):
        async def fill():
            jobs = RenderJobs([], workers=0, queued=2)
            try:
                for _ in range(2):
                    jobs.add(RenderRequest(release="x", seconds=100))
                with pytest.raises(ProblemError) as refused:
                    jobs.add(RenderRequest(release="x"))
                assert refused.value.status == 429
                assert refused.value.retry_seconds >= 5
            finally:
                await jobs.close()

        asyncio.run(fill())

    def test_results_are_deleted_when_they_are_old_or_too_many(self):
        async def keep():
            now = [0.0]
            jobs = RenderJobs([], workers=0, kept_bytes=100, keep_seconds=60.0, clock=lambda: now[0])
            try:
                made = [jobs.add(RenderRequest(release="x")) for _ in range(3)]
                for number, job in enumerate(made):
                    job.path.write_bytes(b"0" * 60)
                    job.state, job.size, job.ended = "done", 60, float(number)
                with pytest.raises(ProblemError):
                    jobs.find(made[0].id)
                assert not made[0].path.exists()
                assert jobs.find(made[2].id) is made[2]
                now[0] = 100.0
                with pytest.raises(ProblemError):
                    jobs.find(made[2].id)
                assert not made[2].path.exists()
            finally:
                await jobs.close()

        asyncio.run(keep())


def test_a_path_is_straight_between_its_points():
    lines = [line.split() for line in path_score([(0.0, 0.0, 1.0), (1.0, 1.0, 0.0)]).splitlines()]
    for time_word, address, x, y in lines:
        assert address == "/aitunes/pad/xy"
        assert (float(x), float(y)) == pytest.approx((float(time_word), 1.0 - float(time_word)), abs=1e-4)
    assert len(lines) > 20


def test_a_walk_stays_within_the_notes_of_its_release():
    score = walk_score(20.0, 3, [(0.1, 0.2), (0.9, 0.5)], (60.0, 67.0))
    notes = [float(line.split()[2]) for line in score.splitlines() if "/note " in line]
    assert len(notes) > 10
    assert min(notes) >= 60
    assert max(notes) <= 67


def test_the_first_servers_routes_answer_without_its_faults(client):
    names = [model["name"] for model in client.get("/api/models").json()]
    assert "Tiny" in names
    sound = client.get("/api/generate_melody", params={"t": "0.5", "model": "Tiny", "name": "../../x y.wav"})
    assert sound.status_code == 200
    assert len(soundfile.read(io.BytesIO(sound.content))[0]) == 22_050
    assert "x%20y.wav" in sound.headers["content-disposition"]
    assert ".." not in sound.headers["content-disposition"]
    tone, rate = soundfile.read(io.BytesIO(client.get("/api/generate_debug_melody?t=1").content))
    assert np.abs(np.fft.rfft(tone)).argmax() * rate / len(tone) == pytest.approx(440.0)
    previews = sorted(paths.bundled_releases().glob("*/preview.*"))
    names = [f"{preview.parent.name}{preview.suffix}" for preview in previews]
    assert len(previews) == len(BUNDLED)
    assert client.get("/api/list_demo").json() == {"audios": names}
    for number, preview in enumerate(previews):
        demo = client.get(f"/api/download_demo?id={number}")
        assert demo.content == preview.read_bytes()
        assert demo.headers["content-type"] == f"audio/{preview.suffix[1:]}"
        assert names[number] in demo.headers["content-disposition"]
    for query in (
        "download_demo?id=x",
        f"download_demo?id={len(names)}",
        "download_demo?id=0.5",
        "generate_melody?t=9e9",
    ):
        assert client.get(f"/api/{query}").status_code == 422
    assert client.get("/api/generate_melody?t=1&model=nothing").status_code == 404
