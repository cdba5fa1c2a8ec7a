"""Prints the table of `peers` after the tests that filled it."""

import pytest

from tests.helpers.peers import ROWS, table


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if any(row.cases for row in ROWS):
        terminalreporter.section("parity")
        terminalreporter.write_line(table())
