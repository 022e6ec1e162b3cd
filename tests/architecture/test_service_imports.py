"""What the running service has imported, directly or through other modules. Counted in a process of its own."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

LIST_IMPORTED = "import json, sys, app.main; json.dump(sorted(sys.modules), sys.stdout)"


def test_the_service_imports_no_training_and_no_training_data():
    command = [sys.executable, "-c", LIST_IMPORTED]
    imported = json.loads(subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout)

    assert "model.network" in imported
    assert [name for name in imported if name.startswith(("model.train.", "model.data."))] == []
    assert not {"model.train", "model.data", "model.visitor_training"} & set(imported)
