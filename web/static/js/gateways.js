// What the page says of gateways is drawn by the server; when one changes, these parts of it ([data-fresh]) are fetched again.
import { TRY_AGAIN } from "./api.js";
import { inTime } from "./in_time.js";
import { socket, store } from "./live.js";
import { writeTimes } from "./times.js";

const SOON = 300;
const parts = [...document.querySelectorAll("[data-fresh]")].map((part) => part.id);
let missed = false;

const part = (id) => document.getElementById(id);
// Whoever is about to press something keeps what is under the finger.
const isHeld = (id) => part(id).contains(document.activeElement);

const soon = inTime(async (signal) => {
  let text = "";
  try {
    const answer = await fetch(location.pathname, { headers: { Accept: "text/html" }, signal });
    if (!answer.ok) throw new Error(String(answer.status));
    text = await answer.text();
  } catch {
    soon(TRY_AGAIN); // It did not come, and there may be no more news.
  }
  if (!text) return;
  const page = new DOMParser().parseFromString(text, "text/html");
  missed = parts.some(isHeld);
  for (const id of parts) {
    const fresh = page.getElementById(id);
    if (!fresh || isHeld(id)) continue;
    part(id).replaceChildren(...fresh.childNodes);
    writeTimes(part(id));
  }
}, SOON);

store.addEventListener("gateways", (event) => {
  if (event.detail.type && socket.state === "live") soon();
});
// What happened while the socket was away is in no event; nor is what happened between the drawing of the page and its socket.
socket.whenReady(() => soon());
document.addEventListener("focusout", () => missed && soon());
