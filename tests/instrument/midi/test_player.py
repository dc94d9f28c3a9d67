"""All inputs together: garbage, ports that vanish, and ports that fall silent after they promised not to."""

import itertools

import mido
import pytest

from aitunes.osc.packets import Message
from instrument.midi.clock import ClockFollower
from instrument.midi.mapper import Mapper
from instrument.midi.mappings import Mappings
from instrument.midi.player import SENSING_SECONDS, Player
from instrument.midi.ports import Arrival
from instrument.midi.programs import Programs


@pytest.fixture
def play(desk, tmp_path):
    """`play(port, bytes, now)`: the desk hears a player."""
    desk.event_time, said = 0.0, []

    def told(address, *arguments):
        said.append((address, *arguments))

    mapper = Mapper(desk)
    mappings = Mappings(tmp_path / "default.toml", mapper, told, lambda line: None)
    programs = Programs(told)
    player = Player(desk, mapper, mappings, programs, ClockFollower(desk), itertools.count(1))

    def run(port, words, now=0.0):
        player.take(Arrival(port, bytes.fromhex(words), now), now)

    run.player, run.mappings, run.programs, run.said = player, mappings, programs, said
    return run


def test_two_keyboards_on_one_channel_stay_apart(desk, play):
    play("left", "90 3c 64")
    play("right", "90 3c 50")
    play("left", "80 3c 40")
    assert desk.notes("velocity") == [80]
    play("right", "e0 7f 7f")
    play("left", "90 40 64")
    assert desk.notes("/aitunes/voice/bend") == [2.0, 0.0]


def test_a_port_that_vanishes_ends_its_notes_and_no_others(desk, play):
    play("left", "90 3c 64 b0 40 7f 80 3c 40")
    play("right", "90 43 64")
    play.player.forget("left")
    play.player.forget("never there")
    assert desk.notes("key") == [67]
    play("left", "90 3c 64 80 3c 40")  # it is back, its pedal up
    assert desk.notes("key") == [67]


def test_a_message_may_be_cut_between_arrivals_and_ports(desk, play):
    play("left", "90 3c")
    play("right", "90 40 64")
    play("left", "64")
    assert sorted(desk.notes("key")) == [60, 64]


def test_a_port_that_senses_actively_and_falls_silent_has_been_unplugged(desk, play):
    play("left", "90 3c 64 fe", now=10.0)
    play.player.check_sensing(10.0 + 0.99 * SENSING_SECONDS)
    assert desk.notes("key") == [60]
    play("left", "fe", now=10.3)
    play.player.check_sensing(10.5)
    assert desk.notes("key") == [60]
    play.player.check_sensing(10.3 + SENSING_SECONDS + 0.01)
    assert desk.sounding == {}
    play("left", "90 3c 64", now=20.0)  # without sensing it may be silent
    play.player.check_sensing(30.0)
    assert desk.notes("key") == [60]


def test_garbage_harms_no_note(desk, play, rng):
    play("left", "90 3c 64")
    for _ in range(200):
        # No notes, no controllers that end all, no reset.
        kept = [byte for byte in rng.integers(0, 256, 50).tolist() if byte >> 4 not in (8, 9, 11) and byte != 0xFF]
        data = bytes(kept)
        play("right", data.hex() + " fe")
    play.player.forget("right")
    assert desk.notes("key") == [60]


def test_a_linnstrument_is_mpe_without_being_asked(desk, play):
    play("LinnStrument MIDI", "91 3c 64 92 3c 64 e1 7f 7f")
    assert desk.notes("/aitunes/voice/bend") == [24.0, 0.0]


def test_a_zone_by_hand_is_set_up_when_the_file_says_so(desk, play, tmp_path):
    play("box", "91 3c 64")
    (tmp_path / "default.toml").write_text('[[zone]]\ndevice = "Box"\nupper = 3\nbend = 12\n')
    assert play.mappings.look()
    play.player.set_zones()
    play("box", "9d 3c 64 ed 7f 7f")
    assert desk.notes("/aitunes/voice/bend")[-1] == 12.0


def test_the_modulation_wheel_moves_the_pad_until_it_is_mapped_to_something_else(desk, play):
    play("keys", "b0 01 7f")
    assert desk.sent[-1] == ("/aitunes/pad/x", 1.0)
    play.mappings.learner.learn("/aitunes/width")
    play("keys", "b0 01 40")
    play("keys", "b0 01 7f")
    assert desk.sent[-1] == ("/aitunes/width", 1.0)
    play("other", "b0 01 00")
    assert desk.sent[-1] == ("/aitunes/pad/x", 0.0)


def test_what_members_of_a_zone_are_sent_moves_no_mapping_and_is_not_learned(desk, play):
    play("seaboard", "b0 65 00 64 06 06 0f")
    play.mappings.learner.learn("/aitunes/width")
    sent = len(desk.sent)
    play("seaboard", "b1 01 7f d1 7f e1 7f 7f")
    assert len(desk.sent) == sent
    assert play.mappings.learner.address == "/aitunes/width"


def test_a_key_that_is_a_button_plays_no_note(desk, play):
    play.mappings.learner.learn("/aitunes/freeze")
    play("pads", "90 24 64 80 24 40")
    play("pads", "90 24 64 80 24 40")
    assert desk.sent == [("/aitunes/freeze", True)]
    play("pads", "90 25 64")
    assert desk.notes("key") == [37]


def test_a_program_is_the_release_of_its_number_and_with_a_bank_the_snapshot(play):
    def answer(*messages):
        for address, *arguments in messages:
            play.programs.hear(Message(address, arguments))

    play("keys", "c0 01")
    assert play.said[-1] == ("/aitunes/release/list",)
    names = [("/aitunes/release", name, name, "", 8) for name in ("chamber", "first-light", "own")]
    answer(("/aitunes/release/load", "own"), *names, ("/done", "/aitunes/release/list", 3))
    assert play.said[-1] == ("/aitunes/release/load", "first-light")
    play("keys", "b0 20 01 c0 00")
    names = [("/aitunes/snapshot", name) for name in ("own 2", "own 1", "chamber 1")]
    answer(*names, ("/done", "/aitunes/snapshot/list", 3))
    assert play.said[-1] == ("/aitunes/snapshot/recall", "own 1")
    said = len(play.said)
    play("keys", "c0 7f")
    answer(("/done", "/aitunes/snapshot/list", 0))
    assert len(play.said) == said + 2  # there is no such snapshot, so nothing but the questions


def test_a_standard_midi_file_plays_through_and_leaves_no_note(desk, play, tmp_path):
    track = mido.MidiTrack()
    for n in range(64):
        track.append(mido.Message("note_on", note=48 + n % 24, velocity=40 + n, time=30))
        track.append(mido.Message("pitchwheel", pitch=-4_096 + 128 * n, time=0))
        track.append(mido.Message("control_change", control=64, value=127 * (n % 4 < 2), time=0))
        track.append(mido.Message("note_on" if n % 2 else "note_off", note=48 + n % 24, velocity=0, time=30))
    track.append(mido.Message("control_change", control=64, value=0, time=0))
    file = mido.MidiFile(tracks=[track])
    file.save(tmp_path / "song.mid")
    now = 0.0
    for message in mido.MidiFile(tmp_path / "song.mid"):
        now += message.time
        if not message.is_meta:
            play("daw", message.hex(), now)
    begun = [values for values in desk.sent if values[0] == "/aitunes/note" and values[2]]
    assert [(key, velocity) for _, key, velocity, _ in begun] == [(48 + n % 24, 40 + n) for n in range(64)]
    assert desk.sounding == {}
