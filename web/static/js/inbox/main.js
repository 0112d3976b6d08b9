// The inbox: everything that its page loads, its keys, and what its address asks for.
import { get } from "../api.js";
import { typing } from "../dom.js";
import { complain } from "../toast.js";
import { done } from "./actions.js";
import "./boxes.js";
import { focusReply } from "./composer.js";
import { desk } from "./desk.js";
import "./person.js";
import { step } from "./talks.js";
import "./texts.js";
import "./thread.js";

const { conversation, patient } = document.getElementById("inbox").dataset;

const KEYS = {
  ArrowDown: () => step(1), ArrowUp: () => step(-1), j: () => step(1), k: () => step(-1), r: focusReply, e: done,
  "/": () => document.getElementById("talk-search").focus(), Escape: () => desk.close(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (typing()) {
    if (event.key === "Escape" && document.activeElement.id === "talk-search") document.activeElement.blur();
    return;
  }
  if (event.target.closest("#bubbles, .menu, .choices, .text-list") && event.key.startsWith("Arrow")) return;
  const run = KEYS[event.key];
  if (!run) return;
  event.preventDefault();
  run();
});

// From a patient's card: the conversation with the patient if there is one, else the first words of it.
async function writeTo(id) {
  try {
    const page = await get(`/conversations?box=all&limit=1&patient_id=${id}`);
    if (page.items.length) return desk.show(page.items[0].id, page.items[0]);
    return desk.write(await get(`/patients/${id}/card`));
  } catch (error) {
    return complain(error);
  }
}

if (conversation) void desk.show(Number(conversation));
else if (patient) void writeTo(Number(patient));
