// What can be done with a conversation, beside writing: give it to somebody, put it off, be done with it.
import { now } from "../clock.js";
import { el, icon } from "../dom.js";
import { fromLocalField, toLocalField } from "../format.js";
import { t } from "../text.js";
import { toast } from "../toast.js";
import { desk, may } from "./desk.js";
import { entry, menu } from "./menu.js";
import { owners } from "./owners.js";

const HOUR = 3600000;

// The next full morning of the hospital, so many days from now.
function morning(days) {
  const day = toLocalField(new Date(now() + days * 24 * HOUR).toISOString()).slice(0, 10);
  return fromLocalField(`${day}T08:00`);
}

async function putOff(until) {
  if (await desk.command("snooze", { until })) {
    toast(t("It comes back in time."), { kind: "good" });
    desk.close();
  }
}

function later() {
  return menu("snooze", "alarm", t("Snooze"), (closing) => [
    entry(t("In an hour"), closing(() => putOff(new Date(now() + HOUR).toISOString()))),
    entry(t("In three hours"), closing(() => putOff(new Date(now() + 3 * HOUR).toISOString()))),
    entry(t("Tomorrow morning"), closing(() => putOff(morning(1)))),
    entry(t("In a week"), closing(() => putOff(morning(7)))),
  ]);
}

export async function done() {
  const id = desk.talk?.id;
  if (!id || !may.reply || desk.talk.state === "done") return;
  if (!(await desk.command("done"))) return;
  toast(t("Done."), { kind: "good", action: { label: t("Undo"), run: () => desk.show(id).then(() => desk.command("open")) } });
  desk.close();
}

export function actionsOf(talk) {
  if (!may.reply) return el("span", { class: "thread-actions quiet" }, talk.assigned_to?.name ?? talk.department?.name ?? t("SMS desk"));
  return el("div", { class: "thread-actions" }, owners(talk), later(),
    talk.state === "open"
      ? el("button", { type: "button", class: "btn", "data-key": "done", title: `${t("Finish")} (E)`, onclick: done }, icon("check2"), el("span", { class: "wide-only" }, t("Finish")))
      : el("button", { type: "button", class: "btn", "data-key": "open", onclick: () => desk.command("open") }, icon("arrow-counterclockwise"), el("span", { class: "wide-only" }, t("Reopen"))));
}
