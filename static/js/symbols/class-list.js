// @ts-check
// The classes with their drawings, as a list in which one is chosen, named and drawn.
/** @import { ThemeColors } from "../types.js" */
/** @import { Collection, CollectionAction } from "./collection.js" */
import { createDrawingPad } from "../drawing/drawing-pad.js";
import { build, resizeList } from "../dom/build.js";
import { buildButton } from "../dom/button.js";
import { find, setText } from "../dom/find.js";
import { CLASSES, DRAWINGS, NAME_LENGTH } from "./collection.js";

const THUMBNAIL = 96; // Canvas pixels; CSS shows half of them.

/**
 * @param {HTMLElement} list
 * @param {(action: CollectionAction) => void} dispatch
 */
export function createClassList(list, dispatch) {
  /** @type {HTMLLIElement[]} */
  const items = [];
  /** Of each item, its drawings' items. @type {WeakMap<HTMLLIElement, HTMLLIElement[]>} */
  const drawn = new WeakMap();

  /** @param {number} of */
  function makeClass(of) {
    const name = build("input", { type: "text", maxlength: NAME_LENGTH, required: true, autocomplete: "off" });
    name.addEventListener("input", () => dispatch({ type: "named", of, name: name.value }));
    name.addEventListener("focus", () => dispatch({ type: "selected", of }));
    const choose = buildButton("Draw", () => {
      dispatch({ type: "selected", of });
      find(document, "#pad", HTMLCanvasElement).focus();
    });
    choose.classList.add("choose");
    const remove = buildButton("×", () => dispatch({ type: "classRemoved", of }));
    remove.classList.add("remove-class");
    return build("li", { class: "symbol-class" },
      build("div", { class: "symbol-head" }, choose, name, build("span", { class: "count" }), remove),
      build("ul", { class: "symbol-drawings" }));
  }

  /** @param {number} of  @param {number} drawing */
  function makeDrawing(of, drawing) {
    return build("li", {},
      build("canvas", { class: "plane", width: THUMBNAIL, height: THUMBNAIL, role: "img" }),
      buildButton("×", () => dispatch({ type: "drawingRemoved", of, drawing })));
  }

  return {
    /**
     * @param {Collection} collection
     * @param {number} penWidth
     * @param {ThemeColors} colors
     */
    paint({ classes, selected }, penWidth, colors) {
      resizeList(list, items, classes.length, makeClass);
      classes.forEach(({ name, drawings }, of) => {
        const item = items[of];
        item.toggleAttribute("data-selected", of === selected);
        const input = find(item, "input", HTMLInputElement);
        if (input.value !== name) input.value = name;
        input.setAttribute("aria-label", `Name of class ${of + 1}`);
        const choose = find(item, ".choose", HTMLButtonElement);
        choose.setAttribute("aria-pressed", String(of === selected));
        choose.setAttribute("aria-label", `Draw ${name}`);
        setText(find(item, ".count", HTMLElement), drawings.length < DRAWINGS.enough ? `${drawings.length} of ${DRAWINGS.enough}` : `${drawings.length} drawings`);
        const remove = find(item, ".remove-class", HTMLButtonElement);
        remove.disabled = classes.length <= CLASSES.fewest;
        remove.setAttribute("aria-label", `Remove class ${name}`);
        const thumbnails = drawn.get(item) ?? [];
        drawn.set(item, thumbnails);
        const row = find(item, "ul", HTMLUListElement);
        row.setAttribute("aria-label", `Drawings of ${name}`);
        resizeList(row, thumbnails, drawings.length, (drawing) => makeDrawing(of, drawing));
        drawings.forEach((strokes, drawing) => {
          const canvas = find(thumbnails[drawing], "canvas", HTMLCanvasElement);
          canvas.setAttribute("aria-label", `Drawing ${drawing + 1} of ${name}`);
          createDrawingPad(canvas).update({ digit: { kind: "strokes", strokes, penWidth }, input: null, cursor: null, tool: "pen" }, colors);
          find(thumbnails[drawing], "button", HTMLButtonElement).setAttribute("aria-label", `Remove drawing ${drawing + 1} of ${name}`);
        });
      });
    },
  };
}
