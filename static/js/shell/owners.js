// @ts-check
// Of each network or training that was uploaded or started with this browser, the token with which it can be deleted.

/** @param {string} id */
const keyOf = (id) => `kernelscope-owner-${id}`;

/** @param {string} id  @param {string} owner */
export function rememberOwner(id, owner) {
  try {
    localStorage.setItem(keyOf(id), owner);
  } catch {
    // Storage may be forbidden; then it is deleted when its time is over.
  }
}

/** The token; null if it was somebody else who uploaded or started it. @param {string} id */
export function ownerOf(id) {
  try {
    return localStorage.getItem(keyOf(id));
  } catch {
    return null;
  }
}

/** @param {string} id */
export function forgetOwner(id) {
  try {
    localStorage.removeItem(keyOf(id));
  } catch {
    // Then nothing was stored.
  }
}
