"""Makes synthetic sounds: pure functions that return float32 waveforms. Import what you need from its modules.

`simple_audio_streams` writes them to files, and `dataset` a labelled set of them.

Importing this package loads nothing. Frequencies are in Hz, durations in seconds, waveforms mono [samples].
Partials at or above half the sample rate are left out, so nothing aliases.
"""
