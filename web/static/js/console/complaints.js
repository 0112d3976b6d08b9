// The open complaints of the caller, on the card. What they are about is shown to whom it concerns only.
import { el, icon } from "../dom.js";
import { exact, relative } from "../format.js";
import { now } from "../clock.js";
import { t } from "../text.js";

const SERIOUS = 1;

function line(complaint) {
  const late = complaint.due_at && Date.parse(complaint.due_at) < now();
  const about = [complaint.handler ? t("{name} handles it", { name: complaint.handler.name }) : t("Not taken on yet"),
    complaint.due_at ? t("due {when}", { when: relative(complaint.due_at) }) : ""].filter(Boolean).join(" · ");
  return el("li", { class: "open-complaint", "data-complaint": complaint.id },
    el("time", { datetime: complaint.created_at, title: exact(complaint.created_at), class: "quiet" }, relative(complaint.created_at)),
    complaint.severity === SERIOUS ? el("span", { class: "badge-soft badge-bad" }, t("Serious")) : null,
    late ? el("span", { class: "badge-soft badge-bad" }, icon("alarm-fill"), t("Overdue")) : null,
    complaint.in_reach ? el("a", { href: `/complaints/${complaint.id}`, target: "_blank", rel: "noopener", class: "cut-2", "data-key": `complaint-${complaint.id}` }, complaint.text) : null,
    el("span", { class: "quiet" }, about));
}

export const complaintsOf = (list) => el("section", { class: "pop-contacts pop-complaints" },
  el("h3", {}, icon("megaphone-fill"), t("Open complaints")), el("ul", { class: "contacts" }, list.map(line)));
