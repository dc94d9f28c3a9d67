"""A packed release that is dropped on the page, or chosen in it, is installed and plays."""

import dataclasses

import pytest

from aitunes.release.archive import pack_release
from aitunes.release.reader import read_card
from aitunes.release.writer import write_release
from instrument.storage.paths import bundled_releases
from tests.instrument.web.page.stage import SECONDS, until

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    """Two packed releases, Mine and Yours, and one that is damaged."""
    folder = tmp_path_factory.mktemp("packed")
    bundled = bundled_releases() / "first-light"
    card = read_card(bundled)
    files = {name: (bundled / name).read_bytes() for name in card.files}
    for name in ("mine", "yours"):
        named = dataclasses.replace(card, name=name, public_name=name.title())
        pack_release(write_release(folder, named, files), folder / f"{name}.aitunes")
    content = (folder / "mine.aitunes").read_bytes()
    (folder / "broken.aitunes").write_bytes(content[: len(content) // 2])
    return folder


def drop(page, path):
    """Drop a file from the desktop onto the middle of the page, as the browser sees it."""
    session = page.context.new_cdp_session(page)
    for kind in ("dragEnter", "dragOver", "drop"):
        data = {"items": [], "files": [str(path)], "dragOperationsMask": 1}
        session.send("Input.dispatchDragEvent", {"type": kind, "x": 300, "y": 300, "data": data})


def test_other_files_that_are_dropped_do_not_replace_the_page(stage, packed, tmp_path):
    (tmp_path / "notes.txt").write_text("bought in May")
    page = stage.open()
    drop(page, tmp_path / "notes.txt")
    page.wait_for_timeout(300)
    assert page.evaluate("location.protocol") == "http:"
    assert page.title()
    page.context.close()


def test_a_dropped_release_plays_and_a_broken_one_is_a_sentence(stage, packed):
    page = stage.open()
    drop(page, packed / "broken.aitunes")
    until(page, "document.getElementById('notice').textContent.startsWith('The file broken.aitunes')")
    drop(page, packed / "mine.aitunes")
    until(page, "document.title.startsWith('Mine')")
    page.evaluate("location.hash = 'releases'")
    page.locator("[data-release=mine]").wait_for(timeout=1e3 * SECONDS)
    assert page.locator("[data-release=broken]").count() == 0
    page.locator("#install-file").set_input_files(packed / "yours.aitunes")
    until(page, "document.title.startsWith('Yours')")
    assert all("422" in complaint for complaint in page.complaints)  # of the broken one
    page.context.close()
