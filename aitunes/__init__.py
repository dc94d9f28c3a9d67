"""Holds what the trainer and the instrument share. Importing it loads nothing heavy: no torch, no librosa, no numba.

Both sides import

- `errors`, `home`, `features` and `pitch`: error sentences, the user's folders, spectrogram parameters, note numbers;
- `osc`: messages, addresses and a client of OSC;
- `release.card` and `release.reader`: the card of a release, and reading one;
- `audio_processing.griffin_lim`, `.mel_inversion` and `.levels`: spectra to sound, and the loudness of frames.

The trainer alone, and anyone's own scripts, import the rest: `audio_generation` (synthetic sounds), the other modules
of `audio_processing` (files, pictures, preprocessing), `datasets` (readers), `modules` (networks and losses in
PyTorch), `experiments` (scenarios that bring data, model and losses together), `remote_paths` and `release.writer`.
"""

__version__ = "0.1.0"
