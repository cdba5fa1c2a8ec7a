"""Links from a lesson to the library: `{{ api("evaluation.metrics") }}` in its markdown.

Whoever reads a notebook in Colab, on GitHub or in JupyterLab is led to the module's source in the repository, where
the docstrings are. In the book the same link leads to the module on a page of `book/api/`.
"""

import re

from tools import ROOT, TextError, repository


class UnknownModule(TextError):
    """A placeholder names a module that the library does not have."""


def api(module: str) -> str:
    """Return a link to the source of a module or a package of the library, whose text is the last of its names.

    Raises:
        UnknownModule: the library has no such module.
    """
    path = "lesionseg_lib/" + module.replace(".", "/")
    # A folder without this file is no package but what is left of one.
    for view, found, source in (("blob", f"{path}.py", f"{path}.py"), ("tree", path, f"{path}/__init__.py")):
        if (ROOT / source).is_file():
            return f"[`{module.rpartition('.')[2]}`]({repository()}/{view}/main/{found})"
    raise UnknownModule(f"there is no {path}")


def in_book(text: str) -> str:
    """Turn what `api` wrote into references that Sphinx resolves, or warns of if the page leaves the module out."""
    source = re.escape(repository()) + r"/(?:blob|tree)/main/(lesionseg_lib(?:/\w+)+)(?:\.py)?"
    return re.sub(rf"\]\({source}\)", lambda match: f"]({match[1].replace('/', '.')})", text)
