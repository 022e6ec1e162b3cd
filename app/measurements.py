"""Results that take minutes to compute, computed beforehand and committed with the artifacts."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.errors import NotMeasured
from model.artifact import (
    EXPERIMENTS_FOLDER,
    LAYER_KNOWLEDGE_FILE,
    PIXEL_PERMUTATION_FILE,
    ROBUSTNESS_FILE,
    TRANSLATION_CURVE_FILE,
    VISUALIZATIONS_FILE,
)
from model.errors import ArtifactError
from model.experiments.feature_visualization import LayerVisualization, load_visualizations


class Measurements:
    """What was measured beforehand; what is missing raises NotMeasured when it is requested."""

    def __init__(
        self,
        records: Mapping[str, dict[str, Any]],
        visualizations: tuple[str, Mapping[str, LayerVisualization]] | None = None,
    ) -> None:
        """Keep them.

        Args:
            records: File name → content.
            visualizations: A model's name and, by layer, the feature visualizations of its filters.
        """
        self._records = records
        self._visualizations = visualizations

    @classmethod
    def load(cls, artifacts: Path) -> "Measurements":
        """Read the measurements that are there.

        Raises:
            ArtifactError: A file is damaged.
        """
        folder = artifacts / EXPERIMENTS_FOLDER
        records = {}
        for name in (PIXEL_PERMUTATION_FILE, TRANSLATION_CURVE_FILE, LAYER_KNOWLEDGE_FILE, ROBUSTNESS_FILE):
            path = folder / name
            if path.exists():
                try:
                    records[name] = json.loads(path.read_text(encoding="utf-8"))
                except ValueError as error:
                    raise ArtifactError(f"{path} is not JSON: {error}") from None
        path = folder / VISUALIZATIONS_FILE
        return cls(records, load_visualizations(path) if path.exists() else None)

    @property
    def pixel_permutation(self) -> dict[str, Any]:
        """Accuracy of networks trained on digits with permuted pixels; raises NotMeasured."""
        return self._record(PIXEL_PERMUTATION_FILE, "pixel-permutation")

    @property
    def translation_curve(self) -> dict[str, Any]:
        """Predictions for many translated test digits; raises NotMeasured."""
        return self._record(TRANSLATION_CURVE_FILE, "translation-curve")

    @property
    def layer_knowledge(self) -> dict[str, Any]:
        """How well digits can be distinguished in each layer; raises NotMeasured."""
        return self._record(LAYER_KNOWLEDGE_FILE, "layer-knowledge")

    def knowledge_of(self, model: str) -> dict[str, Any] | None:
        """The part of it about one model: ``input`` and ``steps``, and the numbers of digits; None without one."""
        record = self._records.get(LAYER_KNOWLEDGE_FILE)
        steps = [each["steps"] for each in record["models"] if each["id"] == model] if record else []
        if record is None or not steps:
            return None
        digits = {name: record[name] for name in ("training_digits", "test_digits", "map_digits")}
        return {**digits, "input": record["input"], "steps": steps[0]}

    def robustness_of(self, model: str, kind: str) -> tuple[int, list[float]] | None:
        """How many digits were perturbed, and the share classified correctly at each level; None if not measured."""
        record = self._records.get(ROBUSTNESS_FILE)
        if record is None:
            return None
        measured = [each for curve in record["curves"] if curve["kind"] == kind for each in curve["models"]]
        return next(((record["digits"], each["accuracy"]) for each in measured if each["id"] == model), None)

    @property
    def visualized_model(self) -> str | None:
        """The model whose filters were visualized, if there is one."""
        return None if self._visualizations is None else self._visualizations[0]

    def visualizations(self, model: str) -> Mapping[str, LayerVisualization]:
        """Feature visualizations of a model's filters, by layer; raises NotMeasured."""
        if self._visualizations is None:
            raise _not_measured(VISUALIZATIONS_FILE, "feature-visualization")
        owner, visualizations = self._visualizations
        if owner != model:
            raise NotMeasured(f"The filters of model {model} were not measured; those of {owner} were.")
        return visualizations

    def _record(self, name: str, command: str) -> dict[str, Any]:
        if name not in self._records:
            raise _not_measured(name, command)
        return self._records[name]


def _not_measured(name: str, command: str) -> NotMeasured:
    return NotMeasured(
        f"This server's artifacts have no {EXPERIMENTS_FOLDER}/{name}; "
        f"`python -m model.measurements {command}` measures it."
    )
