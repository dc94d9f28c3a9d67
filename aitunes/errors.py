"""Defines the errors that AiTunes raises on purpose: one sentence that says what to do."""


class AiTunesError(Exception):
    """Says what a person can mend; its text is shown as it is."""


def reason(error: OSError) -> str:
    """Return the system's reason for a refusal, for the end of a sentence: without numbers, paths or a full stop.

    >>> reason(FileNotFoundError(2, "No such file or directory"))
    'No such file or directory'
    """
    if isinstance(error, FileExistsError | NotADirectoryError):
        return "a file is where a folder should be"
    if isinstance(error, IsADirectoryError):
        return "a folder is where a file should be"
    return (error.strerror or str(error)).rstrip(".")


class InvalidFeaturesError(AiTunesError, ValueError):
    """Says which audio features contradict each other."""


class ReleaseError(AiTunesError):
    """Says why a release cannot be used."""


class InvalidSoundError(AiTunesError, ValueError):
    """Says why a sound cannot be made with its parameters."""


class TrainingError(AiTunesError):
    """Says why training, evaluation or export cannot go on."""
