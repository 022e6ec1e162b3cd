// @ts-check
// base64url without padding (RFC 4648, section 5): bytes as text that needs no escaping in an address.

const CHUNK = 0x2000; // Bytes for one call: a call with as many arguments as a large drawing has bytes is a RangeError.

/** @param {Uint8Array} bytes */
export function encodeBase64url(bytes) {
  let binary = "";
  for (let start = 0; start < bytes.length; start += CHUNK) {
    binary += String.fromCharCode(...bytes.subarray(start, start + CHUNK));
  }
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/**
 * @param {string} text
 * @returns {Uint8Array<ArrayBuffer> | null} Null if the text is not base64url.
 */
export function decodeBase64url(text) {
  try {
    return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
  } catch {
    return null;
  }
}
