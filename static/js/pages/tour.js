// @ts-check
// The tour: seven claims. At each stop the visitor guesses, and then the number is measured on the digit in the pad.
/** @import { Digit, Plane } from "../types.js" */
/** @import { Exhibit } from "../views/tour/exhibits.js" */
import { createDigitChannel } from "../api/digit-channel.js";
import { postDigit } from "../api/http.js";
import { build } from "../dom-build.js";
import { find, findAll, setText } from "../dom.js";
import { createReadings } from "../views/readings.js";
import { EXHIBITS, mark } from "../views/tour/exhibits.js";
import { openDigitPage } from "./digit-page.js";

const STOPS = 7;
const PLACE_STOP = 5; // Where a place is guessed, not a number.
const NEAR = 3; // Pixels off that still count: the kernel's half, and a little.
const ZOOM = 10;

/** @type {Record<string, [number, number]>} */
const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

const page = openDigitPage();
const { announce, fail, signal, colors, data: { models } } = page;
const readings = createReadings(find(document, "#readings", HTMLTableElement));
const sections = findAll(document, "[data-stop]", HTMLElement);
const goButtons = findAll(document, "[data-go]", HTMLButtonElement);

let stop = stopOf(new URLSearchParams(location.hash.slice(1)));
/** What was guessed: a number, or a cell of the digit. @type {Map<number, number>} */
const guesses = new Map();
/** @type {{digit: Digit, input: Plane} | null} */
let known = null;
/** @type {{stop: number, digit: Digit, exhibit: Exhibit} | null} */
let shown = null;
/** @type {Map<number, boolean>} */
const right = new Map();

// A measurement that must not be seen before the guess is asked for all the same: the click then shows it at once.
const measurer = createDigitChannel(
  /** @param {{stop: number, digit: Digit, input: Plane}} question */
  async (question) => ({ ...question, exhibit: await EXHIBITS[question.stop](question.digit, question.input) }),
  {
    onAnswer(answer) {
      if (answer.stop !== stop || answer.digit !== known?.digit) return;
      shown = answer;
      schedulePaint();
    },
    onFailure: fail,
  },
);

const { schedulePaint, rememberInAddress } = page.start({
  ask: (digit, sequence) => Promise.all(models.map(({ id, layers }) => postDigit(id, { digit, layers: [layers[layers.length - 1].name] }, sequence))),
  onAnswer(answers, digit) {
    const [{ tensors: { input }, framing }] = answers;
    known = { digit, input: { width: input.shape[1], height: input.shape[0], data: input.data } };
    readings.update(Object.fromEntries(answers.map(({ prediction }, i) => [models[i].id, prediction])));
    measure();
    return { input, framing };
  },
  paint,
  layOut: () => {},
  extra: () => `stop=${stop}`,
  restore(fields) {
    go(stopOf(fields));
  },
});

function measure() {
  if (known) measurer.send({ stop, ...known });
}

/** @param {number} next */
function go(next) {
  stop = Math.min(STOPS, Math.max(1, next));
  shown = null;
  measure();
  showStop();
  rememberInAddress();
}

function showStop() {
  for (const section of sections) section.hidden = Number(section.dataset.stop) !== stop;
  for (const button of goButtons) {
    const number = Number(button.dataset.go);
    if (number === stop) button.setAttribute("aria-current", "step");
    else button.removeAttribute("aria-current");
    button.toggleAttribute("data-done", guesses.has(number));
  }
  find(document, "#previous", HTMLButtonElement).disabled = stop === 1;
  find(document, "#next", HTMLButtonElement).disabled = stop === STOPS;
}

function paint() {
  showStop();
  const section = sections[stop - 1];
  const exhibit = shown?.stop === stop ? shown.exhibit : null;
  const guess = guesses.get(stop);
  for (const button of findAll(section, "[data-guess]", HTMLButtonElement)) button.setAttribute("aria-pressed", String(Number(button.dataset.guess) === guess));
  const room = find(section, ".exhibit", HTMLElement);
  if (!exhibit) return;
  const guessed = guess !== undefined;
  if (stop === PLACE_STOP) {
    room.replaceChildren(...exhibit.show(colors()));
    room.hidden = false;
    makePlaceGuess(room, exhibit, guess);
  } else if (guessed) {
    room.replaceChildren(...exhibit.show(colors()));
    room.hidden = false;
  }
  if (!guessed) return;
  const verdict = find(section, ".verdict", HTMLElement);
  const [words, good] = stop === PLACE_STOP ? judgePlace(exhibit, guess) : judgeNumber(section, exhibit, guess);
  right.set(stop, good);
  verdict.replaceChildren(build("b", {}, words), ` ${exhibit.sentence}`);
  section.dataset.measured = String(exhibit.number);
  section.dataset.right = String(good);
  const count = [...right.values()].filter(Boolean).length;
  setText(find(document, "#score", HTMLElement), `${count} of ${guesses.size} guessed right`);
}

/** The choice nearest to what was measured is the right one. @param {HTMLElement} section  @param {Exhibit} exhibit  @param {number} guess  @returns {[string, boolean]} */
function judgeNumber(section, { number }, guess) {
  const choices = findAll(section, "[data-guess]", HTMLButtonElement).map(({ dataset }) => Number(dataset.guess));
  const nearest = choices.reduce((best, choice) => (Math.abs(choice - number) < Math.abs(best - number) ? choice : best));
  return guess === nearest ? ["Right.", true] : [`You said ${guess.toLocaleString("en")}.`, false];
}

/** @param {Exhibit} exhibit  @param {number} guess  @returns {[string, boolean]} */
function judgePlace({ place }, guess) {
  if (!place) return ["", false];
  const off = Math.hypot(Math.floor(guess / 28) - place.row, (guess % 28) - place.column);
  return off <= NEAR ? [`Right, ${off.toFixed(1)} pixels off.`, true] : [`${off.toFixed(1)} pixels off.`, false];
}

/** @param {HTMLElement} room  @param {Exhibit} exhibit  @param {number | undefined} guess */
function makePlaceGuess(room, { place }, guess) {
  const canvas = findAll(room, "canvas", HTMLCanvasElement)[1];
  const holder = build("div", { class: "marked" });
  canvas.replaceWith(holder);
  holder.append(canvas);
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "application");
  canvas.setAttribute("aria-roledescription", "place to choose");
  canvas.setAttribute("aria-label", "Your digit: click where the kernel will answer most; with the keyboard, arrow keys and Enter");
  let cursor = guess ?? 14 * 28 + 14;
  const cursorBox = mark(0, 0, 1, ZOOM);
  cursorBox.hidden = true;
  holder.append(cursorBox);
  if (guess !== undefined && place) {
    const guessed = mark(Math.floor(guess / 28), guess % 28, 1, ZOOM);
    guessed.classList.add("guessed");
    holder.append(mark(place.row - 2, place.column - 2, 5, ZOOM), guessed);
  }
  canvas.addEventListener("click", ({ offsetX, offsetY }) => guessed(Math.floor(offsetY / ZOOM) * 28 + Math.floor(offsetX / ZOOM)));
  canvas.addEventListener("keydown", (event) => {
    if (event.key === "Enter") return guessed(cursor);
    const step = STEPS[event.key];
    if (!step) return;
    event.preventDefault();
    const inside = (/** @type {number} */ at) => Math.min(27, Math.max(0, at));
    cursor = inside(Math.floor(cursor / 28) + step[0]) * 28 + inside((cursor % 28) + step[1]);
    cursorBox.hidden = false;
    cursorBox.style.insetBlockStart = `${Math.floor(cursor / 28) * ZOOM}px`;
    cursorBox.style.insetInlineStart = `${(cursor % 28) * ZOOM}px`;
    announce(`Row ${Math.floor(cursor / 28)}, column ${cursor % 28}`);
  });
}

/** @param {number} guess */
function guessed(guess) {
  guesses.set(stop, guess);
  schedulePaint();
}

for (const section of sections) {
  for (const button of findAll(section, "[data-guess]", HTMLButtonElement)) button.addEventListener("click", () => guessed(Number(button.dataset.guess)), { signal });
}
for (const button of goButtons) button.addEventListener("click", () => go(Number(button.dataset.go)), { signal });
for (const [id, by] of /** @type {[string, number][]} */ ([["previous", -1], ["next", 1]])) {
  find(document, `#${id}`, HTMLButtonElement).addEventListener("click", () => {
    go(stop + by);
    find(sections[stop - 1], "h2", HTMLElement).focus();
  }, { signal });
}

/** @param {URLSearchParams} fields */
function stopOf(fields) {
  const given = Number(fields.get("stop"));
  return Number.isInteger(given) && given >= 1 && given <= STOPS ? given : 1;
}

showStop();
