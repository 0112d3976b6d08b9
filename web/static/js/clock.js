// Time as the server has it: computers at reception desks are often minutes off, and timers must not be.
let offset = 0;
let known = false;

// `header` is the Date header of an answer that was asked for at `sent` (both whole seconds or better).
export function learn(header, sent) {
  const server = Date.parse(header);
  if (Number.isNaN(server)) return;
  const now = Date.now();
  const estimate = server + 500 - (sent + now) / 2;
  // Dates come in whole seconds: below a second and a half of doubt the first estimate stays.
  if (!known || Math.abs(estimate - offset) > 1500) {
    offset = estimate;
    known = true;
  }
}

export const now = () => Date.now() + offset;

export const since = (iso) => Math.max(0, Math.floor((now() - Date.parse(iso)) / 1000));

const listeners = new Set();

// Calls `listener` once a second; returns what stops it.
export function everySecond(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

setInterval(() => listeners.forEach((listener) => listener()), 1000);
