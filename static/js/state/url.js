// @ts-check
/** @import { Digit, Neuron, Point, State, Stroke } from "../types.js" */

// The view travels in the address's fragment, which browsers never send: a shared drawing reaches no server's log.
//
// s=…  strokes: base64url of bytes; for each stroke its number of points, then x and y of each,
//      16 bits each, big-endian, 0 at −1 and 65535 at 2 in pad units
// w=…  pen width, thousandths of the pad;  n=…  index of a test digit
// pre  maps before ReLU;  b=…  boost
// k=…  the neuron under the lens: layer.filter.row.column

const LOWEST = -1;
const SPAN = 3;

/**
 * @param {Pick<State, "digit" | "rectified" | "boost" | "neuron">} view
 * @returns {string} The fragment, without "#"; empty for what cannot be shared, an uploaded image.
 */
export function toFragment({ digit, rectified, boost, neuron }) {
  const parts = [];
  if (digit.kind === "strokes") {
    parts.push(`s=${encodeStrokes(digit.strokes)}`, `w=${Math.round(digit.penWidth * 1000)}`);
  } else if (digit.kind === "sample") {
    parts.push(`n=${digit.index}`);
  }
  if (!rectified) parts.push("pre=1");
  if (boost) parts.push(`b=${boost}`);
  if (neuron) parts.push(`k=${[neuron.layer, neuron.filter, neuron.row, neuron.column].join(".")}`);
  return parts.join("&");
}

/**
 * What a fragment asks for; whatever is missing or damaged is left out.
 * @param {string} fragment  With or without "#".
 * @returns {{digit?: Digit, rectified?: boolean, boost?: number, neuron?: Neuron}} Whether there is such a neuron, the model says.
 */
export function fromFragment(fragment) {
  const fields = new URLSearchParams(fragment.replace(/^#/, ""));
  /** @type {{digit?: Digit, rectified?: boolean, boost?: number, neuron?: Neuron}} */
  const view = {};
  const width = Number(fields.get("w")) / 1000;
  const penWidth = width >= 0.005 && width <= 0.5 ? width : 0.065;
  const packed = fields.get("s");
  const index = fields.get("n");
  if (packed !== null) {
    const strokes = decodeStrokes(packed);
    if (strokes) view.digit = { kind: "strokes", strokes, penWidth };
  } else if (index !== null && /^\d{1,6}$/.test(index)) {
    view.digit = { kind: "sample", index: Number(index) };
  }
  if (fields.get("pre") === "1") view.rectified = false;
  const boost = Number(fields.get("b"));
  if (boost > 0 && boost <= 1) view.boost = boost;
  const place = /^(\w{1,40})\.(\d{1,6})\.(\d{1,6})\.(\d{1,6})$/.exec(fields.get("k") ?? "");
  if (place) view.neuron = { layer: place[1], filter: Number(place[2]), row: Number(place[3]), column: Number(place[4]) };
  return view;
}

/** @param {Stroke[]} strokes */
export function encodeStrokes(strokes) {
  const numbers = strokes.flatMap((stroke) => [stroke.length, ...stroke.flat().map(quantize)]);
  const bytes = String.fromCharCode(...numbers.flatMap((number) => [number >> 8, number & 255]));
  return btoa(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/**
 * @param {string} text
 * @returns {Stroke[] | null} Null if the text is damaged.
 */
export function decodeStrokes(text) {
  let bytes;
  try {
    bytes = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  } catch {
    return null;
  }
  /** @param {number} i */
  const numberAt = (i) => bytes.charCodeAt(2 * i) * 256 + bytes.charCodeAt(2 * i + 1);
  const strokes = [];
  let at = 0;
  while (at < bytes.length >> 1) {
    const count = numberAt(at);
    if (!count || 2 * (at + 1 + 2 * count) > bytes.length) return null;
    /** @type {Stroke} */
    const stroke = [];
    for (let i = 0; i < count; i += 1) {
      stroke.push(/** @type {Point} */ ([restore(numberAt(at + 1 + 2 * i)), restore(numberAt(at + 2 + 2 * i))]));
    }
    strokes.push(stroke);
    at += 1 + 2 * count;
  }
  return strokes;
}

/** @param {number} coordinate */
function quantize(coordinate) {
  return Math.round(Math.min(1, Math.max(0, (coordinate - LOWEST) / SPAN)) * 65535);
}

/** @param {number} number */
function restore(number) {
  return Math.round(((number / 65535) * SPAN + LOWEST) * 1e5) / 1e5;
}
