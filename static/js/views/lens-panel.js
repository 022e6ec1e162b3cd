// @ts-check
/** @import { Arithmetic, LayerDescription, Neuron, Plane } from "../types.js" */
/** @import { Section } from "../state/selectors.js" */
/** @import { Coloring } from "./equation.js" */
import { build } from "../dom-build.js";
import { setText } from "../dom.js";
import { createContributions } from "./contributions.js";
import { createEquation } from "./equation.js";
import { createOutcome } from "./outcome.js";
import { formatUnits, toUnits } from "./rounding.js";
import { createStage } from "./sweep-stage.js";
import { createWaterfall } from "./waterfall.js";

const STAGE_ROOM = 100; // CSS pixels for a map.
const HELD_ROOM = 56; // For each of three.

const LARGEST_GRID = 8; // Columns of a patch that can be written out side by side with its kernel.

/** Neurons per second that the kernel may sweep at. */
export const SPEEDS = [3, 15, 60];

/**
 * @typedef {object} LensView
 * @property {Section} section
 * @property {Neuron} neuron
 * @property {boolean} pinned
 * @property {Arithmetic | null} arithmetic  Null while not even approximate values are here.
 * @property {boolean} exact       Whether they are the network's own, so that numbers may be shown.
 * @property {number} decimals
 * @property {string} reads        Name of the layer read, or "input".
 * @property {[number, number]} extent  Rows and columns of the maps read.
 * @property {number[]} order      Input channels, strongest first.
 * @property {number} channel      The input channel whose products are shown.
 * @property {boolean} expanded
 * @property {(channel: number) => Plane} readMapOf
 * @property {(channel: number) => Plane | null} contributionOf
 * @property {Plane | null} map    The neuron's own map, as the page shows it.
 * @property {string} mapName
 * @property {Plane | null} held   The same map of the digit that is held for comparison.
 * @property {number | null} step   Of training, that the numbers are of; null for the finished network.
 * @property {number | null} painted  While the kernel sweeps: cells painted so far.
 * @property {boolean} playing
 * @property {boolean} still       Whether nothing may move by itself.
 * @property {{reads: Coloring, kernel: Coloring, own: Coloring}} colorings
 */

/**
 * The panel of the lens: which neuron, its arithmetic, and what to do with it.
 * @param {LayerDescription[]} layers  Those with a section of their own.
 * @param {{move: (neuron: Neuron) => void, close: () => void, pin: () => void, play: () => void, step: () => void,
 *   speed: (perSecond: number) => void, choose: (channel: number) => void, expand: () => void,
 *   digits: () => void, values: () => void, save: (what: string, format: string) => void}} actions
 */
export function createLensPanel(layers, actions) {
  const layer = build("select", { "aria-label": "Layer" }, ...layers.map(({ name }) => build("option", {}, name)));
  const [filter, row, column] = ["map", "row", "column"].map((name) => build("input", { type: "number", min: 0, value: 0, "aria-label": name }));
  const title = build("h2", { id: "lens-title" }, "Lens");
  const place = build("div", { class: "place", role: "group", "aria-label": "Neuron" }, layer, ...[filter, row, column].map((input) => build("label", {}, build("span", { "aria-hidden": "true" }, (input.getAttribute("aria-label") ?? "").slice(0, 3)), input)));

  const play = button("Play", actions.play);
  const step = button("Step", actions.step);
  const speed = build("select", { class: "speed", "aria-label": "Speed" }, ...SPEEDS.map((each) => build("option", { value: each, selected: each === SPEEDS[1] }, `${each} / s`)));
  const sweep = build("div", { class: "button-row", role: "group", "aria-label": "Sweep the kernel over the map" }, play, step, speed);

  const pin = button("Pin", actions.pin);
  const digits = button("Every digit", actions.digits);
  const values = button("Values", actions.values);
  const save = build("select", { class: "save", "aria-label": "Save as" }, build("option", { value: "" }, "Save…"));
  const tools = build("div", { class: "button-row" }, pin, digits, values, save);
  const close = button("Close", actions.close, "Close the lens");
  close.className = "close";
  const head = build("header", {}, title, place, sweep, tools, close);

  const says = build("p", { class: "says" });
  const readStage = createStage("reads");
  const [paintStage, heldStage, betweenStage] = [0, 1, 2].map(() => createStage("paints"));
  const paints = build("div", { class: "maps" }, paintStage.root, heldStage.root, betweenStage.root);
  const equation = createEquation();
  const contributions = createContributions({ choose: actions.choose, expand: actions.expand });
  const waterfall = createWaterfall();
  const outcome = createOutcome();
  const sums = build("div", { class: "sums" }, waterfall.root, contributions.root);
  const body = build("div", { class: "lens-body", tabindex: "0", role: "region", "aria-label": "The neuron's arithmetic" },
    sums, readStage.root, equation.root, outcome.root, paints);
  const status = build("p", { class: "visually-hidden", role: "status" });
  const root = build("section", { class: "lens", id: "lens", "aria-labelledby": "lens-title", hidden: true }, head, says, body, status);

  layer.addEventListener("change", () => moved({ layer: layer.value, filter: 0, row: 0, column: 0 }));
  for (const input of [filter, row, column]) input.addEventListener("input", () => moved({}));
  speed.addEventListener("change", () => actions.speed(Number(speed.value)));
  save.addEventListener("change", () => {
    const [what, format] = save.value.split(" ");
    save.value = "";
    if (format) actions.save(what, format);
  });

  /** @type {string | null} */
  let savable = null;

  return {
    root,
    status,
    /** @param {"top" | "bottom"} side */
    show(side) {
      root.dataset.side = side;
      root.hidden = false;
    },
    hide() {
      root.hidden = true;
    },
    focus() {
      layer.focus();
    },

    /** @param {LensView} view */
    update(view) {
      const { section, neuron, arithmetic, exact, decimals, colorings, painted } = view;
      const [filters, rows, columns] = section.layer.output_shape;
      layer.value = section.layer.name;
      setNumber(filter, neuron.filter, filters);
      setNumber(row, neuron.row, rows);
      setNumber(column, neuron.column, columns);
      play.hidden = view.still;
      speed.hidden = view.still;
      for (const control of [play, step, speed]) control.disabled = rows * columns === 1;
      setText(play, view.playing ? "Pause" : "Play");
      pin.setAttribute("aria-pressed", String(view.pinned));
      setText(pin, view.pinned ? "Pinned" : "Pin");
      digits.disabled = !section.layer.parameters;
      offerFiles(section);
      setText(says, `${view.step === null ? "" : `After step ${view.step.toLocaleString("en")} of training. `}${sentenceOf(view)}`);
      for (const part of [readStage, outcome]) part.root.hidden = !arithmetic;
      equation.root.hidden = !arithmetic || arithmetic.columns > LARGEST_GRID;
      sums.hidden = !arithmetic?.sums;
      root.dataset.kind = section.layer.kind;
      root.toggleAttribute("data-many", view.order.length > 1);
      root.toggleAttribute("data-sweeping", painted !== null);
      paints.hidden = !arithmetic || !view.map || (rows * columns === 1 && !view.held);
      if (!arithmetic) return;

      const { span } = arithmetic;
      const padding = section.layer.padding ?? 0;
      // A patch as large as the map needs no map to lie in.
      readStage.root.hidden = section.layer.kernel_size === null;
      const read = view.readMapOf(view.channel + arithmetic.firstChannel);
      readStage.update({ plane: read, padding, box: span, painted: Infinity, caption: `${view.reads}${padding ? `, ${padding} px of padding` : ""}`, room: STAGE_ROOM }, colorings.reads);
      showMaps(view);
      const many = view.order.length > 1;
      equation.update({
        arithmetic, channel: view.channel, exact, decimals, colorings, extent: view.extent,
        reads: many ? `patch of map ${view.channel}` : arithmetic.winner === null ? "patch" : `patch of map ${neuron.filter}`,
        kernelName: many ? `kernel ${neuron.filter}, slice ${view.channel}` : `kernel ${neuron.filter}`,
      });
      outcome.update({ arithmetic, exact, decimals, filter: neuron.filter });
      waterfall.root.hidden = many;
      if (!arithmetic.sums || !arithmetic.products) return;
      if (!many) waterfall.update([...arithmetic.products, arithmetic.bias]);
      contributions.update({
        arithmetic, order: view.order, channel: many ? view.channel : null, expanded: view.expanded, exact, decimals,
        reads: view.reads, readMapOf: view.readMapOf, contributionOf: view.contributionOf, colorings,
      });
    },
  };

  /** @param {Partial<Neuron>} change */
  function moved(change) {
    actions.move({ layer: layer.value, filter: filter.valueAsNumber, row: row.valueAsNumber, column: column.valueAsNumber, ...change });
  }

  /**
   * The neuron's map; if a digit is held, its map too, and what is between them, all in one range.
   * @param {LensView} view
   */
  function showMaps({ map, held, mapName, neuron, painted, decimals, colorings: { own } }) {
    heldStage.root.hidden = betweenStage.root.hidden = !held;
    if (!map) return;
    const place = { padding: 0, box: { top: neuron.row, left: neuron.column, height: 1, width: 1 }, room: held ? HELD_ROOM : STAGE_ROOM };
    if (!held) {
      paintStage.update({ ...place, plane: map, painted: painted ?? Infinity, caption: mapName }, own);
      return;
    }
    const cell = neuron.row * map.width + neuron.column;
    const [now, then] = [map, held].map(({ data }) => toUnits(data[cell], decimals));
    const between = { ...map, data: map.data.map((value, i) => value - held.data[i]) };
    paintStage.update({ ...place, plane: map, painted: painted ?? Infinity, caption: `now ${formatUnits(now, decimals)}` }, own);
    heldStage.update({ ...place, plane: held, painted: Infinity, caption: `held ${formatUnits(then, decimals)}` }, own);
    betweenStage.update({ ...place, plane: between, painted: Infinity, caption: `now − held ${formatUnits(now - then, decimals, true)}` }, own);
  }

  /** @param {Section} section */
  function offerFiles({ layer: { name, parameters } }) {
    if (savable === name) return;
    savable = name;
    const groups = [["map", "This map"], ["layer", "All maps of this layer"], ...(parameters ? [["kernels", "Its kernels"]] : [])];
    save.replaceChildren(build("option", { value: "" }, "Save…"), ...groups.map(([what, label]) => build("optgroup", { label },
      ...["png", "safetensors", "npz"].map((format) => build("option", { value: `${what} ${format}` }, `${label} as ${format}`)))));
  }
}

/**
 * What one sees, in a sentence.
 * @param {LensView} view
 */
function sentenceOf({ section: { layer, after }, neuron, order, reads, arithmetic }) {
  const size = arithmetic ? `${arithmetic.rows}×${arithmetic.columns}` : "";
  if (layer.kind === "max_pool2d") return `Passes on the largest value of the ${size} outlined in map ${neuron.filter} of ${reads}.`;
  if (layer.kind === "avg_pool2d") return `Passes on the mean of the ${size} outlined in map ${neuron.filter} of ${reads}.`;
  const source = reads === "input" ? "your digit" : `each of the ${order.length || layer.input_shape[0]} maps of ${reads}`;
  if (layer.kind === "linear") {
    return `What pushes the network toward ${neuron.filter}, and away: every value of ${reads} times its weight, added up${after ? "; softmax then compares all the sums" : ""}.`;
  }
  return `Sees ${size} of ${source}, outlined. Value × weight, added up, is one cell of map ${neuron.filter}; all its cells share the kernel.`;
}

/**
 * @param {HTMLInputElement} input
 * @param {number} value
 * @param {number} count
 */
function setNumber(input, value, count) {
  input.max = String(count - 1);
  // While someone types there, the number is theirs.
  if (document.activeElement !== input || input.valueAsNumber !== value) input.value = String(value);
}

/**
 * @param {string} text
 * @param {() => void} act
 * @param {string} [label]
 */
function button(text, act, label) {
  const element = build("button", label ? { type: "button", "aria-label": label } : { type: "button" }, text);
  element.addEventListener("click", () => act());
  return element;
}
