// What the work lists on the left have in common: an entry with somebody to call, and what stands there when there is none.
import { dialButton } from "../dial.js";
import { el, icon } from "../dom.js";
import { t } from "../text.js";
import { lineName, numberOf, regionOf, whoOf } from "../words.js";

export function nothing(picture, title, words) {
  return el("div", { class: "empty empty-small" }, icon(picture), el("strong", {}, title), el("p", {}, words));
}

// `when` is an ISO time, `badge` and `about` more to show, `tick` the words and the way to be done with it.
export function workLine(call, { list, when, badge = null, about = null, tick }) {
  return el("li", { class: "work-item", [`data-${list}`]: call.id },
    el("div", { class: "work-who" },
      call.patient ? el("a", { href: `/patients/${call.patient.id}`, class: "cut", "data-key": `who-${list}-${call.id}` }, call.patient.name)
        : el("span", { class: "cut" }, regionOf(call) || lineName(call.line.name)),
      el("span", { class: "work-when" }, badge, el("time", { datetime: when }))),
    el("div", { class: "work-do" },
      call.number ? dialButton(call.number, numberOf(call), { patient: call.patient?.id }) : el("span", { class: "quiet work-none" }, numberOf(call)),
      el("button", {
        type: "button", class: "btn btn-sm btn-quiet btn-icon", title: tick.title, "aria-label": t("Dealt with: {who}", { who: whoOf(call) }),
        "data-key": `done-${list}-${call.id}`, onclick: tick.run,
      }, icon("check2"))),
    about ? el("div", { class: "work-about quiet small cut", title: about }, about) : null);
}

const wayOf = (item, ticks) => item.querySelector(ticks ? ".btn-icon" : ".dial") ?? item.querySelector("button, a");

// Up and down through a list, on the numbers or on the ticks.
document.querySelector(".work").addEventListener("keydown", (event) => {
  const item = event.target.closest("li");
  const next = { ArrowDown: item?.nextElementSibling, ArrowUp: item?.previousElementSibling }[event.key];
  if (!next) return;
  event.preventDefault();
  wayOf(next, event.target.matches(".btn-icon")).focus();
});

// Whoever works a list down by keyboard stays where the entry was that `change` took away.
export function keepPlace(box, change) {
  const items = () => [...box.querySelectorAll("li")];
  const at = items().findIndex((item) => item.contains(document.activeElement));
  change();
  const left = items();
  if (at >= 0 && left.length && !box.contains(document.activeElement)) wayOf(left[Math.min(at, left.length - 1)], true).focus();
}
