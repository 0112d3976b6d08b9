// <time datetime> becomes relative, with the exact moment on hover; [data-since] counts up.
import { everySecond } from "./clock.js";
import { exact, relative, sameDay, timeOfDay, timer } from "./format.js";
import { t } from "./text.js";

// With data-day it says "today 01:34": beside a mark for lateness a bare time would read as a duration.
const written = (element) => (element.matches("[data-day]") && sameDay(element.dateTime) ? `${t("Today")} ${timeOfDay(element.dateTime)}` : relative(element.dateTime));

/** @param {ParentNode} root */
export function writeTimes(root = document) {
  for (const element of root.querySelectorAll("time[datetime]:not([data-plain])")) {
    const text = written(element);
    if (element.textContent !== text) element.textContent = text;
    if (!element.title) element.title = exact(element.dateTime);
  }
  for (const element of root.querySelectorAll("[data-since]")) {
    const text = timer(element.dataset.since);
    if (element.textContent !== text) element.textContent = text;
  }
}

everySecond(() => writeTimes());
document.addEventListener("htmx:afterSettle", (event) => writeTimes(event.detail.elt));
writeTimes();
