// @ts-check
/** @import { Connection, ExperimentContext, ExperimentState, LayerCosts, LayerGeometry } from "../../types.js" */
/** @import { Position } from "./wiring.js" */
import { createDigitChannel } from "../../api/digit-channel.js";
import { arrowStep, stepWithin } from "../../dom/grid-keys.js";
import { find, findAll, setText } from "../../dom/find.js";
import { cellAt } from "../../draw/grid-geometry.js";
import { oncePerFrame } from "../../shell/pace.js";
import { numbersIn } from "../../shell/url.js";
import { createCostTable } from "./cost-table.js";
import { createWiringView } from "./wiring-view.js";
import { createWiringValues } from "./wiring-values.js";
import { describeConnection, gridOf, isTrained, markedPositions } from "./wiring.js";

/**
 * Three ways to connect neurons to the digit, drawn and counted.
 * @param {HTMLElement} root
 * @param {ExperimentContext} context
 */
export function createLayerCosts(root, { api, colors, compared, fail, announce, rememberInAddress, signal }) {
  const view = createWiringView(root);
  const table = createCostTable(root);
  const sentence = find(root, "#wiring-sentence", HTMLElement);
  const mapChoice = find(root, "#wiring-map", HTMLSelectElement);
  const sliders = findAll(root, "[data-setting]", HTMLInputElement);

  /** @type {Connection} */
  let connection = "fully-connected";
  let filter = 0;
  /** @type {Position | null} */
  let pointed = null;
  /** @type {ExperimentState | null} */
  let state = null;
  /** The newest counts, and the geometry that they belong to. @type {{geometry: LayerGeometry, costs: LayerCosts} | null} */
  let counted = null;
  const choice = () => (counted ? { connection, filter, pointed, ...counted } : null);
  const trained = () => counted !== null && isTrained(connection, counted.geometry, compared[connection].model.layers[0]);
  const schedule = oncePerFrame(paint);
  const values = createWiringValues({ compared, fail }, schedule);
  const costs = createDigitChannel(
    /** @param {LayerGeometry} geometry */
    async (geometry) => ({ geometry, costs: await api.getLayerCosts(geometry) }),
    {
      onResponse(newest) {
        counted = newest;
        table.update(newest.costs);
        showConnection();
        schedule();
        requestKernels();
      },
      onFailure: fail,
    },
  );

  const requestMaps = () => state && trained() && values.requestMaps(connection, state.digit);

  function requestKernels() {
    const now = choice();
    if (now && trained()) values.requestKernels(now);
  }

  function paint() {
    const now = choice();
    if (!state || !now) return;
    const maps = trained() ? values.mapsOf(connection) : null;
    view.paint({ choice: now, state, network: compared[connection], kernels: values.kernels, maps }, colors());
    const text = describeConnection(now);
    setText(sentence, text);
    if (pointed) announce(text);
  }

  function showConnection() {
    table.choose(connection);
    labelConnection(root, view.output, connection, filter);
  }

  const { id: model, model: { layers: [{ name: layer }] } } = compared.convolution;
  const linkToLens = () => state && table.linkToLens(state, { model, layer, filter });
  const grid = () => counted && gridOf({ connection, ...counted });

  /** @param {Position | null} position */
  function point(position) {
    const size = grid();
    if (!size) return;
    const wanted = position && position.row * size.columns + position.column < size.count ? position : null;
    if (wanted?.row === pointed?.row && wanted?.column === pointed?.column) return;
    pointed = wanted;
    requestKernels();
    schedule();
  }

  function showChoice() {
    showConnection();
    requestMaps();
    requestKernels();
    schedule();
    rememberInAddress();
  }

  wireConnections(root, (chosen) => {
    connection = chosen;
    pointed = null;
    showChoice();
  }, signal);
  mapChoice.addEventListener("change", () => {
    filter = mapChoice.selectedIndex;
    linkToLens();
    showChoice();
  }, { signal });
  wireSliders(root, sliders, (geometry) => {
    pointed = null;
    costs.send(geometry);
    rememberInAddress();
  }, signal);
  wirePointing(view.output, { grid, pointed: () => pointed, point }, signal);
  new ResizeObserver(schedule).observe(view.stage);

  costs.send(geometryOf(sliders));

  return {
    /** @param {ExperimentState} newest */
    update(newest) {
      state = newest;
      requestMaps();
      schedule();
      linkToLens();
    },
    layOut: schedule,
    fields: () => ({ costs: costsField(connection, sliders), map: filter || null }),
    /** @param {URLSearchParams} fields */
    restore(fields) {
      filter = mapChoice.selectedIndex = numbersIn(fields, "map", [mapChoice.options.length])?.[0] ?? 0;
      connection = restoreCosts(fields, root, sliders);
      pointed = null;
      costs.send(geometryOf(sliders));
      showChoice();
    },
  };
}

const CONNECTIONS = /** @type {const} */ (["fully-connected", "locally-connected", "convolution"]);

/**
 * For a link: the connection, then the sliders.
 * @param {Connection} connection
 * @param {HTMLInputElement[]} sliders
 * @returns {string | null} Null where nothing was chosen.
 */
function costsField(connection, sliders) {
  const isOpening = connection === CONNECTIONS[0] && sliders.every(({ value, defaultValue }) => value === defaultValue);
  return isOpening ? null : [CONNECTIONS.indexOf(connection), ...sliders.map(({ value }) => value)].join(".");
}

/**
 * Set the sliders as a link has them.
 * @param {URLSearchParams} fields
 * @param {HTMLElement} root
 * @param {HTMLInputElement[]} sliders
 * @returns {Connection}
 */
function restoreCosts(fields, root, sliders) {
  const [connection, ...values] = numbersIn(fields, "costs", [CONNECTIONS.length, ...sliders.map(({ max }) => Number(max) + 1)]) ?? [0];
  sliders.forEach((slider, i) => {
    slider.value = String(values[i] ?? slider.defaultValue);
    setText(find(root, `output[for="${slider.id}"]`, HTMLOutputElement), slider.value);
  });
  return CONNECTIONS[connection];
}

/** @param {HTMLElement} root */
const connectionButtons = (root) => findAll(root, "button[data-connection]", HTMLButtonElement);

/**
 * @param {HTMLElement} root
 * @param {(connection: Connection) => void} choose
 * @param {AbortSignal} signal
 */
function wireConnections(root, choose, signal) {
  for (const button of connectionButtons(root)) {
    button.addEventListener("click", () => choose(/** @type {Connection} */ (button.dataset.connection)), { signal });
  }
}

/**
 * Show which connection is drawn.
 * @param {HTMLElement} root
 * @param {HTMLElement} output
 * @param {Connection} connection
 * @param {number} filter
 */
function labelConnection(root, output, connection, filter) {
  for (const button of connectionButtons(root)) button.setAttribute("aria-pressed", String(button.dataset.connection === connection));
  find(root, ".wiring-map", HTMLElement).hidden = connection === "fully-connected";
  output.setAttribute("aria-label", connection === "fully-connected" ? "Neurons of the perceptron" : `Neurons of map ${filter}`);
}

/**
 * @param {HTMLElement} root
 * @param {HTMLInputElement[]} sliders
 * @param {(geometry: LayerGeometry) => void} change
 * @param {AbortSignal} signal
 */
function wireSliders(root, sliders, change, signal) {
  for (const slider of sliders) {
    slider.addEventListener("input", () => {
      setText(find(root, `output[for="${slider.id}"]`, HTMLOutputElement), slider.value);
      change(geometryOf(sliders));
    }, { signal });
  }
}

/** @param {HTMLInputElement[]} sliders */
function geometryOf(sliders) {
  return /** @type {LayerGeometry} */ (Object.fromEntries(sliders.map((slider) => [slider.dataset.setting, slider.valueAsNumber])));
}

/**
 * Select a neuron by mouse, touch or arrow keys.
 * @param {HTMLCanvasElement} canvas
 * @param {object} neurons
 * @param {() => {rows: number, columns: number} | null} neurons.grid
 * @param {() => Position | null} neurons.pointed
 * @param {(position: Position | null) => void} neurons.point
 * @param {AbortSignal} signal
 */
function wirePointing(canvas, { grid, pointed, point }, signal) {
  for (const type of /** @type {const} */ (["pointermove", "pointerdown"])) {
    canvas.addEventListener(type, ({ clientX, clientY }) => {
      const size = grid();
      if (size) point(cellAt(canvas.getBoundingClientRect(), clientX, clientY, size.rows, size.columns));
    }, { signal });
  }
  // A touch ends when the finger is lifted; its neuron stays selected.
  canvas.addEventListener("pointerleave", ({ pointerType }) => pointerType !== "touch" && point(null), { signal });
  canvas.addEventListener("keydown", (event) => {
    const step = arrowStep(event);
    const size = grid();
    if (step && size) {
      const from = pointed() ?? markedPositions({ ...size, count: size.rows * size.columns })[0];
      point(stepWithin(from, step, [size.rows, size.columns]));
    } else if (event.key === "Escape" && pointed()) {
      point(null);
    } else {
      return;
    }
    event.preventDefault();
  }, { signal });
}
