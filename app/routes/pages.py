"""The pages that people see."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from app import __version__
from app.codecs.colormaps import COLORMAPS
from app.dependencies import CatalogDep, RecordsDep, SamplesDep, SettingsDep, TemplatesDep
from app.errors import UnknownProblem, all_problems
from app.schemas.api_reference import describe_operations
from app.schemas.networks import NetworkDescription, NetworkSummary
from app.services.attribution import portrait_of
from app.services.network_catalog import NetworkCatalog, ServedNetwork
from app.settings import Settings
from app.websocket_protocol import MESSAGE_BYTES

router = APIRouter(include_in_schema=False)


@router.get("/")
async def show_workbench(
    request: Request,
    templates: TemplatesDep,
    catalog: CatalogDep,
    settings: SettingsDep,
    model: str | None = None,
) -> Response:
    """The instrument. What its scripts need to know travels in the page, so that it paints without asking again."""
    models = [NetworkSummary.of(served).model_dump(mode="json") for served in catalog.all]
    page_data = _page_data(catalog, settings, models, catalog[model or settings.default_model])
    # Besides the default network there is more to choose from if somebody brought one along.
    choices = [settings.default_model, *(name for name in catalog.brought if name != settings.default_model)]
    return _page(request, templates, "pages/workbench.html", page_data=page_data, choices=choices)


@router.get("/local-and-global")
@router.get("/orientation")
@router.get("/gradients")
@router.get("/editor")
@router.get("/saliency")
@router.get("/tour")
async def show_experiments(
    request: Request, templates: TemplatesDep, catalog: CatalogDep, settings: SettingsDep
) -> Response:
    """A page of experiments; every model is described, since they are compared."""
    models = [NetworkDescription.of(served).model_dump(mode="json") for served in catalog.networks.values()]
    page_data = _page_data(catalog, settings, models)
    return _page(request, templates, f"pages{request.url.path}.html", page_data=page_data)


@router.get("/filters")
async def show_filters(
    request: Request, templates: TemplatesDep, catalog: CatalogDep, settings: SettingsDep, records: RecordsDep
) -> Response:
    """What all filters look for, of the network whose filters were measured."""
    models = [NetworkDescription.of(served).model_dump(mode="json") for served in catalog.networks.values()]
    page_data = _page_data(catalog, settings, models, catalog[records.portrayed or settings.default_model])
    return _page(request, templates, "pages/filters.html", page_data=page_data)


@router.get("/filters/{model}/{layer}/{filter}")
async def show_filter(
    request: Request,
    templates: TemplatesDep,
    catalog: CatalogDep,
    records: RecordsDep,
    samples: SamplesDep,
    model: str,
    layer: str,
    filter: int,
) -> Response:
    """What one filter looks for; the page's script asks the API for it."""
    served = catalog[model]
    portrait = portrait_of(served, layer, filter, records, samples)
    description = NetworkDescription.of(served).model_dump(mode="json")
    shown = next(each for each in description["layers"] if each["name"] == layer)
    page_data = {"model": description, "layer": shown, "filter": filter, "colormaps": COLORMAPS}
    return _page(request, templates, "pages/filter.html", page_data=page_data, portrait=portrait)


@router.get("/train")
async def show_training(request: Request, templates: TemplatesDep, settings: SettingsDep) -> Response:
    """Where visitors train a network of their own."""
    page_data = {"colormaps": COLORMAPS}
    return _page(request, templates, "pages/train.html", page_data=page_data, allowed=settings.training)


@router.get("/docs")
async def show_api_reference(request: Request, templates: TemplatesDep) -> Response:
    """Every operation with its parameters and examples, from the same OpenAPI document that programs read."""
    document = request.app.openapi()
    described = describe_operations(document, str(request.base_url))
    return _page(request, templates, "pages/docs.html", info=document["info"], operations=described)


@router.get("/problems/{slug}")
async def show_problem(request: Request, templates: TemplatesDep, slug: str) -> Response:
    """What a kind of problem means and how to mend it."""
    for problem in all_problems():
        if problem.slug == slug:
            return _page(request, templates, "pages/problem.html", problem=problem)
    slugs = ", ".join(problem.slug for problem in all_problems())
    raise UnknownProblem(f"No problem is called {slug[:40]!r}; they are: {slugs}.")


@router.get("/favicon.ico")
async def get_favicon() -> Response:
    """Pages link their icon; browsers that ask here anyway need no error."""
    return Response(status_code=204)


def _page_data(
    catalog: NetworkCatalog, settings: Settings, models: list[dict[str, Any]], served: ServedNetwork | None = None
) -> dict[str, Any]:
    """What the scripts of a page with a drawing pad need to know."""
    shown = served or catalog[settings.default_model]
    return {
        "models": models,
        "model": NetworkDescription.of(shown).model_dump(mode="json"),
        # Whose readings the gallery of test digits tells: not every network's were recorded.
        "reader": shown.name if shown.predictions is not None else settings.default_model,
        "colormaps": COLORMAPS,
        "limits": {
            "image_bytes": settings.image_bytes,
            "image_pixels": settings.image_pixels,
            "strokes": settings.strokes,
            "points": settings.points,
            "message_bytes": MESSAGE_BYTES,
        },
        "version": __version__,
    }


def _page(request: Request, templates: TemplatesDep, template: str, **context: Any) -> HTMLResponse:
    page = templates.TemplateResponse(request, template, context)
    page.headers["Cache-Control"] = "no-cache"
    return page
