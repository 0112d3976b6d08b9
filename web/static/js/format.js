// How times and lengths of time are written, in the language of the page and the time zone of the hospital.
import { now, since } from "./clock.js";
import { locale, t } from "./text.js";

const zone = document.documentElement.dataset.timeZone || undefined;
const make = (options) => new Intl.DateTimeFormat(locale, { timeZone: zone, hourCycle: "h23", ...options });
const exactFormat = make({ year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit" });
const clockFormat = make({ hour: "2-digit", minute: "2-digit" });
const secondFormat = make({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
const dayFormat = make({ month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" });
const yearFormat = make({ year: "numeric", month: "2-digit", day: "2-digit" });
const dateKey = make({ year: "numeric", month: "numeric", day: "numeric" });

// 75 → "1:15", 3700 → "1:01:40"
export function duration(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  const two = (number) => String(number).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

export const timer = (iso) => (iso ? duration(since(iso)) : "");

export const exact = (iso) => (iso ? exactFormat.format(new Date(iso)) : "");

export const timeOfDay = (iso) => (iso ? clockFormat.format(new Date(iso)) : "");

export const toSecond = (iso) => (iso ? secondFormat.format(new Date(iso)) : "");

export const sameDay = (iso) => dateKey.format(new Date(iso)) === dateKey.format(new Date(now()));

export function relative(iso) {
  if (!iso) return "";
  const moment = new Date(iso);
  const seconds = (now() - moment.getTime()) / 1000;
  if (seconds >= 0 && seconds < 45) return t("just now");
  if (seconds >= 0 && seconds < 3600) return t("{count} min ago", { count: Math.max(1, Math.floor(seconds / 60)) });
  if (sameDay(iso)) return clockFormat.format(moment);
  if (Math.abs(seconds) < 300 * 86400) return dayFormat.format(moment);
  return yearFormat.format(moment);
}

// The hospital's wall clock as <input type="datetime-local"> wants it, and back.
function wallParts(date) {
  const parts = Object.fromEntries(new Intl.DateTimeFormat("en-CA", {
    timeZone: zone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit",
  }).formatToParts(date).map((part) => [part.type, part.value]));
  return `${parts.year}-${parts.month}-${parts.day}T${parts.hour}:${parts.minute}`;
}

export const toLocalField = (iso) => (iso ? wallParts(new Date(iso)) : "");

export function fromLocalField(value) {
  if (!value) return null;
  const guess = new Date(`${value}:00Z`);
  const shift = new Date(`${wallParts(guess)}:00Z`) - guess;
  const first = new Date(guess.getTime() - shift);
  // Once more, for a moment near a change of the clocks.
  const again = new Date(`${wallParts(first)}:00Z`) - first;
  return new Date(guess.getTime() - again).toISOString();
}
