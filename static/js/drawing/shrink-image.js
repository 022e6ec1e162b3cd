// @ts-check
// Large photos become small ones before they are uploaded: a digit of a few hundred pixels is plenty.

export const MOST_PIXELS_ALONG = 1600;
const SMALL_FILE = 500_000; // Bytes; a smaller file is sent as it is.

/**
 * @param {File} file
 * @returns {Promise<Blob>}  The file itself if it is small, or if the browser cannot decode it: the server says why.
 */
export async function shrinkImage(file) {
  if (file.size <= SMALL_FILE) return file;
  try {
    const image = await createImageBitmap(file, { imageOrientation: "from-image" });
    const scale = Math.min(1, MOST_PIXELS_ALONG / Math.max(image.width, image.height));
    const canvas = new OffscreenCanvas(Math.max(1, Math.round(image.width * scale)), Math.max(1, Math.round(image.height * scale)));
    const context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext("2d"));
    // What is transparent lies on white paper, as on the server.
    context.fillStyle = "white";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.imageSmoothingQuality = "high";
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
    image.close();
    return await canvas.convertToBlob({ type: "image/jpeg", quality: 0.92 });
  } catch {
    return file;
  }
}
