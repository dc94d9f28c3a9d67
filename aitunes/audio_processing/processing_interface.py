"""Processes one sound by chained calls: load, cut, preprocess, analyse, draw, play, save.

The work is done in the modules beside this one; the class is long because its users know it as one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self, get_args

import numpy as np
from numpy.typing import NDArray

from aitunes.audio_processing import plots, spectrograms
from aitunes.audio_processing.files import read_audio, write_audio
from aitunes.audio_processing.reconstruction import sound_of, sound_of_mel
from aitunes.audio_processing.spectrograms import checked
from aitunes.audio_processing.windows import Method, window_start
from aitunes.errors import AiTunesError
from aitunes.features import AudioFeatures, FloatArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Mode = Literal["file", "wave", "spec", "log_spec", "mel", "log_mel", "mfccs"]


class ProcessingError(AiTunesError, ValueError):
    """Says why something cannot be done to a sound."""


class AudioProcessingInterface:
    """Holds a mono waveform with its path and label.

    Calls chain: those that change the sound (`preprocess`, `reset`, `set_label`) or only use it (`save`, `play`,
    `full_summary`) return the interface itself; those that make another sound (`copy`, `extract_window`,
    `reconstruct_from_mel`, `reconstruct_from_mfcc`) return a new one. `create_for` makes the first.

    Wherever `settings` are taken they are n_fft and hop_length (samples), n_mels, f_min and f_max (Hz); by default
    2048, 512, 128, 0 and half the sample rate. Spectrograms are [rows, frames] float32, frame n centred on sample
    n · hop_length; linear ones are magnitudes, as in `aitunes.features`, and log ones 20 log10 of them in decibels,
    no lower than 80 dB below the loudest.

    >>> y = np.sin(np.arange(22_050) / 10).astype(np.float32)
    >>> sound = AudioProcessingInterface.create_for("", "wave", data=y, sample_rate=22_050, label="sine")
    >>> sound.extract_window(0.5, "start").preprocess(lambda y: 0.5 * y).duration
    0.5
    """

    def __init__(self, y: NDArray[Any], sample_rate: int, path: str | Path = "", label: str | None = None) -> None:
        if isinstance(sample_rate, bool) or int(sample_rate) != sample_rate or sample_rate < 1:
            raise ProcessingError(f"A sample rate must be a whole number of Hz, not {sample_rate!r}.")
        self._path = str(path)
        self._label = Path(path).name if label is None else label
        self._y = self._original = checked(y, "The waveform")
        self._sample_rate = int(sample_rate)

    @classmethod
    def create_for(
        cls,
        path: str | Path,
        mode: Mode = "file",
        data: NDArray[Any] | None = None,
        sample_rate: int | None = None,
        label: str | None = None,
        length: int | None = None,
        **settings: Any,
    ) -> Self:
        """Load a sound from a file or from data.

        Args:
            path: the file; for data only a name to remember, which `save` uses.
            mode: "file" reads it, whatever libsndfile knows, channels mixed down. Else what `data` is: "wave"
                [samples], "spec" and "log_spec" [bins, frames], "mel" and "log_mel" [n_mels, frames], or "mfccs"
                [coefficients, frames], from which the sound is reconstructed.
            data: for every mode but "file".
            sample_rate: Hz; a file is resampled to it, data has it. None keeps a file's own. `sr` means the same.
            label: for plots; None takes the file's name.
            length: samples to reconstruct; None goes up to the last frame's centre.
            settings: those that a spectrogram was made with; n_fft of "spec" and n_mels of "mel" follow from data.

        Raises:
            AudioFileError: the file is missing, damaged or no sound.
            ProcessingError: the mode is unknown, or it lacks or does not take an argument.
        """
        sample_rate = settings.pop("sr", sample_rate)
        if mode not in get_args(Mode):
            raise ProcessingError(f"A mode is one of {', '.join(get_args(Mode))}, not {mode!r}.")
        if mode in ("file", "wave") and settings:
            raise ProcessingError(f"Mode {mode!r} takes no setting {', '.join(settings)}.")
        if mode == "file":
            if data is not None:
                raise ProcessingError("Mode 'file' takes no data; say which of the other modes it is.")
            return cls(*read_audio(path, sample_rate), path, label)
        if data is None or sample_rate is None:
            raise ProcessingError(f"Mode {mode!r} needs data and sample_rate.")
        if mode == "wave":
            return cls(data, sample_rate, path, label)
        return cls(sound_of(mode, data, sample_rate, length, **settings), sample_rate, path, label)

    @property
    def duration(self) -> float:
        """Seconds."""
        return self._y.size / self._sample_rate

    def get_path(self) -> str:
        """Return the path it was loaded from."""
        return self._path

    def get_label(self) -> str:
        """Return the label that plots show."""
        return self._label

    def set_label(self, label: str) -> Self:
        """Name it for plots."""
        self._label = label
        return self

    def get_data(self) -> tuple[FloatArray, int]:
        """Return the waveform [samples], and its sample rate, Hz."""
        return self._y, self._sample_rate

    def copy(self, label: str | None = None) -> Self:
        """Copy the sound; `reset` takes the copy back to its present state."""
        return self._new(self._y.copy(), self._label if label is None else label)

    def preprocess(self, *fns: Callable[[FloatArray], NDArray[Any]]) -> Self:
        """Put the waveform through functions, one after the other; all of them or, if one fails, none.

        Args:
            fns: each takes [samples] and returns [samples], any number; see `PreprocessingCollection`.

        Raises:
            ProcessingError: a function returned no mono waveform of finite numbers.
        """
        y = self._y
        for fn in fns:
            y = checked(fn(y.copy()), f"What {getattr(fn, '__name__', repr(fn))} returned")
        self._y = y
        return self

    def reset(self) -> Self:
        """Undo all preprocessing."""
        self._y = self._original
        return self

    def extract_window(
        self,
        duration: float,
        method: Method = "random",
        start: float = 0.0,
        label: str | None = None,
        rng: np.random.Generator | None = None,
    ) -> Self:
        """Cut a part of the sound out as another one.

        Args:
            duration: seconds, no longer than the sound.
            method: "start", "end", "random", or "bounded": from `start`, or as much earlier as it takes to fit.
            start: seconds, for "bounded".
            label: None adds the times to the own label.
            rng: for "random"; None draws another one each time.

        Raises:
            ProcessingError: the sound is shorter than that.
            WindowError: the method is unknown or a time negative.
        """
        for name, seconds in (("duration", duration), ("start", start)):
            if not np.isfinite(seconds):
                raise ProcessingError(f"{name} must be seconds, not {seconds!r}.")
        size = round(duration * self._sample_rate)
        if size > self._y.size:
            raise ProcessingError(
                f"{self._label or 'The sound'} lasts {self.duration:.3f} s, too short for a window of {duration:g} s."
            )
        first = window_start(self._y.size, size, method, round(start * self._sample_rate), rng)
        if label is None:
            begin, end = first / self._sample_rate, (first + size) / self._sample_rate
            label = f"{self._label} ({begin:.2f} to {end:.2f} s)"
        return self._new(self._y[first : first + size].copy(), label)

    def spectrogram(self, **settings: Any) -> FloatArray:
        """Compute linear magnitudes [n_fft // 2 + 1, frames]."""
        return spectrograms.centred_magnitudes(self._y, self._features(settings))

    def log_spectrogram(self, **settings: Any) -> FloatArray:
        """Compute linear magnitudes in decibels [n_fft // 2 + 1, frames]."""
        return spectrograms.to_decibels(self.spectrogram(**settings))

    def mel_spectrogram(self, n_mels: int = spectrograms.N_MELS, **settings: Any) -> FloatArray:
        """Compute mel magnitudes [n_mels, frames]."""
        return spectrograms.mel_magnitudes(self._y, self._features({**settings, "n_mels": n_mels}))

    def log_mel_spectrogram(self, n_mels: int = spectrograms.N_MELS, **settings: Any) -> FloatArray:
        """Compute mel magnitudes in decibels [n_mels, frames]."""
        return spectrograms.to_decibels(self.mel_spectrogram(n_mels, **settings))

    def mfcc(
        self, n_mels: int = spectrograms.N_MELS, n_features: int = spectrograms.N_MFCC, **settings: Any
    ) -> FloatArray:
        """Compute mel-frequency cepstral coefficients of the log-mel spectrogram [n_features, frames]."""
        return spectrograms.mfcc_of(self.log_mel_spectrogram(n_mels, **settings), n_features)

    def reconstruct_from_mel(self, n_mels: int = spectrograms.N_MELS, **settings: Any) -> Self:
        """Rebuild the sound from its mel spectrogram, at its own length: the output of a perfect model."""
        features = self._features({**settings, "n_mels": n_mels})
        mel = spectrograms.mel_magnitudes(self._y, features)
        return self._new(sound_of_mel(mel, features, self._y.size), f"{self._label} (from mel)")

    def reconstruct_from_mfcc(
        self, n_mels: int = spectrograms.N_MELS, mfcc_features: int = spectrograms.N_MFCC, **settings: Any
    ) -> Self:
        """Rebuild the sound from its MFCCs, at its own length."""
        features = self._features({**settings, "n_mels": n_mels})
        coefficients = self.mfcc(n_mels, mfcc_features, **settings)
        mel = spectrograms.mel_of_mfcc(coefficients, n_mels)
        return self._new(sound_of_mel(mel, features, self._y.size), f"{self._label} (from MFCC)")

    def draw_wave(self, ax: Axes, color: str = plots.COLOURS[0], alpha: float = 1.0, label: str | None = None) -> Self:
        """Draw the waveform over time, in seconds, on axes that may hold others."""
        plots.draw_wave(
            ax, self._y, self._sample_rate, color, alpha, plots.shortened(self._label if label is None else label)
        )
        return self

    def get_plot_for(
        self,
        features: Sequence[str] | str = ("wave", "log_spec", "log_mel", "mfccs"),
        suptitle: str | None = None,
        title: str | Sequence[str | None] | None = None,
        axes: Sequence[Axes] | Axes | None = None,
        mfcc_features: int = spectrograms.N_MFCC,
        **settings: Any,
    ) -> tuple[Figure, list[Axes]]:
        """Draw the sound in several ways, one panel each.

        Args:
            features: any of "wave", "spec", "log_spec", "mel", "log_mel" and "mfccs".
            suptitle: over the whole; None takes the label, "" nothing.
            title: of every panel, or one each; None names what is drawn.
            axes: to draw on, one each; None makes a figure 800 pixels wide that no window owns.

        Returns:
            The figure, to show or to save with `savefig`, and its panels.
        """
        kinds = [features] if isinstance(features, str) else list(features)
        plots.check_kinds(kinds)
        if axes is None:
            axes = plots.new_axes(plots.new_figure(len(kinds)), kinds)
        panels = list(np.atleast_1d(np.asarray(axes, dtype=object)))
        titles = [title] * len(kinds) if title is None or isinstance(title, str) else list(title)
        if not len(panels) == len(titles) == len(kinds):
            raise ProcessingError(f"{len(kinds)} plots need as many axes and titles, not {len(panels)}, {len(titles)}.")
        for kind, ax, text in zip(kinds, panels, titles, strict=True):
            self._draw(kind, ax, mfcc_features, settings)
            if text is not None:
                ax.set_title(text)
        figure: Figure = panels[0].figure
        figure.suptitle(plots.shortened(self._label) if suptitle is None else suptitle)
        return figure, panels

    def compare_waves(
        self,
        *others: AudioProcessingInterface,
        include_self: bool = True,
        colors: Sequence[str] = plots.COLOURS,
        ax: Axes | None = None,
    ) -> tuple[Figure, Axes]:
        """Draw the waveforms of several sounds over each other, with a legend."""
        sounds = [self, *others] if include_self else list(others)
        if ax is None:
            ax = plots.new_axes(plots.new_figure(1), ["wave"])[0]
        for n, sound in enumerate(sounds):
            sound.draw_wave(ax, colors[n % len(colors)], alpha=1.0 if len(sounds) == 1 else 0.6)
        if len(sounds) > 1:
            plots.add_legend(ax, [plots.shortened(sound.get_label()) for sound in sounds])
        figure: Figure = ax.figure  # type: ignore[assignment]
        return figure, ax

    def full_summary(
        self,
        compare_to: Sequence[AudioProcessingInterface] = (),
        n_mels: int = spectrograms.N_MELS,
        mfcc_features: int = spectrograms.N_MFCC,
        save_to_dir: str | Path | None = None,
        headless: bool = False,
        **settings: Any,
    ) -> Self:
        """Draw waveform, log spectrogram, log mel spectrogram and MFCCs on one page.

        Args:
            compare_to: others, whose waveforms are drawn over this one and whose log mel spectrograms below it.
            save_to_dir: folder for a PNG named after the label; one of that name is replaced.
            headless: open no window.

        Raises:
            PlotError: no window can open, or there is none and nowhere to save to either.
        """
        if headless and save_to_dir is None:
            raise plots.PlotError("A summary without a window goes to a folder; pass save_to_dir.")
        sounds: list[AudioProcessingInterface] = [self, *compare_to]
        rows = [(sounds[0], "log_spec"), *((sound, "log_mel") for sound in sounds), (sounds[0], "mfccs")]
        figure = plots.new_figure(1 + len(rows), window=not headless)
        axes = plots.new_axes(figure, ["wave", *(kind for _, kind in rows)])
        self.compare_waves(*sounds[1:], ax=axes[0])
        for (sound, kind), ax in zip(rows, axes[1:], strict=True):
            sound._draw(kind, ax, mfcc_features, {**settings, "n_mels": n_mels})
            if len(sounds) > 1:
                ax.set_title(f"{ax.get_title()}: {plots.shortened(sound.get_label())}", fontsize="medium")
        figure.suptitle(plots.shortened(self._label))
        if save_to_dir is not None:
            plots.save(figure, Path(save_to_dir) / f"{self._file_stem()}_summary.png")
        if not headless:
            plots.show(figure)
        return self

    def play(self, speed: float = 1.0, wait: bool = False) -> Self:
        """Play it on the default device.

        Args:
            speed: 2 plays it in half the time, an octave higher.
            wait: return when it has been played.

        Raises:
            PlaybackError: there is no device, or it does not take the rate.
        """
        from aitunes.audio_processing.playback import play

        if not (np.isfinite(speed) and speed > 0):
            raise ProcessingError(f"A speed must be above 0, not {speed!r}.")
        play(self._y, self._sample_rate * speed, wait)
        return self

    def save(self, path: str | Path | None = None, overwrite: bool = False) -> Self:
        """Write the sound to a file, whose ending chooses the format; None is the path it came from.

        Raises:
            AudioFileError: the file is there and `overwrite` is not set, or it cannot be written.
        """
        if not (path or self._path):
            raise ProcessingError("A sound that came from no file needs a path to be saved to.")
        write_audio(path or self._path, self._y, self._sample_rate, overwrite=overwrite)
        return self

    def save_to(self, folder: str | Path, overwrite: bool = False) -> Self:
        """Write the sound as a WAV file named after its label into a folder, which is made if it lacks."""
        return self.save(Path(folder) / f"{self._file_stem()}.wav", overwrite)

    def _new(self, y: FloatArray, label: str) -> Self:
        return type(self)(y, self._sample_rate, self._path, label)

    def _features(self, settings: dict[str, Any]) -> AudioFeatures:
        return spectrograms.analysis_features(self._sample_rate, **settings)

    def _file_stem(self) -> str:
        """Make a file name of the label, without the ending of the file it came from."""
        ending = Path(self._path).suffix
        name = self._label.replace(ending, "") if ending else self._label
        return re.sub(r"[^\w.+-]+", "_", name).strip("_.")[:100] or "sound"

    def _draw(self, kind: str, ax: Axes, mfcc_features: int, settings: dict[str, Any]) -> None:
        if kind == "wave":
            self.draw_wave(ax)
            return
        make: dict[str, Callable[..., FloatArray]] = {
            "spec": self.spectrogram,
            "log_spec": self.log_spectrogram,
            "mel": self.mel_spectrogram,
            "log_mel": self.log_mel_spectrogram,
            "mfccs": lambda **values: self.mfcc(n_features=mfcc_features, **values),
        }
        plots.draw_spectrogram(ax, kind, make[kind](**settings), self._features(settings), self.duration)
