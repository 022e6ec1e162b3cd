// @ts-check
// The drawing pad and its tools, the same on every page with a pad: the visitor's input becomes actions of the store, and the
// digit is kept in the address.
/** @import { Action, Digit, PageData, Point, State, ThemeColors } from "../types.js" */
/** @import { Framed } from "../shell/url.js" */
import { createAnnouncer } from "../dom/announce.js";
import { find, findAll, setText } from "../dom/find.js";
import { keepAddressAtSections, keepInAddress } from "../shell/digit-address.js";
import { className } from "../network/prediction-bars.js";
import { createDrawingPad } from "./drawing-pad.js";
import { toBase64, watchForFiles } from "./image-file.js";
import { trackKeyboardPen, trackStrokes } from "./pens.js";
import { Notice } from "../shell/failures.js";

export const PEN_WIDTH = 0.065;
const DIGITS = 10;
export const INPUT_ROOM = 112; // CSS pixels for the network's input: 28 pixels, enlarged four times.

/** @typedef {{getState: () => State, dispatch: (action: Action) => void, subscribe: (listener: () => void) => unknown}} Store */

/** @param {string} id */
const button = (id) => find(document, `#${id}`, HTMLButtonElement);
/** @param {string} id */
const slider = (id) => find(document, `#${id}`, HTMLInputElement);

/**
 * @param {object} page
 * @param {Store} page.store
 * @param {string | null} page.galleryModel  The model whose predictions the gallery of test digits shows; null: none.
 * @param {PageData["limits"]} page.limits
 * @param {() => ThemeColors} page.colors
 * @param {() => Framed | null} page.framed  The newest response's; null before the first.
 * @param {(error: unknown) => void} page.fail
 * @param {() => string} [page.extra]       What the address contains besides the digit.
 * @param {(section: Element) => void} [page.land]  Scrolls to a section to which a link leads.
 * @param {AbortSignal} signal
 */
export function wireDrawingBench({ store, galleryModel, limits, colors, framed, fail, extra, land = (section) => section.scrollIntoView() }, signal) {
  const pad = wirePad({ store, colors, framed, fail }, signal);
  const showLabel = wireTrueLabel(store);
  wireFiles(store, limits, fail, signal);
  button("open-samples").addEventListener("click", () => {
    import("./gallery-tool.js").then(({ openGallery }) => openGallery(store, galleryModel, fail)).catch(fail);
  });
  button("adjust-image").addEventListener("click", () => {
    import("./adjust-tool.js").then(({ adjustImage }) => adjustImage(store, galleryModel, fail)).catch(fail);
  });
  const { rememberInAddress } = keepInAddress(store, { framed, extra, fail }, signal);
  keepAddressAtSections(land, signal);

  function showTools() {
    const { digit } = store.getState();
    pad.showTools();
    button("adjust-image").hidden = digit.kind !== "image";
    showLabel(digit);
  }

  return { paint: pad.paint, showTools, rememberInAddress };
}

/**
 * The pad with its pens, and the tools that change a drawing.
 * @param {object} page
 * @param {Store} page.store
 * @param {() => ThemeColors} page.colors
 * @param {() => Framed | null} page.framed
 * @param {(error: unknown) => void} page.fail
 * @param {AbortSignal} signal
 */
export function wirePad({ store, colors, framed, fail }, signal) {
  const padCanvas = find(document, "#pad", HTMLCanvasElement);
  const pad = createDrawingPad(padCanvas);
  /** @type {{position: Point, down: boolean} | null} */
  let cursor = null;

  function paint() {
    const { digit, tool } = store.getState();
    pad.update({ digit, input: framed()?.plane ?? null, cursor, tool }, colors());
  }

  function showTools() {
    const { tool, past, future, penWidth } = store.getState();
    button("tool-pen").setAttribute("aria-pressed", String(tool === "pen"));
    button("tool-eraser").setAttribute("aria-pressed", String(tool === "eraser"));
    button("undo").disabled = !past.length;
    button("redo").disabled = !future.length;
    slider("pen-width").value = String(penWidth);
  }

  wirePens(padCanvas, store, fail, (newest) => {
    cursor = newest;
    paint();
  }, signal);
  wireButtons(store);
  wireKeys(padCanvas, store, signal);
  return { paint, showTools };
}

/**
 * Draw with a pointer or the keyboard.
 * @param {HTMLCanvasElement} pad
 * @param {Store} store
 * @param {(error: unknown) => void} fail
 * @param {(cursor: {position: Point, down: boolean} | null) => void} showCursor  Of the keyboard pen.
 * @param {AbortSignal} signal
 */
function wirePens(pad, store, fail, showCursor, signal) {
  const announce = createAnnouncer(find(document, "#pen-announcer", HTMLElement));
  const pen = {
    /** @param {Point} point */
    start(point) {
      const { tool, digit } = store.getState();
      if (tool === "pen") store.dispatch({ type: "strokeStarted", point });
      else if (digit.kind === "strokes") store.dispatch({ type: "eraseStarted", points: [point] });
      else fail(new Notice(`The eraser removes what was drawn here; ${digit.kind === "sample" ? "a test digit" : "an image"} has no strokes. With the pen you start a new drawing.`));
    },
    /** @param {Point[]} points */
    extend(points) {
      store.dispatch({ type: store.getState().tool === "pen" ? "strokeExtended" : "erased", points });
    },
    end() {},
  };
  trackStrokes(pad, {
    ...pen,
    start(point) {
      showCursor(null);
      pen.start(point);
    },
  }, signal);
  trackKeyboardPen(pad, {
    ...pen,
    moved(position, down) {
      showCursor({ position, down });
      announce(`Pen ${down ? "down" : "up"} at ${Math.round(100 * position[0])} across, ${Math.round(100 * position[1])} down`);
    },
  }, signal);
  pad.addEventListener("blur", () => showCursor(null), { signal });
}

/** @param {Store} store */
function wireButtons(store) {
  /** @type {[string, Action][]} */
  const actions = [
    ["tool-pen", { type: "toolChosen", tool: "pen" }],
    ["tool-eraser", { type: "toolChosen", tool: "eraser" }],
    ["undo", { type: "undone" }],
    ["redo", { type: "redone" }],
    ["clear", { type: "cleared" }],
  ];
  for (const [id, action] of actions) button(id).addEventListener("click", () => store.dispatch(action));
  slider("pen-width").addEventListener("input", () => store.dispatch({ type: "penWidthChosen", penWidth: slider("pen-width").valueAsNumber }));
}

/**
 * Clear with Delete on the pad; undo and redo with Ctrl+Z and Ctrl+Y anywhere.
 * @param {HTMLCanvasElement} pad
 * @param {Store} store
 * @param {AbortSignal} signal
 */
function wireKeys(pad, store, signal) {
  pad.addEventListener("keydown", (event) => {
    if (event.key !== "Delete" && event.key !== "Backspace") return;
    event.preventDefault();
    store.dispatch({ type: "cleared" });
  }, { signal });
  addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
    const key = event.key.toLowerCase();
    if (key !== "z" && key !== "y") return;
    event.preventDefault();
    store.dispatch({ type: key === "y" || event.shiftKey ? "redone" : "undone" });
  }, { signal });
}

/**
 * "It is really a 7": what the visitor says of the digit, or the label of a test digit. A network cannot know it.
 * @param {Store} store
 */
function wireTrueLabel(store) {
  const buttons = findAll(document, "#true-label button", HTMLButtonElement);
  /** Where the buttons are shown on demand, it says the label. */
  const summary = document.querySelector("summary#true-label-name");
  /** Of test digits; undefined while it is requested. @type {Map<number, number | undefined>} */
  const labels = new Map();

  /** @param {number} index */
  async function learn(index) {
    labels.set(index, undefined);
    try {
      const { getSamples } = await import("../api/samples.js");
      labels.set(index, (await getSamples({ offset: index, limit: 1, model: null })).samples[0].label);
      show(store.getState().digit);
    } catch {
      labels.delete(index); // Another message says what is wrong with the server.
    }
  }

  /** @param {Digit} digit */
  function show(digit) {
    if (!buttons.length) return;
    const isLabeled = digit.kind === "sample" && buttons.length === DIGITS; // With other classes, test digits have no label.
    if (isLabeled && !labels.has(digit.index)) learn(digit.index);
    const label = digit.label ?? (isLabeled ? labels.get(digit.index) : undefined);
    for (const each of buttons) each.setAttribute("aria-pressed", String(Number(each.dataset.label) === label));
    if (summary) setText(find(summary, "b", HTMLElement), label === undefined ? "…" : className(label));
  }

  for (const each of buttons) {
    each.addEventListener("click", () => {
      const label = Number(each.dataset.label);
      store.dispatch({ type: "labelChosen", label: label === store.getState().digit.label ? null : label });
      if (!(summary instanceof HTMLElement)) return;
      summary.click();
      summary.focus();
    });
  }
  return show;
}

/**
 * @param {Store} store
 * @param {PageData["limits"]} limits
 * @param {(error: unknown) => void} fail
 * @param {AbortSignal} signal
 */
function wireFiles(store, { image_bytes: maximumBytes, network_bytes: networkBytes }, fail, signal) {
  watchForFiles({
    choosers: findAll(document, "#upload, #open-network", HTMLInputElement),
    hint: find(document, "#drop-hint", HTMLElement),
    async onFiles(files) {
      const [file] = files;
      try {
        if (files.some(({ name }) => /\.onnx$/i.test(name))) {
          await (await import("../network/own-network.js")).openNetwork(files, networkBytes, fail);
          return;
        }
        const { shrinkImage } = await import("./shrink-image.js");
        const image = await shrinkImage(file);
        if (image.size > maximumBytes) {
          fail(new Notice(`${file.name} is ${mebibytes(image.size)}; this server accepts up to ${mebibytes(maximumBytes)}.`, { lasts: true }));
          return;
        }
        store.dispatch({ type: "digitChosen", digit: { kind: "image", name: file.name, base64: await toBase64(image) } });
      } catch (error) {
        fail(error);
      }
    },
  }, signal);
}

/** @param {number} bytes */
function mebibytes(bytes) {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
