// The wallboard: figures from the API, everything else live from the socket.
import "./figures.js";
import "./tiles.js";
import "./alarms.js";

const board = document.getElementById("wallboard");

document.getElementById("full-screen").addEventListener("click", () => {
  if (document.fullscreenElement) document.exitFullscreen();
  else document.documentElement.requestFullscreen().catch(() => {});
});
document.addEventListener("fullscreenchange", () => {
  document.body.classList.toggle("on-the-wall", Boolean(document.fullscreenElement));
  board.focus?.();
});
