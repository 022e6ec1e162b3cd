// @ts-check
// A drawing of the page as an SVG file that stands alone, in light colors. Loaded when the first one is saved.
import { isDark } from "./color-scale.js";

const SVG = "http://www.w3.org/2000/svg";
const STYLES = [
  "fill", "fill-opacity", "stroke", "stroke-width", "stroke-opacity", "stroke-dasharray", "stroke-linecap", "stroke-linejoin", "opacity", "paint-order",
  "font-family", "font-size", "font-weight", "font-style", "text-anchor", "dominant-baseline", "vector-effect",
];
const HAIRLINE = /^(rgba?\([^)]+\)) 0px 0px 0px 1px$/; // A shadow that is drawn as a border.
const MARGIN = 12; // For labels beyond the edge of a drawing.
const CLEAR = "rgba(0, 0, 0, 0)";

/**
 * Save a drawing: an SVG element, or an element with several of them, canvases, bars and text.
 * @param {() => Element} drawing  Called when the page is light: some drawings are then made again.
 * @param {string} name  Of the file, without its ending.
 */
export async function saveSvg(drawing, name) {
  const text = await inLightColors(() => new XMLSerializer().serializeToString(fileOf(drawing())));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
  link.download = `${name}.svg`;
  link.click();
  URL.revokeObjectURL(link.href);
}

/**
 * The page's drawings have the colors of its theme, so it is made light for a moment.
 * @template R
 * @param {() => R} make
 * @returns {Promise<R>}
 */
async function inLightColors(make) {
  if (!isDark()) return make();
  const page = document.documentElement;
  const { theme } = page.dataset;
  page.dataset.theme = "light";
  page.dispatchEvent(new Event("themechange"));
  try {
    // Some canvases are painted in the next frame.
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    return make();
  } finally {
    if (theme === undefined) delete page.dataset.theme;
    else page.dataset.theme = theme;
    page.dispatchEvent(new Event("themechange"));
  }
}

/**
 * @param {Element} root
 * @returns {SVGSVGElement}
 */
export function fileOf(root) {
  const { left, top, ...box } = root.getBoundingClientRect().toJSON();
  // What has been scrolled out of a box belongs to the drawing, too.
  const scrolled = root instanceof HTMLElement ? { x: root.scrollLeft, y: root.scrollTop } : { x: 0, y: 0 };
  const { width, height } = root instanceof HTMLElement ? { width: root.scrollWidth, height: root.scrollHeight } : box;
  const outer = { x: -MARGIN, y: -MARGIN, width: width + 2 * MARGIN, height: height + 2 * MARGIN };
  const file = draw("svg", { width: outer.width, height: outer.height, viewBox: Object.values(outer).join(" ") });
  const words = root.getAttribute("aria-label") ?? root.querySelector("svg[aria-label]")?.getAttribute("aria-label");
  if (words) file.append(draw("title", {}, words));
  file.append(draw("rect", { ...outer, fill: getComputedStyle(document.body).backgroundColor }));
  append(file, root, { x: scrolled.x - left, y: scrolled.y - top });
  return /** @type {SVGSVGElement} */ (file);
}

/**
 * Draw an element and what is in it.
 * @param {Element} into
 * @param {Element} element
 * @param {{x: number, y: number}} shift  From the window to the file.
 */
function append(into, element, shift) {
  const style = getComputedStyle(element);
  if (style.display === "none" || style.visibility === "hidden" || element.classList.contains("visually-hidden")) return;
  const box = element.getBoundingClientRect();
  const place = { x: round(box.left + shift.x), y: round(box.top + shift.y), width: round(box.width), height: round(box.height) };
  if (element instanceof SVGSVGElement) {
    const copy = draw("svg", { ...place, viewBox: element.getAttribute("viewBox") ?? `0 0 ${box.width} ${box.height}`, overflow: "visible" });
    for (const child of element.children) copy.append(...copyOf(child));
    into.append(copy);
  } else if (element instanceof HTMLCanvasElement) {
    into.append(draw("image", { ...place, href: element.toDataURL(), preserveAspectRatio: "none", "image-rendering": "pixelated" }));
  } else {
    const border = HAIRLINE.exec(style.boxShadow)?.[1];
    if (style.backgroundColor !== CLEAR || border) {
      into.append(draw("rect", { ...place, fill: style.backgroundColor === CLEAR ? "none" : style.backgroundColor, ...(border && { stroke: border }) }));
    }
    const group = draw("g", style.opacity === "1" ? {} : { opacity: style.opacity });
    for (const child of element.childNodes) {
      if (child instanceof Element) append(group, child, shift);
      else if (child instanceof Text && child.data.trim()) group.append(...linesOf(child, style, shift));
    }
    if (group.childNodes.length) into.append(group);
  }
}

/**
 * An element of an SVG and what is in it, with the styles that the page gives them.
 * @param {Element} element
 * @returns {Element[]}
 */
function copyOf(element) {
  const style = getComputedStyle(element);
  if (style.display === "none" || style.visibility === "hidden") return [];
  const copy = /** @type {Element} */ (element.cloneNode(false));
  for (const { name } of [...copy.attributes]) {
    if (/^(class|style|role|tabindex|hidden)$|^(aria|data)-/.test(name)) copy.removeAttribute(name);
  }
  for (const name of STYLES) {
    const given = style.getPropertyValue(name);
    if (given) copy.setAttribute(name, given);
  }
  for (const child of element.childNodes) copy.append(...(child instanceof Element ? copyOf(child) : [child.cloneNode()]));
  return [copy];
}

/**
 * The lines of a text as the page has broken it.
 * @param {Text} text
 * @param {CSSStyleDeclaration} style
 * @param {{x: number, y: number}} shift
 */
function linesOf(text, style, shift) {
  const range = document.createRange();
  /** @type {{box: DOMRect, words: string}[]} */
  const lines = [];
  for (const { index, 0: word } of text.data.matchAll(/\S+\s*/g)) {
    range.setStart(text, index);
    range.setEnd(text, index + word.trimEnd().length);
    const box = range.getBoundingClientRect();
    const last = lines.at(-1);
    if (last && Math.abs(last.box.top - box.top) < 2) last.words += word;
    else lines.push({ box, words: word });
  }
  return lines.filter(({ box }) => box.width).map(({ box, words }) => draw("text", {
    x: round(box.left + shift.x), y: round(box.top + box.height / 2 + shift.y), "dominant-baseline": "central", fill: style.color,
    "font-family": style.fontFamily, "font-size": style.fontSize, "font-weight": style.fontWeight,
  }, words.trimEnd()));
}

/**
 * @param {string} tag
 * @param {Record<string, string | number>} attributes
 * @param {(Node | string)[]} children
 */
function draw(tag, attributes, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

/** @param {number} length */
const round = (length) => Math.round(100 * length) / 100;
