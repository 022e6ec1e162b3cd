"""``python -m app.import_network``: read a visitor's ONNX file and write the network for the service to load.

A process of its own, since a file from a stranger could keep the parser busy for long, or make it fail. The service
bounds its time, and the process its own memory. What is wrong with the file goes to standard output as one line.
"""

import argparse
import resource
import shutil
import sys
from pathlib import Path

from app.model_catalog import SHOWN_DIGITS, uploaded_network
from app.sample_catalog import SAMPLES_FILE
from model.artifact import read_tensors, save_weights
from model.child_process import work_for_parent
from model.errors import ArtifactError
from model.onnx.reader import read_onnx

MEMORY_BYTES = 320 * 2**20
"""What the process may allocate, so that service and process stay below 512 MB; networks were seen to need 220 MB."""

NOT_A_NETWORK = 4
"""Exit status if the file is no network that can be shown."""


def import_network(folder: Path, name: str, file_name: str, artifacts: Path) -> None:
    """Read ``network.onnx`` in a folder, and write the network into the same folder.

    Args:
        folder: With the file, and under ``data`` those that hold its weights, and one with its settings, which is named
            like the file or ``model.json``.
        name: Its id.
        file_name: The name that the file had on the visitor's machine.
        artifacts: The folder of the test digits.

    Raises:
        ArtifactError: It is not a network that can be shown.
    """
    external = {path.name: path.read_bytes() for path in sorted((folder / "data").glob("*"))}
    settings = external.pop(f"{Path(file_name).stem}.json", None) or external.pop("model.json", None)
    read = read_onnx((folder / "network.onnx").read_bytes(), external, settings)
    samples = read_tensors(artifacts / SAMPLES_FILE)[0]
    digits, labels = samples["images"][:SHOWN_DIGITS], samples["labels"][:SHOWN_DIGITS]
    save_weights(uploaded_network(name, file_name, read, digits, labels).artifact, folder)
    (folder / "network.onnx").unlink()
    shutil.rmtree(folder / "data")


def main() -> int:
    """Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m app.import_network", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("name")
    parser.add_argument("file_name")
    parser.add_argument("artifacts", type=Path)
    options = parser.parse_args()
    work_for_parent()
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES))
    try:
        import_network(options.folder, options.name, options.file_name, options.artifacts)
    except ArtifactError as error:
        print(error)
    except MemoryError:
        print(f"needs more than {MEMORY_BYTES / 1e6:.0f} MB of memory to be read")
    else:
        return 0
    return NOT_A_NETWORK


if __name__ == "__main__":
    sys.exit(main())
