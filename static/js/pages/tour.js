// @ts-check
// The tour: a text of seven claims. At each one the visitor guesses, and then the number is measured on the digit in the pad.
/** @import { Digit } from "../types.js" */
/** @import { Measured } from "../tour/measurements.js" */
import { requestPrediction } from "../api/activations.js";
import { createDigitChannel } from "../api/digit-channel.js";
import { find, findAll, setText } from "../dom/find.js";
import { networksByConnection } from "../experiments/compared-networks.js";
import { createPredictionList } from "../network/prediction-list.js";
import { openDigitPage } from "../shell/digit-page.js";
import { followPrinting } from "../shell/printing.js";
import { FIGURES } from "../tour/figures.js";
import { CLAIMS, POSITION_CLAIM, claimOf, describeScore, judgeNumber, judgePosition, readGuesses } from "../tour/guesses.js";
import { createMeasurements } from "../tour/measurements.js";
import { followReading } from "../tour/reading.js";
import { highlightTerms } from "../tour/terms.js";

const STORED = "kernelscope.tour"; // Guesses are of this tab: a link that is shared must not reveal the numbers.

/** @typedef {1 | 2 | 3 | 4 | 5 | 6 | 7} Claim */
/** @type {Claim[]} */
const ALL = [1, 2, 3, 4, 5, 6, 7];

const page = openDigitPage();
const { announce, fail, signal, colors, data } = page;
const { models } = data;
const networks = networksByConnection(data);
const predictions = createPredictionList(find(document, "#model-predictions", HTMLTableElement));
const measurements = createMeasurements(networks);
const sections = findAll(document, "[data-claim]", HTMLElement);

let guesses = readGuesses(stored());
/** The digit on which a position was guessed. @type {Digit | null} */
let guessedOn = null;
/** The newest digit that has a response. @type {Digit | null} */
let current = null;
/** By claim, of the newest digit or of the one before it. @type {Map<number, Measured<any>>} */
const measured = new Map();

const figures = Object.fromEntries(ALL.map((claim) => {
  const figure = FIGURES[claim]({ colors, neuronAt: measurements.neuronAt, guess: (cell) => guess(POSITION_CLAIM, cell), announce, fail, signal });
  const room = find(document, `[data-figure="${claim}"]`, HTMLElement);
  room.append(...figure.nodes);
  return [claim, { ...figure, room }];
}));
// A figure's canvases are enlarged by whole numbers, so its width alone decides by how much.
const widths = new ResizeObserver(layOutFigures);
for (const { room } of Object.values(figures)) widths.observe(room);

const reading = followReading(sections, claimOf(new URLSearchParams(location.hash.slice(1))), {
  onChange(claim) {
    showCurrent(claim);
    rememberInAddress();
  },
}, signal);

// One claim at a time, those near the reader first; a newer digit takes over before the next one.
const measurer = createDigitChannel(
  /** @param {Digit} digit */
  async (digit) => {
    const nearest = [...ALL].sort((a, b) => Math.abs(a - reading.claim()) - Math.abs(b - reading.claim()));
    for (const claim of nearest) {
      if (digit !== current) return;
      const result = await measurements[claim](digit);
      if (digit !== current) return;
      measured.set(claim, result);
      schedulePaint();
    }
  },
  { onResponse() {}, onFailure: fail },
);

const { schedulePaint, rememberInAddress } = page.start({
  request: (digit) => Promise.all(models.map((model) => requestPrediction(model, digit))),
  onResponse(activations, digit) {
    const [{ tensors: { input }, framing }] = activations;
    predictions.update(Object.fromEntries(activations.map(({ prediction }, i) => [models[i].id, prediction])));
    if (digit !== current) {
      current = digit;
      measurer.send(digit);
    }
    return { input, framing };
  },
  paint,
  layOut: layOutFigures,
  extra: () => `claim=${reading.claim()}`,
  restore: (fields) => reading.go(claimOf(fields)),
});

function layOutFigures() {
  for (const { room, layOut } of Object.values(figures)) layOut(room.clientWidth);
}

function paint() {
  for (const claim of ALL) paintClaim(claim);
  paintProgress();
  reading.keepPlace(measured.size === CLAIMS);
}

/** @param {Claim} claim */
function paintClaim(claim) {
  const result = measured.get(claim);
  const section = sections[claim - 1];
  judge(claim);
  const given = guesses[claim];
  for (const button of findAll(section, "[data-guess]", HTMLButtonElement)) {
    button.setAttribute("aria-pressed", String(Number(button.dataset.guess) === given?.value));
    button.setAttribute("aria-disabled", String(given !== undefined));
  }
  const isRevealed = typeof given?.right === "boolean";
  find(section, ".outcome", HTMLElement).hidden = !isRevealed;
  section.toggleAttribute("data-revealed", isRevealed);
  if (!result) return;
  const isOnThisDigit = claim === POSITION_CLAIM && given !== undefined && guessedOn === current;
  figures[claim].update(result.shown, isOnThisDigit ? given.value : null, isRevealed);
  setText(find(section, ".verdict", HTMLElement), isRevealed ? `${given.words} ${result.sentence}` : given ? "Measuring…" : "");
  if (!isRevealed) return;
  section.dataset.measured = String(result.number);
  section.dataset.right = String(given.right);
}

/** @param {number} claim */
function showCurrent(claim) {
  for (const link of findAll(document, ".claims-nav [data-go]", HTMLAnchorElement)) {
    if (Number(link.dataset.go) === claim) link.setAttribute("aria-current", "step");
    else link.removeAttribute("aria-current");
  }
}

/** Whether a guess is right, once the number is measured. @param {Claim} claim */
function judge(claim) {
  const [given, result] = [guesses[claim], measured.get(claim)];
  if (!given || given.right !== null || !result) return;
  if (claim === POSITION_CLAIM) guesses[claim] = judgePosition(given.value, result.shown.position, result.shown.map.width);
  else {
    const choices = findAll(sections[claim - 1], "[data-guess]", HTMLButtonElement).map(({ dataset }) => Number(dataset.guess));
    guesses[claim] = judgeNumber(given.value, result.number, choices);
  }
  store();
}

/** Marks in the navigation, the score and the summary. */
function paintProgress() {
  for (const claim of ALL) {
    const [given, result] = [guesses[claim], measured.get(claim)];
    const isRevealed = typeof given?.right === "boolean";
    const link = find(document, `.claims-nav [data-go="${claim}"]`, HTMLAnchorElement);
    find(link, ".mark", HTMLElement).dataset.right = isRevealed ? String(given.right) : "";
    setText(find(link, "[data-said]", HTMLElement), !isRevealed ? "" : given.right ? " guessed right" : " guessed wrong");
    const row = find(document, `[data-summary="${claim}"]`, HTMLTableRowElement);
    setText(find(row, ".guessed", HTMLElement), isRevealed ? `${guessInWords(claim, given.value)}${given.right ? " ✓" : ""}` : "–");
    setText(find(row, ".measured", HTMLElement), isRevealed && result ? result.short : "guess first");
  }
  setText(find(document, "#score", HTMLElement), describeScore(guesses));
}

/** @param {Claim} claim @param {number} value */
function guessInWords(claim, value) {
  const width = measured.get(claim)?.shown.map?.width ?? 28;
  return claim === POSITION_CLAIM ? `row ${Math.floor(value / width)}, column ${value % width}` : value.toLocaleString("en");
}

/** Only the first guess counts. @param {Claim} claim @param {number} value */
function guess(claim, value) {
  if (guesses[claim]) return;
  guesses[claim] = { value, right: null, words: "" };
  if (claim === POSITION_CLAIM) guessedOn = current;
  store();
  schedulePaint();
}

function stored() {
  try {
    return sessionStorage.getItem(STORED);
  } catch {
    return null; // Storage is turned off: guesses last until the page is left.
  }
}

function store() {
  try {
    sessionStorage.setItem(STORED, JSON.stringify(guesses));
  } catch {
    // As above.
  }
}

for (const claim of ALL) {
  for (const button of findAll(sections[claim - 1], "[data-guess]", HTMLButtonElement)) {
    button.addEventListener("click", () => guess(claim, Number(button.dataset.guess)), { signal });
  }
}
find(document, "#restart", HTMLButtonElement).addEventListener("click", () => {
  guesses = {};
  store();
  schedulePaint();
  reading.go(1);
}, { signal });
showCurrent(reading.claim());
highlightTerms(document, signal);
find(document, "#print", HTMLButtonElement).addEventListener("click", () => print(), { signal });
followPrinting(signal);
