// Forms that keep what was typed: leaving a changed <form data-keep> asks first. "/" goes to the search field.
import { get } from "./api.js";
import { typing } from "./dom.js";
import { complain } from "./toast.js";

const changed = new Set();

document.addEventListener("input", (event) => {
  const form = event.target.closest("form[data-keep]");
  if (form) changed.add(form);
});

// A form that a script sends and that was not taken, or not sent after all, is as unsaved as it was.
export const stillUnsaved = (form) => {
  changed.add(form);
};

// Sent to a server that is away, or with a session that is over, a form is replaced by a page on which nothing is left of
// what was typed. So the session is asked for first.
const asking = new WeakMap(); // form → what calls its question off
let answered = null; // the form that goes out now

async function askFirst(form, submitter) {
  asking.get(form)?.abort(); // Pressed again: the question before may be lost on its way.
  const question = new AbortController();
  asking.set(form, question);
  try {
    await get("/session", { signal: question.signal });
  } catch (error) {
    if (error.name !== "AbortError" && error.status !== 401) complain(error); // Signed out, one is led to sign in: see shell.js.
    return;
  }
  if (question.signal.aborted) return;
  answered = form;
  form.requestSubmit(submitter?.form === form ? submitter : null);
  answered = null;
}

document.addEventListener("submit", (event) => {
  const { target: form, submitter } = event;
  if (event.defaultPrevented || !form.matches("form[method=post]") || form === answered) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  void askFirst(form, submitter);
});
document.addEventListener("submit", (event) => changed.delete(event.target));

// A second press while the answer is on its way would be refused, or seem to be, though the first was not.
const AGAIN_AFTER = 3000;
const pressed = new WeakMap();
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || !form.matches("form[method=post]")) return;
  const now = performance.now();
  if (now - (pressed.get(form) ?? -Infinity) < AGAIN_AFTER) event.preventDefault();
  else pressed.set(form, now);
});
window.addEventListener("beforeunload", (event) => {
  if (changed.size) event.preventDefault();
});

// Is there text that only this page has? What a search looks for is in its address; <form data-keeps-itself> needs no help.
export function unsaved() {
  const typed = [...document.querySelectorAll("input:not([type=checkbox], [type=radio]), textarea")]
    .filter((field) => field.value !== field.defaultValue && !field.closest("form[method=get], form[data-keeps-itself]"));
  return changed.size > 0 || typed.length > 0;
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || typing()) return;
  const field = document.querySelector("[data-search]") ?? document.getElementById("bar-search");
  if (!field) return;
  event.preventDefault();
  field.focus();
  field.select();
});
