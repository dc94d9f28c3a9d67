"""Every error that AiTunes raises on purpose: one sentence that says what to do."""


class AiTunesError(Exception):
    """Something a person can mend; its text is shown to them as it stands."""


def reason(error: OSError) -> str:
    """Why the system refuses, for the end of a sentence: without numbers, paths or a full stop.

    >>> reason(FileNotFoundError(2, "No such file or directory"))
    'No such file or directory'
    """
    if isinstance(error, FileExistsError | NotADirectoryError):
        return "a file is where a folder should be"
    if isinstance(error, IsADirectoryError):
        return "a folder is where a file should be"
    return (error.strerror or str(error)).rstrip(".")


class InvalidFeaturesError(AiTunesError, ValueError):
    """Audio features that contradict each other."""


class ReleaseError(AiTunesError):
    """A release that cannot be used, and why."""


class InvalidSoundError(AiTunesError, ValueError):
    """A sound that cannot be made with the values given."""


class TrainingError(AiTunesError):
    """Training, evaluation or export that cannot go on, and why."""
