"""Keep the pages self-contained and light.

Jupyter Book puts every script and style sheet below `_static` on every page. Those of `_static/vendor` are for the
pages that ask for them, so they are taken off that list again. MathJax (2 MB) is asked for by Sphinx on every page with
formulas, and on the first page because others have some; there it is left out.
"""

from typing import Any

from sphinx.application import Sphinx
from sphinx.config import Config


def _keep_vendored_files_off(app: Sphinx, config: Config) -> None:
    for option in ("html_js_files", "html_css_files"):
        setattr(config, option, [f for f in getattr(config, option) if not _name(f).startswith("vendor/")])


def _name(entry: Any) -> str:
    return str(entry[0] if isinstance(entry, tuple) else entry)


def _only_with_formulas(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    if not app.env.get_domain("math").data["has_equations"].get(page, False):
        context["script_files"] = [
            script for script in context["script_files"] if "mathjax" not in str(getattr(script, "filename", script))
        ]


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("config-inited", _keep_vendored_files_off)
    app.connect("html-page-context", _only_with_formulas, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
