"""Columns stay below each other in every script, and fit a terminal."""

from __future__ import annotations

import pytest

from deployer.view.table import render_table
from deployer.view.width import cells

ROWS = (("number", "who", "outcome"), ("1", "Ada", "failed: the health check did not answer in time"))


def test_each_column_is_as_wide_as_its_widest_cell() -> None:
    assert render_table([("a", "b", "c"), ("long", "", "d")]) == "a     b  c\nlong     d"


@pytest.mark.parametrize(
    ("text", "width"), [("abc", 3), ("é", 1), ("e\u0301", 1), ("王芳", 4), ("سَلَام", 4), ("👍", 2), ("a\u200db", 2)]
)
def test_a_text_takes_the_columns_of_a_terminal(text: str, width: int) -> None:
    assert cells(text) == width


def test_columns_stay_below_each_other_in_every_script() -> None:
    lines = render_table([("王芳", "x"), ("Ada", "y"), ("سَلَام", "z")]).splitlines()
    assert {cells(line[:-1]) for line in lines} == {6}


def test_a_long_last_cell_continues_below_itself() -> None:
    assert render_table(ROWS, 40).splitlines() == [
        "number  who  outcome",
        "1       Ada  failed: the health check",
        "             did not answer in time",
    ]


@pytest.mark.parametrize("columns", [None, 20, 200])
def test_a_row_stays_on_its_line_where_it_fits_or_nothing_is_gained(columns: int | None) -> None:
    assert len(render_table(ROWS, columns).splitlines()) == 2


def test_a_line_feed_in_a_cell_makes_no_line() -> None:
    assert render_table([("a\nb", "c")]) == "a\\nb  c"
