// @ts-check
// A visitor's own symbols: classes with their drawings, what is missing before they can be trained, and the tab's storage.
/** @import { Point, Stroke } from "../types.js" */
/** @import { SymbolsRequest } from "../train/types.js" */

export const CLASSES = { fewest: 2, most: 10 };
export const DRAWINGS = { fewest: 3, enough: 10, most: 20 };
export const NAME_LENGTH = 20;
const KEY = "kernelscope-symbols";
const TOLERANCE = 0.004; // How far a drawing may move when points are left out, in pad units: half a cell of the pad's 112.

/** @typedef {{name: string, drawings: Stroke[][]}} SymbolClass */
/** `selected`: the class that is drawn. @typedef {{classes: SymbolClass[], selected: number}} Collection */

/**
 * @typedef {{type: "drawn", drawing: Stroke[]}
 *   | {type: "drawingRemoved", of: number, drawing: number}
 *   | {type: "named", of: number, name: string}
 *   | {type: "selected", of: number}
 *   | {type: "classAdded"}
 *   | {type: "classRemoved", of: number}} CollectionAction
 */

/** What a visitor begins with. @returns {Collection} */
export function emptyCollection() {
  return { classes: ["heart", "star", "house"].map((name) => ({ name, drawings: [] })), selected: 0 };
}

/**
 * @param {Collection} state
 * @param {CollectionAction} action
 * @returns {Collection}
 */
export function reduceCollection(state, action) {
  const { classes, selected } = state;
  /** @param {number} of  @param {(each: SymbolClass) => Partial<SymbolClass>} change */
  const changed = (of, change) => ({ ...state, classes: classes.map((each, i) => (i === of ? { ...each, ...change(each) } : each)) });
  switch (action.type) {
    case "drawn":
      if (!action.drawing.length || classes[selected].drawings.length >= DRAWINGS.most) return state;
      return changed(selected, ({ drawings }) => ({ drawings: [...drawings, action.drawing.map(thinned)] }));
    case "drawingRemoved":
      return changed(action.of, ({ drawings }) => ({ drawings: drawings.filter((_, i) => i !== action.drawing) }));
    case "named":
      return changed(action.of, () => ({ name: action.name.slice(0, NAME_LENGTH) }));
    case "selected":
      return { ...state, selected: action.of };
    case "classAdded":
      if (classes.length >= CLASSES.most) return state;
      return { classes: [...classes, { name: newName(classes), drawings: [] }], selected: classes.length };
    case "classRemoved":
      if (classes.length <= CLASSES.fewest) return state;
      return { classes: classes.filter((_, i) => i !== action.of), selected: Math.min(selected - Number(action.of < selected), classes.length - 2) };
  }
}

/** @param {SymbolClass[]} classes */
function newName(classes) {
  const names = classes.map(({ name }) => name);
  for (let number = classes.length + 1; ; number += 1) {
    if (!names.includes(`symbol ${number}`)) return `symbol ${number}`;
  }
}

/**
 * What is missing before it can be trained, in a sentence; empty if nothing is.
 * @param {Collection} collection
 */
export function missingSentence({ classes }) {
  const names = classes.map(({ name }) => name.trim());
  if (names.includes("")) return `Class ${names.indexOf("") + 1} needs a name.`;
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) return `Two classes are called ${twice}: give one of them another name.`;
  const missing = classes.flatMap(({ drawings }, i) => {
    const count = DRAWINGS.fewest - drawings.length;
    return count > 0 ? [`${names[i]} ${count} more ${count === 1 ? "time" : "times"}`] : [];
  });
  return missing.length ? `Draw ${missing.join(", ")}.` : "";
}

/**
 * What to draw next, in a sentence.
 * @param {Collection} collection
 */
export function promptSentence({ classes, selected }) {
  const { name, drawings } = classes[selected];
  const next = classes.find((each) => each.drawings.length < DRAWINGS.enough);
  if (drawings.length >= DRAWINGS.most) return `${name} has ${DRAWINGS.most} drawings, which is the most.`;
  if (drawings.length < DRAWINGS.enough) return `Draw ${name}, each time a little differently: ${drawings.length} of ${DRAWINGS.enough}.`;
  return next ? `${name} has ${drawings.length} drawings, which is enough. Go on with ${next.name}.` : "Every class has enough drawings. Press Train.";
}

/** @param {Collection} collection  @param {number} penWidth  @returns {SymbolsRequest} */
export function requestOf({ classes }, penWidth) {
  return { classes: classes.map(({ name, drawings }) => ({ name: name.trim(), drawings })), pen_width: penWidth };
}

/**
 * A stroke without the points that hardly change its form (Ramer 1972, Douglas & Peucker 1973), with three decimals: a pen
 * reports several hundred points a second.
 * @param {Stroke} stroke
 * @returns {Stroke}
 */
export function thinned(stroke) {
  const rounded = stroke.map(([x, y]) => /** @type {Point} */ ([Math.round(1000 * x) / 1000, Math.round(1000 * y) / 1000]));
  if (rounded.length < 3) return rounded;
  const kept = new Set([0, rounded.length - 1]);
  /** @type {[number, number][]} */
  const open = [[0, rounded.length - 1]];
  for (let span = open.pop(); span; span = open.pop()) {
    const [first, last] = span;
    let [farthest, distance] = [first, TOLERANCE];
    for (let i = first + 1; i < last; i += 1) {
      const off = distanceTo(rounded[i], rounded[first], rounded[last]);
      if (off > distance) [farthest, distance] = [i, off];
    }
    if (farthest === first) continue;
    kept.add(farthest);
    open.push([first, farthest], [farthest, last]);
  }
  return rounded.filter((_, i) => kept.has(i));
}

/** Of a point to the line between two others. @param {Point} point  @param {Point} a  @param {Point} b */
function distanceTo([x, y], [ax, ay], [bx, by]) {
  const [dx, dy] = [bx - ax, by - ay];
  const length = dx * dx + dy * dy;
  const share = length ? Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / length)) : 0;
  return Math.hypot(x - ax - share * dx, y - ay - share * dy);
}

/** Keep it for this tab, also after a reload. @param {Collection} collection */
export function keepCollection(collection) {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(collection));
  } catch {
    // Storage may be full or forbidden; then a reload begins anew.
  }
}

/** The tab's own; an empty one if there is none. @returns {Collection} */
export function keptCollection() {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
    return kept?.classes?.length >= CLASSES.fewest && kept.classes[kept.selected] ? kept : emptyCollection();
  } catch {
    return emptyCollection();
  }
}
