// The cards of patients, fetched when they are first looked at.
import { TRY_AGAIN, get } from "./api.js";
import { complain } from "./toast.js";


export class PatientCards {
  #cards = new Map(); // patient id → { card }, the card null while it is fetched

  // `changed` is called when there is something new to show.
  constructor(changed) {
    this.changed = changed;
  }

  // → the card, null while it is not here, { gone: true } where it is out of reach.
  of(id) {
    if (!this.#cards.has(id)) void this.#fetch(id);
    return this.#cards.get(id).card;
  }

  // It has changed: what is on its way may be older, too. → whether it was looked at.
  forget(id) {
    return this.#cards.delete(id);
  }

  async #fetch(id) {
    const entry = { card: null };
    const isCurrent = () => this.#cards.get(id) === entry;
    this.#cards.set(id, entry);
    try {
      entry.card = await get(`/patients/${id}/card`);
    } catch (error) {
      if ([403, 404].includes(error.status)) entry.card = { gone: true };
      else if (isCurrent()) {
        complain(error);
        setTimeout(() => isCurrent() && this.forget(id) && this.changed(), TRY_AGAIN);
      }
    }
    if (isCurrent()) this.changed();
  }
}
