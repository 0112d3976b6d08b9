// The page of one message: its state as it changes, taking it back, sending it again.
import { post } from "../api.js";
import { ask } from "../ask.js";
import { socket } from "../live.js";
import { redraw } from "../redraw.js";
import { t } from "../text.js";
import { complain, toast } from "../toast.js";
import { sendAgain } from "./again.js";

const EVERY = 1000; // Those of a batch are not told one by one: each change of it may be one of this message.
const place = () => document.getElementById("message");
let due = null;
let busy = false;

const look = () => redraw("message", location.pathname);

function lookSoon(after) {
  due ??= setTimeout(() => {
    due = null;
    look();
  }, after);
}

async function cancel(button) {
  if (!await ask(t("Take this message back?"), { about: t("It has not left yet. Once it is taken back, it is not sent any more."), action: t("Take it back") })) return;
  await post(button.dataset.cancel);
  toast(t("Taken back; it is not sent."), { kind: "good" });
}

// True: the page of the new message comes.
async function again() {
  const { message, state } = place().dataset;
  const made = await sendAgain({ id: message, state });
  if (made) location.assign(`/messages/${made.id}`);
  return Boolean(made);
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("#message [data-cancel], #message [data-resend]");
  if (!button || busy) return;
  // The button is not disabled: it has the focus again when the question is dismissed.
  busy = true;
  try {
    if (await ("cancel" in button.dataset ? cancel(button) : again())) return;
  } catch (error) {
    complain(error);
  }
  busy = false;
  // What became of it, or why it was refused, stands on the page.
  look();
});

socket.addEventListener("message", ({ detail: { type, data } }) => {
  const { message, version, batch } = place().dataset;
  if (type === "message.updated" && data.id === Number(message) && data.version > Number(version)) lookSoon(0);
  if (type === "message_batch.updated" && data.id === Number(batch)) lookSoon(EVERY);
});
// After a break, or while the page came, something may have moved of which no event is told again.
socket.whenReady(() => lookSoon(0));
