// @ts-check
import { contextOf, find, setText } from "../dom.js";

/** Digits on one page of the gallery: 4 rows of 10 in the sheet that the server sends. */
export const PAGE_SIZE = 40;
const SHEET_COLUMNS = 10;
const CELL = 28; // Digits lie edge to edge in the sheet.

/**
 * @typedef {object} SamplePage
 * @property {number} total
 * @property {{index: number, label: number, predictions: Record<string, {digit: number, correct: boolean}>}[]} samples
 * @property {ImageBitmap} sheet  The same digits as one picture.
 */

/**
 * The MNIST test digits in a dialog.
 * @param {HTMLDialogElement} dialog
 * @param {string} model
 * @param {{load: (query: URLSearchParams) => Promise<SamplePage>, choose: (index: number) => void,
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
  let asked = 0;

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
    asked += 1;
    const mine = asked;
    const query = new URLSearchParams({ offset: String(offset), limit: String(PAGE_SIZE), model });
    if (label.value) query.set("label", label.value);
    if (correct.value) query.set("correct", correct.value);
    try {
      const page = await actions.load(query);
      if (mine === asked) render(page);
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
      const reading = predictions[model];
      const note = document.createElement("span");
      note.textContent = reading.correct ? `#${index}` : `read ${reading.digit}`;
      note.className = reading.correct ? "" : "wrong";
      button.type = "button";
      button.setAttribute("aria-label", `Test digit ${index}, a ${truth}, read as ${reading.digit}`);
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
