// @ts-check
/** @import { Colormap, PageData } from "../types.js" */

const LEVELS = 511; // An odd count, so that one level is exactly zero.

/**
 * A diverging scale: the middle color is zero, and the ends are ± range.
 * @typedef {object} ColorScale
 * @property {(value: number, range: number) => number} pixelOf  ABGR, the order of canvas pixels in memory.
 */

/**
 * @param {Colormap} colormap
 * @returns {ColorScale}
 */
export function makeColorScale({ stops }) {
  const table = Uint32Array.from({ length: LEVELS }, (_, level) => pack(colorAt(stops, (2 * level) / (LEVELS - 1) - 1)));
  const middle = (LEVELS - 1) / 2;
  return {
    pixelOf(value, range) {
      const level = Math.round(middle + (middle * value) / range);
      return table[level < 0 ? 0 : level >= LEVELS ? LEVELS - 1 : level];
    },
  };
}

/**
 * A gray scale for ink: paper to ink in the page's own colors, since ink is not a signed value.
 * @param {[number, number, number]} paper
 * @param {[number, number, number]} ink
 * @returns {ColorScale}
 */
export function makeInkScale(paper, ink) {
  return makeColorScale({ stops: [[-1, paper], [0, paper], [1, ink]] });
}

/**
 * @param {Colormap["stops"]} stops
 * @param {number} position
 * @returns {[number, number, number]}
 */
function colorAt(stops, position) {
  const upper = Math.max(1, stops.findIndex(([at]) => at >= position));
  const [from, low] = stops[upper - 1];
  const [to, high] = stops[upper];
  const share = (position - from) / (to - from);
  return /** @type {[number, number, number]} */ (low.map((channel, i) => Math.round(channel + share * (high[i] - channel))));
}

/** @param {[number, number, number]} rgb */
function pack([red, green, blue]) {
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

/**
 * The color scales of the current theme.
 * @param {PageData["colormaps"]} colormaps
 * @returns {{diverging: ColorScale, ink: ColorScale, paper: string, line: string}}
 */
export function themeColors(colormaps) {
  const { backgroundColor: paper, color: line } = getComputedStyle(document.body);
  return { diverging: makeColorScale(colormaps[isDark() ? "dark" : "light"]), ink: makeInkScale(rgbOf(paper), rgbOf(line)), paper, line };
}

/** Whether the page is dark, by the visitor's or the system's choice. */
export function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

/**
 * @param {string} color  As browsers compute it: "rgb(20, 23, 26)".
 * @returns {[number, number, number]}
 */
function rgbOf(color) {
  return /** @type {[number, number, number]} */ (color.match(/\d+/g)?.slice(0, 3).map(Number));
}
