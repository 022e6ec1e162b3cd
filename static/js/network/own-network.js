// @ts-check
// Networks that the visitor uploads: sending the file, and the token with which the visitor can delete it again.
import { pageAddress } from "../api/address.js";
import { deleteNetwork, sendNetwork } from "../api/networks.js";
import { Notice } from "../shell/failures.js";
import { forgetOwner, ownerOf, rememberOwner } from "../shell/owners.js";

/**
 * Send a network, and open the workbench with it.
 * @param {File[]} files  One ONNX file, and those that hold its weights.
 * @param {number} mostBytes  What the server reads; 0 if it takes no networks.
 * @param {(error: unknown) => void} fail
 */
export async function openNetwork(files, mostBytes, fail) {
  const networks = files.filter(({ name }) => isOnnx(name));
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  const problem = !mostBytes ? "This server takes no networks."
    : networks.length > 1 ? `Open one network at a time: ${networks.map(({ name }) => name).join(" and ")} are two.`
    : bytes > mostBytes ? `${networks[0].name} has ${megabytes(bytes)}; this server reads up to ${megabytes(mostBytes)}.` : "";
  if (problem) {
    fail(new Notice(problem, { lasts: true }));
    return;
  }
  fail(new Notice(`Reading ${networks[0].name} …`, { lasts: true }));
  try {
    const { model, owner } = await sendNetwork(networks[0], files.filter((file) => file !== networks[0]));
    rememberOwner(model, owner);
    location.assign(pageAddress("/", model) + location.hash);
  } catch (error) {
    fail(error instanceof Error ? new Notice(error.message, { lasts: true }) : error);
  }
}

/**
 * The button that deletes the network shown, if it was uploaded with this browser.
 * @param {HTMLButtonElement} button
 * @param {string} model
 * @param {(error: unknown) => void} fail
 */
export function wireDelete(button, model, fail) {
  const owner = ownerOf(model);
  button.hidden = owner === null;
  button.addEventListener("click", async () => {
    try {
      await deleteNetwork(model, owner ?? "");
      forgetOwner(model);
      location.assign(pageAddress("/", document.documentElement.dataset.defaultModel ?? "") + location.hash);
    } catch (error) {
      fail(error);
    }
  });
}

/** @param {string} name */
function isOnnx(name) {
  return name.toLowerCase().endsWith(".onnx");
}

/** @param {number} bytes */
function megabytes(bytes) {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
