// @ts-check
/** @import { ExperimentContext, ExperimentState, MeanTranslationCurve, TranslationCurve } from "../../types.js" */
/** @import { Figure } from "./curves.js" */
import { persist } from "../../api/reachability.js";
import { createDigitChannel } from "../../api/digit-channel.js";
import { find, findAll, setText } from "../../dom/find.js";
import { curvePlot } from "../../draw/curve-plot.js";
import { describeFigure, figureOfDigit, figureOfTestDigits } from "./curves.js";

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
    const { offsets: levels, title, series } = figure;
    const labels = levels.map((by) => (by % 2 === 0 ? String(by).replace("-", "−") : ""));
    plotElement.replaceChildren(curvePlot({ levels, labels, title: `${title}, against the translation in pixels`, axis: `translation in pixels · ${title}`, series }, offset[direction]));
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
