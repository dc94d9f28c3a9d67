"""Every error that AiTunes raises on purpose: one sentence that says what to do."""


class AiTunesError(Exception):
    """Something a person can mend; its text is shown to them as it stands."""


class InvalidFeaturesError(AiTunesError, ValueError):
    """Audio features that contradict each other."""


class ReleaseError(AiTunesError):
    """A release that cannot be used, and why."""


class InvalidSoundError(AiTunesError, ValueError):
    """A sound that cannot be made with the values given."""


class TrainingError(AiTunesError):
    """Training, evaluation or export that cannot go on, and why."""
