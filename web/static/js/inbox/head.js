// Above what was said: with whom, what can be done with the conversation, and what one has to know before one answers.
import { el, icon, refresh } from "../dom.js";
import { exact } from "../format.js";
import { lostWords, stopBadge, stopWords, talkName } from "../sms.js";
import { t } from "../text.js";
import { actionsOf } from "./actions.js";
import { desk, may } from "./desk.js";

const head = document.getElementById("thread-head");
const notes = document.getElementById("thread-notes");

export function showHead() {
  const { talk, to } = desk;
  head.hidden = !talk && !to;
  if (head.hidden) {
    notes.hidden = true;
    return;
  }
  const known = talk ?? { patient: to, number_formatted: "", opt_outs: [], state: "" };
  // Nothing is taken away from under whoever chooses in a menu; when it closes, the head is as it should be.
  const choosing = head.dataset.talk === String(talk?.id) && head.querySelector(".thread-menu[open]");
  head.dataset.talk = talk?.id;
  if (!choosing) refresh(head, [talk?.id, talk?.version, to?.id], () => [
    el("button", { type: "button", class: "btn btn-quiet btn-icon only-narrow", "aria-label": t("Back to the list"), "data-key": "back", onclick: () => desk.close() }, icon("arrow-left")),
    el("div", { class: "thread-who" }, el("h2", { class: "cut" }, talkName(known)),
      el("span", { class: "quiet number" }, talk?.patient ? talk.number_formatted : ""), stopBadge(known)),
    talk ? actionsOf(talk) : null,
    el("button", { type: "button", class: "btn btn-quiet btn-icon only-narrow", "aria-label": t("Patient"), "data-key": "card", onclick: () => desk.toPerson() }, icon("person-vcard")),
  ]);
  const words = notesOf(talk);
  const shared = talk?.candidates > 1 ? talk.candidates : 0;
  notes.hidden = !words.length && !shared;
  refresh(notes, [talk?.id, Boolean(talk?.patient), shared, words], () => [
    shared ? sharedNote(talk) : null,
    ...words.map(([picture, text]) => el("p", { class: "notice notice-warn" }, icon(picture), el("span", {}, text))),
  ]);
}

// Where the column beside the thread does not stand, it cannot say that the number is shared.
function sharedNote(talk) {
  const choose = () => {
    desk.toPerson();
    desk.changed("choose");
  };
  return el("p", { class: "notice notice-warn shared-note", "data-shared": talk.candidates }, icon("people-fill"),
    el("span", {}, t("{count} patients share this number.", { count: talk.candidates })),
    may.reply && may.know ? el("button", { type: "button", class: "btn btn-sm", "data-key": "choose-patient", "data-choose-patient": true, onclick: choose }, talk.patient ? t("Somebody else?") : t("Choose the patient")) : null);
}

function notesOf(talk) {
  if (!talk) return [];
  return [
    talk.lost_answer ? ["exclamation-triangle-fill", lostWords(talk)] : null,
    talk.state === "snoozed" ? ["alarm", t("Snoozed until {time}.", { time: exact(talk.snoozed_until) })] : null,
    talk.opt_outs.length ? ["bell-slash", t("Opted out: {kinds}. Answers to what the patient writes still go out.", { kinds: stopWords(talk.opt_outs) })] : null,
  ].filter(Boolean);
}
