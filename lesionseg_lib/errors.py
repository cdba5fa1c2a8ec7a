"""Every error the library raises on purpose.

All messages follow one form: which file or name, what was found, what was expected, what to do.
Catch ``LesionSegError`` to catch them all; the command line prints the message without a traceback.
"""

from __future__ import annotations


class LesionSegError(Exception):
    """Base of all errors raised on purpose."""


class DatasetNotFoundError(LesionSegError):
    """No data where it was looked for; the message says how to get it."""


class DataError(LesionSegError):
    """A file of a data set, or a pair of files, cannot be used."""


class DownloadError(LesionSegError):
    """A download could not be completed or verified; what was there before is untouched."""


class WeightsNotFoundError(LesionSegError):
    """The pre-trained encoder weights are neither cached nor obtainable."""


class UnknownNameError(LesionSegError):
    """A recipe, decoder, loss, ... of that name does not exist; the message suggests the nearest."""


class MissingPackageError(LesionSegError):
    """An optional package is needed that is not installed, or not in a version that fits."""


class ShapeError(LesionSegError):
    """An array does not fit: its shape, its type or its values."""


class CheckpointError(LesionSegError):
    """A checkpoint is damaged, incomplete or belongs to another recipe."""


class TrainingError(LesionSegError):
    """Training had to stop (for example at a loss that is not finite); the last good checkpoint is kept."""


class RecordError(LesionSegError):
    """A record under ``results/`` is missing, damaged or of another format."""


class RecipeError(LesionSegError):
    """A file of recipes is damaged, or a setting in it has a value that it may not have."""


class AssignmentError(LesionSegError):
    """What is handed in, a pack or a setting of the grader cannot be used."""


class DataWarning(UserWarning):
    """Something about the data was repaired or left aside; the message names the files."""
