// @ts-check
/** @import { ExperimentContext, ExperimentState, MeanTranslationCurve, TranslationCurve } from "../../types.js" */
/** @import { Figure } from "./curves.js" */
import { persist } from "../../api/reachability.js";
import { createDigitChannel } from "../../api/digit-channel.js";
import { find, findAll, setText } from "../../dom/find.js";
import { draw, scaleOf } from "../../dom/svg.js";
import { describeFigure, figureOfDigit, figureOfTestDigits, spread } from "./curves.js";

const WIDTH = 760;
const HEIGHT = 280;
const LEFT = 40;
const RIGHT = 560; // Right of it there is room for the names of the curves.
const TOP = 12;
const BOTTOM = 240;
const LABEL_HEIGHT = 16;

/**
 * Each network's prediction against the translation, for one digit or for many.
 * @param {HTMLElement} root
 * @param {Pick<ExperimentContext, "api" | "compared" | "fail" | "rememberInAddress" | "signal">} context
 */
export function createTranslationPlot(root, { api, compared, fail, rememberInAddress, signal }) {
  const plotElement = find(root, "#translation-plot", HTMLElement);
  const sentence = find(root, "#translation-sentence", HTMLElement);
  const { id: model, model: { layers: [{ output_shape: [neurons] }, { name: layer }] } } = compared["fully-connected"];
  const hidden = { model, layer, neurons };
  /** @type {"right" | "down"} */
  let direction = "right";
  let digits = "one";
  let offset = { down: 0, right: 0 };
  /** @type {ExperimentState | null} */
  let state = null;
  /** @type {TranslationCurve | null} */
  let curve = null;
  /** @type {MeanTranslationCurve | null} */
  let mean = null;

  const channel = createDigitChannel(
    /** @param {{state: ExperimentState, direction: "right" | "down"}} request */
    async (request) => (isBlank(request.state) ? null : api.postTranslationCurve(request.state.digit, { direction: request.direction, label: request.state.digit.label })),
    {
      onResponse(newest) {
        curve = newest;
        paint();
      },
      onFailure: fail,
    },
  );

  function request() {
    if (digits === "one" && state) channel.send({ state, direction });
    if (digits === "many" && !mean) {
      persist(api.getMeanTranslationCurve, fail).then((response) => {
        mean = response;
        paint();
      }, fail);
    }
    paint();
  }

  /** @returns {Figure | null} */
  function shown() {
    if (digits === "many") return mean && figureOfTestDigits(mean, direction, Object.values(compared), hidden);
    return curve?.direction === direction ? figureOfDigit(curve, Object.values(compared), hidden) : null;
  }

  function paint() {
    const figure = shown();
    if (!figure) {
      if (digits === "one" && state && isBlank(state)) {
        plotElement.replaceChildren();
        setText(sentence, "The pad is blank: there is no prediction to compare.");
      }
      return;
    }
    plotElement.replaceChildren(plot(figure, offset[direction]));
    plotElement.dataset.series = JSON.stringify(Object.fromEntries(figure.series.map(({ id, values }) => [id, values])));
    plotElement.dataset.direction = direction;
    setText(sentence, describeFigure(figure, direction, neurons));
  }

  wireChoice(root, "button[data-direction]", ({ direction: chosen }) => {
    direction = chosen === "down" ? "down" : "right";
    request();
    rememberInAddress();
  }, signal);
  wireChoice(root, "button[data-digits]", ({ digits: chosen }) => {
    digits = chosen ?? "one";
    request();
    rememberInAddress();
  }, signal);

  return {
    /** @param {ExperimentState} newest */
    update(newest) {
      state = newest;
      curve = null;
      request();
    },
    /** @param {{down: number, right: number}} now */
    mark(now) {
      offset = now;
      paint();
    },
    fields: () => ({ along: direction === "down" ? "down" : null, digits: digits === "many" ? "many" : null }),
    /** @param {URLSearchParams} fields */
    restore(fields) {
      find(root, `[data-direction="${fields.get("along") === "down" ? "down" : "right"}"]`, HTMLButtonElement).click();
      find(root, `[data-digits="${fields.get("digits") === "many" ? "many" : "one"}"]`, HTMLButtonElement).click();
    },
  };
}

/** @param {ExperimentState} state */
function isBlank({ predictions }) {
  return Object.values(predictions).every((prediction) => prediction === null);
}

/**
 * Buttons of which one is pressed.
 * @param {HTMLElement} root
 * @param {string} selector
 * @param {(data: DOMStringMap) => void} choose
 * @param {AbortSignal} signal
 */
function wireChoice(root, selector, choose, signal) {
  const buttons = findAll(root, selector, HTMLButtonElement);
  for (const button of buttons) {
    button.addEventListener("click", () => {
      for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
      choose(button.dataset);
    }, { signal });
  }
}

/**
 * @param {Figure} figure
 * @param {number} now
 */
function plot({ offsets, title, series }, now) {
  const first = offsets[0];
  const last = offsets[offsets.length - 1];
  const x = scaleOf([first, last], [LEFT, RIGHT]);
  const y = scaleOf([0, 1], [BOTTOM, TOP]);
  const svg = draw("svg", { class: "plot", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": `${title}, against the translation in pixels` });
  for (const value of [0, 0.25, 0.5, 0.75, 1]) {
    svg.append(
      draw("line", { class: "axis", x1: LEFT, x2: RIGHT, y1: y(value), y2: y(value) }),
      draw("text", { class: "axis", x: LEFT - 6, y: y(value) + 4, "text-anchor": "end" }, value.toFixed(2)),
    );
  }
  for (const by of offsets) {
    if (by % 2 === 0) svg.append(draw("text", { class: "axis", x: x(by), y: BOTTOM + 18, "text-anchor": "middle" }, String(by).replace("-", "−")));
  }
  svg.append(draw("text", { class: "axis", x: (LEFT + RIGHT) / 2, y: BOTTOM + 36, "text-anchor": "middle" }, `translation in pixels · ${title}`));
  if (now >= first && now <= last) svg.append(draw("line", { class: "now", x1: x(now), x2: x(now), y1: TOP - 8, y2: BOTTOM }));
  const ends = series.map(({ values }) => y(values[values.length - 1] ?? 0));
  const labels = spread(ends, LABEL_HEIGHT, BOTTOM);
  series.forEach(({ connection, name, values }, i) => {
    const points = values.flatMap((value, at) => (value === null ? [] : [`${x(offsets[at]).toFixed(1)},${y(value).toFixed(1)}`]));
    svg.append(
      draw("polyline", { class: "line", "data-connection": connection, points: points.join(" ") }),
      draw("line", { class: "axis", x1: RIGHT + 2, x2: RIGHT + 12, y1: ends[i], y2: labels[i] }),
      draw("line", { class: "line", "data-connection": connection, x1: RIGHT + 14, x2: RIGHT + 40, y1: labels[i], y2: labels[i] }),
      draw("text", { x: RIGHT + 46, y: labels[i] + 4 }, name),
    );
    const value = values[offsets.indexOf(now)];
    if (value !== null && value !== undefined) svg.append(draw("circle", { class: "dot", cx: x(now), cy: y(value), r: 3 }));
  });
  return svg;
}
