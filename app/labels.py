"""Which class counts as the correct one for a digit, and which one is explained."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Literal

from pydantic import Field

from app.digit_input import DigitRequest
from app.errors import DigitUnlabeled, InvalidInput
from app.forward import TopPrediction, top_prediction
from app.framing import FramedDigit
from app.sample_catalog import SampleCatalog
from app.served_network import ServedNetwork
from model.experiments.confusion import CLASSES

LabelSource = Literal["body", "sample", "prediction"]

# Which classes a model has is checked later, with their number in the error: an uploaded one may have more than ten.
Label = Annotated[int, Field(ge=0, le=100_000)]


class LabeledDigitRequest(DigitRequest):
    """One digit, as for feature maps, and the class that counts as correct."""

    label: Label | None = Field(
        None,
        description="The correct class; left out: a test digit's label if the models have ten classes, else the "
        "prediction of the first model.",
    )


class ExplainedDigitRequest(DigitRequest):
    """One digit, as for feature maps, and the class to explain."""

    label: Label | None = Field(None, description="The class to explain; left out: the class that the model predicts.")


def choose_label(
    body: LabeledDigitRequest, samples: SampleCatalog, digit: FramedDigit, networks: Sequence[ServedNetwork]
) -> tuple[int, LabelSource]:
    """The class that counts as correct, and where it comes from: the request, the test digit's label, or a prediction.

    Args:
        body: The request.
        samples: The test digits.
        digit: The framed digit of the request.
        networks: The networks of the request, which must all have the class; the first one predicts it if need be.

    Raises:
        DigitUnlabeled: There is neither a label nor any ink to predict one from.
        InvalidInput: One of the networks does not have the class.
    """
    if body.label is not None:
        return require_class(body.label, networks), "body"
    if body.sample is not None and all(served.classes == CLASSES for served in networks):
        return require_class(samples[body.sample].label, networks), "sample"
    if not digit.pixels.any():
        raise DigitUnlabeled("The digit is blank, so that no class is the correct one: give a label.")
    return require_class(
        int(networks[0].trace(networks[0].picture_of(digit)).logits[0].argmax()), networks
    ), "prediction"


def class_to_explain(served: ServedNetwork, digit: FramedDigit, label: int | None) -> tuple[int, TopPrediction | None]:
    """The class of this label, by default the one that the network predicts; and the prediction.

    Raises:
        DigitUnlabeled: There is neither a label nor any ink to predict one from.
        InvalidInput: The network does not have the class.
    """
    prediction = top_prediction(digit.pixels, served.trace(served.picture_of(digit)).probabilities[0])
    if label is not None:
        return require_class(label, [served]), prediction
    if prediction is None:
        raise DigitUnlabeled("The digit is blank, so that there is no prediction: give a label.")
    return prediction.digit, prediction


def require_class(label: int, networks: Iterable[ServedNetwork]) -> int:
    """The label; raises InvalidInput if one of the networks does not have this class."""
    for served in networks:
        if not 0 <= label < served.classes:
            raise InvalidInput(f"Model {served.name} has no class {label}; its classes are 0 to {served.classes - 1}.")
    return label
