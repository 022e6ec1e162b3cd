// @ts-check
// Local against global: the bench of the workbench, and five experiments on the digit it holds. Asks what each network
// reads the digit as; each experiment asks for what it shows, while it is on the screen or near it.
/** @import { CreateExperiment, Experiment, ExperimentContext, ExperimentState } from "../types.js" */
import * as api from "../api/experiments.js";
import { postDigit } from "../api/http.js";
import { find, findAll } from "../dom.js";
import { createReadings } from "../views/readings.js";
import { openDigitPage } from "./digit-page.js";

const NEAR = "300px"; // What is so near the screen may come into view before an answer does.

/** Each comes when its section does. @type {Record<string, () => Promise<CreateExperiment>>} */
const EXPERIMENTS = {
  ledger: async () => (await import("../views/experiments/ledger.js")).createLedger,
  poke: async () => (await import("../views/experiments/poke.js")).createPoke,
  templates: async () => (await import("../views/experiments/templates.js")).createTemplates,
  shift: async () => (await import("../views/experiments/shift.js")).createShift,
  scramble: async () => (await import("../views/experiments/scramble.js")).createScramble,
};

const page = openDigitPage();
const { data: { models }, announce, fail } = page;
const readings = createReadings(find(document, "#readings", HTMLTableElement));

/** The newest digit that the networks have read. @type {ExperimentState | null} */
let known = null;

// --- Experiments ---------------------------------------------------------------------------------------------------

/** @type {ExperimentContext} */
const context = {
  api,
  colors: page.colors,
  models: Object.fromEntries(models.map((description) => [description.id, description])),
  fail,
  announce,
  signal: page.signal,
};

/** @typedef {{near: boolean, coming: boolean, view: Experiment | null, shown: ExperimentState | null}} Place */

/** @type {Map<Element, Place>} */
const places = new Map(findAll(document, "[data-experiment]", HTMLElement).map((root) => [root, { near: false, coming: false, view: null, shown: null }]));

const watcher = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    const place = /** @type {Place} */ (places.get(target));
    place.near = isIntersecting;
    if (isIntersecting && !place.coming) bring(/** @type {HTMLElement} */ (target), place);
  }
  schedulePaint();
}, { rootMargin: NEAR });

/**
 * @param {HTMLElement} root
 * @param {Place} place
 */
async function bring(root, place) {
  place.coming = true;
  try {
    const create = await EXPERIMENTS[root.dataset.experiment ?? ""]();
    place.view = create(root, context);
    place.view.layOut();
    schedulePaint();
  } catch (error) {
    place.coming = false; // The next time it comes near it is tried again.
    fail(error);
  }
}

function updateExperiments() {
  if (!known) return;
  for (const place of places.values()) {
    if (!place.near || !place.view || place.shown === known) continue;
    place.shown = known;
    place.view.update(known);
  }
}

// --- Start ---------------------------------------------------------------------------------------------------------

const { schedulePaint } = page.start({
  ask: (digit, sequence) => Promise.all(models.map(({ id, layers }) => postDigit(id, { digit, layers: [layers[layers.length - 1].name] }, sequence))),
  onAnswer(answers, digit) {
    const [{ framing, tensors: { input } }] = answers;
    known = {
      digit,
      input: { width: input.shape[1], height: input.shape[0], data: input.data },
      readings: Object.fromEntries(answers.map(({ prediction }, i) => [models[i].id, prediction])),
    };
    announce(readings.update(known.readings));
    return { input, framing };
  },
  paint: updateExperiments,
  layOut() {
    for (const { view } of places.values()) view?.layOut();
  },
});
for (const root of places.keys()) watcher.observe(root);
