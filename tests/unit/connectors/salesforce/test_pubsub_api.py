"""What is generated from Salesforce's file is what protoc makes of it today."""

from importlib import resources
from pathlib import Path

import pytest
from grpc_tools import protoc

FOLDER = "connectors/salesforce/pubsub_api"
ROOT = Path(__file__).parents[4]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("protoc")
    outputs = [f"--{kind}_out={folder}" for kind in ("python", "pyi", "grpc_python")]
    includes = [f"-I{ROOT}", f"-I{resources.files('grpc_tools') / '_proto'}"]
    assert protoc.main(["protoc", *includes, *outputs, f"{FOLDER}/pubsub_api.proto"]) == 0
    return folder / FOLDER


@pytest.mark.parametrize("name", ["pubsub_api_pb2.py", "pubsub_api_pb2.pyi", "pubsub_api_pb2_grpc.py"])
def test_generated_modules_are_what_protoc_writes(name: str, written: Path) -> None:
    assert (ROOT / FOLDER / name).read_text("utf-8") == (written / name).read_text("utf-8"), "make docs"
