// @ts-check
/** @import { ExperimentContext, ExperimentState, Plane, Responses, Tensor } from "../../types.js" */
/** @import { ColorScale } from "../../draw/color-scale.js" */
import { createDigitChannel } from "../../api/digit-channel.js";
import { getKernels } from "../../api/http.js";
import { build } from "../../dom-build.js";
import { contextOf, find, setText } from "../../dom.js";
import { enlarge, paintPlane } from "../../draw/plane.js";
import { createLegend, formatValue } from "../legend.js";

const SIDE = 28;
const BAR = 2; // Pixels for the bar under a template.
const CELL = { width: SIDE + 2, height: SIDE + BAR + 3 };
const MOST_COLUMNS = 25;
const ZOOM = 4;

/** @type {Record<string, (columns: number) => number>} */
const STEPS = { ArrowLeft: () => -1, ArrowRight: () => 1, ArrowUp: (columns) => -columns, ArrowDown: (columns) => columns };

/**
 * 500 features of the whole digit, and 16 of small patches, with how strongly each answers.
 * @param {HTMLElement} root
 * @param {ExperimentContext} context
 */
export function createTemplates(root, { api, colors, models, fail, announce, signal }) {
  const sheet = find(root, "#templates-sheet", HTMLCanvasElement);
  const cursor = find(root, ".templates-cursor", HTMLElement);
  const weights = find(root, "#templates-weights", HTMLCanvasElement);
  const products = find(root, "#templates-products", HTMLCanvasElement);
  const input = find(root, "#templates-input", HTMLCanvasElement);
  const place = find(root, ".templates-digit i", HTMLElement);
  const legend = createLegend(find(root, "#templates-legend", HTMLElement), "weights");
  const orders = /** @type {const} */ (["strongest", "fixed"]).map((name) => ({ name, button: find(root, `#templates-${name}`, HTMLButtonElement) }));
  const buttons = buildKernels(find(root, "#templates-kernels", HTMLElement));

  /** @type {Tensor | null} */
  let templates = null;
  /** @type {Tensor | null} */
  let kernels = null;
  /** @type {Responses | null} */
  let responses = null;
  /** @type {Plane | null} */
  let digit = null;
  let range = 1;
  let columns = MOST_COLUMNS;
  let order = "strongest";
  let at = 0; // Place on the sheet, not number of the template.
  let kernel = -1;

  Promise.all([getKernels("mlp-500", "linear1"), getKernels("cnn", "conv1")]).then(([all, local]) => {
    templates = all;
    kernels = local;
    // One range for all: the 99.5th percentile, so that a few extreme weights do not pale the rest.
    range = percentile(all.data, 0.995);
    paint();
  }, fail);

  const channel = createDigitChannel(
    /** @param {ExperimentState} state */
    async (state) => ({ state, answer: await api.postResponses(state.digit) }),
    {
      onAnswer({ state, answer }) {
        responses = answer;
        digit = state.input;
        if (kernel < 0) kernel = largest(answer.kernels.strongest);
        paint();
      },
      onFailure: fail,
    },
  );

  /** Numbers of the templates as they stand on the sheet. */
  function shown() {
    const count = templates?.shape[0] ?? 0;
    return order === "strongest" && responses ? responses.templates.order : Array.from({ length: count }, (_, number) => number);
  }

  function paint() {
    if (!templates || !kernels) return;
    const { diverging } = colors();
    legend.update([-range, range], diverging);
    paintSheet(diverging);
    paintChosen();
    paintKernels(diverging);
    if (!responses) return;
    const { templates: { active, activations } } = responses;
    const [first] = models["cnn"].layers;
    const neurons = first.output_shape[1] * first.output_shape[2];
    find(root, "#templates-sentence", HTMLElement).replaceChildren(
      "Each of the 500 looks at the whole digit at once, and ", build("b", {}, `${active} of ${activations.length}`), " answer it. Each of the ",
      build("b", {}, String(first.output_shape[0])), " kernels looks at 25 pixels at a time, at ", build("b", {}, String(neurons)), " places, and so draws a map.",
    );
    root.dataset.active = String(active);
    root.dataset.order = order;
  }

  /** @param {ColorScale} scale */
  function paintSheet(scale) {
    if (!templates) return;
    const numbers = shown();
    const rows = Math.ceil(numbers.length / columns);
    sheet.width = columns * CELL.width - 2;
    sheet.height = rows * CELL.height - 3;
    enlarge(sheet, 1);
    const context = contextOf(sheet);
    const image = context.createImageData(sheet.width, sheet.height);
    const pixels = new Uint32Array(image.data.buffer);
    const strongest = responses ? Math.max(...responses.templates.activations) : 0;
    const bar = colors().ink.pixelOf(1, 1);
    numbers.forEach((number, position) => {
      const corner = Math.floor(position / columns) * CELL.height * sheet.width + (position % columns) * CELL.width;
      const begin = number * SIDE * SIDE;
      for (let row = 0; row < SIDE; row += 1) {
        for (let column = 0; column < SIDE; column += 1) {
          pixels[corner + row * sheet.width + column] = scale.pixelOf(/** @type {Tensor} */ (templates).data[begin + row * SIDE + column], range);
        }
      }
      const length = responses && strongest ? Math.ceil((SIDE * responses.templates.activations[number]) / strongest) : 0;
      for (let row = SIDE + 1; row < SIDE + 1 + BAR; row += 1) {
        pixels.fill(bar, corner + row * sheet.width, corner + row * sheet.width + length);
      }
    });
    context.putImageData(image, 0, 0);
  }

  function paintChosen() {
    if (!templates || !responses || !digit) return;
    const number = shown()[at];
    const own = { width: SIDE, height: SIDE, data: templates.data.subarray(number * SIDE * SIDE, (number + 1) * SIDE * SIDE) };
    const times = { ...own, data: own.data.map((weight, i) => weight * /** @type {Plane} */ (digit).data[i]) };
    const { diverging } = colors();
    paintPlane(weights, own, diverging, range);
    paintPlane(products, times, diverging, range);
    const { pre_activations: sums, activations, order: ranks } = responses.templates;
    setText(find(root, "#templates-name", HTMLElement), `Template ${number}`);
    setText(find(root, "#templates-numbers", HTMLElement),
      `784 products and a bias sum up to ${formatValue(sums[number])}; after the ReLU ${formatValue(activations[number])}. ${ordinal(ranks.indexOf(number) + 1)} of ${ranks.length}.`);
    sheet.dataset.template = String(number);
    cursor.hidden = false;
    cursor.style.insetInlineStart = `${(at % columns) * CELL.width}px`;
    cursor.style.insetBlockStart = `${Math.floor(at / columns) * CELL.height}px`;
    cursor.style.inlineSize = `${SIDE}px`;
    cursor.style.blockSize = `${SIDE}px`;
  }

  /** @param {ColorScale} scale */
  function paintKernels(scale) {
    if (!kernels) return;
    const size = kernels.shape[3];
    const all = kernels.data;
    const most = percentile(all, 1);
    buttons.forEach(({ button, canvas }, number) => {
      paintPlane(canvas, { width: size, height: size, data: all.subarray(number * size * size, (number + 1) * size * size) }, scale, most);
      button.setAttribute("aria-pressed", String(number === kernel));
    });
    if (!responses || !digit || kernel < 0) return;
    paintPlane(input, digit, colors().ink, 1);
    const [row, column] = responses.kernels.places[kernel];
    const strongest = responses.kernels.strongest[kernel];
    const reach = (size - 1) / 2;
    place.hidden = strongest === 0;
    place.style.insetInlineStart = `${(column - reach) * ZOOM}px`;
    place.style.insetBlockStart = `${(row - reach) * ZOOM}px`;
    place.style.inlineSize = place.style.blockSize = `${size * ZOOM}px`;
    setText(find(root, "#templates-kernel", HTMLElement), strongest
      ? `Kernel ${kernel} answers most, ${formatValue(strongest)}, at row ${row}, column ${column}; it answers at ${Math.round(100 * responses.kernels.active_share[kernel])} % of the places.`
      : `Kernel ${kernel} answers nowhere on this digit.`);
  }

  /** @param {number} position */
  function choose(position) {
    const count = templates?.shape[0] ?? 0;
    if (position < 0 || position >= count || position === at) return;
    at = position;
    paintChosen();
  }

  sheet.addEventListener("pointermove", ({ offsetX, offsetY }) => {
    choose(Math.floor(offsetY / CELL.height) * columns + Math.min(columns - 1, Math.floor(offsetX / CELL.width)));
  }, { signal });
  sheet.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    if (!step || !responses) return;
    event.preventDefault();
    choose(at + step(columns));
    const number = shown()[at];
    announce(`Template ${number}: ${formatValue(responses.templates.activations[number])}`);
  }, { signal });
  for (const { name, button } of orders) {
    button.addEventListener("click", () => {
      order = name;
      at = 0;
      for (const other of orders) other.button.setAttribute("aria-pressed", String(other.name === name));
      paint();
    }, { signal });
  }
  buttons.forEach(({ button }, number) => {
    for (const type of ["click", "pointerenter", "focus"]) {
      button.addEventListener(type, () => {
        kernel = number;
        paintKernels(colors().diverging);
      }, { signal });
    }
  });

  return {
    /** @param {ExperimentState} state */
    update(state) {
      channel.send(state);
    },
    layOut() {
      const room = /** @type {HTMLElement} */ (sheet.closest(".templates-all")).clientWidth;
      columns = Math.max(5, Math.min(MOST_COLUMNS, Math.floor((room + 2) / CELL.width)));
      for (const canvas of [weights, products, input]) enlarge(canvas, ZOOM);
      for (const { canvas } of buttons) enlarge(canvas, ZOOM);
      paint();
    },
  };
}

/** @param {HTMLElement} list */
function buildKernels(list) {
  return Array.from({ length: 16 }, (_, number) => {
    const canvas = build("canvas", { class: "plane", width: 5, height: 5, "aria-hidden": "true" });
    const button = build("button", { type: "button", "aria-pressed": "false", "aria-label": `Kernel ${number}` }, canvas);
    list.append(build("li", {}, button));
    return { button, canvas };
  });
}

/**
 * The absolute value that a share of the numbers do not exceed.
 * @param {Float32Array} numbers
 * @param {number} share
 */
function percentile(numbers, share) {
  const sorted = numbers.map(Math.abs).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] || 1;
}

/** @param {number[]} numbers */
function largest(numbers) {
  return numbers.indexOf(Math.max(...numbers));
}

/** @param {number} rank */
function ordinal(rank) {
  const tens = rank % 100;
  const suffix = tens > 10 && tens < 14 ? "th" : (["th", "st", "nd", "rd"][rank % 10] ?? "th");
  return `${rank === 1 ? "The strongest" : `The ${rank}${suffix} strongest`}`;
}
