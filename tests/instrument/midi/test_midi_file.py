"""MIDI files of strangers become messages at the right time, or a sentence."""

import contextlib
import os

import pytest

from instrument.midi.mapping import Control, Mapping, Source
from instrument.midi.messages import NoteOff, NoteOn, ProgramChange
from instrument.midi.midi_file import MidiFileError, parse_midi_file
from instrument.midi.score import score_of_midi_file

END = b"\x00\xff\x2f\x00"


def midi_file(*tracks, division=480, kind=1, declared=None):
    head = b"MThd" + (6).to_bytes(4, "big")
    head += b"".join(n.to_bytes(2, "big") for n in (kind, len(tracks) if declared is None else declared, division))
    return head + b"".join(b"MTrk" + len(track).to_bytes(4, "big") + track for track in tracks)


def test_tracks_are_merged_by_the_tempo_map():
    tempo = (
        b"\x00\xff\x51\x03" + (500_000).to_bytes(3, "big") + b"\x83\x60\xff\x51\x03" + (1_000_000).to_bytes(3, "big")
    )
    notes = b"\x00\x90\x3c\x64\x83\x60\x3c\x00\x83\x60\x91\x40\x50" + END  # running status ends the first note
    found = parse_midi_file(midi_file(tempo + END, notes))
    assert [(timed.seconds, timed.message) for timed in found] == [
        (0.0, NoteOn(1, 60, 100)),
        (pytest.approx(0.5), NoteOff(1, 60)),
        (pytest.approx(1.5), NoteOn(2, 64, 80)),
    ]


def test_a_file_without_a_tempo_has_120_beats_a_minute_and_smpte_frames_are_frames():
    note = b"\x83\x60\x90\x3c\x64" + END
    assert parse_midi_file(midi_file(note))[0].seconds == pytest.approx(0.5)
    assert parse_midi_file(midi_file(note, division=0xE728))[0].seconds == pytest.approx(480 / (25 * 40))


def test_what_a_maker_adds_is_passed_over():
    track = b"\x00\xf0\x03\x01\x02\xf7\x00\xff\x01\x02hi\x00\xc0\x05" + END + b"rest"
    content = midi_file(track)
    extra = content[:14] + b"XFIH" + (2).to_bytes(4, "big") + b"ab" + content[14:]
    assert [timed.message for timed in parse_midi_file(extra)] == [ProgramChange(1, 5)]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "does not begin as a MIDI file"),
        (b"RIFF" + bytes(100), "does not begin as a MIDI file"),
        (midi_file(END, kind=2), "format 2"),
        (midi_file(END, declared=10_000), "10,000 tracks"),
        (midi_file(END, declared=2), "1 of 2 tracks"),
        (midi_file(declared=0), "0 of 0 tracks"),
        (midi_file(END, division=0), "how long a tick is"),
        (midi_file(END)[:-1], "track 1 is cut short"),
        (midi_file(b"\x00\x90\x3c\x64" + END, b"\x00\x3c\x00" + END), "track 2, byte 2: an event has no status"),
        (midi_file(b"\x00\x90\x3c"), "cut short"),
        (midi_file(b"\x00\x90\x3c\xff"), "above 127"),
        (midi_file(b"\xff\xff\xff\xff\x7f\x90"), "more than four bytes"),
        (midi_file(b"\x00\xf4"), "F4 is no event"),
        (midi_file(b"\x00\xff\x01\xff\xff\xff\x7f"), "cut short"),
        (midi_file(b"\x00\xff\x51\x03\xff\xff\xff\xff\xff\xff\x7f\x90\x3c\x64", division=1), "may last a day"),
        (b"MThd" + bytes((8 << 20) + 1), "at most 8,388,608"),
        (midi_file(b"\x00\x90\x3c\x64" + b"\x00\x3c\x64" * 500_000), "more than 500,000 events"),
    ],
)
def test_garbage_is_a_sentence(content, words, tmp_path):
    with pytest.raises(MidiFileError, match=words):
        parse_midi_file(content)
    path = tmp_path / "song.mid"
    path.write_bytes(content)
    with pytest.raises(MidiFileError, match=r"The MIDI file .*song.mid cannot be played: .*\.$"):
        score_of_midi_file(path)


def test_random_bytes_never_do_anything_else(rng):
    for _ in range(300):
        body = bytes(rng.integers(0, 256, 60, dtype="uint8"))
        with contextlib.suppress(MidiFileError):
            parse_midi_file(midi_file(body))


def test_a_pipe_and_an_endless_file_are_refused(tmp_path):
    pipe, endless = tmp_path / "pipe.mid", tmp_path / "endless.mid"
    os.mkfifo(pipe)
    endless.symlink_to("/dev/zero")
    for path in (pipe, endless):
        with pytest.raises(MidiFileError, match="no file of at most 8,388,608 bytes"):
            score_of_midi_file(path)


def test_a_score_has_what_playing_live_sends(tmp_path):
    path = tmp_path / "song.MID"
    track = (
        b"\x00\x90\x3c\x64"  # a note
        b"\x00\xb0\x01\x40"  # the modulation wheel
        b"\x60\xe0\x00\x60"  # the pitch wheel, half-way up
        b"\x00\xb0\x40\x7f"  # the pedal holds
        b"\x60\x80\x3c\x40"
        b"\x60\xb0\x40\x00"  # and lets go
        b"\x00\xc0\x01" + END
    )
    path.write_bytes(midi_file(track, division=96))
    lines = [line.split() for line in score_of_midi_file(path, releases=("a", "b")).splitlines()]
    assert [line[:2] for line in lines] == [
        ["0.000000", "/aitunes/drone"],
        ["0.000000", "/aitunes/note"],
        ["0.000000", "/aitunes/pad/x"],
        ["0.500000", "/aitunes/voice/bend"],
        ["1.500000", "/aitunes/note"],
        ["1.500000", "/aitunes/release/load"],
    ]
    assert lines[1][2:4] == ["60", "100"]
    assert lines[4][2:4] == ["60", "0"]
    assert lines[-1][2] == "b"
    learned = Mapping("/aitunes/latent/1", Source(Control.CONTROLLER, 1))
    score = score_of_midi_file(path, [learned])
    assert "/aitunes/latent/1" in score
    assert "/release/load" not in score
