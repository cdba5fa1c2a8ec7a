"""Keep the pages self-contained and light.

Jupyter Book puts every script and style sheet below `_static` on every page. Those of `_static/vendor` are for the
pages that ask for them (MathJax: pages with formulas), so they are taken off that list again.
"""

from typing import Any

from sphinx.application import Sphinx
from sphinx.config import Config


def _keep_vendored_files_off(app: Sphinx, config: Config) -> None:
    for option in ("html_js_files", "html_css_files"):
        setattr(config, option, [f for f in getattr(config, option) if not _name(f).startswith("vendor/")])


def _name(entry: Any) -> str:
    return str(entry[0] if isinstance(entry, tuple) else entry)


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("config-inited", _keep_vendored_files_off)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
