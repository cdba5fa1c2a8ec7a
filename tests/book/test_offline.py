"""The course in one zip: what is in it, and that its book needs no network."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.helpers.browser import PAGES, Watched, show_everything
from tests.helpers.built_book import built_book
from tools import ROOT
from tools.book import committed
from tools.offline import build_wheel, pack


@pytest.fixture
def html(tmp_path: Path) -> Path:
    folder = tmp_path / "html"
    (folder / "api").mkdir(parents=True)
    (folder / "index.html").write_text("<p>page</p>")
    (folder / "api" / "data.html").write_text("<p>data</p>")
    (folder / ".buildinfo").write_text("of Sphinx")
    return folder


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    path = tmp_path / "lesionseg-9.9-py3-none-any.whl"
    path.write_bytes(b"wheel")
    return path


def names(target: Path) -> set[str]:
    with zipfile.ZipFile(target) as archive:
        return set(archive.namelist())


def test_it_holds_book_notebooks_wheel_and_how_to_start(html: Path, wheel: Path, tmp_path: Path) -> None:
    target = tmp_path / "dist" / "course.zip"
    digest = pack(html, wheel, target)
    lessons = {f"course/notebooks/{path.name}" for path in committed()}
    about = {f"course/{name}" for name in ("README.txt", "LICENSE", "LICENSE-text", "CITATION.cff", wheel.name)}
    book = {"course/book/index.html", "course/book/api/data.html"}
    assert names(target) == lessons | about | book | {"course/notebooks/nbval.cfg"}
    with zipfile.ZipFile(target) as archive:
        readme = archive.read("course/README.txt").decode()
        assert archive.read("course/book/index.html") == b"<p>page</p>"
    assert wheel.name in readme and "are not in this file" in readme and len(readme.splitlines()) <= 12
    assert hashlib.sha256(target.read_bytes()).hexdigest() == digest
    assert (tmp_path / "dist" / "course.zip.sha256").read_text() == f"{digest}  course.zip\n"


def test_runs_come_with_it_where_they_are_asked_for(html: Path, wheel: Path, tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "light-seed0.zip").write_bytes(b"network")
    pack(html, wheel, tmp_path / "course.zip", tmp_path / "runs")
    with zipfile.ZipFile(tmp_path / "course.zip") as archive:
        assert archive.read("course/runs/light-seed0.zip") == b"network"
        assert "lesionseg download --runs --url" in archive.read("course/README.txt").decode()


def test_the_same_files_give_the_same_bytes(html: Path, wheel: Path, tmp_path: Path) -> None:
    first = pack(html, wheel, tmp_path / "course.zip")
    (html / "index.html").touch()
    assert pack(html, wheel, tmp_path / "course.zip") == first
    (html / "index.html").write_text("<p>another</p>")
    assert pack(html, wheel, tmp_path / "course.zip") != first


def test_what_stood_there_stays_when_a_file_cannot_be_read(html: Path, wheel: Path, tmp_path: Path) -> None:
    target = tmp_path / "course.zip"
    pack(html, wheel, target)
    before = target.read_bytes()
    wheel.unlink()
    with pytest.raises(FileNotFoundError, match=wheel.name):
        pack(html, wheel, target)
    assert target.read_bytes() == before


@pytest.fixture(scope="session")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("offline")
    pack(built_book(), build_wheel(ROOT, folder / "wheel"), folder / "course.zip")
    with zipfile.ZipFile(folder / "course.zip") as archive:
        archive.extractall(folder)
    return folder / "course"


@pytest.fixture(scope="session")
def offline(browser: Browser) -> Watched:
    context = browser.new_context(viewport={"width": 1300, "height": 900}, offline=True)
    return Watched(context)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", PAGES)
def test_every_page_opens_from_disk_without_a_network(offline: Watched, unpacked: Path, name: str) -> None:
    page = offline.page
    page.goto((unpacked / "book" / f"{name}.html").as_uri(), wait_until="load")
    show_everything(page)  # some explorers come after a prediction
    for explorer in page.locator(".explorer").all():
        explorer.scroll_into_view_if_needed()
    page.wait_for_function("document.querySelectorAll('.explorer:not(.is-live)').length === 0")
    broken = "[...document.images].filter(i => i.complete && !i.naturalWidth && i.offsetParent).map(i => i.src)"
    assert page.evaluate(broken) == []
    assert (offline.trouble, offline.foreign) == ([], [])


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_network_in_the_page_runs_from_disk_without_a_network(offline: Watched, unpacked: Path) -> None:
    page = offline.page
    page.goto((unpacked / "book" / "index.html").as_uri(), wait_until="load")
    page.locator("#explorer-network").scroll_into_view_if_needed()  # its scripts are asked for when it comes near
    page.get_by_role("button", name="Start the network").click()
    page.wait_for_selector(".ex-thumbs", timeout=120_000)
    page.wait_for_function("document.querySelector('.ex-tiles').textContent.includes(' ms')")
    assert 0 < float(page.locator(".ex-tiles dd").first.inner_text()) <= 1
    assert (offline.trouble, offline.foreign) == ([], [])
