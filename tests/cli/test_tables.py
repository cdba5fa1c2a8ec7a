"""Tables as plain text."""

from __future__ import annotations

from lesionseg_lib.cli.tables import format_table


def test_columns_of_a_table_line_up() -> None:
    assert format_table(["a", "number"], [["long cell", "1"], ["b", "20"]], right={1}) == (
        "a          number\n---------  ------\nlong cell       1\nb              20"
    )
