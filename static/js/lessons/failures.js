// @ts-check
// The lesson "When it fails": the prediction for a difficult digit, how often the network is wrong, and what decided.
/** @import { ComparedNetworks, Digit, ModelDescription } from "../types.js" */
/** @import { Confusion } from "../api/errors.js" */
/** @import { Measure } from "./lesson.js" */
import { requestPrediction } from "../api/activations.js";
import { getConfusion } from "../api/errors.js";
import { postOcclusion, postSaliency } from "../api/experiments.js";
import { postPlacedDigit } from "../api/layer-maps.js";
import { getRobustnessCurve, postRobustness } from "../api/robustness.js";
import { getSamples } from "../api/samples.js";
import { largestAbsolute } from "../draw/largest.js";
import { largestAt } from "../draw/plane.js";
import { commonestErrors } from "../experiments/errors/figures.js";
import { describeLabels } from "../experiments/layer-maps/sentences.js";
import { describeClass } from "../experiments/perturb-pixel/changes.js";
import { describeAccuracy, formatLevel } from "../experiments/robustness/sentences.js";
import { fallsAtCenter } from "../experiments/saliency/explanation.js";
import { formatValue } from "../network/legend.js";
import { aDigit, percent } from "../network/prediction-bars.js";
import { planeOf } from "../network/selectors.js";
import { formatCount } from "./lesson.js";

const NOISE = 0.4; // Standard deviation, ink being 1.
const SQUARE = 5; // Pixels; with this one the page of saliency opens.
const UNLABELED = "not known: choose it under “It is really a …”";

/** @type {Measure} */
export async function measure(digit, networks) {
  const { id, model } = networks.convolution;
  const deep = lastRectifier(model);
  const { tensors, prediction } = await requestPrediction(model, digit, { dtype: "float32" });
  const label = prediction?.digit ?? 0;
  const [confusion, saliency, occlusion, placed, truth, noise] = await Promise.all([
    getConfusion({ model: id, checkpoint: null }),
    postSaliency(id, digit, label),
    postOcclusion(id, digit, label, SQUARE),
    postPlacedDigit(id, digit, ["input", deep], null),
    labelOf(digit),
    disturb(digit, networks),
  ]);
  const input = planeOf(tensors.input);
  const falls = fallsAtCenter(occlusion.tensors.logit_changes, SQUARE, input);
  const at = largestAt(falls);
  const [pixels, deepest] = placed.response.layers;
  const { data } = tensors.probabilities;
  const second = [...data.keys()].sort((a, b) => data[b] - data[a])[1];
  return {
    values: {
      ...valuesOfErrors(confusion, label),
      ...noise,
      label: truth,
      predicted: describeClass(prediction),
      predicted_class: model.classes[label],
      second: describeClass({ digit: second, probability: data[second] }),
      logit: formatValue(saliency.response.logit),
      fall_row: String(at.row),
      fall_column: String(at.column),
      fall: formatValue(falls.data[at.row * falls.width + at.column]),
      deep_layer: deep,
      neighbors: String(deepest.neighbors.length),
      deep_labels: describeLabels(deepest.neighbors),
      input_labels: describeLabels(pixels.neighbors),
    },
    links: { digit: "", errors: "", pixels: "", layers: `layer=${deep}`, noise: `kind=noise&level=${NOISE}` },
    figures: {
      digit: { plane: input, scale: "ink", range: 1, caption: "the digit" },
      occlusion: { plane: falls, scale: "diverging", range: largestAbsolute(falls.data) || 1, caption: `fall of the logit of ${label}` },
    },
  };
}

/** @param {Confusion} confusion  @param {number} label */
function valuesOfErrors({ digits, errors, matrix, class_counts: counts, calibration }, label) {
  const [worst] = commonestErrors(matrix, 1);
  const { digits: sure, correct, accuracy } = calibration[calibration.length - 1];
  return {
    tested: formatCount(digits),
    errors: formatCount(errors),
    commonest: worst ? `${aDigit(worst.label)} is predicted as ${worst.predicted}: ${formatCount(worst.digits)} times` : "it makes no error",
    confident: accuracy === null ? "none" : `${formatCount(correct)} of ${formatCount(sure)}: ${percent(accuracy)}`,
    class_count: formatCount(counts[label]),
    class_correct: formatCount(matrix[label][label]),
  };
}

/** @param {Digit} digit  @param {ComparedNetworks} networks */
async function disturb(digit, networks) {
  const compared = Object.values(networks);
  const ids = compared.map(({ id }) => id);
  const [curve, { response: { models } }] = await Promise.all([
    getRobustnessCurve(ids, "noise"),
    postRobustness([networks.convolution.id], digit, { kind: "noise", level: NOISE }, null),
  ]);
  return {
    noise: formatLevel("noise", NOISE),
    noisy: describeClass(models[0].after),
    noisy_accuracy: describeAccuracy(curve, NOISE, (id) => compared.find((each) => each.id === id)?.name ?? id),
  };
}

/** The layer that the last classifier reads: its last ReLU. @param {ModelDescription} model */
function lastRectifier({ layers }) {
  return layers.filter(({ kind }) => kind === "relu").at(-1)?.name ?? "input";
}

/** What the digit really is. @param {Digit} digit */
async function labelOf(digit) {
  if (digit.label !== undefined) return aDigit(digit.label);
  if (digit.kind !== "sample") return UNLABELED;
  const { samples: [{ label }] } = await getSamples({ offset: digit.index, limit: 1, model: null });
  return aDigit(label);
}
