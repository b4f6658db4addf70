"""Documents as they come: read whole, or refused with what is wrong and what to do."""

import json
from pathlib import Path

import pytest

from services.external.document import MAX_FILE, read_document, server_url
from services.external.references import Unusable

YAML = """
openapi: 3.1.0
info: {title: Pets, version: 2024-01-31}
servers: [{url: "https://{place}.example.com/v1", variables: {place: {default: api}}}]
paths:
  /pets:
    get: {responses: {200: {description: All}}}
  /animals: {$ref: "#/paths/~1pets"}
"""
HEAD = '{"openapi": "3.0.3", "info": {"title": "t", "version": "1"}, '


def written(folder: Path, content: str | bytes, name: str = "api.yaml") -> Path:
    file = folder / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return file


def test_yaml_is_read_as_json_has_it(tmp_path):
    document = read_document(written(tmp_path, YAML))
    assert document["info"]["version"] == "2024-01-31"
    assert document["paths"]["/pets"] == {"get": {"responses": {"200": {"description": "All"}}}}
    assert document["paths"]["/animals"] == document["paths"]["/pets"]
    assert json.loads(json.dumps(document)) == document
    assert server_url(document) == "https://api.example.com/v1"


@pytest.mark.parametrize("name", ["api.json", "api.yml", "api"])
def test_json_is_read_under_any_name_and_with_a_byte_order_mark(tmp_path, name):
    content = b"\xef\xbb\xbf" + (HEAD + '"paths": {"/": {}}}').encode()
    assert read_document(written(tmp_path, content, name))["paths"] == {"/": {}}


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.json", '{"openapi": "3.0.0",}', "no valid JSON: line 1, column 21: "),
        ("a.yaml", "openapi: [3\npaths: }", "no valid YAML: line 2: "),
        ("a.yaml", "a: *b", "no valid YAML: line 1: found undefined alias"),
        ("a.yaml", "a: !!python/object/apply:os.system [echo]", "no valid YAML: line 1: could not determine"),
        ("a.yaml", "a: \0", "no valid YAML"),
        ("a.yaml", b"a: \xff", "not text in UTF-8"),
        ("a.yaml", "", "no object at its top"),
        ("a.json", "[]", "no object at its top"),
        ("a.json", "[" * 100_000, "nested too deeply"),
        ("a.json", '{"swagger": "2.0", "paths": {}}', "Swagger 2.0"),
        ("a.json", '{"paths": {}}', "neither 3.0 nor 3.1"),
        ("a.json", '{"openapi": "3.2.0", "paths": {}}', "neither 3.0 nor 3.1"),
        ("a.json", HEAD + '"webhooks": {}}', "no `paths`"),
        ("a.json", HEAD + '"paths": []}', "no `paths`"),
        ("a.json", HEAD + '"paths": {"/a": 5}}', "its path '/a' is no object"),
        ("a.json", HEAD + '"paths": {"/a": {"$ref": "#/paths/~1a"}}}', "in a circle"),
        ("a.json", HEAD + '"paths": {"/a": {"$ref": "b.yaml"}}}', "outside of it"),
        ("a.json", HEAD + '"paths": ' + '{"a":' * 80 + "{}" + "}" * 81, "more than 64 levels"),
        ("a.yaml", "openapi: 3.0.0\npaths: &a {b: *a}", "more than 64 levels"),
        ("a.yaml", "a0: &a0 {b: 1}\n" + "".join(
            f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12)), "1000000 values"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused_with_a_cure(tmp_path, name, content, words):
    with pytest.raises(Unusable) as refusal:
        read_document(written(tmp_path, content, name))
    text = str(refusal.value)
    assert words in text
    assert text.startswith("it")
    assert text.endswith(".")


def test_a_file_that_cannot_be_read_is_refused_with_a_cure(tmp_path):
    with pytest.raises(Unusable, match=r"cannot be read: No such file or directory\. Correct the path"):
        read_document(tmp_path / "missing.yaml")
    with pytest.raises(Unusable, match="cannot be read: Is a directory"):
        read_document(tmp_path)


def test_a_file_without_end_is_not_read_to_its_end(tmp_path):
    with pytest.raises(Unusable, match=f"larger than {MAX_FILE} bytes"):
        read_document(Path("/dev/zero"))


@pytest.mark.parametrize(
    "servers", [None, [], [{}], [{"url": "/v1"}], [{"url": "{a}"}], ["x"], [{"url": "ftp://a"}], "x"]
)
def test_without_a_whole_server_url_the_cure_is_named(servers):
    with pytest.raises(Unusable, match="Say where the API is by `base_url`"):
        server_url({"servers": servers})
