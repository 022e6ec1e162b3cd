// @ts-check
/** @import { ExperimentContext, ExperimentState, Ledger, LedgerSettings, Plane } from "../../types.js" */
import { createDigitChannel } from "../../api/digit-channel.js";
import { postDigit } from "../../api/http.js";
import { find, findAll, setText } from "../../dom.js";
import { cellAt, insideOf, patchSpan } from "../../draw/grid-geometry.js";
import { enlarge, paintPlane } from "../../draw/plane.js";
import { planesOf } from "../../state/selectors.js";
import { toFragment } from "../../state/url.js";
import { createLegend } from "../legend.js";
import { createWires } from "./wires.js";

const PIXELS = 28;
const NARROW = 560; // CSS pixels of the stage below which its pictures are half as large.

/** Where the marked neurons lie, as shares of the grid: apart from each other, and on most digits' ink. */
const MARKED = [[0.26, 0.42], [0.38, 0.66], [0.52, 0.5], [0.75, 0.4]];

/** @typedef {"fully-connected" | "locally-connected" | "convolution"} Connection */

/** The trained layer that each connection is shown by. */
const SHOWN = {
  "fully-connected": { model: "mlp-500", layer: "linear1", after: "relu1", row: "perceptron" },
  "locally-connected": { model: "locally-connected", layer: "local1", after: "relu1", row: "locally-connected" },
  convolution: { model: "cnn", layer: "conv1", after: "relu1", row: "convolution" },
};

/** @type {Record<string, [number, number]>} */
const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

/**
 * Three ways to wire neurons to the digit, drawn and counted.
 * @param {HTMLElement} root
 * @param {ExperimentContext} context
 */
export function createLedger(root, { api, colors, models, fail, announce, signal }) {
  const stage = find(root, "#wiring", HTMLElement);
  const inputCanvas = find(root, "#wiring-input", HTMLCanvasElement);
  const outputCanvas = find(root, "#wiring-output", HTMLCanvasElement);
  const wires = createWires(find(root, "#wires", HTMLCanvasElement));
  const caption = find(root, "#wiring-caption", HTMLElement);
  const sentence = find(root, "#wiring-sentence", HTMLElement);
  const title = find(root, "#weights-title", HTMLElement);
  const legend = createLegend(find(root, "#weights-legend", HTMLElement), "weights");
  const mapChoice = find(root, "#ledger-map", HTMLSelectElement);
  const buttons = findAll(root, "[data-connection]", HTMLButtonElement);
  const sliders = findAll(root, "[data-setting]", HTMLInputElement);
  const samples = findAll(root, "#wiring-kernels li", HTMLLIElement).map((item) => ({
    item, canvas: find(item, "canvas", HTMLCanvasElement), name: find(item, "span", HTMLElement),
  }));

  const lensLinks = findAll(root, 'td a[href="/"]', HTMLAnchorElement);

  /** @type {Connection} */
  let connection = "fully-connected";
  let filter = 0;
  /** @type {{row: number, column: number} | null} */
  let pointed = null;
  /** @type {ExperimentState | null} */
  let state = null;
  /** @type {Ledger | null} */
  let ledger = null;
  /** The settings that `ledger` answers. @type {LedgerSettings} */
  let counted = readSettings();

  /** Each neuron's own weights, or those it shares. @type {Map<string, Plane>} */
  const kernels = new Map();
  /** A layer's maps for the digit shown. @type {Map<Connection, {digit: ExperimentState["digit"], planes: Plane[]}>} */
  const maps = new Map();

  // --- The server --------------------------------------------------------------------------------------------------

  const counting = createDigitChannel(
    /** @param {LedgerSettings} settings */
    async (settings) => ({ settings, answer: await api.getLedger(settings) }),
    {
      onAnswer({ settings, answer }) {
        counted = settings;
        ledger = answer;
        showCounts();
        schedule();
        fetchKernels();
      },
      onFailure: fail,
    },
  );

  const mapping = createDigitChannel(
    /** @param {{connection: Connection, digit: ExperimentState["digit"]}} question */
    async (question, sequence) => {
      const { model, after } = SHOWN[question.connection];
      return { ...question, answer: await postDigit(model, { digit: question.digit, layers: [after] }, sequence) };
    },
    {
      onAnswer({ connection: of, digit, answer }) {
        maps.set(of, { digit, planes: planesOf(answer.tensors[SHOWN[of].after]) });
        schedule();
      },
      onFailure: fail,
    },
  );

  const weighing = createDigitChannel(
    /** @param {{of: Connection, neurons: {filter: number, row: number, column: number}[]}} question */
    async ({ of, neurons }) => {
      const { model, layer } = SHOWN[of];
      const answers = await Promise.all(neurons.map((neuron) => api.getNeuronKernel(model, { layer, ...neuron })));
      return { of, neurons, answers };
    },
    {
      onAnswer({ of, neurons, answers }) {
        answers.forEach(([channel], i) => {
          kernels.set(keyOf(of, neurons[i]), { width: channel[0].length, height: channel.length, data: Float32Array.from(channel.flat()) });
        });
        schedule();
      },
      onFailure: fail,
    },
  );

  function askMaps() {
    if (!state || !isTrained() || maps.get(connection)?.digit === state.digit) return;
    mapping.send({ connection, digit: state.digit });
  }

  function fetchKernels() {
    if (!isTrained()) return;
    const wanted = [...marked(), ...(pointed ? [pointed] : [])].map(neuronAt).filter((neuron) => !kernels.has(keyOf(connection, neuron)));
    const apart = new Map(wanted.map((neuron) => [keyOf(connection, neuron), neuron]));
    if (apart.size) weighing.send({ of: connection, neurons: [...apart.values()] });
  }

  // --- Geometry ----------------------------------------------------------------------------------------------------

  /** Whether a network with this very layer was trained; of any other geometry only the wires are known. */
  function isTrained() {
    const { kernelSize, stride, padding, features } = counted;
    return connection === "fully-connected" ? features === 500 : kernelSize === 5 && stride === 1 && padding === 2;
  }

  /** Rows and columns in which the neurons are drawn. */
  function grid() {
    if (connection === "fully-connected") {
      const columns = counted.features === 500 ? 25 : Math.ceil(Math.sqrt(1.25 * counted.features));
      return { rows: Math.ceil(counted.features / columns), columns, count: counted.features };
    }
    const [, rows, columns] = rowOf("convolution")?.output_shape ?? [16, 28, 28];
    return { rows, columns, count: rows * columns };
  }

  function marked() {
    const { rows, columns } = grid();
    return MARKED.map(([down, right]) => ({ row: Math.floor(down * rows), column: Math.floor(right * columns) }));
  }

  /** @param {{row: number, column: number}} place */
  function neuronAt({ row, column }) {
    return connection === "fully-connected" ? { filter: row * grid().columns + column, row: 0, column: 0 } : { filter, row, column };
  }

  /** The pixels that a neuron reads. @param {{row: number, column: number}} place */
  function patchOf(place) {
    const { kernelSize, stride, padding } = counted;
    if (connection === "fully-connected") return { top: 0, left: 0, height: PIXELS, width: PIXELS };
    return patchSpan(/** @type {any} */ ({ kernel_size: kernelSize, stride, padding, input_shape: [1, PIXELS, PIXELS] }), place);
  }

  /** @param {string} id */
  function rowOf(id) {
    return ledger?.rows.find((row) => row.id === id);
  }

  // --- Painting ----------------------------------------------------------------------------------------------------

  let frame = 0;
  let drawnWiring = "";

  function schedule() {
    frame ||= requestAnimationFrame(() => {
      frame = 0;
      paint();
    });
  }

  function paint() {
    if (!state || !ledger) return;
    const theme = colors();
    const { diverging, ink } = theme;
    const { rows, columns, count } = grid();
    const trained = isTrained();
    const zoom = stage.clientWidth < NARROW ? 4 : 8;

    paintPlane(inputCanvas, state.input, ink, 1);
    enlarge(inputCanvas, zoom);
    const known = trained ? maps.get(connection) : undefined;
    const values = new Float32Array(rows * columns);
    if (known) values.set(connection === "fully-connected" ? known.planes.map(({ data }) => data[0]) : known.planes[filter].data);
    if (outputCanvas.width !== columns || outputCanvas.height !== rows) {
      outputCanvas.width = columns;
      outputCanvas.height = rows;
    }
    const { model, after } = SHOWN[connection];
    const range = models[model].layers.find(({ name }) => name === after)?.display_range[1] ?? 1;
    paintPlane(outputCanvas, { width: columns, height: rows, data: values }, diverging, range);
    enlarge(outputCanvas, Math.max(1, Math.floor((PIXELS * zoom) / Math.max(rows, columns))));

    const weightRange = rangeOfWeights();
    const drawn = pointed ? [{ place: pointed, name: "" }] : marked().map((place, i) => ({ place, name: samples[i].name.dataset.name ?? "" }));
    // Thousands of wires are drawn anew only when they change, not with every digit: the pen must not wait for them.
    const wiring = JSON.stringify([connection, filter, pointed, counted, kernels.size, stage.clientWidth, theme.paper, devicePixelRatio]);
    if (wiring !== drawnWiring) {
      drawnWiring = wiring;
      wires.draw({
        from: inputCanvas,
        to: outputCanvas,
        theme,
        range: weightRange,
        neurons: drawn.map(({ place, name }) => {
          const patch = patchOf(place);
          return { ...place, name, patch, seen: insideOf(patch, PIXELS, PIXELS), kernel: trained ? kernels.get(keyOf(connection, neuronAt(place))) ?? null : null };
        }),
      });
    }
    root.dataset.wires = String(drawn.reduce((sum, { place }) => {
      const { width, height } = insideOf(patchOf(place), PIXELS, PIXELS);
      return sum + width * height;
    }, 0));
    root.dataset.connection = connection;

    setText(caption, connection === "fully-connected" ? `${count.toLocaleString("en")} neurons` : `map ${filter}, ${rows}×${columns}`);
    showKernels(trained, weightRange);
    describe();
  }

  /** Of the weights that are on view, so that their colors can be compared. */
  function rangeOfWeights() {
    let range = 0;
    for (const place of marked()) for (const weight of kernels.get(keyOf(connection, neuronAt(place)))?.data ?? []) range = Math.max(range, Math.abs(weight));
    return range || 1;
  }

  /**
   * @param {boolean} trained
   * @param {number} range
   */
  function showKernels(trained, range) {
    const theme = colors();
    const shared = connection === "convolution";
    const places = pointed ? [pointed] : marked();
    samples.forEach(({ item, canvas, name }, i) => {
      name.dataset.name ??= name.textContent ?? "";
      const kernel = trained && places[i] ? kernels.get(keyOf(connection, neuronAt(places[i]))) : undefined;
      // Shared weights are one kernel, so it is shown once.
      item.hidden = !kernel || (shared && i > 0);
      if (!kernel) return;
      paintPlane(fitted(canvas, kernel), kernel, theme.diverging, range);
      enlarge(canvas, Math.floor((stage.clientWidth < NARROW ? 84 : 112) / kernel.width));
      const label = pointed ? (shared ? "the same for all" : "this neuron") : shared ? "A = B = C = D" : name.dataset.name;
      setText(name, label);
      canvas.setAttribute("aria-label", `Weights of ${pointed || shared ? label : `neuron ${label}`}`);
    });
    setText(title, !trained ? "No network has this layer" : shared ? "Their one kernel" : pointed ? "Its weights" : "Their weights, all different");
    find(root, "#weights-legend", HTMLElement).toggleAttribute("data-unknown", !trained);
    if (trained) legend.update([-range, range], theme.diverging);
  }

  function describe() {
    const cost = rowOf(SHOWN[connection].row);
    if (!cost) return;
    const { count } = grid();
    const reads = cost.inputs_per_output;
    const patch = counted.kernelSize;
    const who = pointed
      ? connection === "fully-connected" ? `Neuron ${neuronAt(pointed).filter}` : `Neuron row ${pointed.row}, column ${pointed.column}`
      : "Each neuron";
    const text = {
      "fully-connected": `${who} reads all ${reads} pixels, with ${reads} weights of its own. No weight is used twice.`,
      "locally-connected": `${who} reads its ${patch}×${patch} patch, with ${plural(reads, "weight")} of its own. Still no weight is used twice.`,
      convolution: `${who} reads its ${patch}×${patch} patch, with the same ${plural(reads, "weight")} as all ${count} neurons of its map. Each weight is used ${times(cost.weight_uses)}.`,
    }[connection];
    setText(sentence, text);
    if (pointed) announce(text);
  }

  function showCounts() {
    if (!ledger) return;
    for (const cost of ledger.rows) {
      const row = find(root, `[data-row="${cost.id}"]`, HTMLTableRowElement);
      setText(row.cells[0], cost.title);
      for (const column of /** @type {const} */ (["outputs", "weights", "multiply_adds", "weight_uses", "gradients"])) {
        const cell = find(row, `[data-column="${column}"]`, HTMLTableCellElement);
        setText(find(cell, "a", HTMLAnchorElement), cost[column].toLocaleString("en"));
        cell.dataset.value = String(cost[column]);
        const most = Math.max(...ledger.rows.map((other) => other[column]));
        cell.style.setProperty("--share", String(cost[column] / most));
      }
      setText(find(row, "small", HTMLElement), `sums of ${cost.gradient_products.toLocaleString("en")} products`);
    }
    showConnection();
  }

  function showConnection() {
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.connection === connection));
    for (const row of findAll(root, "[data-row]", HTMLTableRowElement)) {
      if (row.dataset.of === connection) row.setAttribute("aria-current", "true");
      else row.removeAttribute("aria-current");
    }
    find(root, ".ledger-map", HTMLElement).hidden = connection === "fully-connected";
    outputCanvas.setAttribute("aria-label", connection === "fully-connected" ? "Neurons of the perceptron" : `Neurons of map ${filter}`);
  }

  /** Where the workbench's lens writes the products out: neuron A of the map on view, on this digit. */
  function linkToLens() {
    if (!state) return;
    const neuron = { layer: "conv1", filter, row: 7, column: 11 };
    const fragment = toFragment({ training: null, digit: state.digit, rectified: true, boost: 0, neuron });
    for (const link of lensLinks) link.hash = fragment;
  }

  // --- Inputs ------------------------------------------------------------------------------------------------------

  function readSettings() {
    return /** @type {LedgerSettings} */ (Object.fromEntries(sliders.map((slider) => [slider.dataset.setting, slider.valueAsNumber])));
  }

  /** @param {{row: number, column: number} | null} place */
  function point(place) {
    if (place && place.row * grid().columns + place.column >= grid().count) place = null;
    if (place?.row === pointed?.row && place?.column === pointed?.column) return;
    pointed = place;
    fetchKernels();
    schedule();
  }

  for (const button of buttons) {
    button.addEventListener("click", () => {
      connection = /** @type {Connection} */ (button.dataset.connection);
      pointed = null;
      showConnection();
      askMaps();
      fetchKernels();
      schedule();
    }, { signal });
  }
  mapChoice.addEventListener("change", () => {
    filter = mapChoice.selectedIndex;
    linkToLens();
    showConnection();
    fetchKernels();
    schedule();
  }, { signal });
  for (const slider of sliders) {
    slider.addEventListener("input", () => {
      setText(find(root, `output[for="${slider.id}"]`, HTMLOutputElement), slider.value);
      pointed = null;
      counting.send(readSettings());
    }, { signal });
  }
  for (const type of /** @type {const} */ (["pointermove", "pointerdown"])) {
    outputCanvas.addEventListener(type, ({ clientX, clientY }) => {
      const { rows, columns } = grid();
      point(cellAt(outputCanvas.getBoundingClientRect(), clientX, clientY, rows, columns));
    }, { signal });
  }
  // A finger leaves as soon as it is lifted; what it pointed at stays.
  outputCanvas.addEventListener("pointerleave", ({ pointerType }) => pointerType !== "touch" && point(null), { signal });
  outputCanvas.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    if (step) {
      const { rows, columns } = grid();
      const from = pointed ?? marked()[0];
      point({ row: within(from.row + step[0], rows), column: within(from.column + step[1], columns) });
    } else if (event.key === "Escape" && pointed) {
      point(null);
    } else {
      return;
    }
    event.preventDefault();
  }, { signal });
  new ResizeObserver(schedule).observe(stage);

  counting.send(readSettings());

  return {
    /** @param {ExperimentState} newest */
    update(newest) {
      state = newest;
      askMaps();
      schedule();
      linkToLens();
    },
    layOut: schedule,
  };
}

/**
 * Which weights a neuron has: in a convolution, those of its filter.
 * @param {Connection} connection
 * @param {{filter: number, row: number, column: number}} neuron
 */
function keyOf(connection, { filter, row, column }) {
  return connection === "convolution" ? `${connection} ${filter}` : `${connection} ${filter} ${row} ${column}`;
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {Plane} plane
 */
function fitted(canvas, { width, height }) {
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  return canvas;
}

/**
 * @param {number} count
 * @param {string} noun
 */
function plural(count, noun) {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** @param {number} count */
function times(count) {
  return count === 1 ? "once" : `${count.toLocaleString("en")} times`;
}

/**
 * @param {number} position
 * @param {number} count
 */
function within(position, count) {
  return Math.min(count - 1, Math.max(0, position));
}
