// Who of a sending to many got nothing, and why: page by page, as far as somebody wants to read.
import { get } from "../api.js";
import { el } from "../dom.js";
import { complain } from "../toast.js";
import { WHY } from "./batch_words.js";

const list = document.getElementById("left-out-list");
const more = document.getElementById("left-out-more");
const none = document.getElementById("left-out-none");
const { batch } = document.querySelector("[data-batch]").dataset;
const sum = (counts) => Object.values(counts).reduce((all, one) => all + one, 0);
let next = null;
let pages = 0;
let loading = false;
let again = false; // There are more of them than what is on its way will tell.

async function load(anew = false) {
  if (loading) {
    again ||= anew;
    return;
  }
  loading = true;
  again = false;
  more.disabled = true;
  try {
    const place = next && !anew ? `&cursor=${encodeURIComponent(next)}` : "";
    const page = await get(`/message-batches/${batch}/left-out?limit=100${place}`);
    if (!place) list.replaceChildren();
    pages = place ? pages + 1 : 1;
    list.append(...page.items.map((one) => el("li", {},
      one.name ? el("a", { href: `/patients/${one.patient_id}` }, `${one.name} · ${one.record_number}`) : `#${one.patient_id}`, ` · ${WHY[one.why] ?? one.why}`)));
    next = page.next;
  } catch (error) {
    complain(error);
  }
  loading = false;
  more.disabled = false;
  more.hidden = !next;
  none.hidden = list.childElementCount > 0;
  if (again && pages <= 1) void load(true);
}

// While it is made there are more of them. Whoever has read on is not thrown back to the first.
document.addEventListener("huifang:batch", ({ detail }) => {
  if (pages <= 1 && !next && sum(detail.left_out) > list.childElementCount) void load(true);
});
more.addEventListener("click", () => load());
void load();
