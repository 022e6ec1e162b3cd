// @ts-check
// Which pixels support a class: the gradient of its logit, and how the logit changes when each position is covered.
/** @import { Digit, Plane } from "../types.js" */
/** @import { Explanation } from "../experiments/saliency/explanation.js" */
/** @import { Shown } from "../code/last-requests.js" */
import { requestPrediction } from "../api/activations.js";
import { postOcclusion, postSaliency } from "../api/experiments.js";
import { wireCode } from "../code/show-code.js";
import { find, findAll, setText } from "../dom/find.js";
import { requestForClass } from "../experiments/gradients/correct-class.js";
import { createAttributionMaps } from "../experiments/saliency/attribution-maps.js";
import { describeClass, explanationOf } from "../experiments/saliency/explanation.js";
import { lastRequest } from "../code/last-requests.js";
import { createPredictionBars } from "../network/prediction-bars.js";
import { openDigitPage } from "../shell/digit-page.js";
import { fieldsOf, joinFields, restoreSlider } from "../shell/url.js";

// Of the link: c=…  the class that is explained;  q=…  the square, pixels;  i  the gradient times the ink

const page = openDigitPage();
const { announce, signal, colors, data: { model } } = page;
const bars = createPredictionBars(find(document, "#prediction", HTMLElement));
const maps = createAttributionMaps(announce, signal);
const classes = findAll(document, "#classes button", HTMLButtonElement);
const inkButtons = findAll(document, "[data-times]", HTMLButtonElement);
const square = find(document, "#square", HTMLInputElement);

/** The class that the visitor chose; null: the predicted one. @type {number | null} */
let chosen = null;
let timesInk = false;
/** @type {Explanation | null} */
let known = null;

restore(fieldsOf(location.hash));

/** @param {Digit} digit */
async function explain(digit) {
  const size = square.valueAsNumber;
  const isBlank = digit.kind === "strokes" && !digit.strokes.length;
  // A blank pad has no prediction: the class stays the one that was shown.
  const label = chosen ?? (isBlank ? (known?.label ?? 0) : null);
  const shown = known?.label ?? 0;
  const [activations, saliency, occlusion] = await Promise.all([
    requestPrediction(model, digit),
    requestForClass(label, shown, (each) => postSaliency(model.id, digit, each)),
    requestForClass(label, shown, (each) => postOcclusion(model.id, digit, each, size)),
  ]);
  return { activations, explanation: explanationOf(activations, saliency, occlusion, size) };
}

const { requestAgain, schedulePaint, rememberInAddress } = page.start({
  request: explain,
  onResponse({ activations: { tensors, framing }, explanation }) {
    known = explanation;
    announce(describeClass(known));
    return { input: tensors.input, framing };
  },
  paint,
  layOut() {
    maps.layOut();
  },
  extra: () => joinFields({ c: chosen, q: square.value === square.defaultValue ? null : square.value, i: timesInk ? 1 : null }),
  restore,
});

function paint() {
  if (!known) return;
  bars.update(known.prediction, known.probabilities);
  for (const button of classes) button.setAttribute("aria-pressed", String(Number(button.dataset.label) === known.label));
  for (const button of inkButtons) button.setAttribute("aria-pressed", String(button.dataset.times === String(timesInk)));
  setText(find(document, "#square-value", HTMLOutputElement), square.value);
  setText(find(document, "#class-sentence", HTMLElement), describeClass(known));
  maps.paint(known, timesInk, colors());
  Object.assign(document.body.dataset, { label: String(known.label), shown: timesInk ? "gradient-times-ink" : "gradient" });
}

for (const button of classes) {
  button.addEventListener("click", () => {
    const label = Number(button.dataset.label);
    chosen = label === chosen ? null : label;
    requestAgain();
    rememberInAddress();
  }, { signal });
}
for (const button of inkButtons) {
  button.addEventListener("click", () => {
    timesInk = button.dataset.times === "true";
    schedulePaint();
    rememberInAddress();
  }, { signal });
}
square.addEventListener("input", () => {
  requestAgain();
  rememberInAddress();
}, { signal });

/** @param {URLSearchParams} fields */
function restore(fields) {
  const given = fields.get("c") ?? "";
  chosen = /^\d{1,3}$/.test(given) && Number(given) < model.classes.length ? Number(given) : null;
  restoreSlider(square, fields.get("q"));
  timesInk = fields.get("i") === "1";
}

/**
 * The code of the strongest place of a map.
 * @param {string} of  @param {Plane | undefined} plane  @param {number} reach  How far a square lies around its middle.
 * @returns {Shown | null}
 */
function strongest(of, plane, reach) {
  const shown = lastRequest(of);
  if (!plane || !shown || !known) return null;
  const at = plane.data.reduce((best, value, i) => (Math.abs(value) > Math.abs(plane.data[best]) ? i : best), 0);
  const place = /** @type {[number, number]} */ ([Math.max(0, Math.floor(at / plane.width) - reach), Math.max(0, (at % plane.width) - reach)]);
  return { ...shown, fields: { ...shown.fields, label: known.label }, at: place };
}

wireCode({ model: model.id, fail: page.fail }, {
  saliency: () => strongest("saliency", known?.gradient, 0),
  occlusion: () => strongest("occlusion", known?.occlusion, known ? (known.size - 1) / 2 : 0),
});
