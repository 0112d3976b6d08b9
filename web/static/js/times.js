// <time datetime> becomes relative with the exact moment on hover; [data-since] counts up.
import { everySecond } from "./clock.js";
import { exact, relative, timer } from "./format.js";

export function writeTimes(root = document) {
  for (const element of root.querySelectorAll("time[datetime]:not([data-plain])")) {
    const text = relative(element.dateTime);
    if (element.textContent !== text) element.textContent = text;
    if (!element.title) element.title = exact(element.dateTime);
  }
  for (const element of root.querySelectorAll("[data-since]")) {
    const text = timer(element.dataset.since);
    if (element.textContent !== text) element.textContent = text;
  }
}

everySecond(() => writeTimes());
document.addEventListener("htmx:afterSettle", (event) => writeTimes(event.target));
writeTimes();
