"""The shapes that clients are promised."""

import pytest
from pydantic import BaseModel

from services.data import results

MODELS = [
    results.Processed,
    results.QueryResult,
    results.ColumnProfile,
    results.Quantiles,
    results.Profile,
    results.Converted,
    results.Chart,
]


@pytest.mark.parametrize("model", MODELS)
def test_every_field_is_described_and_always_there(model: type[BaseModel]) -> None:
    for name, field in model.model_fields.items():
        assert field.description, name
        assert field.is_required(), name
