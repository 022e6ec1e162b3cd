// @ts-check
// How the gradient of a kernel is added up: δ on each map, one neuron's contribution, and the sum over all neurons.
/** @import { ThemeColors } from "../../types.js" */
/** @import { AssemblyState, Gradients } from "./assembly-state.js" */
import { build } from "../../dom/build.js";
import { find, setText } from "../../dom/find.js";
import { arrowStep } from "../../dom/grid-keys.js";
import { cellAt } from "../../draw/grid-geometry.js";
import { enlarge, paintPlane } from "../../draw/plane.js";
import { formatValue } from "../../network/legend.js";
import { addUp, chooseFilter, moveNeuron, moveWeight, OPENING, SECONDS, withGradients } from "./assembly-state.js";
import { createNeuronView, rangeOf } from "./neuron-view.js";
import { createSumView } from "./sum-view.js";

const ROOM = { wide: 196, narrow: 140 }; // CSS pixels for the digit and for δ.
const MAP_ROOM = 56; // For δ in the list of maps.

/**
 * @param {HTMLElement} root
 * @param {object} page
 * @param {() => ThemeColors} page.colors
 * @param {(message: string) => void} page.announce
 * @param {AbortSignal} page.signal
 * @param {(changed: "filter" | "weight") => void} page.onChoice
 */
export function createAssembly(root, { colors, announce, signal, onChoice }) {
  const legends = find(root, "#assembly-legends", HTMLElement);
  const list = createMapList(find(root, "#delta-maps", HTMLElement), signal, (filter) => {
    player.stop();
    change(chooseFilter(state, current(), filter));
    onChoice("filter");
  });
  const neuronView = createNeuronView(root, legends);
  const sumView = createSumView(root, legends);
  /** @type {Gradients | null} */
  let gradients = null;
  let state = OPENING;

  const current = () => /** @type {Gradients} */ (gradients);
  const neurons = () => current().deltas[state.filter].data.length;

  /** @param {AssemblyState} next */
  function change(next) {
    state = next;
    paint();
  }

  function paint() {
    if (!gradients) return;
    const range = rangeOf(gradients.deltas);
    list.paint(gradients, state.filter, range, colors());
    neuronView.paint(gradients, state, range, colors());
    sumView.paint(gradients, state, colors());
  }

  const player = createPlayer(find(root, "#play", HTMLButtonElement), signal, {
    start: () => (gradients ? { from: state.added === neurons() ? 0 : state.added, to: neurons() } : null),
    show: (count) => change(addUp(state, current(), count)),
    end: () => announce(`Complete. ${sumView.words()}`),
  });
  wireButtons(root, signal, (count) => {
    player.stop();
    if (gradients) change(addUp(state, gradients, count));
  });
  wireNeurons(neuronView.canvas, signal, {
    move(step) {
      if (!gradients) return;
      player.stop();
      change(moveNeuron(state, gradients, step));
      const { width, data } = gradients.deltas[state.filter];
      announce(`Row ${Math.floor(state.neuron / width)}, column ${state.neuron % width}: δ ${formatValue(data[state.neuron])}`);
    },
    point(neuron) {
      if (!gradients || neuron === state.neuron) return;
      player.stop();
      change({ ...state, neuron });
    },
  });
  wireWeights(sumView.table, signal, (weight) => {
    if (!gradients) return;
    change(Array.isArray(weight) ? moveWeight(state, gradients, weight) : { ...state, weight: [weight.row, weight.column] });
    onChoice("weight");
  });

  return {
    /** @param {Gradients} newest  Of another digit or class. */
    update(newest) {
      gradients = newest;
      player.stop();
      list.fill(newest.deltas);
      change(withGradients(state, newest));
      onChoice("filter");
    },
    layOut() {
      neuronView.layOut(matchMedia("(max-width: 760px)").matches ? ROOM.narrow : ROOM.wide);
      paint();
    },
    /** The map that the visitor chose, and the weight. @returns {{filter: number | null, weight: [number, number]}} */
    choice: () => ({ filter: state.isChosen ? state.filter : null, weight: state.weight }),
    /** As a link has it; before the first response. @param {{filter: number | null, weight: [number, number]}} chosen */
    restore({ filter, weight }) {
      state = { ...state, weight, filter: filter ?? state.filter, isChosen: filter !== null };
      if (gradients) change(withGradients(state, gradients));
    },
    get filter() {
      return state.filter;
    },
    get weight() {
      return state.weight;
    },
  };
}

/**
 * A button for each map, with its δ.
 * @param {HTMLElement} root
 * @param {AbortSignal} signal
 * @param {(filter: number) => void} choose
 */
function createMapList(root, signal, choose) {
  /** @type {{button: HTMLButtonElement, canvas: HTMLCanvasElement}[]} */
  const maps = [];

  return {
    /** @param {Gradients["deltas"]} deltas  As many in every response of a model. */
    fill(deltas) {
      for (let filter = maps.length; filter < deltas.length; filter += 1) {
        const { width, height } = deltas[filter];
        const canvas = build("canvas", { class: "plane", width, height, "aria-hidden": "true" });
        enlarge(canvas, Math.max(1, Math.floor(MAP_ROOM / width)));
        const button = build("button", { type: "button", "aria-pressed": "false", "aria-label": `δ on map ${filter}` }, canvas, build("span", {}, String(filter)));
        button.addEventListener("click", () => choose(filter), { signal });
        root.append(build("li", {}, button));
        maps.push({ button, canvas });
      }
    },
    /**
     * @param {Gradients} gradients
     * @param {number} chosen
     * @param {number} range
     * @param {ThemeColors} colors
     */
    paint({ deltas }, chosen, range, { diverging }) {
      maps.forEach(({ button, canvas }, filter) => {
        paintPlane(canvas, deltas[filter], diverging, range);
        button.setAttribute("aria-pressed", String(filter === chosen));
      });
    },
  };
}

/**
 * Add up one neuron after the other, a whole map in `SECONDS`.
 * @param {HTMLButtonElement} button
 * @param {AbortSignal} signal
 * @param {{start: () => {from: number, to: number} | null, show: (count: number) => void, end: () => void}} on
 */
function createPlayer(button, signal, { start, show, end }) {
  let frame = 0;

  function stop() {
    cancelAnimationFrame(frame);
    frame = 0;
    setText(button, "Play");
    button.setAttribute("aria-pressed", "false");
  }

  function play() {
    const range = start();
    if (!range) return;
    const begun = performance.now();
    /** @param {number} now */
    const tick = (now) => {
      const count = Math.min(range.to, range.from + (range.to * Math.max(0, now - begun)) / 1000 / SECONDS);
      show(count);
      if (count < range.to) frame = requestAnimationFrame(tick);
      else {
        stop();
        end();
      }
    };
    frame = requestAnimationFrame(tick);
    setText(button, "Pause");
    button.setAttribute("aria-pressed", "true");
  }

  button.addEventListener("click", () => (frame ? stop() : play()), { signal });
  return { stop };
}

/** @param {HTMLElement} root  @param {AbortSignal} signal  @param {(count: number) => void} show */
function wireButtons(root, signal, show) {
  find(root, "#assemble-all", HTMLButtonElement).addEventListener("click", () => show(Infinity), { signal });
  find(root, "#assemble-none", HTMLButtonElement).addEventListener("click", () => show(0), { signal });
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {AbortSignal} signal
 * @param {{move: (step: [number, number]) => void, point: (neuron: number) => void}} on
 */
function wireNeurons(canvas, signal, { move, point }) {
  for (const type of /** @type {const} */ (["pointermove", "pointerdown"])) {
    canvas.addEventListener(type, ({ clientX, clientY }) => {
      const { row, column } = cellAt(canvas.getBoundingClientRect(), clientX, clientY, canvas.height, canvas.width);
      point(row * canvas.width + column);
    }, { signal });
  }
  canvas.addEventListener("keydown", (event) => {
    const step = arrowStep(event);
    if (!step) return;
    event.preventDefault();
    move(step);
  }, { signal });
}

/**
 * @param {HTMLTableElement} table
 * @param {AbortSignal} signal
 * @param {(weight: {row: number, column: number} | [number, number]) => void} choose  A position, or a step from the last one.
 */
function wireWeights(table, signal, choose) {
  table.addEventListener("click", ({ target }) => {
    const cell = target instanceof HTMLElement && target.closest("td");
    if (cell) choose({ row: /** @type {HTMLTableRowElement} */ (cell.parentElement).rowIndex, column: cell.cellIndex });
  }, { signal });
  table.addEventListener("keydown", (event) => {
    const step = arrowStep(event);
    if (!step) return;
    event.preventDefault();
    choose(step);
  }, { signal });
}
