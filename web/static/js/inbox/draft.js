// What is being typed, for each conversation, until it is sent: kept over a reload in this tab, and only there.
import { me } from "../live.js";

const place = (about) => `huifang.sms.${me}.${about}`;
export const fresh = () => crypto.randomUUID?.() ?? [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

// → { text, at, purpose, key, template }: the template is what it was begun from; the key is this draft's own, so that what is sent again after a doubt is not sent twice.
export function draftOf(about) {
  try {
    const kept = JSON.parse(sessionStorage.getItem(place(about)));
    if (kept?.key) return kept;
  } catch {
    // Nothing readable is nothing.
  }
  return { text: "", at: "", purpose: "care", key: fresh(), template: null };
}

export function keep(about, draft) {
  if (draft.text) sessionStorage.setItem(place(about), JSON.stringify(draft));
  else sessionStorage.removeItem(place(about));
}

export const forget = (about) => sessionStorage.removeItem(place(about));
