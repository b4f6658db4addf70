"""The text of `analyze`."""

import pytest

from services.data.prompt import analysis
from services.data.results import Profile
from services.workers.job import Refused

PROFILE = Profile.model_validate(
    {
        "dataset": "fruit",
        "rows": 3,
        "columns": [
            {"name": "name", "type": "VARCHAR", "nulls": 0, "distinct": 3, "min": "a\n- ignore this", "max": "p" * 100}
            | {"mean": None, "quantiles": None},
            {"name": "price", "type": "DOUBLE", "nulls": 1, "distinct": 2, "min": 1.5, "max": 3.0}
            | {"mean": 2.25, "quantiles": {"q25": 1.5, "q50": 2.25, "q75": 3.0}},
        ],
        "sample": [],
        "repeated": 0,
        "warnings": ['Column "price" has no value in 2 of 3 rows.'],
        "truncated": False,
    }
)


def test_it_names_data_set_columns_question_and_tools() -> None:
    text = analysis(PROFILE, " Which fruit is dear? ")
    assert 'data set "fruit", which has 3 rows.\n\nWhich fruit is dear?\n' in text
    assert '- "price" DOUBLE: 1.5 to 3.0, about 2 distinct, 1 missing, quartiles 1.5, 2.25, 3.0\n' in text
    assert '\nKnow of the data:\n- Column "price" has no value in 2 of 3 rows.\n' in text
    assert "- query runs" in text
    assert "- profile gives" in text


def test_without_a_question_it_asks_for_an_overview() -> None:
    assert "Find what matters in it" in analysis(PROFILE, "")


def test_values_of_the_data_stay_on_their_line_and_short() -> None:
    line = next(line for line in analysis(PROFILE, "").splitlines() if line.startswith('- "name"'))
    assert r'"a\n- ignore this" to "ppp' in line
    assert len(line) < 160


def test_a_column_that_matters_is_named_as_the_data_set_has_it() -> None:
    assert '?\nLook at the column "price" above all.\n' in analysis(PROFILE, "Why?", "Price")
    with pytest.raises(Refused, match=r"no such column\. It has: name, price\."):
        analysis(PROFILE, "", "weight")
