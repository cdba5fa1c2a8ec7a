"""Controls that move a figure in a notebook, and the picture that stays where nobody can move them."""

from lesionseg_lib.teaching.widgets import photo_browser, threshold

__all__ = ["photo_browser", "threshold"]
