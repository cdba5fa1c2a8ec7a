"""Fixtures of the tests that look at the book in a browser."""

from tests.helpers.browser import address, axe, browser, page, watched  # noqa: F401
