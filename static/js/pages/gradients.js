// @ts-check
// Gradients: how a kernel's gradient is added up over all positions, the same in the compared networks, and gradient descent.
/** @import { Digit, GradientsResponse, Tensor } from "../types.js" */
/** @import { Activations } from "../api/activations.js" */
import { requestPrediction } from "../api/activations.js";
import { createDigitChannel } from "../api/digit-channel.js";
import { postBackwardPass, postGradientCheck, postGradientDescent, postGradients } from "../api/experiments.js";
import { wireCode } from "../code/show-code.js";
import { find, setText } from "../dom/find.js";
import { createBackwardView } from "../experiments/backward-pass/backward-view.js";
import { gradientsOf } from "../experiments/gradients/assembly-state.js";
import { createAssembly } from "../experiments/gradients/assembly.js";
import { createComparison } from "../experiments/gradients/comparison.js";
import { describeLoss, labelToRequest, requestForClass } from "../experiments/gradients/correct-class.js";
import { createDescent } from "../experiments/gradients/descent.js";
import { createGradientCheck } from "../experiments/gradients/gradient-check.js";
import { windowOf } from "../experiments/gradients/layer-picture.js";
import { inputOf } from "../lens/sources.js";
import { className, createPredictionBars } from "../network/prediction-bars.js";
import { openDigitPage } from "../shell/digit-page.js";
import { fieldsOf, joinFields, numbersIn } from "../shell/url.js";

/** @typedef {{response: GradientsResponse, tensors: Record<string, Tensor>}} Gradients */
/** @typedef {Gradients & {digit: Digit, activations: Activations}} Known */

const page = openDigitPage();
const { announce, fail, colors, signal, data: { model, models, compared } } = page;
const bars = createPredictionBars(find(document, "#prediction", HTMLElement));
const lossLine = find(document, "#loss", HTMLElement);

// Of the link: f=…  the map;  x=…  the weight, row.column;  r=…  the learning rate, its power of ten;  g=…  the neuron whose δ is
// followed, layer.filter.row.column, or only the layer
/** @type {ReturnType<typeof page.start> | null} */
let kept = null;
/** @type {Known | null} */
let known = null;
/** @type {Known | null} */
let painted = null;
/** @type {Gradients | null} */
let comparison = null;

// The first layer with kernels, and the layer that it reads; without one, it reads the digit.
const position = model.layers.findIndex(({ kind, parameters }) => parameters && kind !== "affine");
const [first, before] = [model.layers[position], model.layers[position - 1]];

// --- Parts of the page ---------------------------------------------------------------------------------------------

// A network whose first layer shares no weights has no contributions to add up; the page says so instead.
const assemblyRoot = document.querySelector("#assembly");
const assembly = assemblyRoot instanceof HTMLElement ? createAssembly(assemblyRoot, {
  colors,
  announce,
  signal,
  onChoice(changed) {
    check?.reset();
    kept?.rememberInAddress();
    if (changed === "filter") paintComparison();
  },
}) : null;
const check = assembly && createGradientCheck(/** @type {HTMLElement} */ (assemblyRoot), { announce, fail, signal, request: requestCheck });
const networks = compared.flatMap((each) => models.filter(({ id }) => id === each.id).map((description) => ({ ...each, model: description })));
const tiles = networks.length ? createComparison(find(document, "#compare", HTMLElement), networks) : null;
const backward = createBackwardView(find(document, "#backward", HTMLElement), {
  colors,
  announce,
  fail,
  signal,
  onChoice: () => kept?.rememberInAddress(),
  request: ({ digit, label, layer, neuron, check }) => postBackwardPass(model.id, digit, label, { layer, ...neuron, check }),
});
const descent = createDescent(find(document, "#descend", HTMLElement), {
  colors,
  signal,
  onRate: () => kept?.rememberInAddress(),
  request: (learningRate, steps) => known && stepper.send({ digit: known.digit, label: known.response.label, learningRate, steps }),
});

function requestCheck() {
  if (!known || !assembly) return null;
  const requested = known;
  const index = [assembly.filter, 0, ...assembly.weight];
  const { digit, response: { label } } = requested;
  return { index, result: postGradientCheck(model.id, digit, label, `${first.name}.weight`, index), isCurrent: () => known === requested };
}

// --- Requests ------------------------------------------------------------------------------------------------------

const stepper = createDigitChannel(
  /** @param {{digit: Digit, label: number, learningRate: number, steps: number}} requested */
  async ({ digit, label, learningRate, steps }) => ({ digit, descended: await postGradientDescent(model.id, digit, label, learningRate, steps) }),
  {
    onResponse({ digit, descended }) {
      if (digit === known?.digit && descended.response.label === known.response.label) descent.update(descended);
    },
    onFailure: fail,
  },
);

// The compared networks may read another input size than the page's model, so theirs is a request of its own.
const comparer = createDigitChannel(
  /** @param {{digit: Digit, label: number}} requested */
  ({ digit, label }) => postGradients(networks.map(({ id }) => id), digit, label, { weights: false }),
  {
    onResponse(newest) {
      comparison = newest;
      paintComparison();
    },
    onFailure: fail,
  },
);

restore(fieldsOf(location.hash));
kept = page.start({
  async request(digit) {
    const label = labelToRequest(digit, known?.response.label ?? null, model.classes.length);
    const layers = (before ? [before, first] : [first]).map(({ name }) => name);
    const [activations, gradients] = await Promise.all([
      requestPrediction(model, digit),
      requestForClass(label, known?.response.label ?? 0, (each) => postGradients([model.id], digit, each, { weights: assembly !== null, layers })),
    ]);
    return { activations, ...gradients };
  },
  onResponse(newest, digit) {
    known = { digit, ...newest };
    if (tiles) comparer.send({ digit, label: newest.response.label });
    const { prediction } = newest.activations;
    announce(`Prediction: ${prediction ? className(prediction.digit) : "none"}. ${describeLoss(newest.response, digit)}`);
    return { input: newest.tensors.input, framing: newest.response.input.framing };
  },
  paint,
  layOut() {
    assembly?.layOut();
    paintComparison();
    backward.layOut();
    descent.layOut();
  },
  extra() {
    const { filter, weight } = assembly?.choice() ?? { filter: null, weight: [0, 0] };
    return joinFields({ f: filter, x: weight.some(Boolean) ? weight.join(".") : null, r: descent.rate(), g: backward.choice() });
  },
  restore,
});

/** @param {URLSearchParams} fields */
function restore(fields) {
  const { output_shape: [filters], kernel_size: size } = first;
  const weight = /** @type {[number, number] | null} */ (numbersIn(fields, "x", size ?? [1, 1]));
  assembly?.restore({ filter: numbersIn(fields, "f", [filters])?.[0] ?? null, weight: weight ?? [0, 0] });
  descent.restore(fields.get("r"));
  backward.restore(fields.get("g"));
}

// --- Painting ------------------------------------------------------------------------------------------------------

function paint() {
  if (!known || known === painted) return;
  painted = known;
  const { response, tensors, activations } = known;
  bars.update(activations.prediction, activations.tensors.probabilities.data);
  setText(lossLine, describeLoss(response, known.digit));
  lossLine.dataset.label = String(response.label);
  const own = `${model.id}/${first.name}`;
  const reads = before
    ? { maps: tensors[`${model.id}/${before.name}/output`], range: Math.max(...before.display_range.map(Math.abs)) }
    : { maps: inputOf(tensors.input, first.input_shape[0]), range: null };
  assembly?.update(gradientsOf(reads, tensors[own], tensors[`${own}/weight`], windowOf(first)));
  backward.update(known.digit, response.label);
  descent.reset();
}

function paintComparison() {
  if (tiles && comparison) tiles.paint(comparison, assembly?.filter ?? null, colors());
}

wireCode({ model: model.id, fail }, {
  "backward-pass"() {
    const shown = backward.shown();
    if (!shown) return null;
    const { digit, ...fields } = shown;
    return { digit, fields, query: { model: model.id } };
  },
  "gradient-check"() {
    if (!known || !assembly) return null;
    const { digit, response: { label, models: [{ layers: [{ name }] }] } } = known;
    return { digit, fields: { label, parameter: `${name}.weight`, index: [assembly.filter, 0, ...assembly.weight] }, query: { model: model.id } };
  },
});
