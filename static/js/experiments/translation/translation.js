// @ts-check
/** @import { ExperimentContext, ExperimentState, ModelInFull, Plane, Tensor, ThemeColors, TranslationResponse } from "../../types.js" */
/** @import { Offset } from "./offsets.js" */
import { requestActivations } from "../../api/activations.js";
import { createDigitChannel } from "../../api/digit-channel.js";
import { arrowStep } from "../../dom/grid-keys.js";
import { find, findAll, setText } from "../../dom/find.js";
import { enlarge, paintPlane } from "../../draw/plane.js";
import { createLegend, formatValue } from "../../network/legend.js";
import { percent } from "../../network/prediction-bars.js";
import { describeOffset, describeTranslation, limited, mapOf, MAX_OFFSET, reasonOf, strongestFilter, translated, fieldOf } from "./offsets.js";
import { numbersIn } from "../../shell/url.js";
import { createTranslationPlot } from "./translation-plot.js";

const ZOOM = 7;
const ROOM = 84; // CSS pixels for one map.

/** @typedef {Record<string, Tensor>} Maps  By `<model>/<layer>`. */

/**
 * A digit, its translation, and the activations before and after.
 * @typedef {{state: ExperimentState, offset: Offset, response: TranslationResponse, maps: {old: Maps, now: Maps}, differences: Maps}} Result
 */

/**
 * The digit, translated by whole pixels: whether the maps move along, and whether the prediction stays.
 * @param {HTMLElement} root
 * @param {ExperimentContext} context
 */
export function createTranslation(root, { api, colors, models, compared, fail, announce, rememberInAddress, signal }) {
  const canvas = find(root, "#translated-digit", HTMLCanvasElement);
  const reset = find(root, "#translation-reset", HTMLButtonElement);
  const deeper = find(root, "#translation-layer", HTMLSelectElement);
  const rows = findAll(root, ".translated-maps tbody tr", HTMLTableRowElement).map((row) => createRow(row, models[row.dataset.model ?? ""]));
  const predictions = findAll(root, "#translation-predictions tr", HTMLTableRowElement);
  const plot = createTranslationPlot(root, { api, compared, fail, rememberInAddress, signal });
  const names = new Map(Object.values(compared).map(({ id, name }) => [id, name]));
  const reported = { model: compared.convolution.id, layers: models[compared.convolution.id].layers.slice(0, 3).filter(({ kind }) => kind !== "relu").map(({ name }) => name) };
  const layers = layersOf(rows.map(({ model, layer }) => [model, layer()]), compared.convolution.id, [...deeper.options].map(({ value }) => value));

  /** @type {ExperimentState | null} */
  let state = null;
  /** @type {Offset} */
  let offset = { down: 0, right: 0 };
  /** The shown result. @type {Result | null} */
  let shown = null;

  const channel = createDigitChannel(
    /** @param {{state: ExperimentState, offset: Offset}} request */
    async (request) => {
      const same = shown?.state === request.state ? shown.maps.old : null;
      const [{ response, tensors }, now, old] = await Promise.all([
        api.postTranslation(request.state.digit, request.offset),
        mapsOf(translated(request.state.input, request.offset), layers),
        same ?? mapsOf(request.state.input, layers),
      ]);
      return { ...request, response, differences: tensors, maps: { old, now } };
    },
    {
      onResponse(newest) {
        shown = newest;
        paint();
        plot.mark(newest.offset);
        announce(describeTranslation(newest.response, reported, (id) => names.get(id) ?? id));
      },
      onFailure: fail,
    },
  );

  /** @param {Offset} wanted */
  function move(wanted) {
    const next = limited(wanted);
    if (next.down === offset.down && next.right === offset.right) return;
    offset = next;
    paintDigit();
    if (state) channel.send({ state, offset });
    rememberInAddress();
  }

  /** The digit is painted at once; the maps follow. */
  function paintDigit() {
    if (!state) return;
    paintPlane(canvas, translated(state.input, offset), colors().ink, 1);
    setText(find(root, "#translation-offset", HTMLElement), describeOffset(offset));
    reset.disabled = !offset.down && !offset.right;
  }

  function paint() {
    paintDigit();
    if (!shown) return;
    const { response } = shown;
    for (const row of rows) row.update(shown, colors());
    for (const row of predictions) {
      const prediction = response.models.find(({ id }) => id === row.dataset.model)?.after ?? null;
      setText(find(row, ".digit", HTMLElement), prediction ? String(prediction.digit) : "–");
      setText(find(row, ".probability", HTMLElement), prediction ? percent(prediction.probability) : "");
    }
    root.dataset.offset = `${response.translation.down},${response.translation.right}`;
  }

  wireDragging(canvas, { offset: () => offset, move }, signal);
  reset.addEventListener("click", () => {
    move({ down: 0, right: 0 });
    canvas.focus();
  }, { signal });
  deeper.addEventListener("change", paint, { signal });

  return {
    /** @param {ExperimentState} newest */
    update(newest) {
      state = newest;
      paintDigit();
      channel.send({ state, offset });
      plot.update(newest);
    },
    layOut() {
      enlarge(canvas, ZOOM);
      paint();
    },
    fields: () => ({ move: offset.down || offset.right ? fieldOf(offset) : null, ...plot.fields() }),
    /** @param {URLSearchParams} fields */
    restore(fields) {
      const [down, right] = numbersIn(fields, "move", [2 * MAX_OFFSET + 1, 2 * MAX_OFFSET + 1]) ?? [MAX_OFFSET, MAX_OFFSET];
      move({ down: down - MAX_OFFSET, right: right - MAX_OFFSET });
      plot.restore(fields);
    },
  };
}

/**
 * Move the digit by mouse, touch or arrow keys.
 * @param {HTMLCanvasElement} canvas
 * @param {{offset: () => Offset, move: (wanted: Offset) => void}} digit
 * @param {AbortSignal} signal
 */
function wireDragging(canvas, { offset, move }, signal) {
  /** Where the drag began. @type {{x: number, y: number, offset: Offset} | null} */
  let start = null;
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    start = { x: event.clientX, y: event.clientY, offset: offset() };
  }, { signal });
  canvas.addEventListener("pointermove", ({ clientX, clientY }) => {
    if (!start) return;
    move({ down: start.offset.down + Math.round((clientY - start.y) / ZOOM), right: start.offset.right + Math.round((clientX - start.x) / ZOOM) });
  }, { signal });
  for (const type of ["pointerup", "pointercancel"]) canvas.addEventListener(type, () => { start = null; }, { signal });
  canvas.addEventListener("keydown", (event) => {
    const step = arrowStep(event);
    if (!step) return;
    event.preventDefault();
    move({ down: offset().down + step[0], right: offset().right + step[1] });
  }, { signal });
}

/**
 * One layer: its map now, its old map translated, and their difference.
 * @param {HTMLTableRowElement} row
 * @param {ModelInFull} model
 */
function createRow(row, model) {
  const choice = row.querySelector("select");
  const now = find(row, ".now", HTMLCanvasElement);
  const before = find(row, ".old", HTMLCanvasElement);
  const difference = find(row, ".difference", HTMLCanvasElement);
  const filterName = find(row, ".filter", HTMLElement);
  const legend = createLegend(find(row, ".legends", HTMLElement), "");
  const residual = find(row, ".residual", HTMLElement);
  const reason = find(row, ".reason", HTMLElement);
  const layer = () => choice?.value ?? row.dataset.layer ?? "";

  return {
    model: model.id,
    layer,

    /**
     * @param {Result} result
     * @param {ThemeColors} colors
     */
    update({ response, maps, differences }, { diverging }) {
      const name = layer();
      row.dataset.layer = name;
      const key = `${model.id}/${name}`;
      const measured = response.models.find(({ id }) => id === model.id)?.layers.find((each) => each.name === name);
      const description = model.layers.find((each) => each.name === name);
      if (!measured || !description) return;
      const filter = strongestFilter(maps.old[key]);
      const old = mapOf(maps.old[key], filter);
      const zoom = Math.max(1, Math.floor(ROOM / old.width));
      for (const [canvas, plane] of /** @type {const} */ ([
        [now, mapOf(maps.now[key], filter)],
        [before, translated(old, measured.map_translation)],
        [difference, mapOf(differences[key], filter)],
      ])) {
        paintPlane(canvas, plane, diverging, description.display_range[1]);
        enlarge(canvas, zoom);
      }
      legend.update([-description.display_range[1], description.display_range[1]], diverging);
      setText(filterName, `filter ${filter}`);
      setText(residual, measured.residual === null ? "none" : formatValue(measured.residual, 2));
      setText(reason, reasonOf(measured, description.receptive_field.jump, response.translation));
      row.dataset.residual = String(measured.residual);
      row.dataset.exact = String(measured.exact);
    },
  };
}

/**
 * The layers whose maps are shown, by model.
 * @param {[string, string][]} rows  Model and layer.
 * @param {string} model  The model whose deeper layers can be chosen.
 * @param {string[]} deeper
 */
function layersOf(rows, model, deeper) {
  /** @type {Map<string, Set<string>>} */
  const layers = new Map();
  for (const [id, name] of [...rows, ...deeper.map((name) => [model, name])]) {
    layers.set(id, (layers.get(id) ?? new Set()).add(name));
  }
  return layers;
}

/**
 * @param {Plane} plane
 * @param {Map<string, Set<string>>} layers
 * @returns {Promise<Maps>}
 */
async function mapsOf(plane, layers) {
  const responses = await Promise.all([...layers].map(async ([model, names]) => {
    const { tensors } = await requestActivations(model, { kind: "pixels", plane }, { layers: [...names] });
    return Object.entries(tensors).map(([name, tensor]) => [`${model}/${name}`, tensor]);
  }));
  return Object.fromEntries(responses.flat());
}
