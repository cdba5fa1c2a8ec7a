"""Hand the alt text of a notebook's figures on to the page.

A notebook keeps it in the output's metadata (``{"image/png": {"alt": ...}}``, see ``lesionseg_lib.plots``).
MyST-NB 1.x takes only width and height from there; this adds the alt text. It warns of a figure without any, so that
a build with warnings as errors finds it.
"""

from typing import Any

from docutils import nodes
from myst_nb.core.render import MimeData, NbElementRenderer
from sphinx.application import Sphinx

_render_image = NbElementRenderer.render_image


def _render_image_with_alt(renderer: NbElementRenderer, data: MimeData) -> list[nodes.Element]:
    rendered = _render_image(renderer, data)
    alt = str(data.output_metadata.get(data.mime_type, {}).get("alt", "")).strip()
    for image in rendered:
        if alt:
            image["alt"] = alt
        elif "alt" not in image:
            renderer.logger.warning(
                "a figure without alt text; end the cell with plots.with_alt(figure, text)",
                subtype="alt_text",
                line=data.line,
            )
    return rendered


def setup(app: Sphinx) -> dict[str, Any]:
    NbElementRenderer.render_image = _render_image_with_alt  # type: ignore[method-assign]
    return {"parallel_read_safe": True, "parallel_write_safe": True}
