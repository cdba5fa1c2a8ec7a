"""Pages of the library: what their template asks about a folder, and attribute docstrings as they are written.

``api.md`` names the top folders; autosummary makes a page of each and of every folder in it, from
``_templates/autosummary/module.rst``.
"""

import importlib
from collections.abc import Iterable
from typing import Any

from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.ext.napoleon.docstring import GoogleDocstring


def folders(folder: str, modules: Iterable[str]) -> list[str]:
    """Of the modules of a folder those that are folders, with their full names."""
    return [name for module in modules if _is_folder(name := f"{folder}.{module}")]


def files(folder: str, modules: Iterable[str]) -> list[str]:
    """Of the modules of a folder those that are files, with their full names."""
    return [name for module in modules if not _is_folder(name := f"{folder}.{module}")]


def _is_folder(name: str) -> bool:
    return hasattr(importlib.import_module(name), "__path__")


def names_handed_on(name: str) -> list[str]:
    """What the ``__init__`` of a folder hands on from its files, as references to where it is described."""
    module = importlib.import_module(name)
    found = []
    for one in getattr(module, "__all__", ()):
        thing = getattr(module, one)
        home = getattr(thing, "__module__", None)
        if home is None or not str(home).startswith("lesionseg_lib."):
            found.append(f"``{one}``")
        elif home != name:
            found.append(f":py:obj:`{one} <{home}.{one}>`")
    return found


def _give_to_templates(app: Sphinx, config: Config) -> None:
    config.autosummary_context = {"folders": folders, "files": files, "names_handed_on": names_handed_on}


def _as_it_is_written(docstring: GoogleDocstring) -> list[str]:
    """Napoleon takes what stands before the first colon for a type; ours are sentences."""
    lines: list[str] = docstring._dedent(docstring._consume_to_end())
    return lines


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("config-inited", _give_to_templates)
    GoogleDocstring._parse_attribute_docstring = _as_it_is_written  # type: ignore[method-assign]
    return {"parallel_read_safe": True, "parallel_write_safe": True}
