// The list of gateways is drawn by the server; when one changes, the list is fetched again.
import { socket, store } from "./live.js";

const SOON = 300;
let waiting = 0;

async function fetchAgain() {
  waiting = 0;
  const answer = await fetch("/gateways", { headers: { Accept: "text/html" } });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById("list");
  const list = document.getElementById("list");
  // Whoever is about to press something keeps what is under the finger.
  if (fresh && list && !list.contains(document.activeElement)) list.replaceChildren(...fresh.childNodes);
}

store.addEventListener("gateways", (event) => {
  if (event.detail.type && socket.state === "live" && !waiting) waiting = setTimeout(fetchAgain, SOON);
});
