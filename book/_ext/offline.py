"""Keep the pages self-contained and light.

Jupyter Book puts every script and style sheet below `_static` on every page. Those of `_static/vendor` are for the
pages that ask for them, so they are taken off that list again. Thebe, which is not used and would come from another
host, is left out everywhere.
"""

from typing import Any

from sphinx.application import Sphinx
from sphinx.config import Config


def _keep_vendored_files_off(app: Sphinx, config: Config) -> None:
    for option in ("html_js_files", "html_css_files"):
        setattr(config, option, [f for f in getattr(config, option) if not _name(f).startswith("vendor/")])


def _name(entry: Any) -> str:
    return str(entry[0] if isinstance(entry, tuple) else entry)


def _drop_scripts(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    context["script_files"] = [script for script in context["script_files"] if "thebe" not in _text(script)]


def _text(script: Any) -> str:
    """The address of a script, or its body where it stands in the page."""
    return str(script.filename or script.attributes.get("body", "")).lower()


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("config-inited", _keep_vendored_files_off)
    app.connect("html-page-context", _drop_scripts, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
