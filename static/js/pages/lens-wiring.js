// @ts-check
// The lens, the comparison and the training history come when they are first wanted: who only draws never downloads them.
/** @import { Action, Answer, ModelDescription, Question, State, Tensor } from "../types.js" */
/** @import { Section } from "../state/selectors.js" */
/** @import { ColorScale } from "../draw/color-scale.js" */
import { find } from "../dom.js";

/**
 * What they may know and do of the workbench.
 * @typedef {object} Bench
 * @property {ModelDescription} model
 * @property {Section[]} sections
 * @property {{getState: () => State, dispatch: (action: Action) => void,
 *   subscribe: (listener: (state: State, previous: State) => void) => unknown}} store
 * @property {() => {diverging: ColorScale, ink: ColorScale}} colors
 * @property {(layer: string) => Tensor | undefined} kernelsOf  The finished network's, in half precision.
 * @property {(layer: string, kernels?: Tensor, range?: number) => void} showKernels  Left out: the finished network's.
 * @property {(error: unknown) => void} fail
 * @property {() => void} repaint
 */

/** @typedef {ReturnType<typeof import("./compare.js").createComparison>} Comparison */

/** @typedef {Awaited<ReturnType<typeof import("./training.js").createTraining>>} Training */

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

  /** @type {Training | null} */
  let training = null;
  /** @type {Promise<Training> | null} */
  let opening = null;

  const withTraining = () => (opening ??= Promise.all([import("./training.js"), addStyles("training")])
    .then(([{ createTraining }]) => createTraining(bench))
    .then((opened) => (training = opened), (error) => {
      opening = null;
      throw error;
    }));

  find(document, "#training", HTMLButtonElement).addEventListener("click", () => withTraining().then(({ toggle }) => toggle(), bench.fail));

  return {
    repaint() {
      comparison?.repaint();
      lens?.repaint();
      training?.repaint();
    },
    /** What the maps show in place of the answer's own: of another step, or compared with a held digit. @param {Answer} answer */
    shown: (answer) => answer.training?.shown ?? comparison?.shown(answer) ?? answer,
    /** @param {Answer} answer */
    painted: (answer) => training?.painted(answer),
    /** Ask for a digit's maps by weights of the training history. @param {Question} question  @param {number} sequence */
    post: async (question, sequence) => (await withTraining()).post(question, sequence),
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
