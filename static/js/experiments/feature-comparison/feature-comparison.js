// @ts-check
/** @import { ExperimentContext, ExperimentState, FeatureComparison, Plane, Tensor, ThemeColors } from "../../types.js" */
import { createDigitChannel } from "../../api/digit-channel.js";
import { requestKernels } from "../../api/kernels.js";
import { persist } from "../../api/reachability.js";
import { build } from "../../dom/build.js";
import { arrowStep } from "../../dom/grid-keys.js";
import { contextOf, find, setText } from "../../dom/find.js";
import { enlarge, paintPlane } from "../../draw/plane.js";
import { createLegend, formatValue } from "../../network/legend.js";
import { describeKernel, describePredictions, describeTemplate, kernelOf, orderOf, percentile, productsOf } from "./features.js";

const BAR = 2; // Pixels for the bar under a template.
const GAP = { width: 2, height: BAR + 3 };
const MOST_COLUMNS = 25;
const ZOOM = 4;

/** @typedef {{comparison: FeatureComparison, digit: Plane}} Result */

/**
 * The features of the whole digit and those of small patches, with their activations.
 * @param {HTMLElement} root
 * @param {ExperimentContext} context
 */
export function createFeatureComparison(root, { api, colors, compared, fail, announce, rememberInAddress, signal }) {
  const { "fully-connected": perceptron, convolution } = compared;
  const legend = createLegend(find(root, "#templates-legend", HTMLElement), "weights");
  const sentence = find(root, "#features-sentence", HTMLElement);
  const predictions = find(root, "#features-predictions", HTMLElement);
  const names = new Map(Object.values(compared).map(({ id, name }) => [id, name]));
  const [conv1] = convolution.model.layers;
  const sheet = createSheet(root, { announce, signal });
  const local = createKernelList(root, conv1.output_shape[0], conv1.kernel_size ?? [1, 1], () => local.paint(colors()), signal);

  /** Of the templates' weights. */
  let range = 1;
  let loaded = false;

  const layerNames = [perceptron, convolution].map(({ id, model }) => [id, model.layers[0].name]);
  persist(() => Promise.all(layerNames.map(([model, layer]) => requestKernels(model, layer))), fail).then(([templates, kernels]) => {
    // One range for all: the 99.5th percentile, so that a few extreme weights do not make the others pale.
    range = percentile(templates.kernels.data, 0.995);
    sheet.load(templates.kernels, range);
    local.load(kernels.kernels);
    loaded = true;
    paint();
  }, fail);

  const channel = createDigitChannel(
    /** @param {ExperimentState} state */
    async (state) => ({ comparison: await api.postFeatureComparison(state.digit), digit: state.input }),
    {
      onResponse(result) {
        sheet.show(result);
        local.show(result);
        describe(result.comparison);
        paint();
      },
      onFailure: fail,
    },
  );

  /** @param {FeatureComparison} comparison */
  function describe(comparison) {
    const { active, activations } = comparison.perceptron;
    const [filters, height, width] = conv1.output_shape;
    const [kernelHeight, kernelWidth] = conv1.kernel_size ?? [1, 1];
    sentence.replaceChildren(
      `Each of the ${activations.length} templates reads the whole digit at once, and `, build("b", {}, `${active} of ${activations.length}`),
      " are activated. Each of the ", build("b", {}, String(filters)), ` kernels reads ${kernelHeight * kernelWidth} pixels at a time, at `,
      build("b", {}, String(height * width)), " positions: its activations are a map.",
    );
    setText(predictions, describePredictions(comparison, (id) => names.get(id) ?? id));
    root.dataset.active = String(active);
  }

  function paint() {
    if (!loaded) return;
    legend.update([-range, range], colors().diverging, true);
    sheet.paint(colors());
    local.paint(colors());
  }

  sheet.onOrder(() => {
    paint();
    rememberInAddress();
  });

  return {
    /** @param {ExperimentState} state */
    update(state) {
      channel.send(state);
    },
    layOut() {
      sheet.layOut();
      local.layOut();
      paint();
    },
    fields: () => ({ order: sheet.order() === "fixed" ? "fixed" : null }),
    /** @param {URLSearchParams} fields */
    restore(fields) {
      find(root, `#templates-${fields.get("order") === "fixed" ? "fixed" : "strongest"}`, HTMLButtonElement).click();
    },
  };
}

/**
 * The templates on one sheet, and the chosen one enlarged.
 * @param {HTMLElement} root
 * @param {Pick<ExperimentContext, "announce" | "signal">} context
 */
function createSheet(root, { announce, signal }) {
  const canvas = find(root, "#templates-sheet", HTMLCanvasElement);
  const cursor = find(root, ".templates-cursor", HTMLElement);
  const weights = find(root, "#template-weights", HTMLCanvasElement);
  const products = find(root, "#template-products", HTMLCanvasElement);
  const orders = /** @type {const} */ (["strongest", "fixed"]).map((name) => ({ name, button: find(root, `#templates-${name}`, HTMLButtonElement) }));

  /** @type {Tensor | null} */
  let templates = null;
  /** @type {Result | null} */
  let result = null;
  /** @type {ThemeColors | null} */
  let colors = null;
  let range = 1;
  let columns = MOST_COLUMNS;
  /** @type {"strongest" | "fixed"} */
  let order = "strongest";
  let chosen = 0; // Its position on the sheet, not the template's number.

  /** Numbers of the templates in the order of the sheet. */
  const shown = () => orderOf(order, templates?.shape[0] ?? 0, result?.comparison.perceptron ?? null);
  const cell = () => ({ width: (templates?.shape[3] ?? 0) + GAP.width, height: (templates?.shape[2] ?? 0) + GAP.height });

  function paintChosen() {
    if (!templates || !result || !colors) return;
    const number = shown()[chosen];
    const own = kernelOf(templates, number);
    paintPlane(weights, own, colors.diverging, range);
    paintPlane(products, productsOf(own, result.digit), colors.diverging, range);
    setText(find(root, "#template-name", HTMLElement), `Template ${number}`);
    setText(find(root, "#template-numbers", HTMLElement), describeTemplate(result.comparison.perceptron, number, own.data.length));
    canvas.dataset.template = String(number);
    cursor.hidden = false;
    cursor.style.insetInlineStart = `${(chosen % columns) * cell().width}px`;
    cursor.style.insetBlockStart = `${Math.floor(chosen / columns) * cell().height}px`;
    cursor.style.inlineSize = `${own.width}px`;
    cursor.style.blockSize = `${own.height}px`;
  }

  /** @param {number} position */
  function choose(position) {
    if (position < 0 || position >= shown().length || position === chosen) return;
    chosen = position;
    paintChosen();
  }

  canvas.addEventListener("pointermove", ({ offsetX, offsetY }) => {
    choose(Math.floor(offsetY / cell().height) * columns + Math.min(columns - 1, Math.floor(offsetX / cell().width)));
  }, { signal });
  canvas.addEventListener("keydown", (event) => {
    const step = arrowStep(event);
    if (!step || !result) return;
    event.preventDefault();
    choose(chosen + step[0] * columns + step[1]);
    const number = shown()[chosen];
    announce(`Template ${number}: ${formatValue(result.comparison.perceptron.activations[number])}`);
  }, { signal });

  return {
    /** @param {Tensor} kernels  @param {number} weightRange */
    load(kernels, weightRange) {
      templates = kernels;
      range = weightRange;
    },
    /** @param {Result} newest */
    show(newest) {
      result = newest;
    },
    order: () => order,
    /** @param {() => void} repaint */
    onOrder(repaint) {
      for (const { name, button } of orders) {
        button.addEventListener("click", () => {
          order = name;
          chosen = 0;
          for (const other of orders) other.button.setAttribute("aria-pressed", String(other.name === name));
          repaint();
        }, { signal });
      }
    },
    layOut() {
      const room = /** @type {HTMLElement} */ (canvas.closest(".templates-all")).clientWidth;
      columns = Math.max(5, Math.min(MOST_COLUMNS, Math.floor((room + GAP.width) / (cell().width || 1))));
      for (const picture of [weights, products]) enlarge(picture, ZOOM);
    },
    /** @param {ThemeColors} theme */
    paint(theme) {
      colors = theme;
      if (!templates) return;
      this.layOut();
      paintSheet(canvas, templates, { numbers: shown(), columns, range, theme, activations: result?.comparison.perceptron.activations ?? [] });
      root.dataset.order = order;
      paintChosen();
    },
  };
}

/**
 * All templates, each with a bar as long as its activation.
 * @param {HTMLCanvasElement} canvas
 * @param {Tensor} templates
 * @param {{numbers: number[], columns: number, range: number, theme: ThemeColors, activations: number[]}} picture
 */
function paintSheet(canvas, templates, { numbers, columns, range, theme: { diverging, ink }, activations }) {
  const [, , height, width] = templates.shape;
  const cell = { width: width + GAP.width, height: height + GAP.height };
  canvas.width = columns * cell.width - GAP.width;
  canvas.height = Math.ceil(numbers.length / columns) * cell.height - (GAP.height - BAR);
  enlarge(canvas, 1);
  const context = contextOf(canvas);
  const image = context.createImageData(canvas.width, canvas.height);
  const pixels = new Uint32Array(image.data.buffer);
  const strongest = Math.max(0, ...activations);
  const bar = ink.pixelOf(1, 1);
  numbers.forEach((number, position) => {
    const corner = Math.floor(position / columns) * cell.height * canvas.width + (position % columns) * cell.width;
    const { data } = kernelOf(templates, number);
    data.forEach((weight, i) => {
      pixels[corner + Math.floor(i / width) * canvas.width + (i % width)] = diverging.pixelOf(weight, range);
    });
    const length = strongest ? Math.ceil((width * activations[number]) / strongest) : 0;
    for (let row = height + 1; row < height + 1 + BAR; row += 1) {
      pixels.fill(bar, corner + row * canvas.width, corner + row * canvas.width + length);
    }
  });
  context.putImageData(image, 0, 0);
}

/**
 * The kernels of the convolution, and where the chosen one has its largest activation.
 * @param {HTMLElement} root
 * @param {number} count
 * @param {[number, number]} size  Height and width of a kernel.
 * @param {() => void} repaint
 * @param {AbortSignal} signal
 */
function createKernelList(root, count, [height, width], repaint, signal) {
  const list = find(root, "#local-kernels", HTMLElement);
  const input = find(root, "#local-input", HTMLCanvasElement);
  const mark = find(root, ".local-digit i", HTMLElement);
  const buttons = Array.from({ length: count }, (_, number) => {
    const canvas = build("canvas", { class: "plane", width, height, "aria-hidden": "true" });
    const button = build("button", { type: "button", "aria-pressed": "false", "aria-label": `Kernel ${number}` }, canvas);
    list.append(build("li", {}, button));
    for (const type of ["click", "pointerenter", "focus"]) {
      button.addEventListener(type, () => {
        chosen = number;
        repaint();
      }, { signal });
    }
    return { button, canvas };
  });
  let chosen = -1;
  /** @type {Tensor | null} */
  let kernels = null;
  /** @type {Result | null} */
  let result = null;

  return {
    /** @param {Tensor} tensor */
    load(tensor) {
      kernels = tensor;
    },
    /** @param {Result} newest */
    show(newest) {
      result = newest;
      const { strongest } = newest.comparison.convolution;
      if (chosen < 0) chosen = strongest.indexOf(Math.max(...strongest));
    },
    layOut() {
      for (const canvas of [input, ...buttons.map((each) => each.canvas)]) enlarge(canvas, ZOOM);
    },
    /** @param {ThemeColors} colors */
    paint({ diverging, ink }) {
      if (!kernels) return;
      const most = percentile(kernels.data, 1);
      for (const [number, { button, canvas }] of buttons.entries()) {
        paintPlane(canvas, kernelOf(kernels, number), diverging, most);
        button.setAttribute("aria-pressed", String(number === chosen));
      }
      if (!result || chosen < 0) return;
      paintPlane(input, result.digit, ink, 1);
      const { convolution } = result.comparison;
      const [row, column] = convolution.positions[chosen];
      mark.hidden = convolution.strongest[chosen] === 0;
      mark.style.insetInlineStart = `${(column - (width - 1) / 2) * ZOOM}px`;
      mark.style.insetBlockStart = `${(row - (height - 1) / 2) * ZOOM}px`;
      mark.style.inlineSize = `${width * ZOOM}px`;
      mark.style.blockSize = `${height * ZOOM}px`;
      setText(find(root, "#local-kernel", HTMLElement), describeKernel(convolution, chosen));
    },
  };
}
