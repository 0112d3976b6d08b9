// What an agent does with a conversation on a line that can: hold it, ask somebody else, give it away, speak all three.
import { get, post } from "../api.js";
import { confirmCall } from "../dial.js";
import { el, icon, mark, refresh } from "../dom.js";
import { dials, me, store } from "../live.js";
import { t } from "../text.js";
import { toast } from "../toast.js";
import { agentWord, lineNote, thirdOf } from "../words.js";
import { can, control } from "./actions.js";
import { desk, isMine } from "./desk.js";

const row = document.getElementById("card-control");
const transfers = row.dataset.transfers === "yes";

// The same four places in every state: nothing moves under the pointer, what cannot be done now is grey.
function buttons(call) {
  const talking = isMine(call) && call.state === "talking";
  const alone = ["", "held"].includes(call.parties);
  const consulting = call.parties === "consulting";
  return [
    can(call, "hold") ? holdButton(call, talking) : null,
    transfers ? button("transfer", "arrow-right-circle", t("Transfer"), "R", () => chooseWhom(call), talking && alone) : null,
    transfers && can(call, "consult") ? button("complete", "box-arrow-right", t("Hand over"), "E", () => control(call, "complete"), talking && (consulting || call.parties === "conference")) : null,
    transfers && can(call, "conference") ? button("conference", "people-fill", t("Conference"), "J", () => control(call, "conference"), talking && consulting) : null,
    el("span", { class: "pop-hint", role: "status" }, talking ? hint(call) : ""),
  ];
}

function holdButton(call, talking) {
  const away = Boolean(call.parties);
  const words = call.parties === "conference" ? t("Disconnect {who}", { who: thirdOf(call) }) : away ? t("Take back") : t("Hold");
  return button("hold", away ? "play-fill" : "pause-fill", words, "K", () => control(call, away ? "resume" : "hold"), talking);
}

function button(name, picture, label, key, run, enabled) {
  return el("button", {
    type: "button", class: "btn", "data-action": name, "data-key": `control-${name}`, disabled: !enabled, "aria-keyshortcuts": key, title: label, onclick: run,
  }, icon(picture), el("span", { class: "cut" }, label), el("kbd", {}, key));
}

const hint = (call) => ({
  held: t("The other side hears music."),
  calling: t("{who} is being called; the other side hears music.", { who: thirdOf(call) }),
  consulting: t("Only {who} hears you; the other side hears music.", { who: thirdOf(call) }),
  conference: t("You, the other side and {who} hear each other.", { who: thirdOf(call) }),
})[call.parties] ?? "";

function show() {
  const call = desk.selected;
  const offered = call && isMine(call) && call.state !== "ended" && (can(call, "hold") || (transfers && can(call, "transfer")));
  row.hidden = !offered;
  if (!offered) return;
  const able = store.get("lines", call.line.id)?.capabilities ?? [];
  refresh(row, [call.id, call.state, call.parties, call.third, able], () => buttons(call));
}

// Two steps: to whom, then how. Errors stay in the sheet, beside what they are about.
function chooseWhom(call) {
  let chosen = null;
  const number = el("input", { class: "form-control number", id: "transfer-number", type: "tel", maxlength: 200, autocomplete: "off", placeholder: t("Extension or number") });
  const list = el("ul", { class: "choices" }, el("li", { class: "quiet" }, t("Loading…")));
  const problem = el("p", { class: "field-error", role: "alert", hidden: true });
  const ask = can(call, "consult") ? el("button", { type: "button", class: "btn btn-primary", "data-how": "consult", onclick: () => go("consult") }, icon("telephone-plus"), t("Ask there first")) : null;
  const give = el("button", { type: "button", class: ask ? "btn" : "btn btn-primary", "data-how": "transfer", onclick: () => go("transfer") }, icon("arrow-right-circle"), t("Transfer at once"));
  const sheet = el("dialog", { class: "sheet transfer-sheet", "aria-labelledby": "transfer-title" },
    el("form", { method: "dialog" },
      el("div", { class: "sheet-body stack" },
        el("h2", { id: "transfer-title" }, t("Transfer the call to")), list,
        dials ? el("div", { class: "field" }, el("label", { for: "transfer-number" }, t("Or to a number")), number) : null, problem),
      el("div", { class: "sheet-foot" }, el("button", { type: "button", class: "btn btn-quiet", onclick: () => sheet.close() }, t("Cancel")), give, ask)));

  let ordering = false; // Two clicks are one wish.
  const ready = () => [ask, give].forEach((one) => one && (one.disabled = ordering || (!chosen && !number.value.trim())));
  const choose = (id) => {
    chosen = id;
    list.querySelectorAll("[aria-pressed]").forEach((one) => one.setAttribute("aria-pressed", String(Number(one.dataset.colleague) === id)));
    if (id) number.value = "";
    ready();
  };
  const colleague = (one) => el("li", {}, el("button", { type: "button", class: "choice", "aria-pressed": "false", "data-colleague": one.id, onclick: () => choose(one.id) },
    mark(one.state), el("strong", { class: "cut" }, one.name), el("span", { class: "quiet" }, agentWord(one.state)), el("span", { class: "number quiet" }, one.extension)));

  async function fill() {
    try {
      const { items } = await get(`/calls/${call.id}/colleagues`);
      list.replaceChildren(...(items.length ? items.map(colleague) : [el("li", { class: "quiet" }, t("No other agent with a telephone on this PBX is signed in."))]));
      (list.querySelector("button") ?? number).focus();
    } catch (error) {
      list.replaceChildren();
      say(error.message);
    }
  }

  function say(words) {
    problem.textContent = words;
    problem.hidden = !words;
  }

  async function go(how) {
    if (ordering) return;
    ordering = true;
    ready();
    say("");
    const body = chosen ? { agent_id: chosen } : { number: number.value.trim() };
    try {
      if (await order(how, body)) sheet.close();
    } catch (error) {
      say(Object.values(error.fields ?? {})[0] ?? error.message);
    } finally {
      ordering = false;
      ready();
    }
  }

  // Somebody who asked not to be called is not called by a transfer either, unless the agent confirms. → whether it was ordered.
  async function order(how, body) {
    try {
      await store.learn("calls", post(`/calls/${call.id}/${how}`, body));
    } catch (error) {
      if (!error.body?.details?.do_not_call) throw error;
      if (!(await confirmCall())) return false;
      await store.learn("calls", post(`/calls/${call.id}/${how}`, { ...body, confirmed: true }));
    }
    return true;
  }

  number.addEventListener("input", () => choose(null));
  sheet.addEventListener("keydown", (event) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const all = [...list.querySelectorAll("button")];
    if (by && all.includes(document.activeElement)) {
      event.preventDefault();
      (all[all.indexOf(document.activeElement) + by] ?? number).focus();
    } else if (event.key === "Enter" && event.target === number) {
      event.preventDefault();
      if (number.value.trim()) void go(ask ? "consult" : "transfer");
    }
  });
  sheet.addEventListener("close", () => sheet.remove());
  document.body.append(sheet);
  ready();
  sheet.showModal();
  void fill();
}

// What the PBX refused is told of the line; whoever is on it has to know.
store.addEventListener("lines", (event) => {
  const line = event.detail.data;
  const mine = line?.note && store.all("calls").some((call) => call.line.id === line.id && call.agent?.id === me && call.state !== "ended");
  if (mine && can({ line }, "transfer")) toast(lineNote(line), { kind: "bad" });
});

desk.addEventListener("change", show);
store.addEventListener("lines", show);
show();
