// @ts-check
/** @import { Digit, Plane, State, Stroke } from "../types.js" */
import { decodeBase64url, encodeBase64url } from "./base64url.js";

// The one format of links. The digit and the view are in the address's fragment, which browsers never send: a shared drawing
// appears in no server's log. Links that people have shared must keep working: tests/specimens/links.json holds one of each
// kind, and a field never changes its meaning within a version.
//
// v=1  the version of this format; without it, version 1
//
// The digit, one of:
// s=…  strokes: base64url of bytes; for each stroke its number of points, then x and y of each,
//      16 bits each, big-endian, 0 at −1 and 65535 at 2 in pad units;  w=…  pen width, thousandths of the pad
// n=…  index of a test digit
// p=…  an upload as the network received it: base64url of bytes; height and width of the whole, then top, left, height and
//      width of the box that holds all ink, then the pixels of the box, row by row, 255 for ink. Not the photo: it would be too long.
// l=…  the digit's true label, 0–9
//
// The view of the workbench:
// pre  maps before ReLU;  b=…  boost
// k=…  the neuron under the lens: layer.filter.row.column
// t=…  the step of training whose weights are shown, and the one it is compared with: step.pinned
//
// Other pages add fields of their own, with names that are not used here:
// run, compare  training;  kind, level, nets  robustness;  layer, step  what layers know;  stop  tour;  e, f, o, m  kernel editor;  f, x, r, g  gradients;  c, q, i  saliency;  bar, grating, dark, still, of  orientation
// costs, map, px, order, move, along, digits, go  local and global

export const LINK_VERSION = "1";
const LOWEST = -1;
const SPAN = 3;
const MOST_POINTS = 65535;
const MOST_PIXELS_ALONG = 64; // Of the input of any network that is served.

/** @typedef {Partial<Pick<State, "rectified" | "boost" | "neuron" | "training">>} View */

/** What the newest response says of a digit: the network's input. @typedef {{digit: Digit, plane: Plane}} Framed */

/**
 * The digit's fields.
 * @param {Digit} digit
 * @param {Framed | null} framed  For an upload: of this digit or of another one.
 * @returns {string} Empty for an upload that has not been framed yet.
 */
export function digitFields(digit, framed) {
  const fields = sourceFields(digit, framed);
  return fields && digit.label !== undefined ? `${fields}&l=${digit.label}` : fields;
}

/** @param {Digit} digit  @param {Framed | null} framed */
function sourceFields(digit, framed) {
  switch (digit.kind) {
    case "strokes":
      return `s=${encodeStrokes(digit.strokes)}&w=${Math.round(digit.penWidth * 1000)}`;
    case "sample":
      return `n=${digit.index}`;
    case "pixels":
      return `p=${encodePixels(digit.plane)}`;
    case "image":
      return framed?.digit === digit ? `p=${encodePixels(framed.plane)}` : "";
  }
}

/**
 * @param {{digit: Digit} & View} view
 * @param {Framed | null} framed
 * @returns {string} The fragment, without "#".
 */
export function toFragment({ digit, rectified = true, boost, neuron, training }, framed = null) {
  const parts = [`v=${LINK_VERSION}`, digitFields(digit, framed)];
  if (!rectified) parts.push("pre=1");
  if (boost) parts.push(`b=${boost}`);
  if (neuron) parts.push(`k=${[neuron.layer, neuron.filter, neuron.row, neuron.column].join(".")}`);
  if (training) parts.push(`t=${[training.step, training.pinned ?? []].flat().join(".")}`);
  return parts.filter(Boolean).join("&");
}

/**
 * The view that a fragment describes, without fields that are missing or damaged.
 * @param {string} fragment  With or without "#".
 * @returns {{digit?: Digit} & View} The neuron and the step may not exist in the model.
 */
export function fromFragment(fragment) {
  const fields = fieldsOf(fragment);
  /** @type {ReturnType<typeof fromFragment>} */
  const view = {};
  if (!hasKnownVersion(fields)) return view;
  const digit = digitFrom(fields);
  if (digit) view.digit = digit;
  if (fields.get("pre") === "1") view.rectified = false;
  const boost = Number(fields.get("b"));
  if (boost > 0 && boost <= 1) view.boost = boost;
  const neuron = /^(\w{1,40})\.(\d{1,6})\.(\d{1,6})\.(\d{1,6})$/.exec(fields.get("k") ?? "");
  if (neuron) view.neuron = { layer: neuron[1], filter: Number(neuron[2]), row: Number(neuron[3]), column: Number(neuron[4]) };
  const at = /^(\d{1,9})(?:\.(\d{1,9}))?$/.exec(fields.get("t") ?? "");
  if (at) view.training = { step: Number(at[1]), pinned: at[2] ? Number(at[2]) : null, shown: "difference" };
  return view;
}

/**
 * What is wrong with a link, in a sentence; null if nothing is.
 * @param {string} fragment  With or without "#".
 */
export function linkProblem(fragment) {
  const fields = fieldsOf(fragment);
  if (!hasKnownVersion(fields)) {
    return `This link has version ${(fields.get("v") ?? "").slice(0, 12)} of the format; this page reads version ${LINK_VERSION}. `
      + "It was made by another version of Kernelscope, so its digit is not shown.";
  }
  const hasDigit = ["s", "n", "p"].some((name) => fields.has(name));
  return hasDigit && !digitFrom(fields) ? "The digit in this link is damaged: the link may have been cut off. It is not shown." : null;
}

/** The fields of a fragment, for what a page adds to it. @param {string} fragment  With or without "#". */
export function fieldsOf(fragment) {
  return new URLSearchParams(fragment.replace(/^#/, ""));
}

/**
 * A page's own fields as text.
 * @param {Record<string, string | number | null>} fields  Those that are null are left out.
 */
export function joinFields(fields) {
  return Object.entries(fields).flatMap(([name, value]) => (value === null ? [] : `${name}=${value}`)).join("&");
}

/**
 * Whole numbers of a field, separated by points.
 * @param {URLSearchParams} fields
 * @param {string} name
 * @param {number[]} ends  How many values each has: the numbers are 0 to one less.
 * @returns {number[] | null} Null if the field is missing, damaged or beyond its bounds.
 */
export function numbersIn(fields, name, ends) {
  const parts = (fields.get(name) ?? "").split(".");
  const isWhole = parts.length === ends.length && parts.every((part, i) => /^\d{1,6}$/.test(part) && Number(part) < ends[i]);
  return isWhole ? parts.map(Number) : null;
}

/**
 * Set a slider to the number of a field; without one, to its first position.
 * @param {HTMLInputElement} slider
 * @param {string | null} text
 */
export function restoreSlider(slider, text) {
  slider.value = text !== null && /^-?\d{1,4}(\.\d{1,4})?$/.test(text) ? text : slider.defaultValue;
}

/** @param {URLSearchParams} fields */
function hasKnownVersion(fields) {
  return (fields.get("v") ?? LINK_VERSION) === LINK_VERSION;
}

/** @param {URLSearchParams} fields  @returns {Digit | null} */
function digitFrom(fields) {
  const source = sourceFrom(fields);
  const label = fields.get("l") ?? "";
  return source && /^\d$/.test(label) ? { ...source, label: Number(label) } : source;
}

/** @param {URLSearchParams} fields  @returns {Digit | null} */
function sourceFrom(fields) {
  const width = Number(fields.get("w")) / 1000;
  const packed = fields.get("s");
  const index = fields.get("n");
  const pixels = fields.get("p");
  if (packed !== null) {
    const strokes = decodeStrokes(packed);
    return strokes && { kind: "strokes", strokes, penWidth: width >= 0.005 && width <= 0.5 ? width : 0.065 };
  }
  if (index !== null) return /^\d{1,6}$/.test(index) ? { kind: "sample", index: Number(index) } : null;
  const plane = pixels === null ? null : decodePixels(pixels);
  return plane && { kind: "pixels", plane };
}

/** The pixels, 0–1, in 255 steps. @param {Plane} plane */
export function encodePixels({ width, height, data }) {
  const bytes = Uint8Array.from(data, (ink) => Math.round(255 * Math.min(1, Math.max(0, ink))));
  const rows = Array.from({ length: height }, (_, row) => bytes.subarray(row * width, (row + 1) * width));
  const inked = rows.flatMap((row, y) => (row.some(Boolean) ? y : []));
  const columns = Array.from({ length: width }, (_, x) => x).filter((x) => rows.some((row) => row[x]));
  const [top = 0, bottom = -1] = [inked[0], inked.at(-1)];
  const [left = 0, right = -1] = [columns[0], columns.at(-1)];
  const box = rows.slice(top, bottom + 1).flatMap((row) => [...row.subarray(left, right + 1)]);
  return encodeBase64url(Uint8Array.from([height, width, top, left, bottom - top + 1, right - left + 1, ...box]));
}

/**
 * @param {string} text
 * @returns {Plane | null} Null if the text is damaged.
 */
export function decodePixels(text) {
  const bytes = decodeBase64url(text);
  if (!bytes || bytes.length < 6) return null;
  const [height, width, top, left, rows, columns] = bytes;
  if (!height || !width || Math.max(height, width) > MOST_PIXELS_ALONG) return null;
  if (bytes.length !== 6 + rows * columns || top + rows > height || left + columns > width) return null;
  const data = new Float32Array(height * width);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) data[(top + row) * width + left + column] = bytes[6 + row * columns + column] / 255;
  }
  return { width, height, data };
}

/** @param {Stroke[]} strokes */
export function encodeStrokes(strokes) {
  const pieces = strokes.flatMap(splitLongStroke);
  const numbers = pieces.reduce((count, { length }) => count + 1 + 2 * length, 0);
  const view = new DataView(new ArrayBuffer(2 * numbers));
  let at = 0;
  /** @param {number} number */
  const append = (number) => {
    view.setUint16(at, number);
    at += 2;
  };
  for (const piece of pieces) {
    append(piece.length);
    for (const [x, y] of piece) {
      append(quantize(x));
      append(quantize(y));
    }
  }
  return encodeBase64url(new Uint8Array(view.buffer));
}

/**
 * @param {string} text
 * @returns {Stroke[] | null} Null if the text is damaged.
 */
export function decodeStrokes(text) {
  const bytes = decodeBase64url(text);
  if (!bytes) return null;
  const view = new DataView(bytes.buffer);
  const strokes = [];
  for (let at = 0; at + 2 <= bytes.length;) {
    const count = view.getUint16(at);
    const end = at + 2 + 4 * count;
    if (!count || end > bytes.length) return null;
    /** @type {Stroke} */
    const stroke = [];
    for (at += 2; at < end; at += 4) stroke.push([restore(view.getUint16(at)), restore(view.getUint16(at + 2))]);
    strokes.push(stroke);
  }
  return strokes;
}

/**
 * Pieces that look like the stroke: each begins where the one before it ends.
 * @param {Stroke} stroke
 * @returns {Stroke[]} Of at most 65,535 points, so that a piece's number of points fits into 16 bits.
 */
function splitLongStroke(stroke) {
  /** @type {Stroke[]} */
  const pieces = [];
  for (let start = 0; start < Math.max(1, stroke.length - 1); start += MOST_POINTS - 1) {
    pieces.push(stroke.slice(start, start + MOST_POINTS));
  }
  return pieces;
}

/** @param {number} coordinate */
function quantize(coordinate) {
  return Math.round(Math.min(1, Math.max(0, (coordinate - LOWEST) / SPAN)) * 65535);
}

/** @param {number} number */
function restore(number) {
  return Math.round(((number / 65535) * SPAN + LOWEST) * 1e5) / 1e5;
}
