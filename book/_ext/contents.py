"""The list of lessons on the first page, with their times and room for one's progress.

And what a page says of itself to search engines and to whoever shares its address.
"""

import re
from html import escape
from typing import Any
from urllib.parse import urlsplit

from cells import lesson_of, prompts
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

SHARED = "_static/share.jpg"
LONGEST = 200
QUESTION = re.compile(r"Question \d+\.")
FOLD = (
    '<script>document.documentElement.classList.add("folds");try{if(JSON.parse(localStorage.getItem('
    '"lesionseg-course")).everything)document.documentElement.classList.remove("folds")}catch{}'
    'addEventListener("load",()=>{if(!window.Course)document.documentElement.classList.remove("folds")})</script>'
)
"""Folds before anything is shown; if the book's script does not come, it unfolds."""


class lessons(nodes.General, nodes.Element):
    """The place of the list; filled when all lessons have been read."""


class Lessons(SphinxDirective):
    """``{lessons}``: every lesson with its title and its time."""

    def run(self) -> list[nodes.Node]:
        """What docutils puts in the directive's place."""
        return [lessons()]


class Start(SphinxDirective):
    """``{start}``: two buttons, the first lesson as a page and in Colab."""

    def run(self) -> list[nodes.Node]:
        """What docutils puts in the directive's place."""
        first = min(name for name in self.env.found_docs if lesson_of(name))
        options = self.config.html_theme_options
        slug = urlsplit(str(options["repository_url"])).path
        colab = (
            f"{options['launch_buttons']['colab_url']}/github{slug}/blob/{options['repository_branch']}/{first}.ipynb"
        )
        links = f'<a href="{first}.html">Start lesson 01</a> <a href="{colab}">Open it in Colab</a>'
        return [nodes.raw("", f'<p class="start-buttons">{links}</p>', format="html")]


def time_of(doctree: nodes.document) -> str:
    """What a lesson says it takes: "half an hour" of "**Time**: half an hour to read and try. Its cells ..."."""
    for paragraph in doctree.findall(nodes.paragraph):
        if match := re.match(r"Time: (.*?)(?: to | for |[.,;])", " ".join(paragraph.astext().split())):
            return match[1]
    return ""


def _fill(app: Sphinx, doctree: nodes.document, page: str) -> None:
    for place in list(doctree.findall(lessons)):
        items = [_item(app, page, name) for name in sorted(app.env.found_docs) if lesson_of(name)]
        text = f'<ol class="lessons">{"".join(items)}</ol>'
        place.parent.replace(place, nodes.raw("", text, format="html"))


def _item(app: Sphinx, page: str, name: str) -> str:
    doctree = app.env.get_doctree(name)
    title = app.env.titles[name].astext()
    asked = sum(bool(QUESTION.fullmatch(strong.astext())) for strong in doctree.findall(nodes.strong))
    number, _, words = title.partition(" · ")
    return (
        f'<li><a href="{app.builder.get_relative_uri(page, name)}"><span class="lesson-number">{number}</span> '
        f"{escape(words)}</a> "
        f'<span class="lesson-time">{escape(time_of(doctree))}</span> <span class="lesson-progress" '
        f'data-lesson="{lesson_of(name)}" data-predictions="{len(prompts(doctree))}" data-questions="{asked}">'
        "</span></li>"
    )


def _describe(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    if doctree is None:
        return
    first = next((p for p in doctree.findall(nodes.paragraph) if len(p.astext()) > 60), None)
    about = escape(_shortened(first.astext())) if first is not None else ""
    title = escape(app.env.titles[page].astext())
    owner, name = urlsplit(str(app.config.html_theme_options["repository_url"])).path.strip("/").split("/")
    base = f"https://{owner}.github.io/{name}"  # where publish.yml puts the book
    tags = [f'<meta name="description" content="{about}" />', f'<meta property="og:title" content="{title}" />']
    tags += [f'<meta property="og:description" content="{about}" />', '<meta property="og:type" content="article" />']
    tags.append(f'<meta property="og:image" content="{base}/{SHARED}" />')
    tags.append('<meta name="twitter:card" content="summary_large_image" />')
    if lesson_of(page):
        tags.append(FOLD)
    context["metatags"] = context.get("metatags", "") + "\n".join(tags)


def _shortened(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else text[:LONGEST].rsplit(" ", 1)[0] + " …"


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_node(lessons)
    app.add_directive("lessons", Lessons)
    app.add_directive("start", Start)
    app.connect("doctree-resolved", _fill)
    app.connect("html-page-context", _describe)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
