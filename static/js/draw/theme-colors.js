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
  const style = getComputedStyle(document.documentElement);
  const dark = style.colorScheme === "dark";
  const paper = style.getPropertyValue("--ground").trim();
  const line = style.getPropertyValue("--ink").trim();
  return { diverging: makeColorScale(colormaps[dark ? "dark" : "light"]), ink: makeInkScale(rgbOf(paper), rgbOf(line)), paper, line };
}

/**
 * @param {string} hex  "#rrggbb"
 * @returns {[number, number, number]}
 */
function rgbOf(hex) {
  return /** @type {[number, number, number]} */ ([1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)));
}
