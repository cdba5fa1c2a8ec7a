"""``runs.json`` of a release: the recorded runs that it carries, one line each."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from lesionseg_lib.errors import DownloadError
from lesionseg_lib.utils.schemas import Count, Name, Schema, SchemaError, Sha256, Share, check, parse_json

ARCHIVE_FORMAT = 1

FileName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$")]


class PackedRun(Schema):
    """One line."""

    recipe: Name
    seed: Count
    file: FileName
    sha256: Sha256
    bytes: Count
    weights: Literal["float16", "float32"]
    pixels_changed: Share
    """Share of the test masks' pixels, at the network's size, that half precision changes."""
    record_sha256: Sha256
    """Of the record that this run wrote: a run and a record of different trainings are told apart by it."""


class Listing(Schema):
    """The whole file."""

    format: Annotated[int, Field(ge=ARCHIVE_FORMAT, le=ARCHIVE_FORMAT)]
    runs: list[PackedRun]


def listing_text(runs: Sequence[PackedRun]) -> str:
    """The file of these runs."""
    listed: list[dict[str, Any]] = [run.model_dump() for run in runs]
    return json.dumps({"format": ARCHIVE_FORMAT, "runs": listed}, indent=1) + "\n"


def parse_listing(content: bytes, url: str) -> list[PackedRun]:
    """The runs of a file that came from ``url``. Raises ``DownloadError``, which names field and value."""
    try:
        values = parse_json(content)
        found = values.get("format") if isinstance(values, dict) else None
        if type(found) is int and found != ARCHIVE_FORMAT:
            raise DownloadError(f"{url}: format {found}, expected {ARCHIVE_FORMAT}. Update lesionseg.")
        listing: Listing = check(Listing, values)
    except SchemaError as error:
        raise DownloadError(
            f"{url}: not the manifest of recorded runs ({error}). Expected `runs` and a format. Try again, or give "
            "another address with --url."
        ) from error
    return list(listing.runs)
