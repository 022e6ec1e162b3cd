// @ts-check
// The elements of the picture that can be pointed at: a button over each map, and one with a bar for each class.
/** @import { ActivationsResponse } from "../../types.js" */
/** @import { Area, ColumnLayout } from "./layout.js" */
/** @import { Place } from "./trace.js" */
import { build } from "../../dom/build.js";

const TEXT = 15; // CSS pixels: in lower rows, names of classes have the height of the row.

/**
 * @param {HTMLElement} plot
 * @param {string[]} classes
 */
export function createParts(plot, classes) {
  /** @type {HTMLButtonElement[][]} */
  let buttons = [];
  /** @type {WeakMap<Element, {column: number, position: number}>} */
  let positions = new WeakMap();
  /** @type {HTMLElement[]} */
  const bars = [];
  /** @type {HTMLButtonElement | null} */
  let stop = null;

  /** @param {Area} area */
  function buttonOver({ x, y, width, height }) {
    const button = build("button", { type: "button", class: "part", tabindex: -1 });
    Object.assign(button.style, { left: `${x}px`, top: `${y}px`, width: `${width}px`, height: `${height}px` });
    return button;
  }

  /** Tab reaches one part, and the arrow keys the others. @param {HTMLButtonElement | undefined} button */
  function makeTabStop(button) {
    if (!button || button === stop) return;
    if (stop) stop.tabIndex = -1;
    button.tabIndex = 0;
    stop = button;
  }

  return {
    makeTabStop,

    /**
     * Create the buttons again.
     * @param {ColumnLayout[]} columns
     * @param {(column: number, position: number) => string} nameOf
     */
    layOut(columns, nameOf) {
      for (const button of buttons.flat()) button.remove();
      bars.length = 0;
      stop = null;
      positions = new WeakMap();
      buttons = columns.map((each, column) => each.parts.map((area, position) => {
        const button = buttonOver(area);
        button.setAttribute("aria-label", nameOf(column, position));
        positions.set(button, { column, position });
        if (column === columns.length - 1) {
          const bar = build("i");
          bars.push(bar);
          button.classList.add("class");
          if (area.height < TEXT) button.style.fontSize = `${area.height}px`;
          button.append(build("b", {}, classes[position] ?? String(position)), build("span", { class: "bar" }, bar));
        }
        return button;
      }));
      plot.append(...buttons.flat());
    },

    /** @param {Element} element  @param {number[][]} shown  @returns {Place | null} */
    placeAt(element, shown) {
      const found = positions.get(element.closest(".part") ?? element);
      return found ? { column: found.column, map: shown[found.column][found.position] } : null;
    },

    /** @param {number} column  @param {number} position */
    buttonAt: (column, position) => buttons[column]?.[position],

    /** @param {(column: number, position: number) => boolean} isDim */
    dim(isDim) {
      buttons.forEach((each, column) => each.forEach((button, position) => button.classList.toggle("dim", isDim(column, position))));
    },

    /** @param {(column: number, position: number) => string} nameOf */
    name(nameOf) {
      buttons.forEach((each, column) => each.forEach((button, position) => button.setAttribute("aria-label", nameOf(column, position))));
    },

    /** @param {ActivationsResponse} response */
    showClasses({ prediction, tensors: { probabilities } }) {
      bars.forEach((bar, digit) => {
        bar.style.transform = `scaleX(${prediction ? probabilities.data[digit] : 0})`;
        buttons.at(-1)?.[digit].toggleAttribute("data-predicted", digit === prediction?.digit);
      });
      // Tab comes first to the predicted class.
      if (prediction && !plot.contains(document.activeElement)) makeTabStop(buttons.at(-1)?.[prediction.digit]);
    },
  };
}

/** @typedef {ReturnType<typeof createParts>} Parts */
