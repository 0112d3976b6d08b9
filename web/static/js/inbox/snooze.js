// A conversation is put off: until one of the usual times or one's own, and taken back from the message that says so.
import { ask } from "../ask.js";
import { now } from "../clock.js";
import { exact, fromLocalField, toLocalField } from "../format.js";
import { t } from "../text.js";
import { toast } from "../toast.js";
import { desk } from "./desk.js";

const HOUR = 3600000;
const DAY = 24 * HOUR;
const LONGEST = 90 * DAY;

const after = (time) => new Date(now() + time).toISOString();

// The next full morning of the hospital, so many days from now.
const morning = (days) => fromLocalField(`${toLocalField(after(days * DAY)).slice(0, 10)}T08:00`);

async function putOff(until) {
  const before = desk.talk;
  if (!before || !(await desk.command("snooze", { until }))) return;
  toast(t("Snoozed until {time}.", { time: exact(until) }), {
    kind: "good", action: { label: t("Undo"), run: () => desk.restore(before) },
  });
  if (desk.talk?.id === before.id) desk.close();
}

function wrong(value) {
  const at = value ? Date.parse(fromLocalField(value)) : NaN;
  return at > now() && at <= now() + LONGEST ? "" : t("Choose a time that is to come, at most 90 days from now.");
}

async function choose() {
  const id = desk.talk?.id;
  const value = await ask(t("Snooze until when?"), {
    about: t("It returns at that time, or with the next message of the patient."), field: t("Date and time"), kind: "datetime-local",
    value: toLocalField(morning(1)), check: wrong, action: t("Snooze"),
  });
  if (value && desk.talk?.id === id) await putOff(fromLocalField(value));
}

// What there is to choose: words, and what is done then.
export const snoozes = [
  [t("In an hour"), () => putOff(after(HOUR))],
  [t("In three hours"), () => putOff(after(3 * HOUR))],
  [t("Tomorrow morning"), () => putOff(morning(1))],
  [t("In a week"), () => putOff(morning(7))],
  [t("Choose a time…"), choose],
];
