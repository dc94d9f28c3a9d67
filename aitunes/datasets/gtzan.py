"""Reads GTZAN: a thousand clips of 30 s in ten genres.

Reference:
    Tzanetakis & Cook, *Musical genre classification of audio signals*, IEEE Transactions on Speech and Audio
    Processing 10(5), 2002.
"""

from __future__ import annotations

from pathlib import Path

from aitunes.datasets.folder import DataSetError, TrackList, Tracks, audio_names, candidates, data_folder, first_folder

NAME = "GTZAN"
LICENCE = "none stated by its makers; for research"
_FOLDERS = ("genres", "genres_original", "Data/genres_original")


def read_gtzan(data_dir: Path | None) -> Tracks:
    """List the clips of `genres/<genre>/<genre>.000NN.wav` or `genres_original/…`.

    Args:
        data_dir: the folder that holds `genres`, or a `gtzan…` folder that does; None takes `AITUNES_DATA`.

    Raises:
        DataSetError: it is not there, has no clips, or a clip's name and folder disagree on its genre.
    """
    root = data_folder(data_dir, NAME)
    folders = [parent / name for parent in candidates(root, "gtzan") for name in _FOLDERS]
    genres = next((folder for folder in folders if folder.is_dir()), None)
    if genres is None:
        raise DataSetError(
            f"GTZAN is not in {root}. Get it from https://www.kaggle.com/datasets/andradaolteanu/"
            "gtzan-dataset-music-genre-classification and put its folder `genres_original` (or `genres`) there."
        )
    tracks = TrackList(genres, (_checked(name, genres) for name in audio_names(genres)), first_folder)
    if not tracks:
        raise DataSetError(f"{genres} has no clips; GTZAN's lie in it as blues/blues.00000.wav and so on.")
    return Tracks(NAME, LICENCE, tracks)


def _checked(name: str, genres: Path) -> str:
    genre, *rest = name.split("/")
    if len(rest) != 1 or rest[0].split(".")[0] != genre:
        raise DataSetError(
            f"{genres / name} is not where GTZAN has it: a clip's name starts with its genre and lies in the folder of "
            "that genre, as in blues/blues.00000.wav."
        )
    return name
