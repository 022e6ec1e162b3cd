// @ts-check
import { build } from "../dom/build.js";
import { setText } from "../dom/find.js";

/**
 * A table of numbers in a dialog, to read, to hear and to copy.
 * @param {AbortSignal} signal
 */
export function createNumberDialog(signal) {
  const title = build("h2", { id: "numbers-title" });
  const copy = build("button", { type: "button" }, "Copy");
  const close = build("button", { type: "button" }, "Close");
  const head = build("thead");
  const body = build("tbody");
  const note = build("p", { class: "note" });
  const table = build("table", { "aria-labelledby": "numbers-title" }, head, body);
  const scroller = build("div", { class: "scroller", tabindex: "0", role: "region", "aria-labelledby": "numbers-title" }, table);
  const root = build("dialog", { class: "number-dialog", "aria-labelledby": "numbers-title" },
    build("header", {}, title, build("div", { class: "button-row" }, copy, close)), note, scroller);
  close.addEventListener("click", () => root.close(), { signal });
  root.addEventListener("click", (event) => event.target === root && root.close(), { signal });
  copy.addEventListener("click", async () => {
    // Tabs and line ends: what spreadsheets paste as cells. A real minus sign would be text to them.
    const text = [...table.rows].map((row) => [...row.cells].map((cell) => cell.textContent).join("\t")).join("\n");
    try {
      await navigator.clipboard.writeText(text.replaceAll("−", "-"));
      copy.textContent = "Copied";
    } catch {
      getSelection()?.selectAllChildren(table);
      copy.textContent = "Selected";
    }
  }, { signal });

  return {
    root,
    /** @param {import("./tables.js").NumberTable} table */
    open({ title: text, note: explained, columns, rows }) {
      setText(title, text);
      setText(note, explained);
      copy.textContent = "Copy";
      head.replaceChildren(build("tr", {}, ...columns.map((name) => build("th", { scope: "col" }, name))));
      body.replaceChildren(...rows.map(([name, ...numbers]) => build("tr", {}, build("th", { scope: "row" }, name), ...numbers.map((number) => build("td", {}, number)))));
      root.showModal();
    },
  };
}
