// How times and lengths of time are written, in the language of the page and the time zone of the hospital.
import { now, since } from "./clock.js";
import { locale, t } from "./text.js";

const { timeZone: zone = undefined, times = "{}" } = document.documentElement.dataset;
// The server writes with the same patterns: see web/i18n.py.
const PATTERNS = JSON.parse(times);
const LONG_AGO = 300 * 86400;
const parts = new Intl.DateTimeFormat("en-CA", {
  timeZone: zone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit",
});
const month = new Intl.DateTimeFormat(locale, { timeZone: zone, month: "short" });

// The hospital's wall clock: { year, month, day, hour, minute, second }, all but the year with two digits.
const wall = (date) => Object.fromEntries(parts.formatToParts(date).map((part) => [part.type, part.value]));
const FIELDS = {
  y: (at) => at.year, MMM: (at, date) => month.format(date), M: (at) => String(Number(at.month)), d: (at) => String(Number(at.day)),
  HH: (at) => at.hour, mm: (at) => at.minute, ss: (at) => at.second,
};

function written(pattern, iso) {
  if (!iso) return "";
  const date = new Date(iso);
  const at = wall(date);
  return PATTERNS[pattern].replace(/MMM|HH|mm|ss|[yMd]/g, (field) => FIELDS[field](at, date));
}

// 75 → "1:15", 3700 → "1:01:40"
export function duration(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  const two = (number) => String(number).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

export const timer = (iso) => (iso ? duration(since(iso)) : "");

export const exact = (iso) => written("exact", iso);

export const timeOfDay = (iso) => written("clock", iso);

export const toSecond = (iso) => written("second", iso);

export const toThousandth = (iso) => `${toSecond(iso)}.${String(new Date(iso).getMilliseconds()).padStart(3, "0")}`;

export const dayOf = (iso) => written("day", iso);

export const sameDay = (iso) => dayOf(iso) === dayOf(new Date(now()).toISOString());

export function relative(iso) {
  if (!iso) return "";
  const seconds = (now() - Date.parse(iso)) / 1000;
  if (seconds >= 0 && seconds < 45) return t("just now");
  if (seconds >= 0 && seconds < 3600) return t("{count} min ago", { count: Math.max(1, Math.floor(seconds / 60)) });
  if (sameDay(iso)) return timeOfDay(iso);
  return written(Math.abs(seconds) < LONG_AGO ? "short" : "day", iso);
}

// The hospital's wall clock as <input type="datetime-local"> wants it, and back.
function wallParts(date) {
  const at = wall(date);
  return `${at.year}-${at.month}-${at.day}T${at.hour}:${at.minute}`;
}

export const toLocalField = (iso) => (iso ? wallParts(new Date(iso)) : "");

export function fromLocalField(value) {
  if (!value) return null;
  const guess = Date.parse(`${value}:00Z`);
  const shift = (moment) => Date.parse(`${wallParts(new Date(moment))}:00Z`) - moment;
  // Once more, for a moment near a change of the clocks.
  return new Date(guess - shift(guess - shift(guess))).toISOString();
}
