// @ts-check
// The first screen's sweep: one kernel moves over the digit and paints its feature map.
/** @import { Bench, Neuron } from "../types.js" */
/** @import { LayerView, Section } from "../network/selectors.js" */
/** @import { NeuronGrid } from "./first-sweep-scene.js" */
import { createAnnouncer } from "../dom/announce.js";
import { find, setText } from "../dom/find.js";
import { arrowStep, stepWithin } from "../dom/grid-keys.js";
import { cellAt } from "../draw/grid-geometry.js";
import { createFirstSweepScene, neuronGrid } from "./first-sweep-scene.js";
import { createFirstSweepValues } from "./first-sweep-values.js";
import { createFirstSweepView } from "./first-sweep-view.js";
import { decimalsFor, formatFixed } from "./rounding.js";
import { createSweep, isDialogOpen, isLast, SPEEDS } from "./sweep.js";

const SECONDS = 4.5; // A sweep takes at most this long.
const REST = 150; // Milliseconds without a new drawing before its exact values are requested.

/**
 * @param {Bench} bench
 * @param {HTMLElement} root
 * @param {boolean} isExact  Whether the sums are computed here.
 * @param {(neuron: Neuron, from: HTMLCanvasElement) => void} openLens
 */
export function createFirstSweep(bench, root, isExact, openLens) {
  const { store, sections, model, signal } = bench;
  const { layer, after } = /** @type {Section} */ (sections.find(({ layer: { name } }) => name === root.dataset.layer));
  const grid = neuronGrid(layer);
  const before = model.layers[model.layers.indexOf(layer) - 1];
  const view = createFirstSweepView(find(root, ".sweep-figure", HTMLElement), layer, {
    activation: after?.function ?? null, together: grid.together, readsName: before ? `map of ${before.name}` : "your digit",
  });
  const values = createFirstSweepValues(bench, { layer, after }, isExact, showAndBegin);
  const scene = createFirstSweepScene(bench, layer, grid, values.sources);
  const announce = createAnnouncer(find(root, "[role=status]", HTMLElement));
  const play = find(root, "#sweep-play", HTMLButtonElement);

  /** @type {LayerView | null} */
  let maps = null;
  let position = grid.cellAt(0, 0);
  /** Whether it may still begin by itself. */
  let isFresh = !store.getState().neuron && !matchMedia("(prefers-reduced-motion: reduce)").matches;
  /** The share of it that is on the screen. */
  let seen = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let rest;

  const sweep = createSweep({
    selection: { current: () => position, pin: moveTo },
    shapeOf: () => grid.shape,
    isStill: () => false, // By itself it begins only where motion is not reduced.
    onChange: show,
    isBlank: scene.isBlank,
    isBlocked: isDialogOpen,
  });

  /** @param {Neuron} cell */
  function moveTo(cell) {
    position = cell;
    if (maps && sweep.painted() !== null && !sweep.isPlaying() && isLast(cell, grid.shape)) {
      sweep.end();
      position = scene.strongestCell(maps, cell.filter);
      announce(grid.together ? "All neurons are painted." : `The map of filter ${cell.filter} is painted.`);
    }
    show();
  }

  function show() {
    const shown = maps && scene.viewOf(maps, position, sweep.painted() ?? Infinity);
    if (!shown) return;
    view.update(shown);
    setText(play, sweep.isPlaying() ? "Pause" : "Play");
    showFilter(root, grid.together ? "Neuron" : "Filter", shown);
  }

  /** Nobody sees the sums of a sweep that is not on the screen. */
  const request = () => seen && values.request();

  function showAndBegin() {
    show();
    if (isFresh && seen >= 0.5 && !document.hidden && values.sources()?.isExact) toggle();
  }

  function toggle() {
    if (!maps) return;
    isFresh = false;
    sweep.setSpeed(Math.max(SPEEDS[1], cellsOf(grid, position.filter).filter((cell) => !scene.isBlank(cell)).length / SECONDS));
    sweep.toggle();
    if (sweep.isPlaying()) announce(grid.together ? "One neuron after another sees your digit." : `Filter ${position.filter} moves over your digit.`);
  }

  /** @param {Neuron} cell */
  function settleAt(cell) {
    isFresh = false;
    sweep.end();
    position = cell;
    show();
  }

  function speak() {
    const sum = scene.sumAt(position);
    if (sum !== null) announce(`${placeOf(grid, position)}: products and bias add up to ${formatFixed(sum, decimalsFor(layer.display_range[1]))}.`);
  }

  wireControls(root, view.map, grid, {
    position: () => position, settleAt, toggle, speak, open: () => openLens(grid.neuronOf(position), view.map),
  }, signal);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden && sweep.isPlaying()) sweep.toggle();
  }, { signal });
  // The finished map follows the pen.
  const unsubscribe = store.subscribe((state, previous) => {
    if (state.digit === previous.digit) return;
    isFresh = false;
    if (sweep.painted() === null) return; // The maps are still those of the digit before.
    sweep.end();
    show();
  });
  const repaint = () => (view.forgetLayout(), show());
  const observers = observe(root, repaint, (share) => {
    seen = share;
    if (maps) request();
    showAndBegin();
  });
  signal.addEventListener("abort", () => {
    unsubscribe();
    for (const observer of observers) observer.disconnect();
    sweep.pause();
  }, { once: true });

  return {
    /** @param {LayerView} layerView */
    update(layerView) {
      const isFirst = maps === null;
      maps = layerView;
      if (isFirst) position = scene.strongestCell(maps, scene.strongestFilter(maps));
      clearTimeout(rest);
      rest = setTimeout(request, isFirst ? 0 : REST);
      show();
    },
    repaint,
  };
}

/** @param {HTMLElement} root  @param {string} noun  @param {{number: number, name: string}} filter */
function showFilter(root, noun, { number, name }) {
  setText(find(root, "#sweep-filter", HTMLElement), `${noun} ${number}`);
  const title = root.querySelector("#sweep-name");
  if (title) setText(title, name && `: ${name}`);
}

/** @param {NeuronGrid} grid  @param {number} filter  @returns {Neuron[]} */
function cellsOf(grid, filter) {
  const [, rows, columns] = grid.shape;
  return Array.from({ length: rows * columns }, (_, index) => grid.cellAt(filter, index));
}

/** @param {NeuronGrid} grid  @param {Neuron} cell */
function placeOf(grid, cell) {
  const { filter, row, column } = grid.neuronOf(cell);
  return grid.together ? `Neuron ${filter}` : `Filter ${filter}, row ${row}, column ${column}`;
}

/**
 * @param {HTMLElement} root
 * @param {() => void} onLayout
 * @param {(share: number) => void} onSight  How much of it is on the screen.
 */
function observe(root, onLayout, onSight) {
  const resizes = new ResizeObserver(onLayout);
  for (const element of root.querySelectorAll(".sweep-figure, .sweep-figure canvas")) resizes.observe(element);
  const sight = new IntersectionObserver(([entry]) => onSight(entry.intersectionRatio), { threshold: [0, 0.01, 0.5] });
  sight.observe(root);
  return [resizes, sight];
}

/**
 * Pointer, keyboard and buttons.
 * @param {HTMLElement} root
 * @param {HTMLCanvasElement} map
 * @param {NeuronGrid} grid
 * @param {object} actions
 * @param {() => Neuron} actions.position
 * @param {(cell: Neuron) => void} actions.settleAt  Show the finished map, with the window at a cell.
 * @param {() => void} actions.toggle    Play or pause.
 * @param {() => void} actions.open      Open the lens.
 * @param {() => void} actions.speak     Announce the cell.
 * @param {AbortSignal} signal
 */
function wireControls(root, map, grid, { position, settleAt, toggle, open, speak }, signal) {
  const [, rows, columns] = grid.shape;

  /** @param {number} step */
  function nextFilter(step) {
    const { filter, row, column } = position();
    const next = ((grid.together ? row * columns + column : filter) + step + grid.filters) % grid.filters;
    settleAt(grid.together ? grid.cellAt(0, next) : { ...position(), filter: next });
    speak();
  }

  /** @param {MouseEvent} event  @returns {Neuron} */
  const cellUnder = (event) => ({ ...position(), ...cellAt(map.getBoundingClientRect(), event.clientX, event.clientY, rows, columns) });

  map.addEventListener("pointermove", (event) => {
    if (event.pointerType !== "touch") settleAt(cellUnder(event));
  }, { signal });
  map.addEventListener("click", (event) => {
    settleAt(cellUnder(event));
    open();
  }, { signal });
  map.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const arrow = arrowStep(event);
    const act = { Enter: open, " ": toggle, PageUp: () => nextFilter(-1), PageDown: () => nextFilter(1) }[event.key];
    if (arrow) {
      settleAt({ ...position(), ...stepWithin(position(), arrow, [rows, columns]) });
      speak();
    } else if (act) {
      act();
    } else {
      return;
    }
    event.preventDefault();
  }, { signal });
  const buttons = { "#sweep-play": toggle, "#sweep-previous": () => nextFilter(-1), "#sweep-next": () => nextFilter(1) };
  for (const [selector, act] of Object.entries(buttons)) {
    const button = find(root, selector, HTMLButtonElement);
    button.addEventListener("click", act, { signal });
    button.disabled = false;
  }
}
