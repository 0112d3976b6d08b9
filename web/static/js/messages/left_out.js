// Who of a sending to many got nothing, and why: page by page, as far as somebody wants to read.
import { get } from "../api.js";
import { el } from "../dom.js";
import { complain } from "../toast.js";
import { WHY } from "./batch_words.js";

const list = document.getElementById("left-out-list");
const more = document.getElementById("left-out-more");
const none = document.getElementById("left-out-none");
const { batch } = document.querySelector("[data-batch]").dataset;
let next = null;
let started = false;

async function load() {
  more.disabled = true;
  try {
    const page = await get(`/message-batches/${batch}/left-out?limit=200${next ? `&cursor=${encodeURIComponent(next)}` : ""}`);
    list.append(...page.items.map((one) => el("li", {},
      one.name ? el("a", { href: `/patients/${one.patient_id}` }, `${one.name} · ${one.record_number}`) : `#${one.patient_id}`, ` · ${WHY[one.why] ?? one.why}`)));
    next = page.next;
    started = list.childElementCount > 0;
  } catch (error) {
    complain(error);
  }
  more.disabled = false;
  more.hidden = !next;
  none.hidden = list.childElementCount > 0;
}

// While it is made there may be new ones: as long as nothing stands here they are looked for.
document.addEventListener("huifang:batch", ({ detail }) => {
  if (!started && Object.keys(detail.left_out).length) load();
  else if (started && !next && detail.state === "preparing") more.hidden = true;
});
load();
