"""The JSON Schema of definition files, for editors that complete and check YAML."""

import json

from pydantic import TypeAdapter

from schemas.definition.documents import Document


def editor_schema() -> str:
    """Give the schema of one document, as JSON text (draft 2020-12)."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A dealwire definition",
        **TypeAdapter(Document).json_schema(),
    }
    return json.dumps(schema, indent=2) + "\n"
