// @ts-check
// Local and global features: the drawing pad, and five experiments that compare the shipped networks on its digit. The page
// requests each network's prediction; each experiment sends its own requests, while it is on the screen or near it.
/** @import { CreateExperiment, Experiment, ExperimentContext, ExperimentState } from "../types.js" */
import { requestPrediction } from "../api/activations.js";
import * as api from "../api/experiments.js";
import { whenReachable } from "../api/reachability.js";
import { wireCode } from "../code/show-code.js";
import { find, findAll } from "../dom/find.js";
import { networksByConnection } from "../experiments/compared-networks.js";
import { planeOf } from "../network/selectors.js";
import { createPredictionList } from "../network/prediction-list.js";
import { openDigitPage } from "../shell/digit-page.js";
import { fieldsOf, joinFields } from "../shell/url.js";

const NEAR = "300px"; // A section this near the screen may become visible before a response arrives.

/** The fields of a link, by experiment: those of a section that is not loaded stay as they were. @type {Record<string, string[]>} */
const FIELDS = { "layer-costs": ["costs", "map"], "perturb-pixel": ["px"], "feature-comparison": ["order"], translation: ["move", "along", "digits"], "pixel-permutation": [] };

/** Each module is loaded when its section comes near. @type {Record<string, () => Promise<CreateExperiment>>} */
const EXPERIMENTS = {
  "layer-costs": async () => (await import("../experiments/layer-costs/layer-costs.js")).createLayerCosts,
  "perturb-pixel": async () => (await import("../experiments/perturb-pixel/perturb-pixel.js")).createPerturbPixel,
  "feature-comparison": async () => (await import("../experiments/feature-comparison/feature-comparison.js")).createFeatureComparison,
  translation: async () => (await import("../experiments/translation/translation.js")).createTranslation,
  "pixel-permutation": async () => (await import("../experiments/pixel-permutation/pixel-permutation.js")).createPixelPermutation,
};

const page = openDigitPage();
const { data: { models, compared }, announce, fail } = page;
const predictions = createPredictionList(find(document, "#model-predictions", HTMLTableElement));
const byId = Object.fromEntries(models.map((description) => [description.id, description]));

/** The newest digit that has a response. @type {ExperimentState | null} */
let known = null;
let linked = fieldsOf(location.hash);

// --- Experiments ---------------------------------------------------------------------------------------------------

/** @type {ExperimentContext} */
const context = {
  api,
  colors: page.colors,
  models: byId,
  // The page has experiments only if all three connections are there.
  compared: networksByConnection(page.data),
  fail,
  announce,
  rememberInAddress: () => kept?.rememberInAddress(),
  signal: page.signal,
};

/** @typedef {{near: boolean, loading: boolean, view: Experiment | null, shown: ExperimentState | null}} Section */

/** @type {Map<Element, Section>} */
const sections = new Map(findAll(document, "[data-experiment]", HTMLElement).map((root) => [root, { near: false, loading: false, view: null, shown: null }]));

const watcher = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    const section = /** @type {Section} */ (sections.get(target));
    section.near = isIntersecting;
    if (isIntersecting && !section.loading) load(/** @type {HTMLElement} */ (target), section);
  }
  schedulePaint();
}, { rootMargin: NEAR });

/**
 * @param {HTMLElement} root
 * @param {Section} section
 */
async function load(root, section) {
  section.loading = true;
  try {
    const create = await EXPERIMENTS[root.dataset.experiment ?? ""]();
    const view = create(root, context);
    if (FIELDS[root.dataset.experiment ?? ""].some((name) => linked.has(name))) view.restore?.(linked);
    view.layOut();
    section.view = view;
    schedulePaint();
  } catch (error) {
    section.loading = false; // Loaded again the next time that it comes near.
    fail(error);
    whenReachable(() => section.near && !section.loading && load(root, section));
  }
}

function updateExperiments() {
  if (!known) return;
  for (const section of sections.values()) {
    if (!section.near || !section.view || section.shown === known) continue;
    section.shown = known;
    section.view.update(known);
  }
}

// --- Start ---------------------------------------------------------------------------------------------------------

/** @type {{rememberInAddress: () => void} | null} */
let kept = null;

/** The fields of all sections for a link. */
function fieldsOfSections() {
  return [...sections].map(([root, { view }]) => {
    const names = FIELDS[/** @type {HTMLElement} */ (root).dataset.experiment ?? ""];
    return joinFields(view?.fields?.() ?? Object.fromEntries(names.map((name) => [name, linked.get(name)])));
  }).filter(Boolean).join("&");
}

const { schedulePaint, rememberInAddress } = page.start({
  request: (digit) => Promise.all(models.map((model) => requestPrediction(model, digit))),
  onResponse(activations, digit) {
    const [{ framing, tensors: { input } }] = activations;
    known = {
      digit,
      input: planeOf(input),
      predictions: Object.fromEntries(activations.map(({ prediction }, i) => [models[i].id, prediction])),
    };
    announce(predictions.update(known.predictions));
    return { input, framing };
  },
  paint: updateExperiments,
  layOut() {
    for (const { view } of sections.values()) view?.layOut();
  },
  extra: fieldsOfSections,
  restore(fields) {
    linked = fields;
    for (const { view } of sections.values()) view?.restore?.(fields);
  },
});
kept = { rememberInAddress };
wireCode({ model: compared.find(({ connection }) => connection === "convolution")?.id ?? page.data.model.id, fail });
for (const root of sections.keys()) watcher.observe(root);
// go=…  the section with which a link begins; not kept, since the visitor scrolls on.
const opening = [...sections.keys()].find((root) => /** @type {HTMLElement} */ (root).dataset.experiment === linked.get("go"));
if (opening) stayOn(opening);
for (const link of findAll(document, ".contents a", HTMLAnchorElement)) {
  const section = document.getElementById(link.hash.slice(1));
  if (section) link.addEventListener("click", () => stayOn(section));
}

/**
 * Scroll to a section, and stay there until the visitor does something, while the sections above it are filled and grow.
 * @param {Element} section
 */
function stayOn(section) {
  const watcher = new ResizeObserver(() => section.scrollIntoView({ behavior: "instant" }));
  const stop = () => watcher.disconnect();
  watcher.observe(document.body);
  setTimeout(() => {
    for (const type of ["wheel", "touchstart", "pointerdown", "keydown"]) addEventListener(type, stop, { once: true, passive: true, capture: true });
  });
}
