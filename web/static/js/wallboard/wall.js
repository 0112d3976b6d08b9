// On the wall: the whole screen, by button or key F, kept from going dark where the browser lets us.
import { typing } from "../dom.js";

const board = document.getElementById("wallboard");
let lock = null;

function turn() {
  if (document.fullscreenElement) void document.exitFullscreen();
  else document.documentElement.requestFullscreen().catch(() => {});
}

// A lock ends by itself when the page is hidden; it is asked for again when the wall is seen again.
async function stayAwake() {
  const wanted = Boolean(document.fullscreenElement) && document.visibilityState === "visible";
  try {
    if (wanted && !lock) {
      lock = await navigator.wakeLock?.request("screen") ?? null;
      lock?.addEventListener("release", () => (lock = null));
    } else if (!wanted && lock) {
      await lock.release();
    }
  } catch {
    // Without it the screen goes dark when the computer wants it to.
  }
}

document.getElementById("full-screen").addEventListener("click", turn);
document.addEventListener("keydown", (event) => {
  if (event.key.toLowerCase() !== "f" || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (typing() || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  turn();
});
document.addEventListener("fullscreenchange", () => {
  document.body.classList.toggle("on-the-wall", Boolean(document.fullscreenElement));
  void stayAwake();
  board.focus({ preventScroll: true });
});
document.addEventListener("visibilitychange", stayAwake);
