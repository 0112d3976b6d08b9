// Notices of the computer for calls that ring while the page is not in front. A choice of this browser, off at first.
import { t } from "../text.js";
import { toast } from "../toast.js";
import { lineName, whoOf } from "../words.js";
import { desk } from "./desk.js";

const KEPT = "huifang.notices";
const button = document.getElementById("notices");
const open = new Map(); // call id → its notice
// Browsers have them on pages by https and on this very computer only.
const possible = "Notification" in window && window.isSecureContext;

let on = possible && Notification.permission === "granted" && localStorage.getItem(KEPT) === "on";

function showButton() {
  button.hidden = !possible;
  button.setAttribute("aria-pressed", String(on));
  button.querySelector(".bi").className = `bi bi-${on ? "bell" : "bell-slash"}`;
  button.title = on ? t("Desktop notices are on") : t("Desktop notices are off");
}

async function toggle() {
  if (!on && Notification.permission !== "granted" && (await Notification.requestPermission()) !== "granted") {
    toast(t("The browser does not allow desktop notices for this page. They can be allowed beside its address."), { kind: "bad" });
    return;
  }
  on = !on;
  localStorage.setItem(KEPT, on ? "on" : "off");
  showButton();
  update();
}

// One for a call, in however many tabs: the tag makes the later ones replace the first without a sound.
function tell(call) {
  const notice = new Notification(t("Incoming call"), { body: `${whoOf(call)} · ${lineName(call.line.name)}`, tag: `huifang-call-${call.id}`, requireInteraction: true });
  notice.addEventListener("click", () => {
    window.focus();
    desk.select(call.id);
    notice.close();
  });
  open.set(call.id, notice);
}

function update() {
  const ringing = new Map((on ? desk.ringing : []).map((call) => [call.id, call]));
  for (const [id, notice] of open) {
    if (ringing.has(id)) continue;
    notice.close();
    open.delete(id);
  }
  if (document.hasFocus()) return;
  for (const [id, call] of ringing) if (!open.has(id)) tell(call);
}

button.addEventListener("click", toggle);
desk.addEventListener("change", update);
showButton();
update();
