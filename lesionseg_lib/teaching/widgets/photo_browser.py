"""Looking at a data set by its numbers: both ends of a measure, and a browser with sliders and a menu.

What is saved in a notebook is a picture: widgets do nothing without a kernel. Live controls only when asked for; they
need ipywidgets 7 (Colab) or 8 and use only what both have.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lesionseg_lib.data.datasets import LesionDataset, Sample
from lesionseg_lib.errors import DataError
from lesionseg_lib.plots import Figure, samples, with_alt
from lesionseg_lib.teaching.widgets.live import jpeg, widget_package

EVERYTHING = "all"
SHOWN = 6


def select(
    table: pd.DataFrame, ranges: Mapping[str, tuple[float, float]], choices: Mapping[str, str] | None = None
) -> NDArray[np.int64]:
    """Numbers of the rows whose columns lie in ``ranges``, both ends included, and equal ``choices``.

    A choice of ``"all"`` leaves a column open. Sorted by the first column of ``ranges``. A row without a value is
    left out where that value is asked for.
    """
    wanted = np.ones(len(table), bool)
    for column, (low, high) in ranges.items():
        wanted &= table[column].between(low, high).to_numpy()
    for column, choice in (choices or {}).items():
        if choice != EVERYTHING:
            wanted &= (table[column] == choice).to_numpy()
    rows = np.flatnonzero(wanted)
    first = next(iter(ranges), None)
    return rows if first is None else rows[np.argsort(table[first].to_numpy()[rows], kind="stable")]


def sheet(photos: LesionDataset, table: pd.DataFrame, rows: Sequence[int], columns: Sequence[str]) -> Figure:
    """At most six of these rows, evenly spread in their order, with outline and the values of ``columns``.

    Row *i* of ``table`` describes photo *i*. Raises ``DataError`` when there is no row to show.
    """
    if not len(rows):
        raise DataError("No photo fits: widen a range or choose 'all'.")
    places = np.linspace(0, len(rows) - 1, min(SHOWN, len(rows))).round().astype(int)
    chosen = [int(rows[place]) for place in places]
    titles = [", ".join(f"{table[column].iloc[row]:.2f}" for column in columns) for row in chosen]
    alt = f"{len(chosen)} of {len(rows)} photos with their outline, titled by {', '.join(columns)}"
    return _pictures(photos, chosen, titles, len(chosen), alt)


def ends(photos: LesionDataset, values: pd.Series[float], count: int = 6) -> Figure:
    """The photos with the ``count`` lowest values, above, and the highest, below, with outline; NaN is left out.

    Value *i* belongs to photo *i*; the series' name says what it is. Raises ``DataError`` when there are fewer than
    two numbers.
    """
    known = np.flatnonzero(values.notna())
    order = known[np.argsort(values.to_numpy()[known], kind="stable")]
    count = min(count, len(order) // 2)
    if count == 0:
        raise DataError(f"{values.name}: {len(order)} numbers; two at least are needed to show both ends.")
    rows = [order[:count].tolist(), order[-count:].tolist()]
    chosen = [*rows[0], *rows[1]]
    titles = [f"{photos.ids[i][-4:]}: {values.iloc[i]:.3g}" for i in chosen]
    alt = f"Photos with the lowest {values.name}, above, and the highest, below, with outline; end of the id and value"
    return _pictures(photos, chosen, titles, count, alt)


def ladders(photos: LesionDataset, table: pd.DataFrame, columns: Sequence[str], above: float, count: int = 6) -> Figure:
    """One row a column: photos evenly spread from just ``above`` a value to the column's highest.

    Row *i* of ``table`` describes photo *i*. Raises ``DataError`` when a column has fewer than two values above.
    """
    rows = [select(table, {column: (np.nextafter(above, np.inf), np.inf)}) for column in columns]
    count = min(count, *(len(row) for row in rows))
    if count < 2:
        raise DataError(f"{', '.join(columns)}: fewer than two photos above {above:g}; ask for a lower value.")
    rows = [row[np.linspace(0, len(row) - 1, count).round().astype(int)] for row in rows]
    chosen = [int(i) for row in rows for i in row]
    titles = [f"{column} {table[column].iloc[i]:.3f}" for column, row in zip(columns, rows, strict=True) for i in row]
    alt = f"A row each for {', '.join(columns)}: photos from just above {above:g} to the highest"
    return _pictures(photos, chosen, titles, count, alt, outline=False)


def browser(
    photos: LesionDataset,
    table: pd.DataFrame,
    sliders: Sequence[str],
    menu: str | None = None,
    *,
    live: bool = False,
) -> Any:
    """Photos filtered by ranges of the columns ``sliders`` and one value of the column ``menu``.

    Row *i* of ``table`` describes photo *i*. Returns a figure of six photos, evenly spread over the first column;
    with ``live`` an ipywidgets box instead. Raises ``MissingPackageError`` when that is asked for and ipywidgets is
    missing, ``DataError`` when table and photos differ in number.
    """
    if len(table) != len(photos):
        raise DataError(f"The table has {len(table)} rows for {len(photos)} photos; give one row each, in their order.")
    full = {column: (float(table[column].min()), float(table[column].max())) for column in sliders}
    if not live:
        return sheet(photos, table, select(table, full).tolist(), sliders)
    return _controls(photos, table, full, menu)


def _controls(
    photos: LesionDataset, table: pd.DataFrame, full: Mapping[str, tuple[float, float]], menu: str | None
) -> Any:
    ipywidgets = widget_package("browser")
    ranges = {
        column: ipywidgets.FloatRangeSlider(
            value=(low, high),
            min=low,
            max=high,
            step=max((high - low) / 200, 1e-6),
            description=column,
            continuous_update=False,
            readout_format=".3g",
            layout={"width": "32em"},
        )
        for column, (low, high) in full.items()
    }
    values = [EVERYTHING] + (sorted(set(table[menu].dropna())) if menu else [])
    choice = ipywidgets.Dropdown(options=values, value=EVERYTHING, description=menu or "")
    picture, text = ipywidgets.Image(format="jpeg"), ipywidgets.HTML()

    def show(change: Any = None) -> None:
        bounds = {
            # A slider rounds its ends; at its end a bound means no bound.
            column: (
                low if slider.value[0] <= low + slider.step else slider.value[0],
                high if slider.value[1] >= high - slider.step else slider.value[1],
            )
            for (column, slider), (low, high) in zip(ranges.items(), full.values(), strict=True)
        }
        rows = select(table, bounds, {menu: choice.value} if menu else None)
        text.value = f"{len(rows)} of {len(table)} photos" + ("" if len(rows) else ": widen a range or choose 'all'")
        picture.value = jpeg(sheet(photos, table, rows.tolist(), list(full))) if len(rows) else b""

    for control in [*ranges.values(), *([choice] if menu else [])]:
        control.observe(show, names="value")
    show()
    return ipywidgets.VBox([*ranges.values(), *([choice] if menu else []), text, picture])


def _pictures(
    photos: LesionDataset, rows: Sequence[int], titles: Sequence[str], columns: int, alt: str, outline: bool = True
) -> Figure:
    shown = [photos[row] for row in rows]
    titled = [Sample(title, sample.image, sample.mask) for title, sample in zip(titles, shown, strict=True)]
    facts = "; ".join(f"{sample.id}: {title}" for title, sample in zip(titles, shown, strict=True))
    return with_alt(samples(titled, len(titled), columns, outline), f"{alt}. {facts}.")
