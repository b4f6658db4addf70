"""The tools together: what one gives is what the next takes."""


async def test_a_table_of_the_schema_can_be_written_and_read(tools):
    [users] = (await tools.schema(table="users")).data["tables"]
    columns = [column["name"] for column in users["columns"]]
    made = await tools.write(
        "insert", "users", values={"email": "new@example.com", "role": "viewer", "active": True}, returning=columns
    )
    assert (await tools.query("users", columns=columns, where={"id": 13})).rows == made.rows
