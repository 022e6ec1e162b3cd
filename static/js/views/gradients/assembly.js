// @ts-check
/** @import { Plane, Tensor, ThemeColors } from "../../types.js" */
import { build } from "../../dom-build.js";
import { find, setText } from "../../dom.js";
import { enlarge, paintPlane } from "../../draw/plane.js";
import { assembled, patchOf } from "../../state/contributions.js";
import { planesOf } from "../../state/selectors.js";
import { createLegend, formatValue } from "../legend.js";
import { createNumberGrid } from "../number-grid.js";

const SECONDS = 6; // To pour a whole map.

/** @type {Record<string, [number, number]>} */
const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

/**
 * What the section shows: one digit's gradients at the first convolution.
 * @typedef {object} Shown
 * @property {Plane} input
 * @property {Tensor} delta   [F, H, W]
 * @property {Tensor} weight  Backpropagation's gradient by the kernels, [F, 1, k, k].
 * @property {string} layer
 * @property {number} padding
 */

/**
 * δ on each map, one neuron's contribution, and how all of them pour into one kernel gradient.
 * @param {HTMLElement} root
 * @param {object} page
 * @param {() => ThemeColors} page.colors
 * @param {(message: string) => void} page.announce
 * @param {AbortSignal} page.signal
 * @param {(filter: number) => void} page.onFilter          Another map was chosen.
 * @param {(index: number[]) => void} page.onWeight         Another weight was chosen: [row, column] of the kernel.
 */
export function createAssembly(root, { colors, announce, signal, onFilter, onWeight }) {
  const list = find(root, "#delta-maps", HTMLElement);
  const inputCanvas = find(root, "#assembly-input", HTMLCanvasElement);
  const deltaCanvas = find(root, "#assembly-delta", HTMLCanvasElement);
  const boxes = [inputCanvas, deltaCanvas].map((canvas) => find(/** @type {HTMLElement} */ (canvas.parentElement), ".box", HTMLElement));
  const sentence = find(root, "#assembly-sentence", HTMLElement);
  const residual = find(root, "#assembly-residual", HTMLElement);
  const playButton = find(root, "#play", HTMLButtonElement);
  const patchGrid = createNumberGrid("patch");
  const productGrid = createNumberGrid("contribution");
  const gradientGrid = createNumberGrid("gradient");
  const factor = build("b", { class: "factor" });
  find(root, "#assembly-product", HTMLElement).append(factor, patchGrid.root, build("span", { "aria-hidden": "true" }, "="), productGrid.root);
  find(root, "#assembly-gradient", HTMLElement).append(gradientGrid.root);
  const legends = find(root, "#assembly-legends", HTMLElement);
  const [deltaLegend, productLegend, gradientLegend] = ["δ", "contribution", "gradient"].map((name) => createLegend(legends, name));
  gradientGrid.root.tabIndex = 0;

  /** @type {Shown | null} */
  let shown = null;
  /** @type {Plane[]} */
  let deltas = [];
  /** @type {{button: HTMLButtonElement, canvas: HTMLCanvasElement}[]} */
  let maps = [];
  let filter = 0;
  let chosenByHand = false;
  let cell = 0;
  /** How many neurons have poured in. */
  let poured = 0;
  let weight = [0, 0];
  let playing = 0;

  const size = () => shown?.weight.shape[3] ?? 5;
  const neurons = () => deltas[filter]?.data.length ?? 0;

  function paint() {
    if (!shown) return;
    const { diverging, ink } = colors();
    const deltaRange = largest(shown.delta.data);
    maps.forEach(({ button, canvas }, number) => {
      paintPlane(canvas, deltas[number], diverging, deltaRange);
      button.setAttribute("aria-pressed", String(number === filter));
    });
    paintPlane(inputCanvas, shown.input, ink, 1);
    paintPlane(deltaCanvas, poured < neurons() ? firstCells(deltas[filter], poured) : deltas[filter], diverging, deltaRange);
    deltaLegend.update([-deltaRange, deltaRange], diverging);
    setText(find(root, "#assembly-map", HTMLElement), `map ${filter}`);
    paintNeuron(deltaRange);
    paintGradient();
  }

  /** @param {number} deltaRange */
  function paintNeuron(deltaRange) {
    if (!shown) return;
    const { diverging, ink } = colors();
    const { width } = deltas[filter];
    const [row, column] = [Math.floor(cell / width), cell % width];
    const delta = deltas[filter].data[cell];
    const patch = patchOf(shown.input, size(), shown.padding, row, column);
    const textOf = (/** @type {number} */ number) => formatValue(number, 2);
    const side = { rows: size(), columns: size() };
    setText(factor, `δ ${formatValue(delta)} ×`);
    patchGrid.update({ ...side, label: "patch", textOf: (i) => textOf(patch[i]), pixelOf: (i) => ink.pixelOf(patch[i], 1) });
    productGrid.update({ ...side, label: "contribution", textOf: (i) => textOf(delta * patch[i]), pixelOf: (i) => diverging.pixelOf(delta * patch[i], deltaRange) });
    productLegend.update([-deltaRange, deltaRange], diverging);
    place(boxes[0], inputCanvas, row - shown.padding, column - shown.padding, size());
    place(boxes[1], deltaCanvas, row, column, 1);
    root.dataset.neuron = `${filter},${row},${column}`;
  }

  function paintGradient() {
    if (!shown) return;
    const { diverging } = colors();
    const count = size() ** 2;
    const whole = shown.weight.data.subarray(filter * count, (filter + 1) * count);
    const range = largest(whole);
    const sum = assembled(shown.input, deltas[filter], size(), shown.padding, poured);
    gradientGrid.update({
      label: "gradient",
      rows: size(),
      columns: size(),
      textOf: (i) => formatValue(sum[i], 2),
      pixelOf: (i) => diverging.pixelOf(sum[i], range),
      markOf: (i) => (i === weight[0] * size() + weight[1] ? "winner" : ""),
    });
    gradientGrid.root.setAttribute("aria-label", `Gradient of kernel ${filter}; weight row ${weight[0]}, column ${weight[1]} is chosen. Arrow keys choose another.`);
    gradientLegend.update([-range, range], diverging);
    const done = poured === neurons();
    sentence.replaceChildren(
      build("b", {}, poured.toLocaleString("en")), ` of ${neurons()} neurons have poured in: `, build("b", {}, (poured * count).toLocaleString("en")), ` products, `,
      build("b", {}, String(count)), " numbers kept.",
    );
    const off = Math.max(...sum.map((number, i) => Math.abs(number - whole[i])));
    setText(residual, done
      ? `complete: off from backpropagation's own by ${off === 0 ? "0" : (off / range).toExponential(0)} of its largest number`
      : "the kernel's gradient so far");
    root.dataset.poured = String(poured);
    root.dataset.residual = done ? String(off / range) : "";
  }

  // --- Changes -----------------------------------------------------------------------------------------------------

  /** @param {number} number */
  function chooseFilter(number) {
    stop();
    filter = number;
    poured = neurons();
    cell = strongest(deltas[filter].data);
    onFilter(filter);
    paint();
  }

  /** @param {number} next */
  function chooseCell(next) {
    if (next === cell || next < 0 || next >= neurons()) return;
    cell = next;
    if (shown) paintNeuron(largest(shown.delta.data));
  }

  function stop() {
    cancelAnimationFrame(playing);
    playing = 0;
    setText(playButton, "Play");
    playButton.setAttribute("aria-pressed", "false");
  }

  function play() {
    if (poured === neurons()) poured = 0;
    let last = performance.now();
    let due = poured;
    /** @param {number} now */
    const tick = (now) => {
      due = Math.min(neurons(), due + (neurons() * (now - last)) / 1000 / SECONDS);
      last = now;
      poured = Math.floor(due);
      cell = Math.max(0, poured - 1);
      paint();
      if (poured === neurons()) {
        stop();
        announce(`Complete. ${residual.textContent}`);
      } else playing = requestAnimationFrame(tick);
    };
    playing = requestAnimationFrame(tick);
    setText(playButton, "Pause");
    playButton.setAttribute("aria-pressed", "true");
  }

  playButton.addEventListener("click", () => (playing ? stop() : play()), { signal });
  for (const [id, count] of /** @type {[string, () => number][]} */ ([["assemble-all", neurons], ["assemble-none", () => 0]])) {
    find(root, `#${id}`, HTMLButtonElement).addEventListener("click", () => {
      stop();
      poured = count();
      paint();
    }, { signal });
  }

  /** @param {PointerEvent} event */
  function pointed({ offsetX, offsetY }) {
    const { width } = deltas[filter] ?? { width: 1 };
    const zoom = deltaCanvas.clientWidth / width;
    stop();
    chooseCell(Math.floor(offsetY / zoom) * width + Math.min(width - 1, Math.floor(offsetX / zoom)));
  }
  deltaCanvas.addEventListener("pointermove", pointed, { signal });
  deltaCanvas.addEventListener("pointerdown", pointed, { signal });
  deltaCanvas.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    if (!step || !shown) return;
    event.preventDefault();
    stop();
    const { width, height } = deltas[filter];
    const row = Math.min(height - 1, Math.max(0, Math.floor(cell / width) + step[0]));
    const column = Math.min(width - 1, Math.max(0, (cell % width) + step[1]));
    chooseCell(row * width + column);
    announce(`Row ${row}, column ${column}: δ ${formatValue(deltas[filter].data[cell])}`);
  }, { signal });

  /** @param {number} row  @param {number} column */
  function chooseWeight(row, column) {
    weight = [row, column];
    onWeight(weight);
    paintGradient();
  }
  gradientGrid.root.addEventListener("click", ({ target }) => {
    const at = target instanceof HTMLElement && target.closest("td");
    if (at) chooseWeight(/** @type {HTMLTableRowElement} */ (at.parentElement).rowIndex, at.cellIndex);
  }, { signal });
  gradientGrid.root.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    if (!step) return;
    event.preventDefault();
    const inside = (/** @type {number} */ place) => Math.min(size() - 1, Math.max(0, place));
    chooseWeight(inside(weight[0] + step[0]), inside(weight[1] + step[1]));
  }, { signal });

  return {
    /** @param {Shown} newest */
    update(newest) {
      shown = newest;
      deltas = planesOf(newest.delta);
      if (maps.length !== deltas.length) {
        maps = deltas.map((_, number) => {
          const canvas = build("canvas", { class: "plane", width: 28, height: 28, "aria-hidden": "true" });
          const button = build("button", { type: "button", "aria-pressed": "false", "aria-label": `δ on map ${number}` }, canvas, build("span", {}, String(number)));
          button.addEventListener("click", () => {
            chosenByHand = true;
            chooseFilter(number);
          }, { signal });
          list.append(build("li", {}, button));
          return { button, canvas };
        });
        layOut();
      }
      // Until somebody chooses, the map that the loss depends on most.
      if (!chosenByHand) filter = Math.floor(strongest(newest.delta.data) / deltas[0].data.length);
      stop();
      chooseFilter(filter);
    },
    layOut,
    get filter() {
      return filter;
    },
    get weight() {
      return weight;
    },
  };

  function layOut() {
    for (const { canvas } of maps) enlarge(canvas, 2);
    for (const canvas of [inputCanvas, deltaCanvas]) enlarge(canvas, matchMedia("(max-width: 760px)").matches ? 5 : 7);
    paint();
  }
}

/**
 * @param {HTMLElement} box
 * @param {HTMLCanvasElement} canvas
 * @param {number} row
 * @param {number} column
 * @param {number} cells
 */
function place(box, canvas, row, column, cells) {
  const zoom = parseFloat(canvas.style.inlineSize) / canvas.width;
  box.hidden = false;
  box.style.insetInlineStart = `${column * zoom}px`;
  box.style.insetBlockStart = `${row * zoom}px`;
  box.style.inlineSize = box.style.blockSize = `${cells * zoom}px`;
}

/** @param {Plane} plane  @param {number} count  @returns {Plane} The rest is zero. */
function firstCells({ width, height, data }, count) {
  return { width, height, data: data.map((value, i) => (i < count ? value : 0)) };
}

/** @param {ArrayLike<number>} numbers */
function strongest(numbers) {
  let best = 0;
  for (let i = 1; i < numbers.length; i += 1) if (Math.abs(numbers[i]) > Math.abs(numbers[best])) best = i;
  return best;
}

/** @param {ArrayLike<number>} numbers */
function largest(numbers) {
  return Math.abs(numbers[strongest(numbers)]) || 1;
}
