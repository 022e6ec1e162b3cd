// @ts-check
// The large map: its digits, the visitor's digit among them with lines to the nearest, and the digit that is pointed at.
/** @import { LayerMap, Neighbor } from "../../api/layer-maps.js" */
/** @import { MapColors } from "./map-painting.js" */
/** @import { MapFrame } from "./map-frame.js" */
import { contextOf, find, setText } from "../../dom/find.js";
import { arrowStep } from "../../dom/grid-keys.js";
import { draw } from "../../dom/svg.js";
import { frameOf, pointAt, pointTowards } from "./map-frame.js";
import { paintMap } from "./map-painting.js";
import { describeDigit } from "./sentences.js";

const LARGEST = 620; // CSS pixels.
const CELL = 28; // Pixels of a digit in the sheet.
const SHEET_COLUMNS = 50;
const TRAIL = 40; // Earlier places of the digit that are shown.

/**
 * @param {object} page
 * @param {(index: number) => void} page.open   Shows a test digit.
 * @param {(words: string) => void} page.announce
 * @param {() => ImageBitmap | null} page.sheet  The map's digits.
 * @param {AbortSignal} signal
 */
export function createMapView({ open, announce, sheet }, signal) {
  const stage = find(document, "#map-stage", HTMLElement);
  const canvas = find(stage, "canvas", HTMLCanvasElement);
  const overlay = find(stage, "svg", SVGSVGElement);
  const tip = find(stage, "#map-tip", HTMLElement);
  /** @type {LayerMap | null} */
  let map = null;
  /** @type {MapFrame | null} */
  let frame = null;
  /** @type {number | null} */
  let pointed = null;
  /** @type {{x: number, y: number}[]} */
  let trail = [];

  /** @param {number | null} number */
  function point(number) {
    pointed = number;
    canvas.style.cursor = number === null ? "default" : "pointer";
    tip.hidden = number === null || !map || !frame;
    if (number === null || !map || !frame) return;
    paintTile(find(tip, "canvas", HTMLCanvasElement), sheet(), number);
    setText(find(tip, "span", HTMLElement), describeDigit(map.indexes[number], map.labels[number]));
    const [x, y] = [frame.positions[2 * number], frame.positions[2 * number + 1]];
    tip.dataset.side = `${y < frame.size / 2 ? "below" : "above"} ${x < frame.size / 2 ? "right" : "left"}`;
    tip.style.insetInlineStart = `${x}px`;
    tip.style.insetBlockStart = `${y}px`;
  }

  canvas.addEventListener("pointermove", ({ offsetX, offsetY }) => frame && point(pointAt(frame, { x: offsetX, y: offsetY })), { signal });
  canvas.addEventListener("pointerleave", () => point(null), { signal });
  canvas.addEventListener("blur", () => point(null), { signal });
  canvas.addEventListener("click", ({ offsetX, offsetY }) => {
    const number = frame && pointAt(frame, { x: offsetX, y: offsetY });
    if (map && number !== null) open(map.indexes[number]);
  }, { signal });
  canvas.addEventListener("keydown", (event) => {
    const step = arrowStep(event);
    if (!map || !frame) return;
    if (step) {
      event.preventDefault();
      point(pointTowards(frame, pointed, step));
      if (pointed !== null) announce(describeDigit(map.indexes[pointed], map.labels[pointed]));
    } else if ((event.key === "Enter" || event.key === " ") && pointed !== null) {
      event.preventDefault();
      open(map.indexes[pointed]);
    }
  }, { signal });

  return {
    /**
     * @param {LayerMap} shown  @param {MapColors} colors  @param {number | null} emphasized
     */
    paint(shown, colors, emphasized) {
      const size = Math.max(200, Math.min(LARGEST, Math.floor(stage.parentElement?.clientWidth ?? LARGEST)));
      if (map !== shown) trail = [];
      map = shown;
      frame = frameOf(shown.points, size);
      stage.style.inlineSize = stage.style.blockSize = `${size}px`;
      overlay.setAttribute("viewBox", `0 0 ${size} ${size}`);
      paintMap(canvas, frame, shown.labels, colors, { numerals: true, emphasized });
      point(null);
    },

    /**
     * Where the visitor's digit lies; null if that is not known.
     * @param {ArrayLike<number> | null} coordinates  @param {Neighbor[]} neighbors
     */
    place(coordinates, neighbors) {
      if (!map || !frame || !coordinates) {
        overlay.replaceChildren();
        return;
      }
      const { points, indexes } = map;
      const last = trail.at(-1);
      if (!last || last.x !== coordinates[0] || last.y !== coordinates[1]) {
        trail = [...trail, { x: coordinates[0], y: coordinates[1] }].slice(-TRAIL);
      }
      const shownFrame = frame;
      const own = frame.place(coordinates[0], coordinates[1]);
      const ends = neighbors.map(({ index }) => indexes.indexOf(index)).filter((row) => row >= 0)
        .map((row) => shownFrame.place(points[2 * row], points[2 * row + 1]));
      const path = trail.map(({ x, y }) => shownFrame.place(x, y)).map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ");
      overlay.replaceChildren(
        draw("polyline", { class: "trail", points: path }),
        ...ends.flatMap(({ x, y }) => [draw("line", { class: "halo", x1: own.x, y1: own.y, x2: x, y2: y }), draw("line", { x1: own.x, y1: own.y, x2: x, y2: y })]),
        ...ends.map(({ x, y }) => draw("circle", { class: "neighbor", cx: x, cy: y, r: 7 })),
        draw("circle", { class: "halo", cx: own.x, cy: own.y, r: 11 }),
        draw("circle", { class: own.isOutside ? "own outside" : "own", cx: own.x, cy: own.y, r: 11 }),
        draw("circle", { class: "center", cx: own.x, cy: own.y, r: 2 }),
      );
      overlay.dataset.at = `${own.x.toFixed(1)},${own.y.toFixed(1)}`;
    },
  };
}

/**
 * One digit of the sheet.
 * @param {HTMLCanvasElement} canvas
 * @param {ImageBitmap | null} sheet
 * @param {number} number  Its row in the map.
 */
export function paintTile(canvas, sheet, number) {
  const context = contextOf(canvas);
  context.clearRect(0, 0, CELL, CELL);
  if (!sheet || number < 0) return;
  context.drawImage(sheet, (number % SHEET_COLUMNS) * CELL, Math.floor(number / SHEET_COLUMNS) * CELL, CELL, CELL, 0, 0, CELL, CELL);
}
