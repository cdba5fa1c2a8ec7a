"""Tables as plain text."""

from __future__ import annotations

import pytest

from lesionseg_lib.cli.tables import format_table, score_table


def test_columns_of_a_table_line_up() -> None:
    assert format_table(["a", "number"], [["long cell", "1"], ["b", "20"]], right={1}) == (
        "a          number\n---------  ------\nlong cell       1\nb              20"
    )


def test_a_table_without_rows_has_its_header() -> None:
    assert format_table(["a", "bc"], []) == "a  bc\n-  --"


def test_no_line_ends_in_blanks() -> None:
    assert format_table(["a", "long header"], [["x", "y"]]).splitlines() == ["a  long header", "-  -----------", "x  y"]


def test_a_row_of_another_length_is_no_row() -> None:
    with pytest.raises(ValueError, match="zip"):
        format_table(["a", "b"], [["x"]])


SUMMARY = {
    "jaccard": {"mean": 0.83456, "low": 0.8, "high": 0.85},
    "threshold_jaccard": {"mean": 0.8, "low": 0.75001, "high": 1.0},
    "loss": 0.3,
    "images": 379,
}


def test_scores_have_four_digits_and_what_has_no_interval_is_left_out() -> None:
    assert score_table(SUMMARY, None).splitlines() == [
        "metric               mean  95 % interval",
        "-----------------  ------  ----------------",
        "jaccard            0.8346  0.8000 to 0.8500",
        "threshold jaccard  0.8000  0.7500 to 1.0000",
    ]


def test_the_organisers_figures_stand_beside_ours() -> None:
    lines = score_table(SUMMARY, {"jaccard": 0.83449, "threshold_jaccard": 0.8}).splitlines()
    assert lines[0] == "metric               mean  95 % interval     organisers' scorer"
    assert lines[2] == "jaccard            0.8346  0.8000 to 0.8500              0.8345"
