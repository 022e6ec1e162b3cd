// @ts-check
// Correct by hand what was taken for the digit in an image: a dialog to crop and turn it and to choose what is ink, with
// the 28×28 result beside it.
/** @import { Adjustment, Digit, Framing, Plane } from "../types.js" */
import { build } from "../dom/build.js";
import { buildButton } from "../dom/button.js";
import { contextOf } from "../dom/find.js";
import { describeFraming } from "../network/prediction-bars.js";

const PREVIEW = 320; // Canvas pixels along the longer side of the image.
const SMALLEST = 0.02; // Of the image, the least width and height of the part.

/** @typedef {Extract<Digit, {kind: "image"}>} ImageDigit */
/** @typedef {{left: number, top: number, right: number, bottom: number, rotate: number, threshold: number | null}} Choice */

/**
 * What the sliders say, as requests have it.
 * @param {Choice} choice
 * @returns {Adjustment}
 */
export function adjustmentOf({ left, top, right, bottom, rotate, threshold }) {
  const x = Math.min(left, 1 - SMALLEST);
  const y = Math.min(top, 1 - SMALLEST);
  /** @type {[number, number, number, number]} */
  const crop = [x, y, Math.max(SMALLEST, right - x), Math.max(SMALLEST, bottom - y)];
  return { crop: crop.every((value, side) => value === [0, 0, 1, 1][side]) ? null : crop, rotate, threshold };
}

/**
 * What an adjustment says, as the sliders have it.
 * @param {Adjustment | undefined} adjustment
 * @returns {Choice}
 */
export function choiceOf(adjustment) {
  const [left, top, width, height] = adjustment?.crop ?? [0, 0, 1, 1];
  const { rotate = 0, threshold = null } = adjustment ?? {};
  return { left, top, right: left + width, bottom: top + height, rotate, threshold };
}

/**
 * Open the dialog.
 * @param {ImageDigit} digit
 * @param {object} options
 * @param {(digit: ImageDigit, signal: AbortSignal) => Promise<{input: Plane, framing: Framing}>} options.request  How the digit is framed.
 * @param {(digit: ImageDigit) => void} options.choose
 * @param {(error: unknown) => void} options.fail
 */
export async function openAdjustment(digit, { request, choose, fail }) {
  const bytes = Uint8Array.from(atob(digit.base64), (character) => character.charCodeAt(0));
  const image = await createImageBitmap(new Blob([bytes]), { imageOrientation: "from-image" });
  let choice = choiceOf(digit.adjustment);
  let latest = new AbortController();

  const scale = PREVIEW / Math.max(image.width, image.height);
  const preview = build("canvas", {
    class: "preview", width: Math.max(1, Math.round(image.width * scale)), height: Math.max(1, Math.round(image.height * scale)),
    role: "img", "aria-label": "The image; drag to choose the part with the digit",
  });
  const result = build("canvas", { class: "result", width: 28, height: 28, role: "img", "aria-label": "The 28×28 result" });
  const note = build("p", { class: "note", role: "status" });
  const left = slider("Left", 0, 1, 0.01);
  const top = slider("Top", 0, 1, 0.01);
  const right = slider("Right", 0, 1, 0.01);
  const bottom = slider("Bottom", 0, 1, 0.01);
  const rotate = slider("Rotate, degrees", -180, 180, 1);
  const threshold = slider("Threshold", 0.05, 0.95, 0.05);
  const automatic = build("input", { type: "checkbox" });
  const dialog = build("dialog", { class: "adjust-image", "aria-labelledby": "adjust-title" },
    build("h2", { id: "adjust-title" }, "Adjust image"),
    build("div", { class: "pictures" }, preview, result),
    note,
    build("div", { class: "sliders" }, left.label, right.label, top.label, bottom.label, rotate.label, threshold.label,
      build("label", {}, automatic, " Automatic threshold")),
    build("div", { class: "button-row" },
      buildButton("Use", () => {
        choose(adjusted());
        dialog.close();
      }),
      buildButton("Reset", () => {
        choice = choiceOf(undefined);
        show();
      }),
      buildButton("Cancel", () => dialog.close())),
  );

  for (const [name, { input }] of /** @type {["left" | "top" | "right" | "bottom" | "rotate", typeof left][]} */ ([
    ["left", left], ["top", top], ["right", right], ["bottom", bottom], ["rotate", rotate],
  ])) {
    input.addEventListener("input", () => {
      choice = { ...choice, [name]: input.valueAsNumber };
      show();
    });
  }
  const thresholdChosen = () => {
    choice = { ...choice, threshold: automatic.checked ? null : threshold.input.valueAsNumber };
    show();
  };
  threshold.input.addEventListener("input", () => {
    automatic.checked = false;
    thresholdChosen();
  });
  automatic.addEventListener("change", thresholdChosen);
  trackPart(preview, (part) => {
    choice = { ...choice, ...part };
    show();
  });
  dialog.addEventListener("close", () => {
    latest.abort();
    image.close();
    dialog.remove();
  });

  document.body.append(dialog);
  dialog.showModal();
  show();

  /** @returns {ImageDigit} */
  function adjusted() {
    return { ...digit, adjustment: adjustmentOf(choice) };
  }

  function show() {
    left.input.valueAsNumber = choice.left;
    top.input.valueAsNumber = choice.top;
    right.input.valueAsNumber = choice.right;
    bottom.input.valueAsNumber = choice.bottom;
    rotate.input.valueAsNumber = choice.rotate;
    automatic.checked = choice.threshold === null;
    if (choice.threshold !== null) threshold.input.valueAsNumber = choice.threshold;
    paintPreview(preview, image, adjustmentOf(choice).crop ?? [0, 0, 1, 1]);
    void update();
  }

  async function update() {
    latest.abort(); // Only the result of the newest choice is of interest.
    const mine = latest = new AbortController();
    try {
      const { input, framing } = await request(adjusted(), mine.signal);
      paintResult(result, input);
      note.textContent = describeFraming(digit, framing);
    } catch (error) {
      if (!mine.signal.aborted) fail(error);
    }
  }
}

/**
 * @param {string} name
 * @param {number} min
 * @param {number} max
 * @param {number} step
 */
function slider(name, min, max, step) {
  const input = build("input", { type: "range", min, max, step });
  return { input, label: build("label", {}, `${name} `, input) };
}

/**
 * The image, with what is cropped away dimmed.
 * @param {HTMLCanvasElement} canvas
 * @param {ImageBitmap} image
 * @param {[number, number, number, number]} crop
 */
function paintPreview(canvas, image, [x, y, width, height]) {
  const context = contextOf(canvas);
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  context.fillStyle = "rgb(0 0 0 / 55%)";
  context.beginPath();
  context.rect(0, 0, canvas.width, canvas.height);
  context.rect(x * canvas.width, y * canvas.height, width * canvas.width, height * canvas.height);
  context.fill("evenodd");
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {Plane} plane
 */
function paintResult(canvas, { width, height, data }) {
  canvas.width = width;
  canvas.height = height;
  const image = new ImageData(width, height);
  data.forEach((ink, pixel) => image.data.set([0, 0, 0, Math.round(255 * ink)], 4 * pixel));
  contextOf(canvas).putImageData(image, 0, 0);
}

/**
 * Choose the part with the digit by dragging over the image.
 * @param {HTMLCanvasElement} canvas
 * @param {(part: {left: number, top: number, right: number, bottom: number}) => void} choosePart
 */
function trackPart(canvas, choosePart) {
  /** @type {[number, number] | null} */
  let start = null;
  /** @param {PointerEvent} event @returns {[number, number]} */
  const positionOf = (event) => {
    const box = canvas.getBoundingClientRect();
    const within = (/** @type {number} */ value) => Math.round(100 * Math.min(1, Math.max(0, value))) / 100;
    return [within((event.clientX - box.left) / box.width), within((event.clientY - box.top) / box.height)];
  };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    start = positionOf(event);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!start) return;
    const [x, y] = positionOf(event);
    const part = { left: Math.min(x, start[0]), right: Math.max(x, start[0]), top: Math.min(y, start[1]), bottom: Math.max(y, start[1]) };
    if (part.right - part.left >= SMALLEST && part.bottom - part.top >= SMALLEST) choosePart(part);
  });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => (start = null));
}
