// @ts-check
/** @import { ComparedModel, ComparedNetworks, ModelInFull } from "../types.js" */

/**
 * The networks of a page that compares all three connections.
 * @param {{compared: ComparedModel[], models: ModelInFull[]}} data
 * @returns {ComparedNetworks}
 */
export function networksByConnection({ compared, models }) {
  return /** @type {ComparedNetworks} */ (
    Object.fromEntries(compared.map((each) => [each.connection, { ...each, model: models.find(({ id }) => id === each.id) }])));
}
