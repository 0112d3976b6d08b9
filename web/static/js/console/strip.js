// One tab per call on the desk, above the card. The row is always there: a second caller must not push the card down.
import { el, mark, refresh } from "../dom.js";
import { t } from "../text.js";
import { prioritiesOf, talkSince, talkWord, whoOf } from "../words.js";
import { desk, isMine, isUrgent } from "./desk.js";

const strip = document.getElementById("strip");

function tab(call) {
  const chosen = call.id === desk.selectedId;
  const since = talkSince(call);
  return el("button", {
    type: "button", role: "tab", class: "strip-tab", id: `tab-${call.id}`, "aria-selected": String(chosen), "aria-controls": "card",
    tabindex: chosen ? 0 : -1, "data-key": `tab-${call.id}`, "data-state": call.state, onclick: () => desk.select(call.id),
  }, mark(call.state), isUrgent(call) ? el("i", { class: "bi bi-star-fill strip-urgent", role: "img", "aria-label": prioritiesOf(call).join(", ") }) : null,
  el("span", { class: "strip-who" }, whoOf(call)),
  el("span", { class: "strip-state" }, call.state === "ended" && isMine(call) ? t("Wrap-up") : talkWord(call)),
  since ? el("span", { class: "number", "data-since": since }) : null);
}

function show() {
  const calls = desk.calls;
  // Without a tab it is no list of tabs.
  if (calls.length) strip.setAttribute("role", "tablist");
  else strip.removeAttribute("role");
  refresh(strip, [desk.selectedId, calls.map((call) => [call.id, call.state, whoOf(call), call.answered_at, call.parties, call.third, isMine(call), call.priority])],
    () => (calls.length ? calls.map(tab) : el("span", { class: "strip-none" }, t("No call on the desk"))));
}

strip.addEventListener("keydown", (event) => {
  const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!by) return;
  event.preventDefault();
  desk.step(by);
  strip.querySelector("[aria-selected=true]")?.focus();
});

desk.addEventListener("change", show);
show();
