"""Every error that a client can get, and what helps.

    AppError
    ├── MalformedRequest 400
    ├── ForeignOrigin 403
    ├── EmbeddingOff 403
    ├── TrainingOff 403
    ├── NetworksOff 403
    ├── NotFound 404
    │   ├── UnknownModel
    │   ├── UnknownTraining
    │   ├── UnknownCheckpoint
    │   ├── UnknownLayer
    │   ├── UnknownFilter
    │   ├── UnknownNeuron
    │   ├── UnknownWeight
    │   ├── LayerWithoutKernels
    │   ├── UnknownSample
    │   ├── NotMeasured
    │   ├── UnknownLesson
    │   └── UnknownProblem
    ├── MethodNotAllowed 405
    ├── NotAcceptable 406
    ├── RequestTooSlow 408
    ├── BodyTooLarge 413
    ├── ImageTooLarge 413
    ├── TooManyPixels 413
    ├── TooManyScans 413
    ├── UnsupportedMediaType 415
    ├── NotAnImage 415
    ├── InvalidInput 422
    │   ├── NetworkUnreadable
    │   ├── ImageUnreadable
    │   ├── FramingImpossible
    │   ├── DigitUnlabeled
    │   ├── IncrementWithoutBase
    │   ├── DrawingTooLarge
    │   ├── OneLayerRequired
    │   └── PictureTooLarge
    ├── UnknownHost 421
    ├── UpgradeRequired 426
    ├── HeadersTooLarge 431
    ├── InternalError 500
    └── Unavailable 503
        ├── ServerBusy
        ├── StateFull
        └── NotReady

Each class has its slug, title, status and advice, and its docstring is the summary; a page at ``/problems/<slug>``
shows them. A raised error adds the detail: what happened, the numbers, what would work. A test compares the tree with
the classes.
"""

# ruff: noqa: N818 - they have the names of the problems that clients read

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar


class AppError(Exception):
    """An error that a client can understand."""

    slug: ClassVar[str]
    title: ClassVar[str]
    status: ClassVar[int]
    summary: ClassVar[str]
    advice: ClassVar[str]

    def __init_subclass__(cls) -> None:
        """Take the summary from the docstring."""
        cls.summary = cls.__doc__ or ""

    def __init__(self, detail: str, headers: Mapping[str, str] | None = None, **numbers: Any) -> None:
        """Describe what happened.

        Args:
            detail: What happened, the numbers, what would work. Never repeats a drawing.
            headers: Response headers that belong to the error.
            numbers: Members that a program can read, such as ``limit_bytes``.
        """
        super().__init__(detail)
        self.detail = detail
        self.headers = headers or {}
        self.numbers = numbers

    def as_problem(self, instance: str, root_path: str) -> dict[str, Any]:
        """The members of the problem (RFC 9457).

        Args:
            instance: The path of the request.
            root_path: The path under which the service is; addresses begin with it.
        """
        return {
            "type": f"{root_path}/problems/{self.slug}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "instance": instance,
            **self.numbers,
        }


class MalformedRequest(AppError):
    """The body could not be parsed: it is not JSON, or not a multipart form."""

    slug = "malformed-request"
    title = "Malformed request"
    status = 400
    advice = "Send JSON in UTF-8 (or, to the upload operation, a multipart form with one file) and check its brackets."


class ForeignOrigin(AppError):
    """A page of another site tried to open a live session or to upload a network."""

    slug = "foreign-origin"
    title = "Foreign origin"
    status = 403
    advice = "The operator of this server can admit the site with KERNELSCOPE_ORIGINS. Programs send no Origin header."


class EmbeddingOff(AppError):
    """This server lets no other site show its pieces."""

    slug = "embedding-off"
    title = "Embedding is off"
    status = 403
    advice = "The operator of this server can list sites in KERNELSCOPE_EMBED_ORIGINS."


class TrainingOff(AppError):
    """This server trains no networks for visitors."""

    slug = "training-off"
    title = "Training is off"
    status = 403
    advice = "Run Kernelscope on your own machine, where training is on; KERNELSCOPE_TRAINING turns it on and off."


class NetworksOff(AppError):
    """This server takes no networks from visitors."""

    slug = "networks-off"
    title = "Networks of visitors are off"
    status = 403
    advice = "Run Kernelscope on your own machine; KERNELSCOPE_VISITOR_NETWORKS says how many a server keeps."


class NotFound(AppError):
    """There is nothing at this address."""

    slug = "not-found"
    title = "Not found"
    status = 404
    advice = "The header of every page links to the other pages and to the API reference."


class UnknownModel(NotFound):
    """No model of this name is served here."""

    slug = "unknown-model"
    title = "Unknown model"
    advice = "GET /api/v1/models lists the models."


class UnknownTraining(NotFound):
    """There is no training with this id."""

    slug = "unknown-training"
    title = "Unknown training"
    advice = "Trainings are kept for some hours, and deleted by whoever started them. Start another one."


class UnknownCheckpoint(NotFound):
    """No weights of this training step were stored."""

    slug = "unknown-checkpoint"
    title = "Unknown checkpoint"
    advice = "GET /api/v1/models/{model}/history lists the steps."


class UnknownLayer(NotFound):
    """The model has no layer of this name."""

    slug = "unknown-layer"
    title = "Unknown layer"
    advice = "GET /api/v1/models/{model} lists its layers. Several layers are separated by commas, without spaces."


class UnknownFilter(NotFound):
    """The layer has no filter of this number."""

    slug = "unknown-filter"
    title = "Unknown filter"
    advice = "Filters are counted from 0; the first number of a layer's output_shape says how many there are."


class UnknownNeuron(NotFound):
    """The layer has no neuron at this filter, row and column."""

    slug = "unknown-neuron"
    title = "Unknown neuron"
    advice = "A layer's output_shape says how many filters, rows and columns it has; all are counted from 0."


class UnknownWeight(NotFound):
    """The model has no weight of this name, or none at this index."""

    slug = "unknown-weight"
    title = "Unknown weight"
    advice = "A weight is named by its array, `conv1.weight`, and its index there, [filter, channel, row, column]."


class LayerWithoutKernels(NotFound):
    """This layer has no weights: ReLU, pooling and softmax compute without any."""

    slug = "layer-without-kernels"
    title = "Layer without kernels"
    advice = "Request the kernels of a convolutional or fully connected layer."


class UnknownSample(NotFound):
    """There is no test digit of this index."""

    slug = "unknown-sample"
    title = "Unknown sample"
    advice = "GET /api/v1/samples says how many test digits there are; indexes begin at 0."


class NotMeasured(NotFound):
    """This measurement takes minutes, so it is computed beforehand; this server does not have it."""

    slug = "not-measured"
    title = "Not measured"
    advice = "The detail says what was measured, or by which command the operator of the server can measure it."


class UnknownLesson(NotFound):
    """There is no lesson of this name."""

    slug = "unknown-lesson"
    title = "Unknown lesson"
    advice = "The page /teach lists the lessons."


class UnknownProblem(NotFound):
    """There is no problem of this name."""

    slug = "unknown-problem"
    title = "Unknown problem"
    advice = "The `type` of a problem is the address of its page."


class MethodNotAllowed(AppError):
    """The address exists, but not for this HTTP method."""

    slug = "method-not-allowed"
    title = "Method not allowed"
    status = 405
    advice = "The Allow header of the response names the methods that work."


class NotAcceptable(AppError):
    """The Accept header allows none of the formats of this response."""

    slug = "not-acceptable"
    title = "Not acceptable"
    status = 406
    advice = "Send an Accept header with a format that the operation offers, or none for JSON."


class RequestTooSlow(AppError):
    """The body did not arrive in time."""

    slug = "request-too-slow"
    title = "Request too slow"
    status = 408
    advice = "Send it again, smaller or over a better connection."


class BodyTooLarge(AppError):
    """The request has more bytes than this server reads."""

    slug = "body-too-large"
    title = "Body too large"
    status = 413
    advice = "Send less: a smaller image, or fewer points."


class ImageTooLarge(AppError):
    """The image file has more bytes than this server decodes."""

    slug = "image-too-large"
    title = "Image too large"
    status = 413
    advice = "Send a smaller image: a digit of a few hundred pixels is plenty."


class TooManyPixels(AppError):
    """The image is wider or higher than this server decodes."""

    slug = "too-many-pixels"
    title = "Too many pixels"
    status = 413
    advice = "Scale the image down: a digit of a few hundred pixels is plenty."


class TooManyScans(AppError):
    """The JPEG is stored in more scans than this server decodes."""

    slug = "too-many-scans"
    title = "Too many scans"
    status = 413
    advice = "Save the image again, as a baseline JPEG or as a PNG."


class UnsupportedMediaType(AppError):
    """This operation does not read bodies of this media type."""

    slug = "unsupported-media-type"
    title = "Unsupported media type"
    status = 415
    advice = "Set the Content-Type header to what you send: application/json, or multipart/form-data for an upload."


class NotAnImage(AppError):
    """The upload is not a PNG, JPEG, WebP, GIF or BMP image."""

    slug = "not-an-image"
    title = "Not an image"
    status = 415
    advice = "Save the image as PNG or JPEG and send that."


class InvalidInput(AppError):
    """A value is missing, of another shape or out of range."""

    slug = "invalid-input"
    title = "Invalid input"
    status = 422
    advice = "The detail names the value and what it may be; /docs shows an example of every request."


class NetworkUnreadable(InvalidInput):
    """The file is no ONNX network that can be shown here."""

    slug = "network-unreadable"
    title = "Network unreadable"
    advice = (
        "The message names what is not supported; docs/own-network.md of the source lists what is. Files that refer to "
        "weights beside them need those files in the same form."
    )


class ImageUnreadable(InvalidInput):
    """The file begins like an image, but is damaged or ends too early."""

    slug = "image-unreadable"
    title = "Image unreadable"
    advice = "Upload it again, or save it again with an image program."


class FramingImpossible(InvalidInput):
    """Without framing, an image must have the 28×28 pixels that the networks read."""

    slug = "framing-impossible"
    title = "Framing impossible"
    advice = 'Leave out "framing", or send an image of 28×28 pixels.'


class DigitUnlabeled(InvalidInput):
    """The request has no label, and a blank digit has no prediction to use as one."""

    slug = "digit-unlabeled"
    title = "Digit without a label"
    advice = "Send the right class as `label`, or a digit with ink."


class IncrementWithoutBase(InvalidInput):
    """There is no drawing that these points of a live session could continue."""

    slug = "increment-without-base"
    title = "Increment without base"
    advice = "Send the whole drawing as strokes, and continue from there."


class DrawingTooLarge(InvalidInput):
    """The strokes have more points or ink than this server draws at once."""

    slug = "drawing-too-large"
    title = "Drawing too large"
    advice = "Send fewer or shorter strokes, fewer points, or a thinner pen."


class OneLayerRequired(InvalidInput):
    """A PNG, and a response with one filter alone, shows exactly one layer."""

    slug = "one-layer-required"
    title = "One layer required"
    advice = "Name one layer, as in ?layers=conv1."


class PictureTooLarge(InvalidInput):
    """The PNG would have more pixels than this server draws."""

    slug = "picture-too-large"
    title = "Picture too large"
    advice = "Choose a smaller zoom, or one filter with ?filter=0."


class UnknownHost(AppError):
    """The request is addressed to another host than this server."""

    slug = "unknown-host"
    title = "Unknown host"
    status = 421
    advice = "Use the address that the server is meant to have; whoever runs it adds names to KERNELSCOPE_HOSTS."


class UpgradeRequired(AppError):
    """This address is a WebSocket, and the request was an ordinary one."""

    slug = "upgrade-required"
    title = "Upgrade required"
    status = 426
    advice = (
        "Connect with ws:// or wss://. A proxy in between has to pass on the headers Upgrade and Connection; "
        "docs/operations.md of the source has an example."
    )


class HeadersTooLarge(AppError):
    """The request's headers have more bytes than this server reads."""

    slug = "headers-too-large"
    title = "Headers too large"
    status = 431
    advice = "Send fewer or shorter headers; cookies of other services on the same host may be the cause."


class InternalError(AppError):
    """The server made a mistake."""

    slug = "internal-error"
    title = "Internal error"
    status = 500
    advice = "Report it with the X-Request-ID of the response."


class Unavailable(AppError):
    """The server cannot compute a response now."""

    slug = "unavailable"
    title = "Unavailable"
    status = 503
    advice = "Try again after the seconds in the Retry-After header."

    def __init__(self, detail: str, retry_seconds: int = 1, headers: Mapping[str, str] | None = None) -> None:
        """Describe what happened, and after how many seconds to try again."""
        waiting = {"Retry-After": str(retry_seconds)}
        super().__init__(detail, {**waiting, **(headers or {})}, retry_after_seconds=retry_seconds)


class ServerBusy(Unavailable):
    """The server already has as many waiting requests as it accepts."""

    slug = "server-busy"
    title = "Server busy"


class StateFull(Unavailable):
    """The server keeps as many networks or trainings of visitors as it accepts."""

    slug = "state-full"
    title = "No room left"


class NotReady(Unavailable):
    """The server is starting or stopping."""

    slug = "not-ready"
    title = "Not ready"


def sentence(error: Exception) -> str:
    """The message of an error of the model package, as a sentence of a problem."""
    message = str(error)
    return f"{message[0].upper()}{message[1:]}."


def all_problems() -> Iterator[type[AppError]]:
    """Every class of error, the tree from top to bottom."""
    pending: list[type[AppError]] = [*AppError.__subclasses__()]
    while pending:
        problem = pending.pop(0)
        yield problem
        pending = [*problem.__subclasses__(), *pending]
