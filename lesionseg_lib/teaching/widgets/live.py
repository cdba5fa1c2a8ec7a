"""What every widget needs: the package, and pictures small enough to send."""

from __future__ import annotations

from base64 import b64decode
from typing import Any

from lesionseg_lib.errors import MissingPackageError
from lesionseg_lib.plots import Figure


def widget_package(what: str) -> Any:
    """The package ipywidgets, for the live ``what``. Raises ``MissingPackageError``."""
    try:
        import ipywidgets
    except ImportError as error:
        raise MissingPackageError(
            f"The live {what} needs ipywidgets, which is not installed. Run `pip install ipywidgets`, or leave out "
            f"live=True for a picture."
        ) from error
    return ipywidgets


def jpeg(figure: Figure) -> bytes:
    """A photographic figure as an ``ipywidgets.Image`` wants it."""
    data, _ = figure.mimebundle()
    return b64decode(data["image/jpeg"])
