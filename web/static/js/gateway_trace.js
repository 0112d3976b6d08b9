// What goes over a gateway's connection, asked for every second while somebody looks.
import { get, post } from "./api.js";
import { el } from "./dom.js";
import { toThousandth } from "./format.js";
import { Newest } from "./newest.js";
import { t } from "./text.js";
import { complain } from "./toast.js";

const EVERY = 1000;
const MOST_ROWS = 1000;
const path = `/gateways/${document.getElementById("hour").dataset.gateway}/trace`;
const box = document.getElementById("trace");
const button = document.getElementById("trace-switch");
const [startWord, stopWord] = [button.textContent, button.dataset.stop];
const ARROWS = { received: "<", sent: ">", opened: "+", closed: "-" };

const answers = new Newest(); // Two that were asked after the same would bring it twice.
let after = 0;
let timer = 0;
let asking = 0;

function entry(one) {
  const words = { opened: t("port opened"), closed: t("port closed") }[one.way];
  return el("div", { class: "trace-row", "data-way": one.way },
    el("span", { class: "trace-at" }, toThousandth(one.at)), el("span", { class: "trace-way" }, ARROWS[one.way]),
    el("span", { class: "trace-hex" }, words ?? one.hex, one.size > 512 ? " …" : null), el("span", { class: "trace-text" }, one.text));
}

function take({ running, last, entries }) {
  const atEnd = box.scrollTop + box.clientHeight >= box.scrollHeight - 40;
  if (entries.length) box.querySelector(".empty")?.remove();
  box.append(...entries.map(entry));
  while (box.childElementCount > MOST_ROWS) box.firstElementChild.remove();
  if (atEnd) box.scrollTop = box.scrollHeight;
  after = last;
  if (!running) stop();
}

function stop() {
  clearInterval(timer);
  timer = 0;
  button.textContent = startWord;
  button.setAttribute("aria-pressed", "false");
}

async function ask(request) {
  asking += 1;
  try {
    await answers.ask(request, take);
  } catch (error) {
    stop();
    complain(error);
  } finally {
    asking -= 1;
  }
}

button.addEventListener("click", async () => {
  if (timer) return stop();
  box.hidden = false;
  if (!box.childElementCount) box.append(el("p", { class: "empty empty-small" }, t("Nothing has gone over the port yet.")));
  button.textContent = stopWord;
  button.setAttribute("aria-pressed", "true");
  timer = setInterval(() => asking || ask(() => get(`${path}?after=${after}`)), EVERY);
  await ask(() => post(path));
});
