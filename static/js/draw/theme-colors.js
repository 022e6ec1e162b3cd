// @ts-check
/** @import { PageData } from "../types.js" */
/** @import { ColorScale } from "./color-scale.js" */
import { makeColorScale, makeInkScale } from "./color-scale.js";

/**
 * The scales of the theme that is shown now.
 * @param {PageData["colormaps"]} colormaps
 * @returns {{diverging: ColorScale, ink: ColorScale, paper: string, line: string}}
 */
export function themeColors(colormaps) {
  const { backgroundColor: paper, color: line } = getComputedStyle(document.body);
  return { diverging: makeColorScale(colormaps[isDark() ? "dark" : "light"]), ink: makeInkScale(rgbOf(paper), rgbOf(line)), paper, line };
}

/** Whether the page is dark now, by the visitor's choice or the system's. */
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
