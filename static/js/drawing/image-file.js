// @ts-check

/**
 * Take an image that is chosen, dropped anywhere on the page, or pasted.
 * @param {{chooser: HTMLInputElement, hint: HTMLElement, onFile: (file: File) => void}} options
 * @param {AbortSignal} signal
 */
export function watchForImages({ chooser, hint, onFile }, signal) {
  chooser.addEventListener("change", () => {
    if (chooser.files?.[0]) onFile(chooser.files[0]);
    chooser.value = ""; // The same file may be chosen again.
  }, { signal });

  let depth = 0; // dragenter and dragleave come for every element below the page.
  addEventListener("dragenter", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    depth += 1;
    hint.hidden = false;
  }, { signal });
  addEventListener("dragleave", () => {
    depth = Math.max(0, depth - 1);
    if (!depth) hint.hidden = true;
  }, { signal });
  addEventListener("dragover", (event) => event.preventDefault(), { signal });
  addEventListener("drop", (event) => {
    event.preventDefault();
    depth = 0;
    hint.hidden = true;
    const file = event.dataTransfer?.files[0];
    if (file) onFile(file);
  }, { signal });

  addEventListener("paste", (event) => {
    const file = [...(event.clipboardData?.files ?? [])].find(({ type }) => type.startsWith("image/"));
    if (file) onFile(file);
  }, { signal });
}

/**
 * @param {Blob} file
 * @returns {Promise<string>} Its bytes as base64.
 */
export function toBase64(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result).replace(/^[^,]*,/, ""));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
}
