"""The pages. Each takes ``?model=``, and its links keep it.

What the scripts of a page need to know is in the page as JSON, so that they need not request it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from fastapi.templating import Jinja2Templates

from app.api_reference import describe_operations
from app.codecs.colormaps import COLORMAPS
from app.codecs.tensor_json import plain_json
from app.comparison import ComparedModel, compared_models, shown_comparison
from app.context import Context, context_of
from app.errors import EmbeddingOff, InvalidInput, UnknownLesson, UnknownProblem, all_problems
from app.lessons import LESSONS, lesson_of, pieces_of
from app.middleware.security_headers import content_security_policy
from app.operations.feature_visualization import filter_response
from app.operations.kernel_edits import has_convolutions
from app.operations.models import LayerDescription, ModelResponse
from app.operations.orientation_tuning import TuningGroup, tuning_groups
from app.served_network import ServedNetwork
from app.server.websocket_protocol import MESSAGE_BYTES
from app.settings import Settings
from app.view_id import model_name
from model.experiments.confusion import CLASSES
from model.experiments.filter_names import named_layers
from model.experiments.layer_maps import chosen_steps, mapped_layers
from model.experiments.perturbations import PERTURBATIONS, Perturbation

router = APIRouter(include_in_schema=False)


SECTIONS = ("layer-costs", "perturb-pixel", "feature-comparison", "translation", "pixel-permutation")
"""The experiments of the page that compares local and global features, in its order."""


@dataclass(frozen=True)
class Embed:
    """The piece of a page that is shown in a frame of another site.

    Attributes:
        layer: A layer of the workbench.
        filter: The only filter of the layer that is shown; None: all.
        experiment: An experiment, instead of a layer.
        theme: None: as the visitor's system.
    """

    layer: str | None
    filter: int | None
    experiment: str | None
    theme: Literal["light", "dark"] | None


@dataclass(frozen=True)
class Limits:
    """What the server accepts of a digit, and of a visitor's network; 0 bytes if it takes none."""

    image_bytes: int
    message_bytes: int
    network_bytes: int

    @classmethod
    def of(cls, settings: Settings) -> "Limits":
        """Those of these settings."""
        return cls(settings.image_bytes, MESSAGE_BYTES, settings.body_bytes if settings.visitor_networks else 0)


@dataclass(frozen=True)
class PageData:
    """What the scripts of every page know."""

    colormaps: Mapping[str, Any]


@dataclass(frozen=True)
class DigitPageData(PageData):
    """Of a page with a drawing pad.

    Attributes:
        model: The model of the page.
        gallery_model: The model whose predictions the gallery of test digits shows; None if the predictions of the
            page's model were not stored.
        limits: What the server accepts of a digit.
    """

    model: ModelResponse
    gallery_model: str | None
    limits: Limits

    @classmethod
    def of(cls, context: Context, served: ServedNetwork) -> "DigitPageData":
        """The data of a page that shows this model."""
        return DigitPageData(
            colormaps=COLORMAPS,
            model=ModelResponse.of(served),
            gallery_model=None if served.predictions is None else served.name,
            limits=Limits.of(context.settings),
        )


@dataclass(frozen=True)
class ComparisonPageData(DigitPageData):
    """Of a page that compares the shipped models.

    Attributes:
        compared: The compared models that are served.
        models: Their descriptions.
    """

    compared: list[ComparedModel]
    models: list[ModelResponse]

    @classmethod
    def of(cls, context: Context, served: ServedNetwork) -> "ComparisonPageData":
        """The data of a page that was opened with this model, which need not be one of those compared."""
        compared = shown_comparison(context.models)
        models = [ModelResponse.of(context.models[each.id]) for each in compared]
        return cls(**vars(DigitPageData.of(context, served)), compared=compared, models=models)


@dataclass(frozen=True)
class LayersPageData(DigitPageData):
    """Of the page about what each layer knows.

    Attributes:
        layers: The layers whose maps are shown.
        steps: Steps of training to choose from, the last of which is the finished network; empty without a history.
        knowledge: How well digits can be distinguished in them; None if it was not measured for this model.
    """

    layers: list[str]
    steps: list[int]
    knowledge: Mapping[str, Any] | None


@dataclass(frozen=True)
class ErrorsModel:
    """A model whose errors can be shown.

    Attributes:
        steps: As above.
        layers: The layers whose maps are compared.
    """

    model: ModelResponse
    name: str
    steps: list[int]
    layers: list[str]


@dataclass(frozen=True)
class ErrorsPageData(PageData):
    """Of the page about what networks get wrong: the page's model first, if it is none of the compared ones."""

    model: str
    models: list[ErrorsModel]


@dataclass(frozen=True)
class RobustnessPageData(ComparisonPageData):
    """Of the page about what breaks a network: ``compared`` and ``models`` are all that can be compared there.

    Attributes:
        shown: Ids of those that are compared at first.
        kinds: The perturbations by name.
    """

    shown: list[str]
    kinds: Mapping[str, Perturbation]


@dataclass(frozen=True)
class OrientationPageData(PageData):
    """Of the page of orientation tuning: the model, and the groups of filters that are compared."""

    model: str
    groups: list[TuningGroup]


@dataclass(frozen=True)
class FiltersPageData(PageData):
    """Of the page of all filters: the model whose filters were visualized, if there is one."""

    model: ModelResponse | None


@dataclass(frozen=True)
class FilterPageData(PageData):
    """Of the page of one filter."""

    model: ModelResponse
    layer: LayerDescription
    filter: int


@router.get("/")
async def show_workbench(request: Request, model: str | None = None) -> Response:
    """The workbench; besides the default model, those that the operator uploaded are a link away."""
    context = context_of(request)
    served, default = context.model(model), context.settings.default_model
    choices = [default, *(name for name in context.models.uploaded if name != default)]
    page_data = DigitPageData.of(context, served)
    named_layer, _rectifier = named_layers(served.artifact.network) or (None, None)
    return _page(
        request,
        "pages/workbench.html",
        served,
        page_data=page_data,
        choices=choices,
        rejected=context.models.rejected,
        has_history=served.history is not None,
        named_layer=named_layer,
        has_filter_pages=served.name == context.measurements.visualized_model,
        visitor_hours=f"{context.settings.visitor_hours:g}",
        expires=None if served.expires is None else datetime.fromtimestamp(served.expires, UTC),
    )


@router.get("/editor")
async def show_editor(request: Request, model: str | None = None) -> Response:
    """The kernel editor; of a model without convolutions it names the models that have some."""
    context = context_of(request)
    served = context.model(model)
    editable = [each.name for each in context.models.all if has_convolutions(each)]
    return _page(
        request, "pages/editor.html", served, page_data=DigitPageData.of(context, served), editable_models=editable
    )


@router.get("/gradients")
async def show_gradients(request: Request, model: str | None = None) -> Response:
    """How the gradient of a kernel is added up."""
    context = context_of(request)
    served = context.model(model)
    return _page(request, "pages/gradients.html", served, page_data=ComparisonPageData.of(context, served))


@router.get("/saliency")
async def show_saliency(request: Request, model: str | None = None) -> Response:
    """Which pixels support a class."""
    context = context_of(request)
    served = context.model(model)
    return _page(request, "pages/saliency.html", served, page_data=DigitPageData.of(context, served))


@router.get("/layers")
async def show_layers(request: Request, model: str | None = None) -> Response:
    """What each layer of a model knows."""
    context = context_of(request)
    served = context.model(model)
    page_data = LayersPageData(
        **vars(DigitPageData.of(context, served)),
        layers=context.layer_maps.layers_of(served),
        steps=_steps_of(served),
        knowledge=context.measurements.knowledge_of(served.name),
    )
    return _page(request, "pages/layers.html", served, page_data=page_data)


@router.get("/errors")
async def show_errors(request: Request, model: str | None = None) -> Response:
    """What the compared models and the page's model get wrong; models with other classes than ten are left out."""
    context = context_of(request)
    served = context.model(model)
    compared = shown_comparison(context.models)
    names = {each.id: each.name for each in compared}
    others = [] if served.name in names or served.classes != CLASSES else [served]
    models = [
        ErrorsModel(
            model=ModelResponse.of(each),
            name=names.get(each.name, each.name),
            steps=_steps_of(each),
            layers=mapped_layers(each.artifact.network),
        )
        for each in [*others, *(context.models[name] for name in names)]
    ]
    page_data = ErrorsPageData(COLORMAPS, served.name, models)
    return _page(request, "pages/errors.html", served, page_data=page_data, classes=CLASSES)


@router.get("/robustness")
async def show_robustness(request: Request, model: str | None = None) -> Response:
    """What perturbations do to the digit in the compared models and in others that read the same digit."""
    context = context_of(request)
    served = context.model(model)
    shipped = {each.id: each for each in shown_comparison(context.models)}
    candidates = [served, *context.models.uploaded.values(), *(context.models[id] for id in shipped)]
    fitting = [each for each in candidates if each.classes == CLASSES]
    chosen = {each.name: each for each in fitting if each.input_size == fitting[0].input_size}
    compared = [ComparedModel(id, model_name(id), "other") for id in chosen if id not in shipped]
    compared += [each for id, each in shipped.items() if id in chosen]
    of_page = served if served.name in chosen or not chosen else chosen[compared[0].id]
    page_data = RobustnessPageData(
        **vars(DigitPageData.of(context, of_page)),
        compared=compared,
        models=[ModelResponse.of(chosen[each.id]) for each in compared],
        shown=[each.id for each in compared if each.id == served.name or each.id in shipped][:3],
        kinds=PERTURBATIONS,
    )
    return _page(request, "pages/robustness.html", served, page_data=page_data, classes=CLASSES)


@router.get("/local-and-global")
async def show_local_and_global(request: Request, model: str | None = None) -> Response:
    """Five experiments that compare the shipped models; its links keep the model of the address."""
    context = context_of(request)
    served = context.model(model)
    page_data = ComparisonPageData.of(context, served)
    return _page(request, "pages/local-and-global.html", served, page_data=page_data, sections=SECTIONS)


@router.get("/tour")
async def show_tour(request: Request, model: str | None = None) -> Response:
    """A text about the shipped models that drives the instruments."""
    context = context_of(request)
    served = context.model(model)
    return _page(request, "pages/tour.html", served, page_data=ComparisonPageData.of(context, served))


@router.get("/orientation")
async def show_orientation(request: Request, model: str | None = None) -> Response:
    """Orientation tuning of a model's first filters, and of those that they are compared with."""
    context = context_of(request)
    served = context.model(model)
    groups = tuning_groups(served, compared_models(context.models, None))
    page_data = OrientationPageData(COLORMAPS, served.name, groups)
    return _page(request, "pages/orientation.html", served, page_data=page_data)


@router.get("/filters")
async def show_filters(request: Request, model: str | None = None) -> Response:
    """The feature visualizations of the model that was measured; the page says so if another one is requested."""
    context = context_of(request)
    served, measured = context.model(model), context.measurements.visualized_model
    shown = None if measured is None else ModelResponse.of(context.models[measured])
    page_data = FiltersPageData(COLORMAPS, shown)
    return _page(request, "pages/filters.html", served, page_data=page_data)


@router.get("/filters/{model}/{layer}/{filter}")
async def show_filter(request: Request, model: str, layer: str, filter: int) -> Response:
    """The feature visualization of one filter; the page's script requests the images from the API."""
    context = context_of(request)
    served = context.models[model]
    visualization = filter_response(served, layer, filter, context.measurements, context.samples)
    description = ModelResponse.of(served)
    shown = next(each for each in description.layers if each.name == layer)
    page_data = FilterPageData(COLORMAPS, description, shown, filter)
    return _page(request, "pages/filter.html", served, page_data=page_data, visualization=visualization)


@router.get("/train")
@router.get("/symbols")
async def show_training(request: Request, model: str | None = None) -> Response:
    """Where visitors train a network of their own: on MNIST's digits, or on symbols that they draw."""
    context = context_of(request)
    served, allowed = context.model(model), context.settings.training
    hours = f"{context.settings.visitor_hours:g}"
    # The test digits are shown without predictions, which would be those of another network.
    page_data = replace(DigitPageData.of(context, served), gallery_model=None)
    return _page(request, _template_of(request), served, page_data=page_data, allowed=allowed, hours=hours)


@router.get("/teach")
async def show_lessons(request: Request, model: str | None = None) -> Response:
    """The lessons for the classroom."""
    context = context_of(request)
    return _page(request, "pages/teach.html", context.model(model), lessons=LESSONS, misread=_misread_digit(context))


@router.get("/teach/{slug}")
@router.get("/teach/{slug}/worksheet")
async def show_lesson(request: Request, slug: str, model: str | None = None) -> Response:
    """A lesson, or its worksheet with solutions; both are about the shipped models."""
    context = context_of(request)
    served, lesson = context.model(model), lesson_of(slug)
    if lesson is None:
        lessons = ", ".join(each.slug for each in LESSONS)
        raise UnknownLesson(f"No lesson is called {slug[:40]!r}; they are: {lessons}.")
    template = "worksheet" if request.scope["route"].path.endswith("/worksheet") else "lesson"
    page_data = ComparisonPageData.of(context, served)
    return _page(request, f"pages/{template}.html", served, page_data=page_data, lesson=lesson, pieces_of=pieces_of)


EMBEDDED = {
    "editor": show_editor,
    "gradients": show_gradients,
    "saliency": show_saliency,
    "layers": show_layers,
    "robustness": show_robustness,
    "orientation": show_orientation,
    **dict.fromkeys(SECTIONS, show_local_and_global),
}
"""Name of an experiment → the page that has it."""


@router.get("/embed")
async def show_embed(
    request: Request,
    model: str | None = None,
    layer: str | None = None,
    filter: int | None = None,
    experiment: str | None = None,
    theme: Literal["light", "dark"] | None = None,
) -> Response:
    """One live piece for the frame of a listed site: a layer, one of its filters, or an experiment, without navigation.

    It is the page that has the piece, with everything else hidden.
    """
    context = context_of(request)
    if not context.settings.embed_origins:
        raise EmbeddingOff("This server's setting does not allow other pages to show its pieces in a frame.")
    request.state.embed = Embed(layer, filter, experiment, theme)
    if experiment is not None:
        if experiment not in EMBEDDED:
            raise InvalidInput(f"No experiment is called {experiment[:40]!r}; they are: {', '.join(EMBEDDED)}.")
        return await EMBEDDED[experiment](request, model)
    served = context.model(model)
    if layer is None:
        raise InvalidInput("An embed shows layer= or experiment=; the address names neither.")
    served.require_layer(layer)
    if filter is not None:
        served.require_filter(layer, filter)
    return await show_workbench(request, model)


@router.get("/docs")
async def show_api_reference(request: Request, model: str | None = None) -> Response:
    """Every operation with its parameters and examples, from the same OpenAPI document that programs read."""
    document = request.app.openapi()
    described = describe_operations(document, str(request.base_url))
    served = context_of(request).model(model)
    return _page(request, "pages/docs.html", served, info=document["info"], operations=described)


@router.get("/problems/{slug}")
async def show_problem(request: Request, slug: str, model: str | None = None) -> Response:
    """What a kind of problem means and how to mend it."""
    served = context_of(request).model(model)
    for problem in all_problems():
        if problem.slug == slug:
            return _page(request, "pages/problem.html", served, problem=problem)
    slugs = ", ".join(problem.slug for problem in all_problems())
    raise UnknownProblem(f"No problem is called {slug[:40]!r}; they are: {slugs}.")


@router.get("/favicon.ico")
async def get_favicon() -> Response:
    """Pages link their icon; browsers that request this address anyway get no error."""
    return Response(status_code=204)


def _steps_of(served: ServedNetwork) -> list[int]:
    """The steps of training that pages offer."""
    return [] if served.history is None else chosen_steps(served.history.steps)


def _misread_digit(context: Context) -> int | None:
    """The first test digit that the shipped convolutional network classifies incorrectly; none if unknown."""
    for each in shown_comparison(context.models):
        if each.connection == "convolution" and context.models[each.id].predictions is not None:
            return next(iter(context.samples.select(None, False, each.id)), None)
    return None


def _template_of(request: Request) -> str:
    """The template of a page that has the name of its address."""
    return f"pages{request.scope['route'].path}.html"


def _page(
    request: Request, template: str, served: ServedNetwork, *, page_data: PageData | None = None, **context: Any
) -> HTMLResponse:
    """A page opened with this model, which its links keep."""
    templates: Jinja2Templates = request.app.state.templates
    embed = getattr(request.state, "embed", None)
    values = {"model": served.name, "page_data": plain_json(page_data), "embed": embed, **context}
    page = templates.TemplateResponse(request, template, values)
    page.headers["Cache-Control"] = "no-cache"
    if embed is not None:
        origins = context_of(request).settings.embed_origins
        page.headers["Content-Security-Policy"] = content_security_policy(origins)
    return page
