"""The book's extension that hands the alt text of figures from notebook to page."""

import json
import subprocess
import sys

import nbformat
import pytest

from lesionseg_lib import plots
from tools import ROOT

pytestmark = pytest.mark.slow


def figure(alt, photographic=False):
    return plots.new_figure(1, alt, width=2, photographic=photographic).mimebundle()


def test_each_figure_gets_its_own_alt_text_on_the_page_and_one_without_is_a_warning(tmp_path):
    figures = [figure("Loss falls from 0.7 to 0.2."), figure('A "photo" & more.', photographic=True)]
    figures.append((figure("lost")[0], {}))
    outputs = [nbformat.v4.new_output("display_data", data, metadata=metadata) for data, metadata in figures]
    cells = [
        nbformat.v4.new_markdown_cell("# Lesson"),
        nbformat.v4.new_code_cell("x", execution_count=1, outputs=outputs),
    ]
    notebook = nbformat.v4.new_notebook(cells=cells, metadata={"language_info": {"name": "python"}})
    (tmp_path / "index.ipynb").write_text(nbformat.writes(notebook), encoding="utf-8")
    (tmp_path / "conf.py").write_text(
        f"import sys\nsys.path.insert(0, {json.dumps(str(ROOT / 'book' / '_ext'))})\n"
        "extensions = ['myst_nb', 'alt_text']\nnb_execution_mode = 'off'\nnb_render_text_lexer = 'none'\n",
        encoding="utf-8",
    )

    command = [sys.executable, "-m", "sphinx", "-q", "-b", "html", str(tmp_path), str(tmp_path / "html")]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    page = (tmp_path / "html" / "index.html").read_text(encoding="utf-8")

    assert page.count('<svg class="chart"') == 1 and page.count("<img") == 2
    assert 'aria-label="Loss falls from 0.7 to 0.2."' in page  # a chart is part of the page
    assert 'alt="A &quot;photo&quot; &amp; more."' in page
    assert run.stderr.count("WARNING") == 1 and "a figure without alt text" in run.stderr
