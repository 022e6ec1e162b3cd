// @ts-check

/**
 * Take files that are chosen or dropped anywhere on the page, and an image that is pasted.
 * @param {{choosers: HTMLInputElement[], hint: HTMLElement, onFiles: (files: File[]) => void}} options  At least one file.
 * @param {AbortSignal} signal
 */
export function watchForFiles({ choosers, hint, onFiles }, signal) {
  for (const chooser of choosers) {
    const take = () => {
      const files = [...(chooser.files ?? [])];
      chooser.value = ""; // The same file may be chosen again.
      if (files.length) onFiles(files);
    };
    chooser.addEventListener("change", take, { signal });
    queueMicrotask(take); // A file may have been chosen before this module was loaded.
  }

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
    const files = [...(event.dataTransfer?.files ?? [])];
    if (files.length) onFiles(files);
  }, { signal });

  addEventListener("paste", (event) => {
    const file = [...(event.clipboardData?.files ?? [])].find(({ type }) => type.startsWith("image/"));
    if (file) onFiles([file]);
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
