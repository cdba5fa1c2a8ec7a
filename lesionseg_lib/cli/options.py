"""Options that more than one command has, or that need a word of explanation."""

from pathlib import Path
from typing import Annotated

import typer

from lesionseg_lib.utils.folders import at_home

LARGEST_SEED = 2**32 - 1  # of NumPy; torch gets a multiple of it

Profile = Annotated[
    str | None,
    typer.Option(
        envvar="LESIONSEG_PROFILE",
        help="smoke: seconds, on drawn lesions. student (default): five epochs. full: all epochs, on ISIC 2016.",
    ),
]


def _at_home(path: Path | None) -> Path | None:
    """Shells leave ``~`` as it is within quotes, and in the middle of ``--runs=~/runs``."""
    return None if path is None else at_home(path)


Runs = Annotated[
    Path,
    typer.Option(envvar="LESIONSEG_RUNS", callback=_at_home, help="Folder of the runs: checkpoints and models."),
]
Frame = Annotated[
    int | None, typer.Option(min=0, help="Of files with several pages or pictures the one to take, counted from 0.")
]
Force = Annotated[bool, typer.Option("--force", help="Replace a record, or a file that is no table of scores.")]
Results = Annotated[
    Path | None, typer.Option(callback=_at_home, help="Folder of the records, by default the published ones.")
]
Seed = Annotated[int, typer.Option(min=0, max=LARGEST_SEED, help="Starts all random numbers.")]
Model = Annotated[
    str, typer.Argument(metavar="MODEL", help="Folder of a model, or name of a recipe that was trained in --runs.")
]
Chosen = Annotated[
    str | None,
    typer.Option(
        "--model",
        "--recipe",
        help="Folder of a model, or name of a recipe that was trained; default: the package's own.",
    ),
]
Onnx = Annotated[Path | None, typer.Option("--onnx", help="In place of a model: a file that `lesionseg export` wrote.")]
Threshold = Annotated[
    float | None,
    typer.Option(min=0, max=1, help="Probability above which a pixel is lesion; default: the model's."),
]
WeightFormat = Annotated[
    str,
    typer.Option(
        "--weights", help="How weights are stored: fp32, fp16, w8 (a quarter of the bytes), int8 (integers throughout)."
    ),
]
Exported = Annotated[
    Path | None, typer.Option("--output", help="The file to write; default: a name that tells what it is.")
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace earlier output, but never a photo.")]
MaskValues = Annotated[
    list[str] | None,
    typer.Option(
        "--mask-value",
        help="What is lesion in masks of two meanings: a value (may be given again), grey or alpha.",
    ),
]
