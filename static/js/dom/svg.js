// @ts-check
// Creates SVG elements, for plots.

const SVG = "http://www.w3.org/2000/svg";

/**
 * @template {keyof SVGElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string | number>} [attributes]
 * @param {(Node | string)[]} children
 * @returns {SVGElementTagNameMap[K]}
 */
export function draw(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

/**
 * A linear scale from numbers to coordinates.
 * @param {[number, number]} numbers
 * @param {[number, number]} coordinates
 */
export function scaleOf([low, high], [from, to]) {
  return (/** @type {number} */ value) => from + ((value - low) / (high - low)) * (to - from);
}
