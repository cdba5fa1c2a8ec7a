"""The rendered book: built without a warning, complete, and loading nothing from another host."""

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import numpy as np
import PIL.Image
import pytest

from tests.helpers.built_book import built_book
from tools import ROOT, repository
from tools.book import committed
from tools.pictures import SHARED, SHARED_SIZE, shared

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

LOADING = {("script", "src"), ("img", "src"), ("iframe", "src"), ("source", "src"), ("video", "src"), ("embed", "src")}
LOADING_RELATIONS = {"stylesheet", "preload", "modulepreload", "icon", "shortcut icon"}


class Page(HTMLParser):
    """What a page loads, links to and can be linked to at."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.images: list[dict[str, str | None]] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = dict(attributes)
        self.anchors |= {value for name in ("id", "name") if (value := found.get(name))}
        self.loads += [found[name] for one, name in LOADING if one == tag and found.get(name)]
        if tag == "link" and found.get("rel") in LOADING_RELATIONS:
            self.loads.append(found["href"])
        if tag == "a" and found.get("href"):
            self.links.append(found["href"])
        if tag == "img":
            self.images.append(found)


@pytest.fixture(scope="module")
def pages() -> dict[Path, Page]:
    html = built_book()
    found = (path for path in html.glob("**/*.html") if "_static" not in path.relative_to(html).parts)
    return {path: Page(path) for path in sorted(found)}


def test_every_page_and_lesson_is_rendered(pages):
    html = built_book()
    written = {path.relative_to(html).with_suffix("").as_posix() for path in pages}
    expected = {path.stem for path in (ROOT / "book").glob("*.md")} | {f"notebooks/{p.stem}" for p in committed()}
    assert expected <= written


def test_nothing_is_loaded_from_another_host(pages):
    foreign = {load for page in pages.values() for load in page.loads if urlsplit(load).netloc}
    assert foreign == set()


def test_no_style_sheet_loads_from_another_host():
    foreign = {
        f"{path.name}: {match[0]}"
        for path in built_book().glob("**/*.css")
        for match in re.finditer(r"(?:url\(|@import)\s*['\"]?(?:https?:)?//[^)]*", path.read_text(encoding="utf-8"))
    }
    assert foreign == set()


def test_links_inside_the_book_lead_somewhere(pages):
    broken = []
    for path, page in pages.items():
        for link in page.links:
            target = urlsplit(link)
            if target.scheme or target.netloc:
                continue
            goal = (path.parent / unquote(target.path)).resolve() if target.path else path
            if not goal.is_file() or (target.fragment and goal in pages and target.fragment not in pages[goal].anchors):
                broken.append(f"{path.name}: {link}")
    # The theme's own "#" opens menus.
    assert [link for link in broken if not link.endswith(": #")] == []


def test_every_image_has_alternative_text(pages):
    without = [
        f"{path.name}: {image['src']}"
        for path, page in pages.items()
        for image in page.images
        if not (image.get("alt") or "").strip() or image["alt"] == image["src"]
    ]
    assert without == []


def test_a_page_asks_for_one_style_sheet_and_one_script(pages):
    for path, page in pages.items():
        loads = [load for load in page.loads if load.endswith((".css", ".js"))]
        explorers = [load for load in loads if "explorers/" in load]  # their parts come with them, and only then
        assert sorted(Path(load).name for load in loads if load not in explorers) == ["book.css", "book.js"], path.name
        assert bool(explorers) == ('class="explorer"' in path.read_text(encoding="utf-8")), path.name


@pytest.mark.parametrize("notebook", committed(), ids=lambda path: path.stem)
def test_a_lesson_opens_its_own_notebook_in_colab_and_its_own_source_for_editing(pages, notebook):
    page = pages[built_book() / "notebooks" / f"{notebook.stem}.html"]
    slug = urlsplit(repository()).path
    assert f"https://colab.research.google.com/github{slug}/blob/main/notebooks/{notebook.name}" in page.links
    assert f"{repository()}/edit/main/notebooks/sources/{notebook.stem}.py" in page.links


@pytest.mark.parametrize("notebook", committed(), ids=lambda path: path.stem)
def test_a_lesson_leads_to_the_library_inside_the_book(pages, notebook):
    page = pages[built_book() / "notebooks" / f"{notebook.stem}.html"]
    assert [link for link in page.links if re.match(r"\.\./api/[\w.]+\.html#module-lesionseg_lib\.", link)] != []


def test_a_page_is_edited_in_book(pages):
    assert f"{repository()}/edit/main/book/using.md" in pages[built_book() / "using.html"].links


def test_the_footer_names_the_licences(pages):
    for path in pages:
        if path.stem not in ("genindex", "search"):
            assert "CC BY 4.0" in path.read_text(encoding="utf-8"), path.name


def test_a_page_says_what_it_is_to_whoever_shares_its_address(pages):
    for path in pages:
        if path.stem in ("genindex", "py-modindex", "search"):
            continue
        head = path.read_text(encoding="utf-8").split("</head>")[0]
        assert len(re.search(r'<meta name="description" content="([^"]*)"', head)[1]) > 40, path.name
        shown = re.search(r'<meta property="og:image" content="https://[^/]+/[^/]+/([^"]+)"', head)[1]
        assert (built_book() / shown).is_file()
        assert 'rel="icon"' in head


def test_the_picture_of_a_link_is_what_the_library_draws():
    kept = PIL.Image.open(SHARED)
    assert kept.size == SHARED_SIZE
    apart = np.abs(np.asarray(kept, float) - np.asarray(shared(), float))
    assert apart.mean() < 4  # JPEG, and the letters of another version of Matplotlib
