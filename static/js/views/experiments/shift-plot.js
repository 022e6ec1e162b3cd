// @ts-check
/** @import { ExperimentContext, ExperimentState, MeanShiftCurve, ShiftCurve } from "../../types.js" */
import { createDigitChannel } from "../../api/digit-channel.js";
import { find, findAll, setText } from "../../dom.js";
import { draw, scaleOf } from "./svg.js";

const WIDTH = 760;
const HEIGHT = 280;
const LEFT = 40;
const RIGHT = 560; // Room behind it for the names of the lines.
const TOP = 12;
const BOTTOM = 240;
const LABEL_HEIGHT = 16;

/** @typedef {{id: string, name: string, values: (number | null)[]}} Series */

/** @type {Record<string, string>} */
const NAMES = { cnn: "Convolutional", "locally-connected": "Locally connected", "mlp-500": "Perceptron of 500" };
const HIDDEN = { model: "mlp-500", layer: "relu1" };

/**
 * Each network's answer against the shift, for one digit or for many.
 * @param {HTMLElement} root
 * @param {Pick<ExperimentContext, "api" | "fail" | "signal">} context
 */
export function createShiftPlot(root, { api, fail, signal }) {
  const place = find(root, "#shift-plot", HTMLElement);
  const sentence = find(root, "#shift-sentence", HTMLElement);
  /** @type {"right" | "down"} */
  let direction = "right";
  let digits = "one";
  let shift = { down: 0, right: 0 };
  /** @type {ExperimentState | null} */
  let state = null;
  /** @type {ShiftCurve | null} */
  let curve = null;
  /** @type {MeanShiftCurve | null} */
  let mean = null;

  const channel = createDigitChannel(
    /** @param {{state: ExperimentState, direction: "right" | "down"}} question */
    async (question) => (question.state.readings.cnn ? api.postShiftCurve(question.state.digit, { direction: question.direction }) : null),
    {
      onAnswer(answer) {
        curve = answer;
        paint();
      },
      onFailure: fail,
    },
  );

  function ask() {
    if (digits === "one" && state) channel.send({ state, direction });
    if (digits === "many" && !mean) api.getMeanShiftCurve().then((answer) => { mean = answer; paint(); }, fail);
    paint();
  }

  /** @returns {{shifts: number[], title: string, series: Series[]} | null} */
  function shown() {
    if (digits === "many") {
      if (!mean) return null;
      const { shifts, models } = mean.directions[direction];
      const hidden = models.find(({ id }) => id === HIDDEN.model);
      return {
        shifts,
        title: `Share of ${mean.digits.toLocaleString("en")} test digits read right`,
        series: [...models.map(({ id, accuracy }) => ({ id, name: NAMES[id], values: accuracy })), cosine(hidden?.cosine ?? [])],
      };
    }
    if (!curve || curve.direction !== direction) return null;
    const hidden = curve.models.find(({ id }) => id === HIDDEN.model)?.layers.find(({ name }) => name === HIDDEN.layer);
    return {
      shifts: curve.shifts,
      title: `Probability of ${curve.label}`,
      series: [...curve.models.map(({ id, probability }) => ({ id, name: NAMES[id], values: probability })), cosine(hidden?.cosine ?? [])],
    };
  }

  function paint() {
    const figure = shown();
    if (!figure) {
      if (digits === "one" && state && !state.readings.cnn) {
        place.replaceChildren();
        setText(sentence, "The pad is blank: there is no answer to follow.");
      }
      return;
    }
    place.replaceChildren(plot(figure, shift[direction]));
    place.dataset.series = JSON.stringify(Object.fromEntries(figure.series.map(({ id, values }) => [id, values])));
    place.dataset.direction = direction;
    setText(sentence, describe(figure, direction));
  }

  for (const button of findAll(root, "button[data-direction]", HTMLButtonElement)) {
    button.addEventListener("click", () => {
      direction = button.dataset.direction === "down" ? "down" : "right";
      press("button[data-direction]", button);
      ask();
    }, { signal });
  }
  for (const button of findAll(root, "button[data-digits]", HTMLButtonElement)) {
    button.addEventListener("click", () => {
      digits = button.dataset.digits ?? "one";
      press("button[data-digits]", button);
      ask();
    }, { signal });
  }

  /**
   * @param {string} group
   * @param {HTMLButtonElement} pressed
   */
  function press(group, pressed) {
    for (const button of findAll(root, group, HTMLButtonElement)) button.setAttribute("aria-pressed", String(button === pressed));
  }

  return {
    /** @param {ExperimentState} newest */
    update(newest) {
      state = newest;
      curve = null;
      ask();
    },
    /** @param {{down: number, right: number}} now */
    mark(now) {
      shift = now;
      paint();
    },
  };
}

/** @param {(number | null)[]} values @returns {Series} */
function cosine(values) {
  return { id: "cosine", name: "cosine of its 500", values };
}

/**
 * What the curves say: how far each network bears the shift.
 * @param {{shifts: number[], series: Series[]}} figure
 * @param {"right" | "down"} direction
 */
function describe({ shifts, series }, direction) {
  const ends = shifts.length - 1;
  const side = direction === "right" ? "right" : "down";
  const told = series.filter(({ id }) => id !== "cosine").map(({ name, values }) => {
    const fallen = shifts.findIndex((by, i) => by > 0 && (values[i] ?? 0) < 0.5);
    return `${name}: ${fallen < 0 ? `above one half up to ${shifts[ends]} pixels` : `below one half from ${shifts[fallen]} pixels on`}`;
  });
  const angle = series.find(({ id }) => id === "cosine")?.values[shifts.indexOf(4)];
  return `Moved ${side}. ${told.join("; ")}. After 4 pixels the perceptron's 500 answers have a cosine of ${angle === null || angle === undefined ? "–" : angle.toFixed(2)} with those before: to it, a moved digit is another one.`;
}

/**
 * @param {{shifts: number[], title: string, series: Series[]}} figure
 * @param {number} now
 */
function plot({ shifts, title, series }, now) {
  const x = scaleOf([shifts[0], shifts[shifts.length - 1]], [LEFT, RIGHT]);
  const y = scaleOf([0, 1], [BOTTOM, TOP]);
  const svg = draw("svg", { class: "plot", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": `${title}, against the shift in pixels` });
  for (const value of [0, 0.25, 0.5, 0.75, 1]) {
    svg.append(
      draw("line", { class: "axis", x1: LEFT, x2: RIGHT, y1: y(value), y2: y(value) }),
      draw("text", { class: "axis", x: LEFT - 6, y: y(value) + 4, "text-anchor": "end" }, value.toFixed(2)),
    );
  }
  for (const by of shifts) {
    if (by % 2 === 0) svg.append(draw("text", { class: "axis", x: x(by), y: BOTTOM + 18, "text-anchor": "middle" }, String(by).replace("-", "−")));
  }
  svg.append(
    draw("text", { class: "axis", x: (LEFT + RIGHT) / 2, y: BOTTOM + 36, "text-anchor": "middle" }, `pixels moved · ${title}`),
  );
  if (now >= shifts[0] && now <= shifts[shifts.length - 1]) {
    svg.append(draw("line", { class: "now", x1: x(now), x2: x(now), y1: TOP - 8, y2: BOTTOM }));
  }
  const places = spread(series.map(({ values }) => y(values[values.length - 1] ?? 0)));
  series.forEach(({ id, name, values }, i) => {
    const points = values.flatMap((value, at) => (value === null ? [] : [`${x(shifts[at]).toFixed(1)},${y(value).toFixed(1)}`]));
    svg.append(
      draw("polyline", { class: "line", "data-series": id, points: points.join(" ") }),
      draw("line", { class: "axis", x1: RIGHT + 2, x2: RIGHT + 12, y1: y(values[values.length - 1] ?? 0), y2: places[i] }),
      draw("line", { class: "line", "data-series": id, x1: RIGHT + 14, x2: RIGHT + 40, y1: places[i], y2: places[i] }),
      draw("text", { x: RIGHT + 46, y: places[i] + 4 }, name),
    );
    const at = values[shifts.indexOf(now)];
    if (at !== null && at !== undefined) svg.append(draw("circle", { class: "dot", cx: x(now), cy: y(at), r: 3 }));
  });
  return svg;
}

/** Places for labels near these, none over another. @param {number[]} wanted */
function spread(wanted) {
  const order = wanted.map((_, i) => i).sort((a, b) => wanted[a] - wanted[b]);
  const places = [...wanted];
  order.forEach((i, rank) => {
    if (rank) places[i] = Math.max(places[i], places[order[rank - 1]] + LABEL_HEIGHT);
  });
  // What was pushed below the plot pushes back up.
  let floor = BOTTOM;
  for (const i of [...order].reverse()) {
    places[i] = Math.min(places[i], floor);
    floor = places[i] - LABEL_HEIGHT;
  }
  return places;
}
