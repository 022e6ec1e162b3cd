// @ts-check
// The connected picture: every layer from the digit to the classes, and the strongest evidence for a class as links.
/** @import { ActivationsResponse, Digit, ModelDescription, Plane, Tensor } from "../../types.js" */
/** @import { ColorScale } from "../../draw/color-scale.js" */
/** @import { Evidence } from "../../api/evidence.js" */
/** @import { LayerView, Section } from "../selectors.js" */
/** @import { Pointed } from "./keys.js" */
/** @import { ColumnLayout } from "./layout.js" */
/** @import { LinkCurves } from "./link-curves.js" */
/** @import { Parts } from "./parts.js" */
/** @import { Column, Link } from "./trace.js" */
import { requestEvidence } from "../../api/evidence.js";
import { find, findAll, setText } from "../../dom/find.js";
import { oncePerFrame } from "../../shell/pace.js";
import { createEvidenceLoop } from "./evidence-loop.js";
import { curveOf, positionsOf } from "./layout.js";
import { createLinkCurves } from "./link-curves.js";
import { createParts } from "./parts.js";
import { createPictureMaps } from "./picture-maps.js";
import { createPointing } from "./pointing.js";
import { describeLink, describeMap, nameOf } from "./sentences.js";
import { columnsOf, keyOf } from "./trace.js";
import { linksShown, placeKey, viewOf } from "./view.js";

const NAMING = 400; // Milliseconds of rest after which the names for screen readers are set.
const NO_LINKS = { into: () => [], outOf: () => [] };
const INVITATION = "Draw a digit: links show what supports its class.";

/**
 * @param {HTMLElement} root
 * @param {object} bench
 * @param {ModelDescription} bench.model
 * @param {Section[]} bench.sections
 * @param {() => {diverging: ColorScale, ink: ColorScale}} bench.colors
 * @param {(layer: string) => Tensor | undefined} bench.kernelsOf
 * @param {(layer: string, filter: number) => void} bench.open  Show a map below.
 * @param {(error: unknown) => void} bench.fail
 * @param {AbortSignal} bench.signal
 */
export function createNetworkPicture(root, { model, sections, colors, kernelsOf, open, fail, signal }) {
  const plot = find(root, ".plot", HTMLElement);
  const list = find(root, ".columns", HTMLElement);
  const texts = findAll(root, ".evidence span", HTMLElement);
  const [first] = model.layers;
  const columns = columnsOf(first.input_shape, sections);
  const last = columns.length - 1;
  const maps = createPictureMaps(find(plot, "canvas", HTMLCanvasElement), columns, first, { colors, kernelsOf });
  const curves = createLinkCurves(find(plot, "svg", SVGSVGElement));
  const parts = createParts(plot, model.classes);
  const codeButton = wireFiles(root, () => response && evidence && { digit: response.digit, label: evidence.label }, { model, fail, signal });
  /** @type {Evidence | null} */
  let evidence = null;
  /** @type {ActivationsResponse | null} */
  let response = null;
  /** Of a digit, and of the evidence for it. @type {WeakMap<object, Float32Array>} */
  const logits = new WeakMap();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let naming;

  const loop = createEvidenceLoop((digit, options) => requestEvidence(model.id, digit, options), {
    onEvidence(found, { digit }) {
      const known = logits.get(digit);
      if (!known) return;
      evidence = found;
      logits.set(found, known);
      maps.choose(found);
      draw();
    },
    onFailure() {}, // The maps say that the server cannot be reached; the next digit tries again.
  });

  const pointing = createPointing(plot, {
    pointedAt: (element) => pointedAt(element, curves, parts, maps.shown()),
    ways: () => ({ shown: maps.shown(), ...(evidence ? linksShown(evidence, columns, maps.shown()) : NO_LINKS) }),
    focus({ place, link }) {
      if (link) return curves.focus(link);
      const button = parts.buttonAt(place.column, maps.shown()[place.column].indexOf(place.map));
      parts.makeTabStop(button);
      button?.focus();
    },
    open({ place, link }) {
      const { column, map } = place ?? { column: /** @type {Link} */ (link).column, map: /** @type {Link} */ (link).to };
      if (column) open(columns[column].name, map);
    },
    onChange() {
      follow();
      drawNow();
    },
  }, signal);

  /** Request evidence for the digit that is shown, and the class that is pointed at or predicted. */
  function follow() {
    const place = pointing.pointed()?.place;
    if (response?.prediction && !response.training) {
      return loop.follow({ digit: response.digit, label: place?.column === last ? place.map : response.prediction.digit });
    }
    loop.stop();
    evidence = null;
    draw();
  }

  function drawNow() {
    const layout = maps.layout();
    if (!layout.width) return;
    const shown = maps.shown();
    const known = evidence && logits.get(evidence);
    codeButton.disabled = !evidence;
    const view = evidence && known ? viewOf(evidence, columns, shown, known, pointing.pointed()) : null;
    const { links, lit, maps: litMaps } = view ?? { links: [], lit: null, maps: null };
    maps.paintInput(evidence);
    curves.update(links, {
      pathOf: (link) => curveOf(layout.columns, shown, link),
      isDim: (link) => lit !== null && !lit.has(keyOf(link)),
      nameOf: (link) => (evidence ? describeLink(evidence, columns, link) : ""),
    });
    parts.dim((column, position) => litMaps !== null && !litMaps.has(placeKey({ column, map: shown[column][position] })));
    const said = view?.texts ?? [response && !response.prediction ? INVITATION : ""];
    texts.forEach((text, i) => setText(text, said[i] ?? ""));
    clearTimeout(naming);
    naming = setTimeout(() => name(parts, curves, columns, maps.shown(), evidence), NAMING);
  }
  const draw = oncePerFrame(drawNow);

  return {
    /** The columns, by the name of their section. */
    columnRoots: new Map(findAll(list, "[data-column]", HTMLElement).map((item) => [item.dataset.column ?? "", item])),

    /** Sizes or colors have changed. */
    layOut() {
      maps.layOut(roomIn(root, findAll(list, "li", HTMLLIElement)), evidence);
      place(plot, list, columns, maps.layout());
      parts.layOut(maps.layout().columns, (column, position) => nameOf(columns, { column, map: maps.shown()[column][position] }));
      parts.makeTabStop(parts.buttonAt(last, response?.prediction?.digit ?? 0));
      if (response) parts.showClasses(response);
      drawNow();
    },

    /** The kernels of the first layer are here. */
    showKernels: () => maps.paintKernels(),

    /** @param {Plane} plane */
    updateInput(plane) {
      maps.updateInput(plane);
      draw();
    },

    /** @param {string} layer  @param {LayerView} view */
    updateLayer: (layer, view) => maps.update(columns.findIndex(({ name: each }) => each === layer), view),

    /** @param {ActivationsResponse} newest */
    updateResponse(newest) {
      if (newest === response) return;
      response = newest;
      if (newest.tensors.logits) logits.set(newest.digit, newest.tensors.logits.data);
      parts.showClasses(newest);
      follow();
    },
  };
}

/**
 * The buttons for the code of the evidence, and for the picture as an SVG file.
 * @param {HTMLElement} root
 * @param {() => {digit: Digit, label: number} | null} subject
 * @param {{model: ModelDescription, fail: (error: unknown) => void, signal: AbortSignal}} bench
 * @returns {HTMLButtonElement}  For the code.
 */
function wireFiles(root, subject, { model, fail, signal }) {
  const [codeButton, svgButton] = findAll(root, ".files button", HTMLButtonElement);

  async function showCode() {
    const shown = subject();
    if (!shown) return;
    const { digit, label } = shown;
    const { openCode } = await import("../../code/code-dialog.js");
    await openCode([{ of: "evidence", shown: { digit, fields: { label } } }, { of: "prediction", shown: { digit } }], model.id, fail);
  }

  async function save() {
    const { saveSvg } = await import("../../draw/svg-file.js");
    await saveSvg(() => find(root, ".scroll", HTMLElement), "network");
  }

  codeButton.addEventListener("click", () => showCode().catch(fail), { signal });
  svgButton.addEventListener("click", () => save().catch(fail), { signal });
  return codeButton;
}

/** @param {HTMLElement} root  @param {HTMLElement[]} titles */
function roomIn(root, titles) {
  const style = getComputedStyle(root);
  const [pitch, rows, least] = ["pitch", "rows", "gap"].map((token) => parseFloat(style.getPropertyValue(`--picture-${token}`)));
  return { pitch, rows, least, width: find(root, ".scroll", HTMLElement).clientWidth, titles: titles.map(({ offsetWidth }) => offsetWidth) };
}

/**
 * @param {Element} element
 * @param {LinkCurves} curves
 * @param {Parts} parts
 * @param {number[][]} shown
 * @returns {Pointed | null}
 */
function pointedAt(element, curves, parts, shown) {
  const link = curves.linkAt(element);
  if (link) return { place: null, link };
  const found = parts.placeAt(element, shown);
  return found && { place: found, link: null };
}

/**
 * Place the titles of the columns, and give the plot its size.
 * @param {HTMLElement} plot
 * @param {HTMLElement} list
 * @param {Column[]} columns
 * @param {{columns: ColumnLayout[], width: number, height: number, rows: number}} layout
 */
function place(plot, list, columns, layout) {
  find(plot, "svg", SVGSVGElement).setAttribute("viewBox", `0 0 ${layout.width} ${layout.height}`);
  plot.style.inlineSize = list.style.inlineSize = `${layout.width}px`;
  const [{ x, y, width, height }] = layout.columns[0].kernels;
  Object.assign(find(plot, ".by-pixel", HTMLElement).style, { left: `${x}px`, top: `${y + height}px`, width: `${width}px` });
  findAll(list, "li", HTMLLIElement).forEach((item, i) => {
    item.style.insetInlineStart = `${layout.columns[i].x + layout.columns[i].width / 2}px`;
    const [counted, positions] = [item.querySelector(".count"), positionsOf(columns[i], layout.rows)];
    if (counted && i < columns.length - 1 && positions < columns[i].count) setText(counted, `${positions} of ${columns[i].count}`);
  });
}

/**
 * Set the names for screen readers.
 * @param {Parts} parts
 * @param {LinkCurves} curves
 * @param {Column[]} columns
 * @param {number[][]} shown
 * @param {Evidence | null} evidence
 */
function name(parts, curves, columns, shown, evidence) {
  parts.name((column, position) => {
    const map = { column, map: shown[column][position] };
    return evidence && column < columns.length - 1 ? describeMap(evidence, columns, map) : nameOf(columns, map);
  });
  if (evidence) curves.name((link) => describeLink(evidence, columns, link));
}
