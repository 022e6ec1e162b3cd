// @ts-check
// The lens and the comparison come when they are first wanted: who only draws never downloads them.
/** @import { Action, Answer, ModelDescription, State, Tensor } from "../types.js" */
/** @import { Section } from "../state/selectors.js" */
/** @import { ColorScale } from "../draw/color-scale.js" */
import { find } from "../dom.js";

/**
 * What both may know and do of the workbench.
 * @typedef {object} Bench
 * @property {ModelDescription} model
 * @property {Section[]} sections
 * @property {{getState: () => State, dispatch: (action: Action) => void,
 *   subscribe: (listener: (state: State, previous: State) => void) => unknown}} store
 * @property {() => {diverging: ColorScale, ink: ColorScale}} colors
 * @property {(layer: string) => Tensor | undefined} kernelsOf  Those that the page shows, in half precision.
 * @property {(error: unknown) => void} fail
 * @property {() => void} repaint
 */

/** @typedef {ReturnType<typeof import("./compare.js").createComparison>} Comparison */

const EVENTS = /** @type {const} */ (["pointermove", "click", "focusin", "keydown"]);
const INSPECTED = "canvas.map, #prediction li";

/** @param {Bench} bench */
export function wireLens(bench) {
  /** @type {ReturnType<typeof import("./lens.js").createLens> | null} */
  let lens = null;
  /** @type {Promise<void> | null} */
  let coming = null;
  /** @type {Event | null} */
  let latest = null;

  const load = () => (coming ??= Promise.all([import("./lens.js"), addStyles("lens")]).then(([{ createLens }]) => {
    lens = createLens(bench, () => comparison);
    if (latest) lens.handle(latest);
  }, (error) => {
    coming = null; // The next gesture asks again.
    bench.fail(error);
  }));

  for (const type of EVENTS) {
    addEventListener(type, (event) => {
      if (lens) return lens.handle(event);
      if (!(event.target instanceof Element) || !event.target.closest(INSPECTED)) return;
      latest = event;
      load();
    });
  }
  // On its way to a map the pointer enters the network: by then the lens can be here.
  find(document, ".network", HTMLElement).addEventListener("pointerenter", load, { once: true });
  bench.store.subscribe(({ neuron }) => neuron && load());
  if (bench.store.getState().neuron) load();

  /** @type {Comparison | null} */
  let comparison = null;
  find(document, "#hold", HTMLButtonElement).addEventListener("click", async () => {
    try {
      comparison ??= (await import("./compare.js")).createComparison(bench);
    } catch (error) {
      return bench.fail(error);
    }
    comparison.toggle();
  });

  return {
    repaint() {
      comparison?.repaint();
      lens?.repaint();
    },
    /** What the maps show in place of the answer's own, while a digit is held. @param {Answer} answer */
    shown: (answer) => comparison?.shown(answer) ?? answer,
  };
}

/** @param {string} component  @returns {Promise<unknown>} */
function addStyles(component) {
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = `/static/css/components/${component}.css`;
  document.head.append(link);
  return new Promise((resolve, reject) => {
    link.onload = resolve;
    link.onerror = () => reject(new Error(`${link.href} cannot be loaded`));
  });
}
