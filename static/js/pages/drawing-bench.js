// @ts-check
// The drawing pad with all its tools, as every page with a pad has it: what the visitor does becomes actions of the store,
// and the digit is kept in the address and goes along to the other pages.
/** @import { Action, PageData, Plane, Point, State } from "../types.js" */
import { createAnnouncer } from "../a11y/announce.js";
import { getSamples, getSampleSheet } from "../api/http.js";
import { find, findAll, setText } from "../dom.js";
import { toBase64, watchForImages } from "../input/image-file.js";
import { trackKeyboardPen } from "../input/keyboard-pen.js";
import { trackStrokes } from "../input/pointer-strokes.js";
import { toFragment } from "../state/url.js";
import { createDrawingPad } from "../views/drawing-pad.js";

export const PEN_WIDTH = 0.065;

/** @param {string} id */
const button = (id) => find(document, `#${id}`, HTMLButtonElement);
/** @param {string} id */
const slider = (id) => find(document, `#${id}`, HTMLInputElement);

/**
 * @param {object} page
 * @param {{getState: () => State, dispatch: (action: Action) => void, subscribe: (listener: () => void) => unknown}} page.store
 * @param {string} page.model               Whose readings the gallery of test digits tells.
 * @param {PageData["limits"]} page.limits
 * @param {() => {paper: string, line: string}} page.colors
 * @param {() => Plane | null} page.input   The framed digit, for what was not drawn here; null until it is known.
 * @param {(error: unknown) => void} page.fail
 * @param {() => string} [page.extra]      What belongs into the address besides the digit.
 * @param {AbortSignal} signal
 */
export function wireDrawingBench({ store, model, limits, colors, input, fail, extra }, signal) {
  const padCanvas = find(document, "#pad", HTMLCanvasElement);
  const pad = createDrawingPad(padCanvas);
  const announcePen = createAnnouncer(find(document, "#pen-announcer", HTMLElement));

  /** @type {{position: Point, down: boolean} | null} */
  let cursor = null;

  function paint() {
    const { digit, tool } = store.getState();
    pad.update({ digit, input: input(), cursor, tool }, colors());
  }

  function showTools() {
    const { tool, past, future, penWidth } = store.getState();
    button("tool-pen").setAttribute("aria-pressed", String(tool === "pen"));
    button("tool-eraser").setAttribute("aria-pressed", String(tool === "eraser"));
    button("undo").disabled = !past.length;
    button("redo").disabled = !future.length;
    slider("pen-width").value = String(penWidth);
  }

  const pen = {
    /** @param {Point} point */
    start(point) {
      if (store.getState().tool === "pen") store.dispatch({ type: "strokeStarted", point });
      else {
        store.dispatch({ type: "eraseStarted" });
        store.dispatch({ type: "erased", points: [point] });
      }
    },
    /** @param {Point[]} points */
    extend(points) {
      store.dispatch({ type: store.getState().tool === "pen" ? "strokeExtended" : "erased", points });
    },
    end() {},
  };

  trackStrokes(padCanvas, {
    ...pen,
    start(point) {
      cursor = null;
      pen.start(point);
    },
  }, signal);
  trackKeyboardPen(padCanvas, {
    ...pen,
    moved(position, down) {
      cursor = { position, down };
      paint();
      announcePen(`Pen ${down ? "down" : "up"} at ${Math.round(100 * position[0])} across, ${Math.round(100 * position[1])} down`);
    },
  }, signal);
  padCanvas.addEventListener("blur", () => {
    cursor = null;
    paint();
  }, { signal });

  padCanvas.addEventListener("keydown", (event) => {
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

  button("tool-pen").addEventListener("click", () => store.dispatch({ type: "toolChosen", tool: "pen" }));
  button("tool-eraser").addEventListener("click", () => store.dispatch({ type: "toolChosen", tool: "eraser" }));
  button("undo").addEventListener("click", () => store.dispatch({ type: "undone" }));
  button("redo").addEventListener("click", () => store.dispatch({ type: "redone" }));
  button("clear").addEventListener("click", () => store.dispatch({ type: "cleared" }));
  slider("pen-width").addEventListener("input", () => store.dispatch({ type: "penWidthChosen", penWidth: slider("pen-width").valueAsNumber }));

  button("copy-link").addEventListener("click", async () => {
    writeAddress();
    try {
      await navigator.clipboard.writeText(location.href);
      confirmOn(button("copy-link"), "Copied");
    } catch {
      confirmOn(button("copy-link"), "In address bar");
    }
  });

  watchForImages({
    chooser: slider("upload"),
    hint: find(document, "#drop-hint", HTMLElement),
    async onFile(file) {
      if (file.size > limits.image_bytes) {
        fail(new Error(`${file.name} is ${mebibytes(file.size)}; this server accepts up to ${mebibytes(limits.image_bytes)}.`));
        return;
      }
      try {
        store.dispatch({ type: "digitChosen", digit: { kind: "image", name: file.name, base64: await toBase64(file) } });
      } catch (error) {
        fail(error);
      }
    },
  }, signal);

  /** Loaded when it is first opened. @type {ReturnType<typeof import("../views/sample-gallery.js").createSampleGallery> | null} */
  let gallery = null;

  button("open-samples").addEventListener("click", async () => {
    try {
      const { createSampleGallery } = await import("../views/sample-gallery.js");
      gallery ??= createSampleGallery(find(document, "#sample-gallery", HTMLDialogElement), model, {
        async load(query) {
          const [page, sheet] = await Promise.all([getSamples(query), getSampleSheet(query)]);
          return { ...page, sheet };
        },
        choose: (index) => store.dispatch({ type: "digitChosen", digit: { kind: "sample", index } }),
        fail,
      });
      gallery.open();
    } catch (error) {
      fail(error);
    }
  });

  // --- The address -------------------------------------------------------------------------------------------------

  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let addressTimer;

  function writeAddress() {
    clearTimeout(addressTimer);
    history.replaceState(null, "", `#${[toFragment(store.getState()), extra?.() ?? ""].filter(Boolean).join("&")}`);
    carryDigit();
  }

  /** Browsers limit how often a page may rewrite its address, so it follows when the pen rests. */
  function rememberInAddress() {
    clearTimeout(addressTimer);
    addressTimer = setTimeout(writeAddress, 400);
  }

  /** Links to other pages with a pad take the digit along, and nothing else of the view. */
  function carryDigit() {
    const fragment = toFragment({ digit: store.getState().digit, rectified: true, boost: 0, neuron: null, training: null });
    for (const link of findAll(document, "a[data-carries-digit]:not([aria-current])", HTMLAnchorElement)) link.hash = fragment;
  }

  store.subscribe(rememberInAddress);
  carryDigit();
  // Whoever is quicker than the address takes along what the pad shows.
  addEventListener("click", carryDigit, { capture: true, signal });

  return { paint, showTools, rememberInAddress };
}

/**
 * @param {HTMLButtonElement} control
 * @param {string} message
 */
function confirmOn(control, message) {
  const label = control.textContent ?? "";
  control.textContent = message;
  setTimeout(() => (control.textContent = label), 1500);
}

/** @param {number} bytes */
function mebibytes(bytes) {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
