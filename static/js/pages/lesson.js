// @ts-check
// A lesson, or its worksheet: the drawing pad beside texts whose numbers are measured on its digit.
/** @import { Digit } from "../types.js" */
/** @import { Measure, Measured } from "../lessons/lesson.js" */
import { requestPrediction } from "../api/activations.js";
import { createDigitChannel } from "../api/digit-channel.js";
import { find, findAll, setText } from "../dom/find.js";
import { createFilling } from "../lessons/fill.js";
import { networksByConnection } from "../experiments/compared-networks.js";
import { createPredictionList } from "../network/prediction-list.js";
import { planeOf } from "../network/selectors.js";
import { openDigitPage } from "../shell/digit-page.js";
import { followPrinting } from "../shell/printing.js";
import { toFragment } from "../shell/url.js";

const LONGEST = 40; // Characters of a digit that one types from paper: of a test digit.

/** By the name of the lesson in app/lessons.py. @type {Record<string, () => Promise<Measure>>} */
const LESSONS = {
  kernels: async () => (await import("../lessons/kernels.js")).measure,
  "local-and-global": async () => (await import("../lessons/local-and-global.js")).measure,
  learning: async () => (await import("../lessons/learning.js")).measure,
  failures: async () => (await import("../lessons/failures.js")).measure,
};

const page = openDigitPage();
const { announce, fail, signal, colors, data } = page;
const { models } = data;
const networks = networksByConnection(data);
const predictions = createPredictionList(find(document, "#model-predictions", HTMLTableElement));
const root = find(document, "[data-lesson]", HTMLElement);
const filling = createFilling(root);
const address = document.querySelector("#lesson-address");
const measure = LESSONS[root.dataset.lesson ?? ""]();

/** @type {{measured: Measured | null, digit: string} | null} */
let known = null;

// Predictions are shown at once; the numbers take several requests, so that they follow when the pen rests.
const measurer = createDigitChannel(
  /** @param {{digit: Digit, fragment: string, isBlank: boolean}} newest */
  async ({ digit, fragment, isBlank }) => ({ digit: fragment, measured: isBlank ? null : await (await measure)(digit, networks) }),
  {
    onResponse(newest) {
      known = newest;
      announce(newest.measured ? "The numbers are of this digit." : "The pad is blank: there is nothing to measure.");
      schedulePaint();
    },
    onFailure: fail,
  },
);

const { schedulePaint } = page.start({
  request: (digit) => Promise.all(models.map((model) => requestPrediction(model, digit))),
  onResponse(activations, digit) {
    const [{ tensors: { input }, framing }] = activations;
    predictions.update(Object.fromEntries(activations.map(({ prediction }, i) => [models[i].id, prediction])));
    const fragment = toFragment({ digit }, { digit, plane: planeOf(input) });
    measurer.send({ digit, fragment, isBlank: activations.every(({ prediction }) => !prediction) });
    return { input, framing };
  },
  paint: fill,
  layOut: fill,
});

function fill() {
  if (!known) return;
  filling.paint(known.measured, known.digit, colors());
  if (address instanceof HTMLElement) showAddress(address, known.digit);
}

/** On paper, the lesson's address; that of a drawing is too long to type. @param {HTMLElement} element  @param {string} digit */
function showAddress(element, digit) {
  const line = /** @type {HTMLElement} */ (element.parentElement);
  line.hidden = digit.length > LONGEST;
  setText(element, new URL(`${location.pathname.replace(/\/worksheet$/, "")}${location.search}#${digit}`, location.origin).href);
}

// The browser's own print command prints the worksheet, never the solutions.
root.dataset.printed = "exercises";
for (const button of findAll(root, "[data-print]", HTMLButtonElement)) {
  button.addEventListener("click", () => {
    root.dataset.printed = button.dataset.print;
    print();
  }, { signal });
}
followPrinting(signal, () => (root.dataset.printed = "exercises"));
