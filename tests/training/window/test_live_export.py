"""Play while training: what comes out of a small run of audio is what a real engine plays."""

import numpy as np
import pytest

pytestmark = [pytest.mark.training, pytest.mark.timeout(1200)]
PATIENCE_MS = 400_000


@pytest.fixture
def tracks(tmp_path):
    """Six tracks of three seconds, each a tone of its own."""
    soundfile = pytest.importorskip("soundfile")
    t = np.arange(3 * 44_100) / 44_100
    folder = tmp_path / "audio" / "tones"
    folder.mkdir(parents=True)
    for n in range(6):
        soundfile.write(folder / f"{n}.wav", 0.3 * np.sin(2 * np.pi * 220 * (n + 1) * t), 44_100)
    return folder.parent


def test_a_checkpoint_is_heard_seen_and_played_by_a_running_engine(
    open_window, qtbot, tracks, tiny, playing_engine, here
):
    address, playing = playing_engine(tiny.write(here / "home" / "releases", "tiny").parent, "tiny")
    window = open_window(experiment="folder", scenario="frame-dim8", data_dir=str(tracks), epochs=1)
    messages, player_messages = [], []
    window.training.live_export.message.connect(messages.append)
    window.workshop.player.message.connect(player_messages.append)
    window.training.engine.setText(address)
    window.training.play_along.setChecked(True)
    window.panel.train_button.click()
    newest = window.training.newest
    qtbot.waitUntil(lambda: "epoch 1" in newest.text.text(), timeout=PATIENCE_MS)
    assert newest.reconstruction.play_button.isVisibleTo(window)
    qtbot.waitUntil(
        lambda: any("plays, as it was after epoch 1" in message for message in messages), timeout=PATIENCE_MS
    )
    assert playing() == "folder-frame-dim8"
    assert (here / "home" / "releases" / "folder-frame-dim8" / "card.json").is_file()
    with qtbot.waitSignal(window.workshop.player.finished, timeout=PATIENCE_MS):
        newest.reconstruction.play_button.click()
    assert all("Nothing can be played" in sentence or "No sound device" in sentence for sentence in player_messages)
