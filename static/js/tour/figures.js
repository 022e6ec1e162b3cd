// @ts-check
// One figure for each claim. A figure is always shown; what would reveal the measured number appears after the guess.
/** @import { LayerCost, Plane, ThemeColors } from "../types.js" */
/** @import { Position } from "./guesses.js" */
/** @import { Measurements, NeuronSum } from "./measurements.js" */
/** @import { Panel } from "./panel.js" */
import { build, resizeList } from "../dom/build.js";
import { setText } from "../dom/find.js";
import { insideOf, patchSpan } from "../draw/grid-geometry.js";
import { largestAbsolute } from "../draw/largest.js";
import { enlarge, paintPlane, paintSheet, positionOf } from "../draw/plane.js";
import { createPolarPlot } from "../experiments/orientation-tuning/polar-plot.js";
import { createNumberGrid } from "../lens/number-grid.js";
import { formatValue } from "../network/legend.js";
import { valueAt } from "../network/selectors.js";
import { MIDDLE } from "./measurements.js";
import { createPanel, pickPositions, squareAround } from "./panel.js";

const LARGEST_ROOM = 392; // CSS pixels: 28 cells, enlarged 14 times.
const GAP = 24;
const KERNEL_ROOM = 150;
/** @type {Partial<Record<LayerCost["id"], string>>} */
const CONNECTIONS = { "fully-connected": "full connections", "locally-connected": "unshared weights", convolution: "convolution" };
const NEURONS_ALONG = 25; // 500 neurons, 25 to a row.

/**
 * What a figure can use of its page.
 * @typedef {object} FigureContext
 * @property {() => ThemeColors} colors  Of the current theme; call it again for each painting.
 * @property {Measurements["neuronAt"]} neuronAt
 * @property {(cell: number) => void} guess
 * @property {(message: string) => void} announce
 * @property {(error: unknown) => void} fail
 * @property {AbortSignal} signal
 */

/**
 * @template S
 * @typedef {{nodes: Node[], layOut: (width: number) => void, update: (shown: S, guess: number | null, revealed: boolean) => void}} Figure
 *   `guess`: the position that was guessed on this digit, null otherwise.
 */

/** @template {1 | 2 | 3 | 4 | 5 | 6 | 7} N @typedef {Awaited<ReturnType<Measurements[N]>>["shown"]} Shown */

/** The room for each of two planes side by side. @param {number} width */
const half = (width) => Math.min(LARGEST_ROOM, (width - GAP) / 2);

/** ± the range. @param {number} range @returns {[number, number]} */
const bothSides = (range) => [-range, range];

/** @param {Panel[]} panels @param {number} width */
function layOutPairs(panels, width) {
  for (const panel of panels) panel.layOut(half(width));
}

/** @param {...Node} panels */
const pair = (...panels) => build("div", { class: "panels" }, ...panels);

/** All 784 weights of one neuron. @param {FigureContext} context @returns {Figure<Shown<1>>} */
function createGlobalNeuron({ colors }) {
  const [input, weights, products, change] = [
    createPanel("figure-1-input", "Your digit"), createPanel("figure-1-weights", "The 784 weights of one neuron"),
    createPanel("figure-1-products", "Each pixel times its weight"), createPanel("figure-1-change", "How much each of the 500 neurons changes"),
  ];
  const sum = build("p", { class: "sum", id: "figure-1-sum" });
  return {
    nodes: [pair(input.root, weights.root, products.root, change.root), sum],
    layOut: (width) => layOutPairs([input, weights, products, change], width),
    update(shown, _guess, revealed) {
      const { diverging, ink } = colors();
      const range = largestAbsolute(shown.weights.data) || 1;
      input.update(shown.input, ink, 1, "your digit");
      input.frame("pixel", squareAround(MIDDLE));
      weights.update(shown.weights, diverging, range, `× the ${shown.weights.data.length} weights of neuron ${shown.neuron}`, bothSides(range));
      products.update(shown.products, diverging, range, "= the products");
      setText(sum, `${shown.products.data.length} products add up to ${formatValue(shown.sum)}. With the bias, ${formatValue(shown.bias)}, the sum is ${formatValue(shown.sum + shown.bias)}; after the ReLU, ${formatValue(shown.activation)}.`);
      change.root.hidden = !revealed;
      const rows = shown.change.length / NEURONS_ALONG;
      change.update({ width: NEURONS_ALONG, height: rows, data: shown.change }, diverging, shown.largest || 1, `change of each neuron, ${shown.change.length} in all`, [0, shown.largest]);
    },
  };
}

/** An oriented kernel and its tuning curve. @param {FigureContext} context @returns {Figure<Shown<2>>} */
function createOrientedKernel({ colors }) {
  const kernel = createPanel("figure-2-kernel", "A kernel of the first layer");
  const map = createPanel("figure-2-map", "The map of this kernel for your digit");
  const plot = createPolarPlot("Tuning curve");
  const words = build("figcaption");
  const curve = build("figure", { class: "panel", id: "figure-2-curve" }, plot.root, words);
  const list = build("ul", { class: "kernel-names", id: "figure-2-all", "aria-label": "What each filter responds to" });
  /** @type {HTMLLIElement[]} */
  const items = [];
  return {
    nodes: [pair(kernel.root, curve, map.root), list],
    layOut(width) {
      kernel.layOut(Math.min(half(width), KERNEL_ROOM));
      map.layOut(half(width));
    },
    update({ angles, best, map: plane, range, filters }, _guess, revealed) {
      const { diverging } = colors();
      const ends = Math.max(...filters.map((each) => largestAbsolute(each.kernel.data)));
      const { preferred, activations, selectivity } = best;
      const angle = Math.round(preferred ?? 0);
      kernel.update(filters[best.filter].kernel, diverging, ends, `kernel ${best.filter}: ${filters[best.filter].name}`, bothSides(ends));
      map.update(plane, diverging, range, `its map for your digit`, [0, range]);
      plot.update({ angles, before: activations, pooled: null, preferred, label: `Filter ${best.filter} prefers ${angle}°, selectivity ${selectivity.toFixed(2)}` });
      plot.point(preferred ?? 0);
      setText(words, `activation for a bar at each angle: largest at ${angle}°`);
      list.hidden = !revealed;
      resizeList(list, items, filters.length, () => build("li", {}, build("canvas", { class: "plane", width: 5, height: 5, "aria-hidden": "true" }), build("span")));
      filters.forEach(({ kernel: each, name, verdict, filter }, i) => {
        const [canvas, label] = [...items[i].children];
        paintPlane(/** @type {HTMLCanvasElement} */ (canvas), each, diverging, ends);
        enlarge(/** @type {HTMLCanvasElement} */ (canvas), 8);
        setText(label, verdict === "selective" ? `${filter}: ${name}` : `${filter}: ${verdict}`);
      });
    },
  };
}

/** The square that a neuron sees. @param {FigureContext} context @returns {Figure<Shown<3>>} */
function createLocalNeuron({ colors, announce, signal }) {
  const [input, map, change] = [
    createPanel("figure-3-input", "Your digit"), createPanel("figure-3-map", "The map of one filter"),
    createPanel("figure-3-change", "How much each neuron of the map changes"),
  ];
  const sentence = build("p", { class: "sum", id: "figure-3-sum" });
  /** @type {Position} */
  let neuron = MIDDLE;
  /** @type {Shown<3> | null} */
  let latest = null;

  function show() {
    if (!latest) return;
    const { layer, sums, input: { width, height } } = latest;
    const field = patchSpan(layer, neuron);
    const seen = insideOf(field, height, width);
    input.frame("a", field);
    map.frame("a", squareAround(neuron));
    const padding = field.height * field.width - seen.height * seen.width;
    const pre = valueAt({ shape: [1, sums.height, sums.width], data: sums.data }, { filter: 0, ...neuron });
    setText(sentence, `The neuron at row ${neuron.row}, column ${neuron.column} sees ${seen.height * seen.width} pixels${padding ? ` and ${padding} zeros of padding` : ""}. Its sum is ${formatValue(pre)}; after the ReLU, ${formatValue(Math.max(0, pre))}.`);
  }

  pickPositions(map, "The map: point at a neuron to see its square; with the keyboard, use the arrow keys", {
    point(position) {
      neuron = position;
      show();
    },
    announce: () => announce(sentence.textContent ?? ""),
  }, signal);
  return {
    nodes: [pair(input.root, map.root, change.root), sentence],
    layOut: (width) => layOutPairs([input, map, change], width),
    update(shown, _guess, revealed) {
      latest = shown;
      const { diverging, ink } = colors();
      input.update(shown.input, ink, 1, "your digit: the square of one neuron");
      input.frame("pixel", squareAround(MIDDLE));
      map.update(shown.map, diverging, shown.range, `map ${shown.filter}: the cell is that neuron`, [0, shown.range]);
      change.root.hidden = !revealed;
      const largest = largestAbsolute(shown.change.data);
      change.update(shown.change, diverging, largest || 1, `how much each neuron of map ${shown.filter} changes`, [0, largest]);
      show();
    },
  };
}

/** The products of one neuron. @param {"a" | "b"} letter */
function createProducts(letter) {
  const name = letter.toUpperCase();
  const grid = createNumberGrid(`products at ${name}`);
  const sum = build("p", { class: "sum" });
  const root = build("div", { class: "products", id: `figure-4-${letter}` }, grid.root, sum);
  return {
    root,
    /** @param {NeuronSum} neuron @param {ThemeColors} colors @param {number} range */
    update({ products, sum: total, bias, row, column }, { diverging }, range) {
      grid.update({
        label: `${name}: ${products.data.length} products at row ${row}, column ${column}`, rows: products.height, columns: products.width,
        textOf: (cell) => formatValue(Number(products.data[cell].toFixed(3))), pixelOf: (cell) => diverging.pixelOf(products.data[cell], range),
      });
      setText(sum, `sum ${formatValue(total)}, with the bias ${formatValue(total + bias)}`);
    },
  };
}

/** The same kernel at two positions. @param {FigureContext} context @returns {Figure<Shown<4>>} */
function createSharedKernel({ colors, neuronAt, announce, fail, signal }) {
  const input = createPanel("figure-4-input", "Your digit");
  const kernel = createPanel("figure-4-kernel", "The kernel");
  const [before, after] = [createPanel("figure-4-before", "The map of your digit"), createPanel("figure-4-after", "The map of your digit, moved right by 2 pixels")];
  const [productsA, productsB] = [createProducts("a"), createProducts("b")];
  /** @type {Shown<4> | null} */
  let latest = null;
  /** Where the visitor has put B. @type {Position | null} */
  let chosen = null;
  /** @type {NeuronSum | null} */
  let neuronB = null;

  function show() {
    if (!latest) return;
    const { a, kernel: { width } } = latest;
    const b = neuronB ?? latest.b;
    const range = Math.max(largestAbsolute(a.products.data), largestAbsolute(b.products.data)) || 1;
    productsA.update(a, colors(), range);
    productsB.update(b, colors(), range);
    input.frame("a", squareAround(a, width));
    input.frame("b", squareAround(b, width));
  }

  async function moveB() {
    const shown = latest;
    if (!shown || !chosen) return;
    const position = chosen;
    try {
      const neuron = await neuronAt(shown.digit, shown.filter, position);
      if (shown !== latest || position !== chosen) return;
      neuronB = neuron;
      show();
      announce(`B at row ${neuron.row}, column ${neuron.column}: sum ${formatValue(neuron.sum)}`);
    } catch (error) {
      fail(error);
    }
  }

  pickPositions(input, "Your digit: click to move B; with the keyboard, arrow keys and Enter", {
    choose(position) {
      chosen = position;
      moveB();
    },
    announce,
  }, signal);
  return {
    nodes: [pair(input.root, kernel.root), build("div", { class: "panels" }, productsA.root, productsB.root), pair(before.root, after.root)],
    layOut(width) {
      kernel.layOut(Math.min(half(width), KERNEL_ROOM));
      layOutPairs([input, before, after], width);
    },
    update(shown, _guess, revealed) {
      if (shown.digit !== latest?.digit) neuronB = null;
      const isNew = shown !== latest;
      latest = shown;
      const { diverging, ink } = colors();
      const range = largestAbsolute(shown.kernel.data) || 1;
      input.update(shown.input, ink, 1, "your digit, with A and B");
      kernel.update(shown.kernel, diverging, range, `kernel ${shown.filter}: the same 25 weights at A and at B`, bothSides(range));
      for (const { root } of [before, after]) root.hidden = !revealed;
      before.update(shown.map, diverging, shown.range, `map ${shown.filter} of your digit`, [0, shown.range]);
      after.update(shown.movedMap, diverging, shown.range, "the same map, computed for the digit 2 pixels further right", [0, shown.range]);
      show();
      if (isNew && chosen && !neuronB) moveB();
    },
  };
}

/** The map beside its kernel. @param {FigureContext} context @returns {Figure<Shown<5>>} */
function createMap({ colors, guess, announce, signal }) {
  const [kernel, input, map] = [createPanel("figure-5-kernel", "The kernel"), createPanel("figure-5-input", "Your digit"), createPanel("figure-5-map", "The feature map")];
  pickPositions(input, "Your digit: click where the activation of the kernel is largest; with the keyboard, arrow keys and Enter", {
    choose: ({ row, column }) => guess(row * input.canvas.width + column),
    announce,
  }, signal);
  return {
    nodes: [pair(kernel.root, map.root, input.root)],
    layOut(width) {
      kernel.layOut(Math.min(half(width), KERNEL_ROOM));
      layOutPairs([input, map], width);
    },
    update(shown, guessed, revealed) {
      const { diverging, ink } = colors();
      const range = largestAbsolute(shown.kernel.data) || 1;
      kernel.update(shown.kernel, diverging, range, `kernel ${shown.filter}`, bothSides(range));
      input.update(shown.input, ink, 1, revealed ? "your digit" : "your digit: click your guess");
      map.update(revealed ? shown.map : { ...shown.map, data: new Float32Array(shown.map.data.length) }, diverging, shown.range, revealed ? `map ${shown.filter}: the frame is at the maximum` : "the map, after your guess", [0, shown.range]);
      const size = shown.kernel.width;
      input.frame("guess", guessed === null ? null : squareAround(positionOf(guessed, shown.map.width)));
      input.frame("a", revealed ? squareAround(shown.position, size) : null);
      map.frame("a", revealed ? squareAround(shown.position) : null);
    },
  };
}

/** 500 activations beside 16 maps. @param {FigureContext} context @returns {Figure<Shown<6>>} */
function createComparison({ colors }) {
  const neurons = createPanel("figure-6-global", "The activations of the 500 neurons");
  const sheet = build("canvas", { class: "plane", width: 1, height: 1, role: "img", "aria-label": "The 16 feature maps of your digit" });
  const words = build("figcaption");
  const local = build("figure", { class: "panel", id: "figure-6-local" }, sheet, words);
  let room = 0;
  const enlargeSheet = () => enlarge(sheet, Math.max(1, Math.floor((room + GAP / 2) / sheet.width)));
  return {
    nodes: [pair(neurons.root, local)],
    layOut(width) {
      room = half(width);
      neurons.layOut(room);
      enlargeSheet();
    },
    update({ activations, maps, range }, _guess, revealed) {
      const { diverging } = colors();
      const most = largestAbsolute(activations);
      const data = revealed ? activations : new Float32Array(activations.length);
      neurons.update({ width: NEURONS_ALONG, height: data.length / NEURONS_ALONG, data }, diverging, most || 1, revealed ? `${data.length} global features: one activation each` : `${data.length} global features, after your guess`, [0, most]);
      const columns = Math.ceil(Math.sqrt(maps.length));
      paintSheet(sheet, maps, columns, diverging, () => range);
      enlargeSheet();
      const clips = maps.some((each) => largestAbsolute(each.data) > range);
      setText(words, `${maps.length} local features: a map of ${maps[0].data.length} activations each, 0 to ${formatValue(range)}${clips ? " and above" : ""}`);
    },
  };
}

/** 784 contributions in each gradient, and the costs of three layers. @param {FigureContext} context @returns {Figure<Shown<7>>} */
function createCounts({ colors }) {
  const [delta, gradient] = [createPanel("figure-7-delta", "The gradient of each neuron of one map"), createPanel("figure-7-gradient", "The gradient of each weight of the kernel")];
  const body = build("tbody");
  const head = build("tr", {}, ...["12,544 outputs by", "products", "weights", "biases"].map((name) => build("th", { scope: "col" }, name)));
  const table = build("table", { class: "figures", id: "figure-7-costs" }, build("thead", {}, head), body);
  return {
    nodes: [pair(delta.root, gradient.root), table],
    layOut(width) {
      delta.layOut(half(width));
      gradient.layOut(Math.min(half(width), KERNEL_ROOM));
    },
    update(shown, _guess, revealed) {
      const { diverging } = colors();
      const [deltas, gradients] = [largestAbsolute(shown.delta.data), largestAbsolute(shown.gradient.data)];
      delta.update(shown.delta, diverging, deltas || 1, `gradient of the loss by each neuron of map ${shown.filter}; correct class ${shown.label}`, bothSides(deltas));
      gradient.update(shown.gradient, diverging, gradients || 1, `gradient by each weight of kernel ${shown.filter}: a sum over all neurons of the map`, bothSides(gradients));
      table.hidden = !revealed;
      setText(/** @type {Element} */ (head.firstElementChild), `${shown.costs[0].outputs.toLocaleString("en")} outputs by`);
      body.replaceChildren(...shown.costs.map(costRow));
    },
  };
}

/** @param {LayerCost} cost */
function costRow({ id, multiply_adds: products, weights, biases }) {
  return build("tr", {}, build("th", { scope: "row" }, CONNECTIONS[id] ?? id), ...[products, weights, biases].map((count) => build("td", {}, count.toLocaleString("en"))));
}

/** By number of the claim. */
export const FIGURES = {
  1: createGlobalNeuron, 2: createOrientedKernel, 3: createLocalNeuron, 4: createSharedKernel, 5: createMap, 6: createComparison, 7: createCounts,
};
