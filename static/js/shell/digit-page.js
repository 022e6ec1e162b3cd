// @ts-check
// What all pages with a drawing pad share, except the workbench: the digit in its store, requests for the newest digit, at most
// one repaint for each frame, and a repaint when the theme or the width changes.
/** @import { Digit, ExperimentsPageData, Framing, Plane, Tensor, ThemeColors } from "../types.js" */
import { createAnnouncer } from "../dom/announce.js";
import { describeFraming, nameClasses } from "../network/prediction-bars.js";
import { createDigitChannel } from "../api/digit-channel.js";
import { planeOf } from "../network/selectors.js";
import { find, setText } from "../dom/find.js";
import { enlargeInto, paintPlane } from "../draw/plane.js";
import { themeColors } from "../draw/color-scale.js";
import { blankUpload, rejectedUpload, reportLinkProblem } from "./failures.js";
import { oncePerFrame } from "./pace.js";
import { reduce } from "./reducer.js";
import { createStore } from "./store.js";
import { fieldsOf, fromFragment } from "./url.js";
import { INPUT_ROOM, wireDrawingBench } from "../drawing/drawing-tools.js";
import { openingState } from "../drawing/example-digit.js";
import { createProblemNote } from "./problem-note.js";

const WIDTHS = ["(min-width: 1280px)", "(min-width: 1400px)", "(max-width: 1023px)", "(max-width: 760px)"];

/**
 * The page's data, and what it can do before the first response. Call once.
 */
export function openDigitPage() {
  /** @type {ExperimentsPageData} */
  const data = JSON.parse(find(document, "#page-data", HTMLScriptElement).text);
  const { show: fail, hide: hideProblem } = createProblemNote();
  const store = createStore(reduce, openingState());
  nameClasses(data.model.classes);
  const inputCanvas = find(document, "#input-digit", HTMLCanvasElement);
  const framingNote = find(document, "#framing-note", HTMLElement);
  const announce = createAnnouncer(find(document, "#announcer", HTMLElement));
  const { signal } = new AbortController();
  let colors = themeColors(data.colormaps);
  /** The newest digit that has a response. @type {{digit: Digit, input: Plane, framing: Framing} | null} */
  let known = null;

  return {
    data,
    store,
    announce,
    fail,
    hideProblem,
    signal,
    /** Of the current theme; call it again for each painting. @returns {ThemeColors} */
    colors: () => colors,

    /**
     * Send a request for the digit, now and whenever it changes, and paint the response.
     * @template R
     * @param {object} work
     * @param {(digit: Digit) => Promise<R>} work.request
     * @param {(response: R, digit: Digit) => {input: Tensor, framing: Framing}} work.onResponse  Returns the networks' input.
     * @param {() => void} work.paint   At most once for each frame.
     * @param {() => void} work.layOut  The theme or the width has changed: size the canvases. `paint` follows.
     * @param {() => string} [work.extra]  What the address contains besides the digit.
     * @param {(fields: URLSearchParams) => void} [work.restore]  The address has changed.
     */
    start({ request, onResponse, paint, layOut, extra, restore }) {
      const channel = createDigitChannel(
        /** @param {Digit} digit */
        async (digit) => ({ digit, response: await request(digit) }),
        {
          onResponse({ digit, response }) {
            const { input, framing } = onResponse(response, digit);
            known = { digit, framing, input: planeOf(input) };
            hideProblem();
            const blank = blankUpload(digit, framing);
            if (blank) fail(blank);
            schedulePaint();
            if (digit.kind === "image") bench.rememberInAddress(); // Now a link can hold it.
          },
          onFailure(error, digit) {
            const rejected = rejectedUpload(error, digit);
            fail(rejected ?? error);
            if (rejected && store.getState().digit === digit) store.dispatch({ type: "undone" });
          },
        },
      );
      const bench = wireDrawingBench({
        store,
        galleryModel: data.gallery_model,
        limits: data.limits,
        colors: () => colors,
        framed: () => known && { digit: known.digit, plane: known.input },
        fail,
        extra,
      }, signal);

      const schedulePaint = oncePerFrame(paintNow);

      function paintNow() {
        bench.paint();
        bench.showTools();
        if (!known) return;
        paintPlane(inputCanvas, known.input, colors.ink, 1);
        setText(framingNote, describeFraming(known.digit, known.framing));
        paint();
      }

      function layOutAll() {
        colors = themeColors(data.colormaps);
        layOut();
        paintNow();
      }

      store.subscribe((state, previous) => {
        if (state.digit !== previous.digit) channel.send(state.digit);
        schedulePaint();
      });
      document.documentElement.addEventListener("themechange", layOutAll);
      for (const query of ["(prefers-color-scheme: dark)", ...WIDTHS]) matchMedia(query).addEventListener("change", layOutAll);
      addEventListener("hashchange", ({ newURL }) => {
        const { hash } = new URL(newURL); // The page may have written another one since.
        reportLinkProblem(fail, hash);
        const { digit } = fromFragment(hash);
        if (digit) {
          restore?.(fieldsOf(hash));
          store.dispatch({ type: "digitChosen", digit });
        } else bench.rememberInAddress(); // The address names a section, or a digit that cannot be shown.
      });
      enlargeInto(inputCanvas, INPUT_ROOM);
      layOutAll();
      channel.send(store.getState().digit);
      reportLinkProblem(fail, location.hash);
      return {
        schedulePaint,
        rememberInAddress: bench.rememberInAddress,
        /** Request the same digit again, because something else in the request has changed. */
        requestAgain: () => channel.send(store.getState().digit),
      };
    },
  };
}
