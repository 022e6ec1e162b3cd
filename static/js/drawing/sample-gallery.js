// @ts-check
/** @import { SampleQuery } from "../api/samples.js" */
import { contextOf, find, setText } from "../dom/find.js";
import { aDigit } from "../network/prediction-bars.js";

/** Digits on one page of the gallery: 4 rows of 10 in the sheet that the server sends. */
export const PAGE_SIZE = 40;
const SHEET_COLUMNS = 10;
const CELL = 28; // Pixels of a digit; there is no space between them.

/**
 * @typedef {object} SamplePage
 * @property {number} total
 * @property {{index: number, label: number, predictions: Record<string, {digit: number, correct: boolean}>}[]} samples
 * @property {ImageBitmap} sheet  The same digits as one picture.
 */

/**
 * The gallery of MNIST test digits, in a dialog.
 * @param {HTMLDialogElement} dialog
 * @param {string | null} model  The model whose predictions are shown; null: none.
 * @param {{load: (query: SampleQuery) => Promise<SamplePage>, choose: (index: number) => void,
 *   fail: (error: unknown) => void}} actions
 */
export function createSampleGallery(dialog, model, actions) {
  const list = find(dialog, "#samples", HTMLUListElement);
  const range = find(dialog, "#samples-range", HTMLElement);
  const label = find(dialog, "#sample-label", HTMLSelectElement);
  const correct = find(dialog, "#sample-correct", HTMLSelectElement);
  const previous = find(dialog, "#samples-previous", HTMLButtonElement);
  const next = find(dialog, "#samples-next", HTMLButtonElement);
  let offset = 0;
  let newest = 0; // Number of the newest request.

  find(dialog, "#sample-correct-choice", HTMLElement).hidden = model === null;
  find(dialog, "#close-samples", HTMLButtonElement).addEventListener("click", () => dialog.close());
  for (const filter of [label, correct]) filter.addEventListener("change", () => show(0));
  previous.addEventListener("click", () => show(offset - PAGE_SIZE));
  next.addEventListener("click", () => show(offset + PAGE_SIZE));
  // A click on the backdrop is a click on the dialog itself.
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());

  return {
    open() {
      dialog.showModal();
      show(offset);
    },
  };

  /** @param {number} from */
  async function show(from) {
    offset = Math.max(0, from);
    newest += 1;
    const own = newest;
    const query = { offset, limit: PAGE_SIZE, model, label: label.value || null, correct: correct.value || null };
    try {
      const page = await actions.load(query);
      if (own === newest) render(page);
    } catch (error) {
      actions.fail(error);
    }
  }

  /** @param {SamplePage} page */
  function render({ total, samples, sheet }) {
    setText(range, samples.length ? `${offset + 1}–${offset + samples.length} of ${total.toLocaleString("en")}` : "none");
    previous.disabled = offset === 0;
    next.disabled = offset + samples.length >= total;
    list.replaceChildren(...samples.map(({ index, label: truth, predictions }, position) => {
      const item = document.createElement("li");
      const button = document.createElement("button");
      const canvas = document.createElement("canvas");
      canvas.className = "plane";
      canvas.width = canvas.height = CELL;
      contextOf(canvas).drawImage(
        sheet, (position % SHEET_COLUMNS) * CELL, Math.floor(position / SHEET_COLUMNS) * CELL, CELL, CELL, 0, 0, CELL, CELL,
      );
      const prediction = model === null ? null : predictions[model];
      const isWrong = prediction !== null && !prediction.correct;
      const note = document.createElement("span");
      note.textContent = isWrong ? `${truth}, not ${prediction.digit}` : `a ${truth}`;
      note.className = isWrong ? "wrong" : "";
      button.title = `Test digit ${index}`;
      button.type = "button";
      button.setAttribute("aria-label", `Test digit ${index}, ${aDigit(truth)}${prediction ? `, classified as ${prediction.digit}` : ""}`);
      button.append(canvas, note);
      button.addEventListener("click", () => {
        actions.choose(index);
        dialog.close();
      });
      item.append(button);
      return item;
    }));
  }
}
