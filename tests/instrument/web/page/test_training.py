"""Makes an instrument in the browser: a folder is dropped, learnt for real, watched, played, and stopped."""

import re

import numpy as np
import pytest
import soundfile

from tests.instrument.web.page.stage import CONTRASTS, READABLE, SECONDS, until

pytest.importorskip("lightning", reason="pip install aitunes[training]")
pytestmark = [pytest.mark.training, pytest.mark.timeout(1200)]
LEARNING_SECONDS = 300.0
RATE = 22_050


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder of two kinds of noise, and files that hold no sound."""
    root = tmp_path_factory.mktemp("sounds") / "Kitchen"
    rng = np.random.default_rng(3)
    for kind, smoothing in (("kettle", 1), ("fridge", 12)):
        (root / kind).mkdir(parents=True)
        for n in range(3):
            y = np.convolve(rng.standard_normal(2 * RATE), np.ones(smoothing) / smoothing, "same")
            soundfile.write(root / kind / f"{kind} {n}.wav", 0.2 * y / np.abs(y).max(), RATE)
    (root / "notes.txt").write_text("bought in May")
    (root / ".hidden.wav").write_bytes(b"x")
    return root


def drop(page, path):
    """Drop a folder from the desktop onto the page, as the browser sees it."""
    session = page.context.new_cdp_session(page)
    found = page.locator("#train-drop").bounding_box()
    place = {"x": found["x"] + found["width"] / 2, "y": found["y"] + 20}
    for kind in ("dragEnter", "dragOver", "drop"):
        data = {"items": [], "files": [str(path)], "dragOperationsMask": 1}
        session.send("Input.dispatchDragEvent", {"type": kind, **place, "data": data})


def said(page, name):
    return page.locator(f"#train-{name}").inner_text()


def test_a_chosen_folder_is_counted_and_nothing_is_brought_yet(stage, folder):
    page = stage.open(view="train")
    page.locator("#train-folder").set_input_files(folder)
    page.get_by_text("6 sounds").wait_for()
    assert page.get_by_role("button", name="Make an instrument").is_enabled()
    page.locator("#train-files").set_input_files(folder / "notes.txt")
    page.get_by_text("There is no sound file in it.").wait_for()
    assert not page.get_by_role("button", name="Make an instrument").is_enabled()
    assert not any("/piece" in url for url in page.requests)
    page.context.close()


def test_a_session_that_the_server_does_not_know_is_begun_again(stage, folder):
    page = stage.open()
    page.context.clear_cookies()
    page.evaluate("location.hash = 'train'")
    page.locator("#train-folder").set_input_files(folder)  # counted once the server has said what sounds are
    page.get_by_text("6 sounds").wait_for(timeout=1e3 * SECONDS)
    page.context.close()


def test_a_dropped_folder_becomes_an_instrument_that_plays(stage, folder):
    page = stage.open(view="train")
    page.locator("#train-drop").wait_for()
    until(page, "document.getElementById('train-again').hidden")
    drop(page, folder)
    page.get_by_text("6 sounds").wait_for()
    assert "1 other files are left out" in said(page, "found")
    assert page.locator("[name=name]").input_value() == "Kitchen"
    page.get_by_role("button", name="Make an instrument").click()
    page.get_by_text("Learning “Kitchen”").wait_for(timeout=1e3 * SECONDS)
    page.reload()  # whoever comes back finds it again
    page.get_by_text("Learning “Kitchen”").wait_for(timeout=1e3 * SECONDS)
    page.get_by_text(re.compile(r"^Version \d+: |could not be learnt")).first.wait_for(timeout=1e3 * LEARNING_SECONDS)
    assert said(page, "error") == ""
    assert page.locator("#train-said p").count() > 2
    page.get_by_role("button", name="Stop and keep the best").click()
    page.get_by_role("button", name="Play it").click()
    until(page, "document.title.startsWith('Kitchen') && document.body.dataset.view === 'play'")
    until(page, "[...document.querySelectorAll('.legend li')].map((one) => one.textContent).join() === 'fridge,kettle'")
    page.evaluate("location.hash = 'train'")
    page.get_by_role("button", name="Other sounds").wait_for(timeout=1e3 * LEARNING_SECONDS)
    assert said(page, "title") == "“Kitchen” is learnt"
    assert not [text for text, ratio in page.evaluate(CONTRASTS) if ratio < READABLE]
    page.evaluate("location.hash = 'releases'")
    page.get_by_role("button", name="Playing Kitchen").wait_for(timeout=1e3 * SECONDS)
    assert page.complaints == []
    page.context.close()
