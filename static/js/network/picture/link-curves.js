// @ts-check
// The links of the picture: one SVG path each, and a wider invisible one for the pointer.
/** @import { Link } from "./trace.js" */
import { draw } from "../../dom/svg.js";
import { keyOf } from "./trace.js";

const WIDEST = 7; // CSS pixels.
const THINNEST = 0.75;

/** @typedef {{root: SVGGElement, line: SVGPathElement, hit: SVGPathElement}} Curve */

/** @param {SVGSVGElement} svg */
export function createLinkCurves(svg) {
  /** By key. @type {Map<string, Curve>} */
  const curves = new Map();
  /** @type {WeakMap<Element, Link>} */
  const links = new WeakMap();

  /** @param {string} key  @param {() => string} describe */
  function curveOf(key, describe) {
    const known = curves.get(key);
    if (known) return known;
    const [line, hit] = [draw("path", { class: "line" }), draw("path", { class: "hit" })];
    const root = draw("g", { class: "link", role: "button", tabindex: -1, "aria-label": describe() }, line, hit);
    const curve = { root, line, hit };
    curves.set(key, curve);
    svg.append(root);
    return curve;
  }

  return {
    /**
     * @param {Link[]} shown
     * @param {object} look
     * @param {(link: Link) => string} look.pathOf
     * @param {(link: Link) => boolean} look.isDim
     * @param {(link: Link) => string} look.nameOf  Of a new link; the others are named by `name`.
     */
    update(shown, { pathOf, isDim, nameOf }) {
      const largest = Math.max(...shown.map(({ value }) => Math.abs(value)), 1e-6); // It gets the widest link.
      const keys = new Set();
      for (const link of shown) {
        const key = keyOf(link);
        keys.add(key);
        const { root, line, hit } = curveOf(key, () => nameOf(link));
        links.set(root, link);
        const path = pathOf(link);
        line.setAttribute("d", path);
        hit.setAttribute("d", path);
        line.setAttribute("stroke-width", String(Math.max(THINNEST, (WIDEST * Math.abs(link.value)) / largest).toFixed(2)));
        root.setAttribute("class", `link ${link.value < 0 ? "lowers" : "raises"}${isDim(link) ? " dim" : ""}`);
      }
      for (const [key, { root }] of curves) {
        if (keys.has(key)) continue;
        root.remove();
        curves.delete(key);
      }
    },

    /** @param {(link: Link) => string} nameOf */
    name(nameOf) {
      for (const { root } of curves.values()) root.setAttribute("aria-label", nameOf(/** @type {Link} */ (links.get(root))));
    },

    /** The link under the pointer or with the focus. @param {Element} element  @returns {Link | null} */
    linkAt: (element) => links.get(element.closest("g.link") ?? element) ?? null,

    /** @param {Link} link */
    focus: (link) => curves.get(keyOf(link))?.root.focus(),
  };
}

/** @typedef {ReturnType<typeof createLinkCurves>} LinkCurves */
