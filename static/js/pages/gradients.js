// @ts-check
// Gradients: how every place of a map pours its share into one kernel, what other networks keep apart, and a step downhill.
/** @import { Digit, GradientCheck, GradientsAnswer, Tensor } from "../types.js" */
import { createDigitChannel } from "../api/digit-channel.js";
import { postGradientCheck, postGradients, postStep } from "../api/gradients.js";
import { build } from "../dom-build.js";
import { find, findAll, setText } from "../dom.js";
import { createAssembly } from "../views/gradients/assembly.js";
import { createStep } from "../views/gradients/step.js";
import { createTiles } from "../views/gradients/tiles.js";
import { formatValue } from "../views/legend.js";
import { createReadings } from "../views/readings.js";
import { openDigitPage } from "./digit-page.js";

const SHARED = "cnn";
const APART = ["locally-connected", "mlp-500"];

const page = openDigitPage();
const { announce, fail, colors, signal } = page;
const [first] = page.data.models.find(({ id }) => id === SHARED)?.layers ?? [];
const padding = first.padding ?? 0;
const labels = findAll(document, "#labels button", HTMLButtonElement);
const lossLine = find(document, "#loss", HTMLElement);
const checkResult = find(document, "#check-result", HTMLElement);
const readings = createReadings(find(document, "#readings", HTMLTableElement));

/** The answer that the visitor calls right; null: the test digit's label, or what the network reads. @type {number | null} */
let label = labelOf(new URLSearchParams(location.hash.slice(1)));
/** What a followed link calls right. @type {number | null} */
let linked = null;

/** @typedef {{digit: Digit, answer: GradientsAnswer, tensors: Record<string, Tensor>}} Known */

/** @type {Known | null} */
let known = null;
/** @type {Known | null} */
let painted = null;

const assembly = createAssembly(find(document, "#assemble", HTMLElement), {
  colors,
  announce,
  signal,
  onFilter() {
    forgetCheck();
    paintTiles();
  },
  onWeight: forgetCheck,
});
const tiles = createTiles(find(document, "#tiles", HTMLElement), colors);
const step = createStep(find(document, "#descend", HTMLElement), {
  colors,
  signal,
  ask: (rate, steps) => known && stepper.send({ digit: known.digit, label: known.answer.label, rate, steps }),
});

const stepper = createDigitChannel(
  /** @param {{digit: Digit, label: number, rate: number, steps: number}} question */
  async (question) => ({ digit: question.digit, step: await postStep(question.digit, question.label, question.rate, question.steps) }),
  {
    onAnswer({ digit, step: newest }) {
      if (digit === known?.digit && newest.answer.label === known.answer.label) step.update(newest);
    },
    onFailure: fail,
  },
);

// A test digit brings its own label, a drawing keeps what was called right. Listens before the page does, which asks at once.
page.store.subscribe((state, previous) => {
  if (state.digit === previous.digit || (state.digit.kind !== "sample" && linked === null)) return;
  label = linked;
  linked = null;
});

/** @param {Digit} digit */
async function ask(digit) {
  // A blank pad is read as nothing: the answer that was right last stays right.
  const blank = digit.kind === "strokes" && !digit.strokes.length;
  const right = label ?? (blank ? (known?.answer.label ?? 0) : null);
  const [shared, apart] = await Promise.all([postGradients(digit, right, [SHARED], true), postGradients(digit, right, APART, false)]);
  return { ...shared, answer: { ...shared.answer, models: [...shared.answer.models, ...apart.answer.models] }, tensors: { ...apart.tensors, ...shared.tensors } };
}

const { askAgain, rememberInAddress } = page.start({
  ask,
  onAnswer({ answer, tensors }, digit) {
    known = { digit, answer, tensors };
    announce(readings.update(Object.fromEntries(answer.models.map(({ id, reading }) => [id, reading]))));
    return { input: tensors.input, framing: answer.input.framing };
  },
  paint,
  layOut() {
    assembly.layOut();
    paintTiles();
    step.layOut();
  },
  extra: () => (label === null ? "" : `l=${label}`),
  restore(fields) {
    linked = labelOf(fields);
  },
});

function paint() {
  if (!known || known === painted) return;
  painted = known;
  const { answer, tensors } = known;
  const [{ loss, layers: [{ name }] }] = answer.models;
  for (const button of labels) button.setAttribute("aria-pressed", String(Number(button.dataset.label) === answer.label));
  const source = { body: "as you say", sample: "its label", prediction: "what the network reads" }[answer.label_from];
  lossLine.replaceChildren("loss ", build("b", {}, `${formatValue(loss)} nats`), ` (−log of the probability of ${answer.label}; ${source})`);
  lossLine.dataset.label = String(answer.label);
  assembly.update({ input: inputOf(tensors), delta: tensors[`${SHARED}/${name}`], weight: tensors[`${SHARED}/${name}/weight`], layer: name, padding });
  step.reset();
}

function paintTiles() {
  if (known) tiles.update(known.answer.models, inputOf(known.tensors), known.tensors, assembly.filter, padding);
}

/** @param {Record<string, Tensor>} tensors */
function inputOf({ input }) {
  return { width: input.shape[1], height: input.shape[0], data: input.data };
}

// --- Checking a weight ---------------------------------------------------------------------------------------------

function forgetCheck() {
  setText(checkResult, "Choose a number of the gradient, and measure it from outside: nudge the weight, and look at the loss.");
  delete checkResult.dataset.relative;
}

find(document, "#check", HTMLButtonElement).addEventListener("click", async () => {
  if (!known) return;
  const { digit, answer } = known;
  const index = [assembly.filter, 0, ...assembly.weight];
  try {
    const check = await postGradientCheck(digit, answer.label, `${first.name}.weight`, index);
    if (known?.answer === answer) showCheck(check, index);
  } catch (error) {
    fail(error);
  }
}, { signal });

/** @param {GradientCheck} check  @param {number[]} index */
function showCheck({ weight, gradient, step: nudge, below, above, slope }, [filter, , row, column]) {
  const scale = Math.max(Math.abs(gradient), Math.abs(slope));
  const relative = scale ? Math.abs(gradient - slope) / scale : 0;
  checkResult.dataset.relative = String(relative);
  checkResult.replaceChildren(
    `Kernel ${filter}, row ${row}, column ${column}: weight ${formatValue(weight)}, nudged by ±${formatValue(nudge)}. Loss `,
    `${formatValue(below, 9)} and ${formatValue(above, 9)}: slope `, build("b", {}, formatValue(slope, 6)), "; backpropagation says ", build("b", {}, formatValue(gradient, 6)),
    `, ${relative ? `${relative.toExponential(0)} apart` : "the same"}.`,
  );
  announce(checkResult.textContent ?? "");
}

// --- The right answer ----------------------------------------------------------------------------------------------

for (const button of labels) {
  button.addEventListener("click", () => {
    const chosen = Number(button.dataset.label);
    label = chosen === label ? null : chosen;
    askAgain();
    rememberInAddress();
  }, { signal });
}
/** @param {URLSearchParams} fields */
function labelOf(fields) {
  const given = fields.get("l") ?? "";
  return /^\d$/.test(given) ? Number(given) : null;
}
