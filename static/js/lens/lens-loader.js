// @ts-check
// Loads the lens, the comparison of two digits and the first screen's sweep when they are first needed.
/** @import { ActivationsResponse, Bench, Neuron } from "../types.js" */
import { find } from "../dom/find.js";

/** @import { LayerView } from "../network/selectors.js" */
/** @typedef {ReturnType<typeof import("./compare.js").createComparison>} Comparison */

const EVENTS = /** @type {const} */ (["pointermove", "click", "focusin", "keydown"]);
const INSPECTED = ".unit .map, #prediction li";

/** @param {Bench} bench */
export function wireLens(bench) {
  const { signal, store } = bench;
  /** @type {ReturnType<typeof import("./lens.js").createLens> | null} */
  let lens = null;
  /** @type {Promise<void> | null} */
  let loading = null;
  /** The newest event before the lens is loaded, and where its target was then: maps may have moved since. @type {{event: Event, box: DOMRect} | null} */
  let latest = null;
  /** @type {Comparison | null} */
  let comparison = null;

  const load = () => (loading ??= Promise.all([import("./lens.js"), import("../shell/styles.js").then(({ addStyles }) => addStyles("lens"))]).then(([{ createLens }]) => {
    lens = createLens(bench, () => comparison);
    if (latest) lens.handle(latest.event, latest.box);
  }, (error) => {
    loading = null; // The next event tries again.
    bench.fail(error);
  }));

  for (const type of EVENTS) {
    addEventListener(type, (event) => {
      if (lens) return lens.handle(event);
      if (!(event.target instanceof Element) || !event.target.closest(INSPECTED)) return;
      latest = { event, box: event.target.getBoundingClientRect() };
      load();
    }, { signal });
  }
  // The pointer enters the network before it reaches a map, so loading starts early.
  find(document, ".network", HTMLElement).addEventListener("pointerenter", load, { once: true, signal });
  const unsubscribe = store.subscribe(({ neuron }) => neuron && load());
  signal.addEventListener("abort", unsubscribe, { once: true });
  if (store.getState().neuron) load();

  find(document, "#hold", HTMLButtonElement).addEventListener("click", async () => {
    try {
      comparison ??= (await import("./compare.js")).createComparison(bench);
    } catch (error) {
      return bench.fail(error);
    }
    comparison.toggle();
  }, { signal });

  return {
    /** Pin a neuron, whose map another part of the page shows. @param {Neuron} neuron  @param {HTMLCanvasElement} from */
    async open(neuron, from) {
      await load();
      lens?.openFrom(from);
      store.dispatch({ type: "neuronPinned", neuron });
    },

    repaint() {
      comparison?.repaint();
      lens?.repaint();
    },
    /** The response with the maps to show: its own, or their differences from the held digit's. @param {ActivationsResponse} response */
    shown: (response) => comparison?.shown(response) ?? response,
  };
}

// The weights of a larger layer are those that the page shows, in half precision, and the sums are the network's own.
const FEW_WEIGHTS = 20_000;

/**
 * Loads the sweep of the first screen when the first maps have been painted, so that they need not wait for it.
 * @param {Bench} bench
 * @param {(neuron: Neuron, from: HTMLCanvasElement) => void} openLens
 */
export function wireSweep(bench, openLens) {
  const root = find(document, "#sweep", HTMLElement);
  const layer = root.dataset.layer ?? "";
  const { parameters = 0 } = bench.model.layers.find(({ name }) => name === layer) ?? {};
  const isExact = parameters <= FEW_WEIGHTS;
  /** @type {ReturnType<typeof import("./first-sweep.js").createFirstSweep> | null} */
  let sweep = null;
  /** @type {Promise<void> | null} */
  let loading = null;
  /** @type {LayerView | null} */
  let latest = null;

  const load = () => (loading ??= import("./first-sweep.js").then(({ createFirstSweep }) => {
    sweep = createFirstSweep(bench, root, isExact, openLens);
    if (latest) sweep.update(latest);
  }, (error) => {
    loading = null; // The next response tries again.
    bench.fail(error);
  }));

  return {
    root,
    /** The layer whose maps it shows. */
    layer,
    /** Whether it computes the sums itself, from weights in single precision. */
    isExact,

    /** @param {LayerView} view */
    update(view) {
      latest = view;
      if (sweep) sweep.update(view);
      else load();
    },

    /** Colors or sizes have changed. */
    repaint: () => sweep?.repaint(),
  };
}
