"""Every operator of `where`, on both databases, and the operands they refuse."""

FOUND = [
    ({"id": 3}, [3]),
    ({"id": {"eq": 3}}, [3]),
    ({"id": {"ne": 3}}, [1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12]),
    ({"id": {"lt": 3}}, [1, 2]),
    ({"id": {"le": 3}}, [1, 2, 3]),
    ({"id": {"gt": 10}}, [11, 12]),
    ({"id": {"ge": 10}}, [10, 11, 12]),
    ({"id": {"gt": 3, "lt": 6}}, [4, 5]),
    ({"id": {"in": [2, 5, 99]}}, [2, 5]),
    ({"id": {"in": []}}, []),
    ({"email": {"like": "user-1_@%"}}, [10, 11, 12]),
    ({"role": {"is_null": True}}, []),
    ({"role": {"is_null": False}, "id": {"le": 2}}, [1, 2]),
    ({"role": None}, []),
    ({"role": {"ne": None}, "id": 1}, [1]),
    ({"active": False}, [4, 8, 12]),
    ({"active": {"in": [False]}, "role": "admin"}, [12]),
]
REFUSED = [
    (
        {"id": {"between": [1, 2]}},
        "In where, column 'id' takes a value, or an object of one or more of eq, ne, lt,",
    ),
    ({"id": {}}, "In where, column 'id' takes a value, or an object"),
    ({"id": {"lt": None}}, "In where, column 'id' cannot be compared with null. Use is_null."),
    ({"id": {"like": "canary%"}}, "In where, column 'id' is not text, which like needs."),
    ({"email": {"like": 7}}, "In where, column 'email' takes a text"),
    ({"id": {"in": 7}}, "takes a list of at most 1000 values"),
    ({"id": {"in": [1] * 1001}}, "takes a list of at most 1000 values"),
    ({"id": {"in": [1, "canary"]}}, "In where, column 'id' takes an integer"),
    ({"id": {"is_null": "canary"}}, "takes true or false"),
    ({"id": "canary"}, "In where, column 'id' takes an integer of at most 64 bits."),
    ({"id": [1]}, "In where, column 'id' takes an integer"),
]


async def test_operators(tools):
    answers = [await tools.query("users", columns=["id"], where=where) for where, _ in FOUND]
    found = [(where, [row["id"] for row in answer.rows]) for (where, _), answer in zip(FOUND, answers, strict=True)]
    assert found == FOUND


async def test_operands_of_another_kind_are_refused_and_not_repeated(tools):
    for where, words in REFUSED:
        answer = await tools.query("users", where=where)
        assert words in answer.error
        assert "canary" not in answer.error
