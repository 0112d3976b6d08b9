// What can be done with a conversation, beside writing: give it to somebody, put it off, be done with it.
import { get } from "../api.js";
import { el, icon } from "../dom.js";
import { me } from "../live.js";
import { t } from "../text.js";
import { complain, toast } from "../toast.js";
import { desk, may } from "./desk.js";
import { snoozes } from "./snooze.js";

// A menu that closes when something in it was chosen.
function menu(key, picture, label, entries) {
  const details = el("details", { class: "menu thread-menu", "data-key": key },
    el("summary", { class: "btn btn-quiet", title: label }, icon(picture), el("span", { class: "wide-only" }, label)));
  details.append(el("div", { class: "menu-panel" }, entries((run) => () => {
    details.open = false;
    run();
  })));
  details.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    details.open = false;
    details.querySelector("summary").focus();
  });
  document.addEventListener("click", (event) => details.contains(event.target) || (details.open = false));
  return details;
}

const entry = (label, run, picture = null) => el("button", { type: "button", class: "menu-item", onclick: run }, picture ? icon(picture) : null, label);

export async function giveTo(body, words) {
  if (await desk.command("assign", body)) toast(words, { kind: "good" });
}

function owners(talk) {
  const label = talk.assigned_to?.name ?? talk.department?.name ?? t("SMS desk");
  return menu("give", "person", label, (closing) => {
    const list = el("div", { class: "menu-scroll" });
    if (talk.assigned_to?.id !== me) list.append(entry(t("I take it"), closing(() => giveTo({ user_id: me, department_id: talk.department?.id ?? null }, t("It is yours now."))), "hand-index"));
    if (may.assign) {
      list.append(entry(t("To the SMS desk"), closing(() => giveTo({}, t("Moved to the SMS desk."))), "inbox"));
      const others = el("div", {}, el("div", { class: "menu-label" }, t("Loading…")));
      list.append(others);
      fill(others, talk, closing);
    }
    return list;
  });
}

let known = null;

async function fill(place, talk, closing) {
  try {
    known ??= get("/conversations/owners");
    const { people, departments } = await known;
    place.replaceChildren(
      el("div", { class: "menu-label" }, t("Departments")),
      ...departments.map((one) => entry(one.name, closing(() => giveTo({ department_id: one.id }, t("Assigned to {name}.", { name: one.name }))))),
      el("div", { class: "menu-label" }, t("People")),
      ...people.filter((one) => one.id !== me).map((one) => entry(one.name, closing(() => giveTo({ user_id: one.id, department_id: talk.department?.id ?? null }, t("Assigned to {name}.", { name: one.name }))))));
  } catch (error) {
    known = null;
    complain(error);
  }
}

const later = () => menu("snooze", "alarm", t("Snooze"), (closing) => snoozes.map(([words, run]) => entry(words, closing(run))));

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
