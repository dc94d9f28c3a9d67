"""Writes a page about a trained model: figures, pictures and sounds of held-out tracks."""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from aitunes.audio_processing.reconstruction import sound_of_frames
from aitunes.features import AudioFeatures, FloatArray
from aitunes.modules.base import Autoencoder
from training.data.corpus import Corpus, Part
from training.evaluate.assessment import MAX_ITEMS, LatentUse, latent_use
from training.evaluate.inference import codes_of, reconstruct
from training.evaluate.pictures import TrackPicture, codes_png, reconstructions_png, tracks_png, usage_png
from training.evaluate.preview import wav_bytes
from training.fit.trained import Trained

SOUND_SECONDS = 4.0
_SHOWN, _TRACKS = 6, 3
_PCA_ITEMS = 800
_FILE_NAME_LETTERS = 40


def write_page(
    trained: Trained, corpus: Corpus, figures: dict[str, float], to: Path, sound_seconds: float = SOUND_SECONDS
) -> Path:
    """Write a page of pictures and sounds.

    Args:
        sound_seconds: of each track that is drawn and written as sound.
        to: its folder; `index.html`, `figures.json`, `latent.csv`, pictures and sounds go there.

    Returns:
        The page.
    """
    model, title = trained.experiment.model, f"{trained.case.name} {trained.scenario.name}"
    held = corpus.held.some(MAX_ITEMS)
    all_S = np.asarray(held.S)
    use = latent_use(model, all_S)
    to.mkdir(parents=True, exist_ok=True)
    tracks = _held_tracks(model, corpus, sound_seconds)
    pictures = {
        "reconstructions.png": _reconstructions(model, corpus, tracks),
        "latent.png": usage_png(use.std, use.kl_nats, title),
        "codes.png": codes_png(codes_of(model, all_S), held.labels, title),
    }
    for name, contents in pictures.items():
        (to / name).write_bytes(contents)
    sounds = _write_sounds(tracks, corpus.features, to)
    (to / "figures.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    _write_use(use, to / "latent.csv")
    page = to / "index.html"
    page.write_text(_html(title, figures, list(pictures), sounds), encoding="utf-8")
    return page


@dataclass(frozen=True)
class _Track:
    name: str
    S: FloatArray
    decoded: FloatArray


def _held_tracks(model: Autoencoder, corpus: Corpus, seconds: float) -> list[_Track]:
    """Decode the first seconds of three held-out tracks, of different labels where there are some."""
    features, part = corpus.features, corpus.held
    if features is None:
        return []
    count = max(1, round(seconds * features.frame_rate / features.frames))
    tracks = []
    for name in _different_tracks(part):
        track = part.of(np.flatnonzero(part.names == name)[:count])
        S = np.asarray(track.S)
        title = str(name) if str(name).startswith(f"{track.labels[0]}/") else f"{name} ({track.labels[0]})"
        tracks.append(_Track(title, S, reconstruct(model, S, track.conditions)))
    return tracks


def _different_tracks(part: Part) -> list[str]:
    """Choose up to three tracks, from as many labels as possible."""
    some = part.some(MAX_ITEMS)
    by_label: dict[str, list[str]] = {}
    for name, label in dict(zip(some.names.tolist(), some.labels.tolist(), strict=True)).items():
        by_label.setdefault(label, []).append(name)
    turns = [(n, label, name) for label, names in by_label.items() for n, name in enumerate(names)]
    return [name for _, _, name in sorted(turns)[:_TRACKS]]


def _reconstructions(model: Autoencoder, corpus: Corpus, tracks: list[_Track]) -> bytes:
    """Draw seconds of tracks beside PCA; of anything but audio, single items."""
    if corpus.features is None:
        shown = corpus.held.some(_SHOWN)
        S = np.asarray(shown.S)
        names = [f"{name} ({label})" for name, label in zip(shown.names, shown.labels, strict=True)]
        return reconstructions_png(S, reconstruct(model, S, shown.conditions), names, None)
    train = np.asarray(corpus.train.some(_PCA_ITEMS).S)
    rows = [
        TrackPicture(
            track.name,
            *(
                np.concatenate(list(S), axis=1)
                for S in (track.S, track.decoded, by_pca(train, track.S, model.latent_dim))
            ),
        )
        for track in tracks
    ]
    return tracks_png(rows, corpus.features, model.latent_dim)


def by_pca(train: FloatArray, S: FloatArray, components: int) -> FloatArray:
    """Rebuild segments S [items, ...] from the first principal components of others [items, ...].

    Reference:
        Jolliffe, *Principal Component Analysis*, 2002, section 3.5 (by the products of items, which are fewer).
    """
    flat, mean = train.reshape(len(train), -1), train.reshape(len(train), -1).mean(axis=0)
    centred = flat - mean
    values, vectors = np.linalg.eigh(centred @ centred.T)
    kept = values[-components:] > max(float(values[-1]), 0.0) * 1e-9
    directions = (vectors[:, -components:][:, kept] / np.sqrt(values[-components:][kept])).T @ centred
    rebuilt = (S.reshape(len(S), -1) - mean) @ directions.T @ directions + mean
    return np.asarray(np.clip(rebuilt, 0.0, 1.0).reshape(S.shape), np.float32)


def _write_sounds(tracks: list[_Track], features: AudioFeatures | None, to: Path) -> dict[str, str]:
    """Write tracks and their reconstructions as sound, both through the same phase reconstruction.

    Returns:
        The title of each file.
    """
    titles: dict[str, str] = {}
    if features is None:
        return titles
    for n, track in enumerate(tracks, 1):
        for kind, S in (("original", track.S), ("reconstruction", track.decoded)):
            y = sound_of_frames(np.concatenate(list(S), axis=1), features)
            name = f"{n}-{_file_name(track.name)}-{kind}.wav"
            titles[name] = f"{track.name}: {kind}"
            (to / name).write_bytes(wav_bytes(y, features.sample_rate))
    (to / "tracks.json").write_text(json.dumps([track.name for track in tracks]) + "\n", encoding="utf-8")
    return titles


def _file_name(track: str) -> str:
    """Spell a track's name so that every disk and every address can hold it.

    >>> _file_name("winds/flöte 1 (vel).wav")
    'winds-fl-te-1-vel-wav'
    """
    return re.sub(r"[^A-Za-z0-9_]+", "-", track[-_FILE_NAME_LETTERS:]).strip("-") or "track"


def _write_use(use: LatentUse, path: Path) -> None:
    lines = ["dimension,std,kl_nats"]
    for n, std in enumerate(use.std):
        lines.append(f"{n},{std:.6g},{'' if use.kl_nats is None else f'{use.kl_nats[n]:.6g}'}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _html(title: str, figures: dict[str, float], pictures: list[str], sounds: dict[str, str]) -> str:
    rows = "".join(f"<tr><td>{html.escape(name)}</td><td>{value:g}</td></tr>" for name, value in figures.items())
    images = "".join(f'<p><img src="{name}" alt="{name}"></p>' for name in pictures)
    players = "".join(
        f'<p>{html.escape(text)}<br><audio controls src="{name}"></audio></p>' for name, text in sounds.items()
    )
    return (
        f'<!doctype html><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f"<style>body{{font:16px sans-serif;margin:2em}}img{{max-width:100%}}td{{padding:0 1em 0 0}}</style>"
        f"<h1>{html.escape(title)}</h1><table>{rows}</table>{images}{players}\n"
    )
