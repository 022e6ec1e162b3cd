// @ts-check
// Follow δ backward: a layer's δ, one neuron of it, and the parts that its δ is added up from.
/** @import { BackwardPass, Digit, Tensor, ThemeColors } from "../../types.js" */
import { createDigitChannel } from "../../api/digit-channel.js";
import { build } from "../../dom/build.js";
import { find, findAll, setText } from "../../dom/find.js";
import { arrowStep, stepWithin } from "../../dom/grid-keys.js";
import { cellAt } from "../../draw/grid-geometry.js";
import { largestAbsolute } from "../../draw/largest.js";
import { enlargeInto, paintPlane } from "../../draw/plane.js";
import { formatValue } from "../../network/legend.js";
import { describeDifference, neuronAt, planeOfMap } from "./parts.js";
import { createPartsView } from "./parts-view.js";

const ROOM = 196; // CSS pixels for δ of a map.

/** @typedef {{filter: number, row: number, column: number}} Position */
/** @typedef {{response: BackwardPass, tensors: Record<string, Tensor>}} Followed */
/** @typedef {{digit: Digit, label: number, layer: string, neuron: Position | null, check: boolean}} Wanted */

/**
 * @param {HTMLElement} root
 * @param {object} page
 * @param {() => ThemeColors} page.colors
 * @param {(message: string) => void} page.announce
 * @param {(error: unknown) => void} page.fail
 * @param {AbortSignal} page.signal
 * @param {() => void} page.onChoice
 * @param {(wanted: Wanted) => Promise<Followed>} page.request
 */
export function createBackwardView(root, { colors, announce, fail, signal, onChoice, request }) {
  const buttons = findAll(root, "[data-layer]", HTMLButtonElement);
  const layers = buttons.map(({ dataset }) => dataset.layer ?? "");
  const canvas = find(root, "#delta-map", HTMLCanvasElement);
  const box = find(root, ".box", HTMLElement);
  const mapChoice = find(root, "#delta-filter", HTMLSelectElement);
  const checkSentence = find(root, "#delta-check-result", HTMLElement);
  const partsView = createPartsView(root, choose);
  /** What the page shows: a digit and its correct class. @type {{digit: Digit, label: number} | null} */
  let subject = null;
  let layer = layers[0];
  /** Null: the neuron of largest |δ|. @type {Position | null} */
  let neuron = null;
  /** @type {Followed | null} */
  let known = null;

  const channel = createDigitChannel(
    /** @param {Wanted} wanted */
    async (wanted) => ({ wanted, followed: await request(wanted) }),
    {
      onResponse({ wanted, followed }) {
        if (wanted.layer !== layer || wanted.digit !== subject?.digit) return; // Another one has been chosen since.
        known = followed;
        if (wanted.check) announce(describeDifference(followed.response));
        paint();
      },
      onFailure: fail,
    },
  );

  /** @param {boolean} [check] */
  function send(check = false) {
    if (subject) channel.send({ ...subject, layer, neuron, check });
  }

  /** @param {string} nextLayer  @param {Position | null} nextNeuron */
  function choose(nextLayer, nextNeuron) {
    [layer, neuron] = [nextLayer, nextNeuron];
    paintChain();
    send();
    onChoice();
  }

  function paintChain() {
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.layer === layer));
    const next = layers[layers.indexOf(layer) + 1];
    const further = find(root, "#delta-further", HTMLButtonElement);
    further.disabled = !next;
    setText(further, next ? `On to ${next}` : "These are the pixels");
  }

  function paint() {
    if (!known) return;
    const { response, tensors: { deltas } } = known;
    const { filter, row, column, value, delta } = response.neuron;
    const { diverging } = colors();
    const { plane, isGrid } = planeOfMap(deltas, filter);
    paintPlane(canvas, plane, diverging, largestAbsolute(deltas.data) || 1);
    enlargeInto(canvas, ROOM);
    const at = isGrid ? { row: Math.floor(filter / plane.width), column: filter % plane.width } : { row, column };
    box.hidden = false;
    Object.assign(box.style, {
      inlineSize: `${100 / plane.width}%`, blockSize: `${100 / plane.height}%`, insetInlineStart: `${(100 * at.column) / plane.width}%`, insetBlockStart: `${(100 * at.row) / plane.height}%`,
    });
    const maps = isGrid ? 0 : deltas.shape[0];
    find(root, "#delta-filter-choice", HTMLElement).hidden = maps < 2;
    if (mapChoice.length !== maps) mapChoice.replaceChildren(...Array.from({ length: maps }, (_, i) => build("option", { value: i }, `map ${i}`)));
    mapChoice.value = String(filter);
    const place = isGrid ? `neuron ${filter}` : `map ${filter}, row ${row}, column ${column}`;
    setText(find(root, "#delta-neuron", HTMLElement), `${response.layer}, ${place}: value ${formatValue(value)}, δ ${formatValue(delta, 4)}. Ends of the colors: ±${formatValue(largestAbsolute(deltas.data))}.`);
    partsView.paint(known, colors());
    setText(checkSentence, describeDifference(response));
    Object.assign(root.dataset, { layer: response.layer, neuron: [filter, row, column].join(".") });
  }

  for (const button of buttons) button.addEventListener("click", () => choose(button.dataset.layer ?? layer, null), { signal });
  find(root, "#delta-further", HTMLButtonElement).addEventListener("click", () => choose(layers[layers.indexOf(layer) + 1] ?? layer, null), { signal });
  find(root, "#delta-check", HTMLButtonElement).addEventListener("click", () => {
    if (known?.response.layer === layer) neuron ??= positionOf(known);
    send(true);
  }, { signal });
  mapChoice.addEventListener("change", () => known && choose(layer, { ...positionOf(known), filter: Number(mapChoice.value) }), { signal });
  canvas.addEventListener("click", ({ clientX, clientY }) => {
    if (known) choose(layer, neuronAt(known.tensors.deltas, known.response.neuron.filter, cellAt(canvas.getBoundingClientRect(), clientX, clientY, canvas.height, canvas.width)));
  }, { signal });
  canvas.addEventListener("keydown", (event) => {
    const step = arrowStep(event);
    if (!step || !known) return;
    event.preventDefault();
    const { filter, row, column } = neuron ?? positionOf(known);
    const { plane, isGrid } = planeOfMap(known.tensors.deltas, filter);
    const at = isGrid ? { row: Math.floor(filter / plane.width), column: filter % plane.width } : { row, column };
    choose(layer, neuronAt(known.tensors.deltas, filter, stepWithin(at, step, [plane.height, plane.width])));
  }, { signal });
  paintChain();

  return {
    /** Another digit or class. @param {Digit} digit  @param {number} label */
    update(digit, label) {
      subject = { digit, label };
      send();
    },
    layOut: paint,
    /** The neuron that is shown. */
    shown: () => known && subject && { ...subject, layer: known.response.layer, ...positionOf(known) },
    /** As a link has it. */
    choice: () => (layer === layers[0] && !neuron ? null : [layer, ...(neuron ? [neuron.filter, neuron.row, neuron.column] : [])].join(".")),
    /** @param {string | null} text */
    restore(text) {
      const [name, ...numbers] = (text ?? "").split(".");
      const [filter, row, column] = numbers.map(Number);
      layer = layers.includes(name) ? name : layers[0];
      neuron = numbers.length === 3 && numbers.every((each) => /^\d{1,6}$/.test(each)) ? { filter, row, column } : null;
      paintChain();
      send();
    },
  };
}

/** @param {Followed} followed  @returns {Position} */
function positionOf({ response: { neuron: { filter, row, column } } }) {
  return { filter, row, column };
}
