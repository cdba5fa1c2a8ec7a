"""What stands around the library: the environment, the notebooks, the book. Run by the Makefile."""

from pathlib import Path
from urllib.parse import urlsplit

import yaml

ROOT = Path(__file__).resolve().parent.parent


class TextError(Exception):
    """A mistake in the text of a lesson, a quiz or a page; the message says where it is, once it is `placed`."""

    placed = False


def repository(root: Path = ROOT) -> str:
    """The repository's address. It stands in `_config.yml` alone; everything else is stamped from there."""
    url: str = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))["repository"]["url"]
    return url


def slug(address: str) -> str:
    """Return "owner/name" of "https://host/owner/name"."""
    return urlsplit(address).path.strip("/")
