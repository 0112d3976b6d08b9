// Whom a conversation is given to: oneself, the SMS desk, a department or a person, found by typing on the server.
import { get } from "../api.js";
import { el, icon } from "../dom.js";
import { me } from "../live.js";
import { t } from "../text.js";
import { toast } from "../toast.js";
import { desk, may } from "./desk.js";
import { entry, menu } from "./menu.js";

const ASK_AFTER = 200;

async function giveTo(body, words) {
  if (await desk.command("assign", body)) toast(words, { kind: "good" });
}

const taking = (talk) => () => giveTo({ user_id: me, department_id: talk.department?.id ?? null }, t("It is yours now."));

export function owners(talk) {
  const label = talk.assigned_to?.name ?? talk.department?.name ?? t("SMS desk");
  if (may.assign) return menu("give", "person", label, (closing, details) => finder(talk, closing, details));
  const mine = talk.assigned_to?.id === me;
  return menu("give", "person", label, (closing) => (mine ? el("div", { class: "menu-label" }, t("It is yours.")) : entry(t("I take it"), closing(taking(talk)), "hand-index")));
}

// A field and the list below it: the focus stays in the field, the arrows go through the list.
function finder(talk, closing, details) {
  const list = el("ul", { class: "menu-scroll owner-list", role: "listbox", id: "owner-list", "aria-label": t("Whom to give it to") });
  const field = el("input", {
    type: "search", class: "form-control", role: "combobox", maxlength: 80, autocomplete: "off", spellcheck: "false", "aria-controls": "owner-list", "aria-expanded": "true",
    "aria-autocomplete": "list", "aria-label": t("Find a person or department"), placeholder: t("Name, pinyin initials, department"),
  });
  const status = el("p", { class: "owner-note quiet small", role: "status" });
  const options = () => [...list.querySelectorAll("[role=option]")];
  let asked = 0;
  let waiting = null;
  let stale = false;

  function mark(option) {
    for (const one of options()) one.setAttribute("aria-selected", String(one === option));
    if (option) field.setAttribute("aria-activedescendant", option.id);
    else field.removeAttribute("aria-activedescendant");
    option?.scrollIntoView({ block: "nearest" });
  }

  async function look() {
    const mine = (asked += 1);
    const words = field.value.trim();
    try {
      const found = await get(`/conversations/owners?conversation_id=${talk.id}&q=${encodeURIComponent(words)}`);
      if (mine !== asked) return;
      list.replaceChildren(...rows(talk, found, words, closing));
      mark(options()[0]);
      const none = options().length ? "" : t("Nothing found. Try another word.");
      status.textContent = found.more ? t("There are others: type a part of the name.") : none;
    } catch (error) {
      if (mine !== asked) return;
      list.replaceChildren();
      mark(null);
      status.textContent = error.message;
    }
    stale = words !== field.value.trim(); // What is typed meanwhile is looked for in a moment.
    status.hidden = !status.textContent;
  }

  field.addEventListener("input", () => {
    stale = true;
    clearTimeout(waiting);
    waiting = setTimeout(look, ASK_AFTER);
  });
  field.addEventListener("keydown", (event) => {
    const all = options();
    const place = all.findIndex((one) => one.getAttribute("aria-selected") === "true");
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && all.length) mark(all[(place + step + all.length) % all.length]);
    // Whoever presses Enter means somebody for the words that stand there, not for those of before.
    if (event.key === "Enter" && !event.isComposing && !stale) all[place]?.click();
    if (step || event.key === "Enter") event.preventDefault();
  });
  details.addEventListener("toggle", () => {
    if (!details.open) return;
    field.value = "";
    field.focus();
    stale = true; // What is below are those of the last time.
    void look();
  });
  return [field, list, status];
}

function rows(talk, { people, departments }, words, closing) {
  let count = 0;
  const option = (name, about, picture, run) => el("li", { class: "menu-item", role: "option", id: `owner-${(count += 1)}`, onclick: closing(run) }, icon(picture), el("span", { class: "cut" }, name), about ? el("span", { class: "quiet small cut" }, about) : null);
  const heading = (text) => el("li", { class: "menu-label", role: "presentation" }, text);
  const given = (name) => t("Assigned to {name}.", { name });
  const ofDepartment = (one, name = one.name) => option(name, "", "building", () => giveTo({ department_id: one.id }, given(one.name)));
  const ofPerson = (one) => option(one.name, one.id === me ? t("you") : one.department, "person", one.id === me ? taking(talk) : () => giveTo({ user_id: one.id, department_id: talk.department?.id ?? null }, given(one.name)));
  const own = words ? null : departments.find((one) => one.id === talk.department?.id);
  const first = words ? [] : [
    talk.assigned_to?.id === me ? null : option(t("I take it"), "", "hand-index", taking(talk)),
    own ? ofDepartment(own, t("To {name}", { name: own.name })) : null,
    option(t("To the SMS desk"), "", "inbox", () => giveTo({}, t("Moved to the SMS desk."))),
  ].filter(Boolean);
  const persons = people.filter((one) => words || ![me, talk.assigned_to?.id].includes(one.id)).map((one) => ofPerson(one));
  const houses = departments.filter((one) => one !== own).map((one) => ofDepartment(one));
  return [...first, ...(persons.length ? [heading(t("People")), ...persons] : []), ...(houses.length ? [heading(t("Departments")), ...houses] : [])];
}
