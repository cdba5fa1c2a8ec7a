"""Hand the alt text of a notebook's figures on to the page.

A notebook keeps it in the output's metadata (``{"image/png": {"alt": ...}}``, see ``lesionseg_lib.plots``).
MyST-NB 1.x takes only width and height from there; this adds the alt text. It warns of a figure without any, so that
a build with warnings as errors finds it. A chart that is SVG becomes part of the page, in the colours of its theme.
"""

import re
from html import escape
from typing import Any

from docutils import nodes
from myst_nb.core.render import MimeData, NbElementRenderer
from sphinx.application import Sphinx

_render_image = NbElementRenderer.render_image


COLOURS = {
    "#ffffff": "var(--pst-color-background)",
    "#000000": "currentColor",
    "#444444": "var(--pst-color-text-muted)",
    "#dddddd": "var(--pst-color-border)",
}
"""What the library draws in black, white and grey, and what a page with two themes calls that."""


def inline(svg: str, alt: str, width: int) -> str:
    """Matplotlib's SVG as an element of the page: no white paper, text and axes in the theme's colours, no names."""
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg[svg.index("<svg") :], flags=re.DOTALL)
    svg = re.sub(r"<style\b.*?</style>", "", svg, flags=re.DOTALL)  # it would hold for the whole page
    svg = re.sub(r'<g id="[^"]*"', "<g", svg)  # each chart has a figure_1
    svg = re.sub(r"#(?:ffffff|000000|444444|dddddd)\b", lambda match: COLOURS[match[0]], svg)
    box = re.search(r'viewBox="([^"]+)"', svg)
    opening = (
        f'<svg class="chart" role="img" aria-label="{escape(alt)}" viewBox="{box[1] if box else ""}" '
        f'width="{width}" fill="currentColor" stroke-linejoin="round" xmlns="http://www.w3.org/2000/svg" '
        'xmlns:xlink="http://www.w3.org/1999/xlink">'
    )
    return re.sub(r"<svg[^>]*>", opening, svg, count=1)


def _render_image_with_alt(renderer: NbElementRenderer, data: MimeData) -> list[nodes.Element]:
    about = data.output_metadata.get(data.mime_type, {})
    alt = str(about.get("alt", "")).strip()
    if data.mime_type == "image/svg+xml" and alt:
        return [nodes.raw("", inline(str(data.content), alt, int(about["width"])), format="html", alt=alt)]
    rendered = _render_image(renderer, data)
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
