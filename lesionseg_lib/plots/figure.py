"""One look for every figure, and alt text that travels with it into notebook and book."""

import io
import re
import sys
from base64 import b64encode
from typing import Any

import matplotlib as mpl
import matplotlib.figure
import PIL.Image

WIDTH = 7.2  # inches: 720 pixels, the width of the book's text
PIXELS_PER_INCH = 100  # as shown
SHARPNESS = 1.44  # pixels stored per pixel shown, for screens with small pixels
LARGEST_SVG = 120_000  # bytes; a chart of more points than that is smaller as pixels
PADDING = 0.03  # inches around what is drawn

# Okabe and Ito (2008): told apart by the colour-blind.
BLACK, ORANGE, SKY, GREEN, YELLOW, BLUE, VERMILION, PURPLE = (
    "#000000", "#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7",
)  # fmt: skip
GREY = "#767676"

STYLE: dict[Any, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": GREY,
    "axes.grid": False,
    "axes.labelsize": 10,
    "axes.linewidth": 0.8,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlepad": 4,
    "axes.titlesize": 10,
    "figure.constrained_layout.h_pad": 0.03,
    "figure.constrained_layout.w_pad": 0.03,
    "figure.facecolor": "white",  # also under a dark page
    "figure.titlesize": 11,
    "font.family": "DejaVu Sans",  # comes with Matplotlib: the same everywhere
    "font.size": 10,
    "grid.color": "#DDDDDD",
    "grid.linewidth": 0.8,
    "hatch.linewidth": 1.2,
    "legend.fontsize": 9.5,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "savefig.facecolor": "white",
    "svg.fonttype": "none",  # text stays text: it is searched, read aloud, and sharp at any size
    "xtick.color": "#444444",
    "xtick.labelsize": 9,
    "ytick.color": "#444444",
    "ytick.labelsize": 9,
}


class Figure(mpl.figure.Figure):
    """A Matplotlib figure that shows itself in a notebook, once, with alt text.

    Attributes:
        alt_text: what a reader who does not see the figure is told.
        photographic: stored as JPEG: a tenth of the bytes for photos, but not for lines.
    """

    alt_text: str = ""
    photographic: bool = False

    def mimebundle(self) -> tuple[dict[str, str], dict[str, dict[str, Any]]]:
        """Data and metadata of a Jupyter output: the picture, and the alt text both as metadata and as plain text.

        Photos are JPEG, charts SVG, and what holds images or very many points is PNG.
        """
        with mpl.rc_context(STYLE):
            vector = None if self._holds_images() else self._svg()
        if vector is not None and len(vector) <= LARGEST_SVG:
            return self._bundle("svg+xml", vector, _width(vector))
        drawn, buffer = io.BytesIO(), io.BytesIO()
        with mpl.rc_context(STYLE):
            self.savefig(
                drawn, format="png", dpi=PIXELS_PER_INCH * SHARPNESS, bbox_inches="tight", pad_inches=PADDING,
                pil_kwargs={"compress_level": 1},
            )  # fmt: skip
        picture = PIL.Image.open(drawn).convert("RGB")
        if self.photographic:
            kind = "jpeg"
            picture.save(buffer, kind, quality=85, optimize=True)
        else:
            kind = "png"  # of 256 colours: a third of the bytes, and no difference to be seen in lines and areas
            picture.quantize(256, dither=PIL.Image.Dither.NONE).save(buffer, kind, optimize=True)
        return self._bundle(kind, b64encode(buffer.getvalue()).decode(), round(picture.width / SHARPNESS))

    def _bundle(self, kind: str, picture: str, width: int) -> tuple[dict[str, str], dict[str, dict[str, Any]]]:
        name = f"image/{kind}"
        return {name: picture, "text/plain": self.alt_text}, {name: {"alt": self.alt_text, "width": width}}

    def _holds_images(self) -> bool:
        return self.photographic or any(ax.get_images() for ax in self.axes)

    def _svg(self) -> str:
        """The figure as SVG, the same text whenever it is drawn."""
        drawn = io.StringIO()
        with mpl.rc_context({"svg.hashsalt": self.alt_text}):
            self.savefig(
                drawn, format="svg", bbox_inches="tight", pad_inches=PADDING, metadata={"Date": None, "Creator": None}
            )
        return drawn.getvalue()

    def _ipython_display_(self) -> None:
        # Not _repr_mimebundle_: IPython would add the PNG of Matplotlib's own formatter to a JPEG.
        from IPython.display import publish_display_data

        publish_display_data(*self.mimebundle())  # type: ignore[no-untyped-call]


def _width(svg: str) -> int:
    """The width that an SVG says, in points, as pixels of the page."""
    points = re.search(r'<svg[^>]*? width="([\d.]+)pt"', svg)
    assert points is not None, "Matplotlib writes the width of an SVG in points"
    return round(float(points[1]) / 72 * PIXELS_PER_INCH)


def new_figure(height: float, alt: str, *, width: float = WIDTH, photographic: bool = False) -> Figure:
    """An empty figure, sizes in inches, that pyplot does not know: nothing shows it twice or keeps it alive."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(width, height), dpi=PIXELS_PER_INCH, layout="constrained")
    figure.alt_text, figure.photographic = alt, photographic
    return figure


def with_alt(figure: mpl.figure.Figure, text: str) -> Figure:
    """Give a figure of your own alt text. Make it the last expression of the cell.

    ``fig, ax = plt.subplots(); ax.plot(...); with_alt(fig, "Loss falls from 0.7 to 0.2.")``

    The figure is changed in place and closed in pyplot, so that the notebook shows it once. Raises ``ValueError``
    for an empty text.
    """
    if not text.strip():
        raise ValueError("The alt text is empty. Say in a sentence what the figure shows.")
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close(figure)
    if not isinstance(figure, Figure):
        figure.__class__ = Figure
    assert isinstance(figure, Figure)
    figure.alt_text = text.strip()
    return figure


RUN_COLOURS = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, GREY)


RUN_MARKERS = ("o", "s", "^", "D", "v", "P", "X")
