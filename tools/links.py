"""Links from a lesson to the library: `{{api:metrics}}` in its markdown.

Whoever reads a notebook in Colab, on GitHub or in JupyterLab is led to the module's source in the repository, where
the docstrings are. In the book the same link leads to the module on a page of `book/api/`.
"""

import re

from tools import ROOT, TextError, repository

PLACEHOLDER = re.compile(r"\{\{api:(\w+)\}\}")


class UnknownModule(TextError):
    """A placeholder names a module that the library does not have."""


def fill(text: str, file: str) -> str:
    """Replace every placeholder in `text` by a link to the module's source in the repository.

    Raises:
        UnknownModule: naming the file and the placeholder.
    """

    def one(match: re.Match[str]) -> str:
        for view, path in (("blob", f"lesionseg_lib/{match[1]}.py"), ("tree", f"lesionseg_lib/{match[1]}")):
            if (ROOT / path).exists():
                return f"[`{match[1]}`]({repository()}/{view}/main/{path})"
        raise UnknownModule(f"{file}: {match[0]}: there is no lesionseg_lib/{match[1]}")

    return PLACEHOLDER.sub(one, text)


def in_book(text: str) -> str:
    """Turn what `fill` wrote into references that Sphinx resolves, or warns of if the page leaves the module out."""
    source = re.escape(repository()) + r"/(?:blob|tree)/main/lesionseg_lib/(\w+)(?:\.py)?"
    return re.sub(rf"\]\({source}\)", r"](lesionseg_lib.\1)", text)
