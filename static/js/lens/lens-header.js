// @ts-check
/** @import { LayerDescription, Neuron } from "../types.js" */
/** @import { LensView } from "./lens-panel.js" */
import { build } from "../dom/build.js";
import { buildButton } from "../dom/button.js";
import { setText } from "../dom/find.js";
import { SPEEDS } from "./sweep.js";

/**
 * @typedef {object} HeaderActions
 * @property {(neuron: Neuron) => void} move
 * @property {() => void} close
 * @property {() => void} pin
 * @property {() => void} play
 * @property {() => void} step
 * @property {(perSecond: number) => void} speed
 * @property {() => void} decimals  Open the table of all decimals.
 * @property {() => void} values    Open the table of the map.
 * @property {() => void} code      Show the Python that computes the neuron, the map and the prediction.
 * @property {(what: "map" | "layer" | "kernels", format: "png" | "safetensors" | "npz") => void} save
 */

/**
 * The first row of the lens: the neuron's layer, map, row and column, the sweep, tables and files.
 * @param {LayerDescription[]} layers  Those with a section of their own.
 * @param {HeaderActions} actions
 * @param {AbortSignal} signal
 */
export function createLensHeader(layers, actions, signal) {
  const layer = build("select", { "aria-label": "Layer" }, ...layers.map(({ name }) => build("option", {}, name)));
  const [filter, row, column] = ["map", "row", "column"].map((name) => build("input", { type: "number", min: 0, value: 0, "aria-label": name }));
  const title = build("h2", { id: "lens-title" }, "Lens");
  const position = build("div", { class: "position", role: "group", "aria-label": "Neuron" }, layer,
    ...[filter, row, column].map((input) => build("label", {}, build("span", { "aria-hidden": "true" }, (input.getAttribute("aria-label") ?? "").slice(0, 3)), input)));

  const play = buildButton("Play", actions.play, { signal });
  const step = buildButton("Step", actions.step, { signal });
  const speed = build("select", { class: "speed", "aria-label": "Speed" }, ...SPEEDS.map((each) => build("option", { value: each, selected: each === SPEEDS[1] }, `${each} / s`)));
  const sweep = build("div", { class: "button-row", role: "group", "aria-label": "Sweep the kernel over the map" }, play, step, speed);

  const pin = buildButton("Pin", actions.pin, { signal });
  const decimals = buildButton("All decimals", actions.decimals, { signal });
  const values = buildButton("Values", actions.values, { signal });
  const code = buildButton("Code", actions.code, { label: "Show code", signal });
  const save = build("select", { class: "save", "aria-label": "Save as" }, build("option", { value: "" }, "Save…"));
  const tools = build("div", { class: "button-row" }, pin, decimals, values, code, save);
  const close = buildButton("Close", actions.close, { label: "Close the lens", signal });
  close.className = "close";

  layer.addEventListener("change", () => moveTo({ layer: layer.value, filter: 0, row: 0, column: 0 }), { signal });
  for (const input of [filter, row, column]) input.addEventListener("input", () => moveTo({}), { signal });
  speed.addEventListener("change", () => actions.speed(Number(speed.value)), { signal });
  save.addEventListener("change", () => {
    const [what, format] = save.value.split(" ");
    save.value = "";
    if (format) actions.save(/** @type {"map"} */ (what), /** @type {"png"} */ (format));
  }, { signal });

  /** The layer whose files are offered. @type {string | null} */
  let offered = null;

  return {
    root: build("header", {}, title, position, sweep, tools, close),

    focus() {
      layer.focus();
    },

    /** @param {Pick<LensView, "section" | "neuron" | "pinned" | "playing" | "still">} view */
    update({ section, neuron, pinned, playing, still }) {
      const { name, parameters, output_shape: [filters, rows, columns] } = section.layer;
      layer.value = name;
      setNumber(filter, neuron.filter, filters);
      setNumber(row, neuron.row, rows);
      setNumber(column, neuron.column, columns);
      play.hidden = still;
      speed.hidden = still;
      for (const control of [play, step, speed]) control.disabled = rows * columns === 1;
      setText(play, playing ? "Pause" : "Play");
      pin.setAttribute("aria-pressed", String(pinned));
      setText(pin, pinned ? "Pinned" : "Pin");
      decimals.disabled = !parameters;
      if (offered !== name) save.replaceChildren(build("option", { value: "" }, "Save…"), ...filesOf(section.layer));
      offered = name;
    },
  };

  /** @param {Partial<Neuron>} change */
  function moveTo(change) {
    actions.move({ layer: layer.value, filter: filter.valueAsNumber, row: row.valueAsNumber, column: column.valueAsNumber, ...change });
  }
}

/** @param {LayerDescription} layer */
function filesOf({ parameters }) {
  const groups = [["map", "This map"], ["layer", "All maps of this layer"], ...(parameters ? [["kernels", "Its kernels"]] : [])];
  return groups.map(([what, label]) => build("optgroup", { label },
    ...["png", "safetensors", "npz"].map((format) => build("option", { value: `${what} ${format}` }, `${label} as ${format}`))));
}

/**
 * @param {HTMLInputElement} input
 * @param {number} value
 * @param {number} count
 */
function setNumber(input, value, count) {
  input.max = String(count - 1);
  // A number that someone is typing is not overwritten with the same number.
  if (document.activeElement !== input || input.valueAsNumber !== value) input.value = String(value);
}
