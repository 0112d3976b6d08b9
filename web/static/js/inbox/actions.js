// What can be done with a conversation, beside writing: give it to somebody, put it off, be done with it.
import { el, icon } from "../dom.js";
import { t } from "../text.js";
import { toast } from "../toast.js";
import { desk, may } from "./desk.js";
import { entry, menu } from "./menu.js";
import { owners } from "./owners.js";
import { snoozes } from "./snooze.js";

const later = () => menu("snooze", "alarm", t("Snooze"), (closing) => snoozes.map(([words, run]) => entry(words, closing(run))));

export async function done() {
  const { talk } = desk;
  if (!talk || !may.reply || talk.state === "done") return;
  if (!(await desk.command("done"))) return;
  toast(t("Done."), { kind: "good", action: { label: t("Undo"), run: () => desk.restore(talk) } });
  if (desk.talk?.id === talk.id) desk.close();
}

export function actionsOf(talk) {
  if (!may.reply) return el("span", { class: "thread-actions quiet" }, talk.assigned_to?.name ?? talk.department?.name ?? t("SMS desk"));
  return el("div", { class: "thread-actions" }, owners(talk), later(),
    talk.state === "open"
      ? el("button", { type: "button", class: "btn", "data-key": "done", title: `${t("Finish")} (E)`, onclick: done }, icon("check2"), el("span", { class: "wide-only" }, t("Finish")))
      : el("button", { type: "button", class: "btn", "data-key": "open", onclick: () => desk.command("open") }, icon("arrow-counterclockwise"), el("span", { class: "wide-only" }, t("Reopen"))));
}
