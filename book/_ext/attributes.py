"""Docstrings of attributes as they are written.

Napoleon takes what stands before the first colon of an attribute's docstring for its type: "The paper's choice: 5
pixels" became "5 pixels. Type: The paper's choice". Our attributes have annotations.
"""

from sphinx.application import Sphinx
from sphinx.ext.napoleon.docstring import GoogleDocstring


def _whole(docstring: GoogleDocstring) -> tuple[str, list[str]]:
    """No type, and the lines that are left."""
    return "", docstring._consume_to_end()


def setup(app: Sphinx) -> dict[str, bool]:
    GoogleDocstring._consume_inline_attribute = _whole  # type: ignore[method-assign]
    return {"parallel_read_safe": True, "parallel_write_safe": True}
