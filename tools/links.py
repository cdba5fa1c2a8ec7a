"""Links from a lesson to the library, `{{ api("evaluation.metrics") }}`, and to an explorer, `{{ explorer("pull") }}`.

Whoever reads a notebook in Colab, on GitHub or in JupyterLab is led to the module's source in the repository, where
the docstrings are, and to the explorer in the published book. In the book itself the first link leads to the module on
a page of `book/api/`, and the explorer stands where the second one was: give it a paragraph of its own.
"""

import re

import yaml

from tools import ROOT, TextError, repository, slug


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


class UnknownExplorer(TextError):
    """A placeholder names an explorer that the book does not have."""


def published() -> str:
    """The address at which `.github/workflows/publish.yml` puts the book: GitHub Pages of the repository."""
    owner, name = slug(repository()).split("/")
    return f"https://{owner}.github.io/{name}"


def explorer(name: str) -> str:
    """Return a link to an explorer on its page of the published book.

    Raises:
        UnknownExplorer: `book/explorers/explorers.yml` has no such entry.
    """
    entries = yaml.safe_load((ROOT / "book" / "explorers" / "explorers.yml").read_text(encoding="utf-8"))
    if name not in entries:
        raise UnknownExplorer(f"there is no such explorer; there are {', '.join(entries)}")
    title, page = entries[name]["title"], entries[name]["page"]
    return f"{PLAY} [{title}]({published()}/{page}.html#explorer-{name})"


PLAY = "**To play with, on the course's page:**"


def in_book(text: str) -> str:
    """Turn what `api` and `explorer` wrote into what the book shows.

    An address of a module becomes a reference that Sphinx resolves, or warns of if the page leaves the module out; an
    address of an explorer becomes the explorer.
    """
    line = rf"^{re.escape(PLAY)} \[.*\]\({re.escape(published())}/.*#explorer-([\w-]+)\)$"
    text = re.sub(line, r"```{explorer} \1\n```", text, flags=re.MULTILINE)
    source = re.escape(repository()) + r"/(?:blob|tree)/main/(lesionseg_lib(?:/\w+)+)(?:\.py)?"
    return re.sub(rf"\]\({source}\)", lambda match: f"]({match[1].replace('/', '.')})", text)
