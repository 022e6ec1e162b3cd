// @ts-check
// The bar of light and everything that changes it: pointer, keys, sliders, buttons, and turning by itself.
/** @import { Bar, ThemeColors } from "../../types.js" */
import { find, findAll, setText } from "../../dom/find.js";
import { arrowStep } from "../../dom/grid-keys.js";
import { enlarge, paintPlane } from "../../draw/plane.js";
import { centerAt, OPENING_ANGLE, OPENING_BAR, wrapAngle } from "./address.js";
import { BAR_SIZE, drawBar } from "./bar.js";

const TURNING = 45; // Degrees a second.
const KEY_TURN = 5; // Degrees for each key.

/** @typedef {{bar: Bar, angle: number}} Shown */

/**
 * @param {object} page
 * @param {() => Shown} page.shown
 * @param {(bar: Bar) => void} page.changeBar
 * @param {(angle: number) => void} page.turnTo
 * @param {(words: string) => void} page.announce
 */
export function createBarStage({ shown, changeBar, turnTo, announce }) {
  const stage = find(document, "#bar-stage", HTMLElement);
  const canvas = find(document, "#bar", HTMLCanvasElement);
  const handle = find(document, "#turn-handle", HTMLButtonElement);
  const sliders = /** @type {const} */ (["angle", "length", "width"]).map((name) => ({ name, slider: find(document, `#bar-${name}`, HTMLInputElement) }));
  const kinds = /** @type {const} */ (["grating", "dark"]).flatMap((name) => findAll(document, `[data-${name}]`, HTMLButtonElement).map((button) => ({ name, button })));
  const turning = createTurning(() => shown().angle, turnTo);

  /** @param {number} row  @param {number} column */
  function moveTo(row, column) {
    const { bar } = shown();
    const center = centerAt(row, column);
    if (center.row !== bar.row || center.column !== bar.column) changeBar({ ...bar, ...center });
  }

  find(document, "#center", HTMLButtonElement).addEventListener("click", () => changeBar({ ...shown().bar, row: OPENING_BAR.row, column: OPENING_BAR.column }));
  find(document, "#bar-reset", HTMLButtonElement).addEventListener("click", () => {
    turning.stop();
    turnTo(OPENING_ANGLE);
    changeBar(OPENING_BAR);
  });
  for (const { name, slider } of sliders) {
    slider.addEventListener("input", () => {
      if (name !== "angle") return changeBar({ ...shown().bar, [name]: slider.valueAsNumber });
      turning.stop();
      turnTo(slider.valueAsNumber);
    });
  }
  for (const { name, button } of kinds) button.addEventListener("click", () => changeBar({ ...shown().bar, [name]: button.dataset[name] === "true" }));
  dragBar(canvas, handle, { shown, moveTo, turnTo, stopTurning: turning.stop });
  canvas.addEventListener("keydown", (event) => {
    const { bar, angle } = shown();
    const step = arrowStep(event);
    const turn = { PageUp: KEY_TURN, PageDown: -KEY_TURN }[event.key];
    if (!step && !turn) return;
    event.preventDefault();
    turning.stop();
    if (step) moveTo(bar.row + step[0], bar.column + step[1]);
    if (turn) turnTo(wrapAngle(angle + turn));
    announce(describe(shown()));
  });

  return {
    /** The page is ready for input. */
    open() {
      stage.dataset.ready = "true";
    },
    /** @param {number} zoom */
    enlarge(zoom) {
      enlarge(canvas, zoom);
    },
    /** @param {ThemeColors} colors */
    paint(colors) {
      const { bar, angle } = shown();
      paintPlane(canvas, drawBar(bar, angle), colors.ink, 1);
      placeHandle(handle, canvas.clientWidth / BAR_SIZE, bar, angle);
      canvas.setAttribute("aria-label", describe({ bar, angle }));
      for (const { name, slider } of sliders) {
        const number = name === "angle" ? angle : bar[name];
        slider.value = String(number);
        slider.disabled = name === "length" && bar.grating;
        setText(find(document, `output[for="bar-${name}"]`, HTMLOutputElement), name === "angle" ? `${Math.round(angle)}°` : `${number} px`);
      }
      for (const { name, button } of kinds) button.setAttribute("aria-pressed", String(button.dataset[name] === String(bar[name])));
    },
  };
}

/** @param {Shown} shown */
function describe({ bar, angle }) {
  return `${bar.grating ? "Grating" : "Bar of light"} at ${Math.round(angle)} degrees, center row ${bar.row}, column ${bar.column}`;
}

/**
 * The handle at the end of the bar, inside the image.
 * @param {HTMLElement} handle
 * @param {number} zoom
 * @param {Bar} bar
 * @param {number} angle
 */
function placeHandle(handle, zoom, bar, angle) {
  const turn = (angle * Math.PI) / 180;
  const reach = Math.min(bar.grating ? 11 : bar.length / 2, 12);
  /** @param {number} position */
  const inside = (position) => Math.min(BAR_SIZE - 1, Math.max(1, position)) * zoom;
  handle.style.insetInlineStart = `${inside(bar.column + reach * Math.cos(turn))}px`;
  handle.style.insetBlockStart = `${inside(bar.row - reach * Math.sin(turn))}px`;
}

/**
 * The bar is dragged at any pixel, and turned by its handle.
 * @param {HTMLCanvasElement} canvas
 * @param {HTMLElement} handle
 * @param {{shown: () => Shown, moveTo: (row: number, column: number) => void, turnTo: (angle: number) => void, stopTurning: () => void}} change
 */
function dragBar(canvas, handle, { shown, moveTo, turnTo, stopTurning }) {
  /** @param {PointerEvent} event */
  const pixelAt = ({ clientX, clientY }) => {
    const { left, top, width } = canvas.getBoundingClientRect();
    return { column: ((clientX - left) * BAR_SIZE) / width, row: ((clientY - top) * BAR_SIZE) / width };
  };
  /** From the bar's center to the pointer. @type {{row: number, column: number} | null} */
  let grip = null;

  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    const at = pixelAt(event);
    grip = { row: at.row - shown().bar.row, column: at.column - shown().bar.column };
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!grip || !canvas.hasPointerCapture(event.pointerId)) return;
    const at = pixelAt(event);
    moveTo(at.row - grip.row, at.column - grip.column);
  });
  handle.addEventListener("pointerdown", (event) => {
    stopTurning();
    handle.setPointerCapture(event.pointerId);
  });
  handle.addEventListener("pointermove", (event) => {
    if (!handle.hasPointerCapture(event.pointerId)) return;
    const { bar } = shown();
    const { row, column } = pixelAt(event);
    turnTo(wrapAngle((Math.atan2(bar.row - row, column - bar.column) * 180) / Math.PI));
  });
}

/**
 * The button that turns the bar until it is pressed again.
 * @param {() => number} angle
 * @param {(angle: number) => void} turnTo
 */
function createTurning(angle, turnTo) {
  const button = find(document, "#turn", HTMLButtonElement);
  let frame = 0;

  function stop() {
    cancelAnimationFrame(frame);
    frame = 0;
    button.setAttribute("aria-pressed", "false");
    setText(button, "Turn it");
  }

  function start() {
    let last = performance.now();
    /** @param {number} now */
    const tick = (now) => {
      turnTo(wrapAngle(angle() + (TURNING * (now - last)) / 1000));
      last = now;
      frame = requestAnimationFrame(tick);
    };
    frame = requestAnimationFrame(tick);
    button.setAttribute("aria-pressed", "true");
    setText(button, "Stop");
  }

  button.addEventListener("click", () => (frame ? stop() : start()));
  return { stop };
}
