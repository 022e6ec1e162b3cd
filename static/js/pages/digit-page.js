// @ts-check
// What every page with a drawing pad but the workbench is made of: the digit in its store, asking for it newest first, one
// repaint a frame, and painting again when theme or width change.
/** @import { Digit, ExperimentsPageData, Framing, Plane, Tensor, ThemeColors } from "../types.js" */
import { createAnnouncer } from "../a11y/announce.js";
import { describeFraming } from "../a11y/describe.js";
import { createDigitChannel } from "../api/digit-channel.js";
import { find, setText } from "../dom.js";
import { enlarge, paintPlane } from "../draw/plane.js";
import { themeColors } from "../draw/theme-colors.js";
import { initialState, reduce } from "../state/reducer.js";
import { createStore } from "../state/store.js";
import { fromFragment } from "../state/url.js";
import { PEN_WIDTH, wireDrawingBench } from "./drawing-bench.js";
import { EXAMPLE_STROKES } from "./example-digit.js";
import { createProblemNote } from "./problem-note.js";

const INPUT_ROOM = 112; // CSS pixels: 28 pixels, four times as large.
const WIDTHS = ["(min-width: 1280px)", "(min-width: 1400px)", "(max-width: 1023px)", "(max-width: 760px)"];

/**
 * The page's data, and what it may do before any digit is read. Call once.
 */
export function openDigitPage() {
  /** @type {ExperimentsPageData} */
  const data = JSON.parse(find(document, "#page-data", HTMLScriptElement).text);
  const { show: fail, hide: hideProblem } = createProblemNote();
  /** @type {Digit} */
  const example = { kind: "strokes", strokes: EXAMPLE_STROKES, penWidth: PEN_WIDTH };
  const opening = fromFragment(location.hash).digit ?? example;
  const store = createStore(reduce, initialState(opening, opening.kind === "strokes" ? opening.penWidth : PEN_WIDTH));
  const inputCanvas = find(document, "#input-digit", HTMLCanvasElement);
  const framingNote = find(document, "#framing-note", HTMLElement);
  const announce = createAnnouncer(find(document, "#announcer", HTMLElement));
  const { signal } = new AbortController();
  let colors = themeColors(data.colormaps);
  /** The newest digit that was read. @type {{digit: Digit, input: Plane, framing: Framing} | null} */
  let known = null;

  return {
    data,
    store,
    announce,
    fail,
    hideProblem,
    signal,
    /** Of the theme shown now; ask anew for each painting. @returns {ThemeColors} */
    colors: () => colors,

    /**
     * Ask for the digit, now and whenever it changes, and paint what comes.
     * @template R
     * @param {object} work
     * @param {(digit: Digit, sequence: number) => Promise<R>} work.ask
     * @param {(answer: R, digit: Digit) => {input: Tensor, framing: Framing}} work.onAnswer  What the networks read is in it.
     * @param {() => void} work.paint   At most once for each frame.
     * @param {() => void} work.layOut  Theme or width have changed: fit canvases to their room. `paint` follows.
     * @param {() => string} [work.extra]  What belongs into the address besides the digit.
     * @param {(fields: URLSearchParams) => void} [work.restore]  The address has changed.
     */
    start({ ask, onAnswer, paint, layOut, extra, restore }) {
      const channel = createDigitChannel(
        /** @param {Digit} digit */
        async (digit, sequence) => ({ digit, answer: await ask(digit, sequence) }),
        {
          onAnswer({ digit, answer }) {
            const { input, framing } = onAnswer(answer, digit);
            known = { digit, framing, input: { width: input.shape[1], height: input.shape[0], data: input.data } };
            hideProblem();
            schedulePaint();
          },
          onFailure: fail,
        },
      );
      const bench = wireDrawingBench({
        store,
        model: data.reader,
        limits: data.limits,
        colors: () => colors,
        input: () => (known?.digit === store.getState().digit ? known.input : null),
        fail,
        extra,
      }, signal);

      // At most one repaint for each frame, however many events and answers arrive in between.
      let frame = 0;

      function schedulePaint() {
        frame ||= requestAnimationFrame(paintNow);
      }

      function paintNow() {
        frame = 0;
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
      addEventListener("hashchange", () => {
        const { digit } = fromFragment(location.hash);
        if (digit) {
          restore?.(new URLSearchParams(location.hash.slice(1)));
          store.dispatch({ type: "digitChosen", digit });
        } else bench.rememberInAddress(); // A link to a section takes the digit out of the address; back it goes.
      });
      enlarge(inputCanvas, Math.max(1, Math.floor(INPUT_ROOM / inputCanvas.width)));
      layOutAll();
      channel.send(store.getState().digit);
      return {
        schedulePaint,
        rememberInAddress: bench.rememberInAddress,
        /** Ask for the same digit once more: what is asked besides it has changed. */
        askAgain: () => channel.send(store.getState().digit),
      };
    },
  };
}
