// One earlier call as a line of a list: when, which way, by whom, what came of it.
import { el, icon } from "../dom.js";
import { duration } from "../format.js";
import { t } from "../text.js";
import { endWord, outcomeLabel } from "../words.js";
import { outcomeByCode } from "./outcomes.js";

export function contactLine(call) {
  const outcome = outcomeByCode(call.outcome);
  const talked = call.answered_at && call.ended_at ? duration((Date.parse(call.ended_at) - Date.parse(call.answered_at)) / 1000) : "";
  return el("li", {},
    el("span", { class: "contact-way", title: call.direction === "in" ? t("Incoming call") : t("Outgoing call") },
      icon(call.missed ? "telephone-x" : call.direction === "in" ? "telephone-inbound" : "telephone-outbound")),
    el("time", { datetime: call.started_at }),
    el("span", { class: "contact-what" },
      call.missed ? el("span", { class: "badge-soft badge-bad" }, t("Missed")) : null,
      outcome ? el("span", { class: "badge-soft badge-info" }, outcomeLabel(outcome)) : null,
      !outcome && !call.missed ? el("span", { class: "quiet" }, endWord(call.end_reason)) : null,
      talked ? el("span", { class: "quiet number" }, talked) : null,
      call.agent ? el("span", { class: "quiet" }, call.agent.name) : null),
    call.notes ? el("p", { class: "contact-notes" }, call.notes) : null);
}
