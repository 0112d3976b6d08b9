// The keyboard never loses its place. When what had the focus is taken away, hidden or made grey, browsers put the focus
// on the page as a whole, and whoever works by keyboard or screen reader starts again from the top. Here it goes to what
// stood around it, in a list to the entry that has moved up, and back when a button is grey for a moment only.
const AROUND = "dialog[open], details, form, section, aside, [role=tabpanel]";
const LONGEST_WAY = 20;

let last = null; // what had the focus, unless it was left on purpose
let around = []; // what stood around it, from the inside out
let entryOf = null; // in a list: which one of which list
let way = []; // what had it before, the latest at the end
let instead = null; // what has the focus in its place
let asked = false;
const stoodFor = new WeakMap(); // place → what it had the focus for

const isThere = (one) => one.isConnected && !one.disabled && one.checkVisibility();

function ancestors(element) {
  const found = [];
  for (let one = element.parentElement?.closest(AROUND); one; one = one.parentElement?.closest(AROUND)) found.push(one);
  return found;
}

const entriesOf = (list) => [...list.querySelectorAll("tbody > tr, li")];

function entryAround(element) {
  const entry = element.closest("tr, li");
  const list = entry?.parentElement.closest("[id]");
  return list ? { list: list.id, at: entriesOf(list).indexOf(entry) } : null;
}

// A list may have been drawn anew: it is found by its name. The entry itself has the focus and not a button in it: whoever
// presses Enter at this moment means the one that is gone.
function nextEntry() {
  const list = entryOf && document.getElementById(entryOf.list);
  const entries = list ? entriesOf(list) : [];
  return [entries[entryOf?.at] ?? entries.at(-1)].find((one) => one && isThere(one)) ?? null;
}

function remember(target) {
  if (last && last !== target) way = [...way.filter((one) => one !== target), last].slice(-LONGEST_WAY);
  last = target;
  around = ancestors(target);
  entryOf = entryAround(target);
}

document.addEventListener("focusin", ({ target }) => {
  if (target === instead) return;
  instead = null;
  // A dialog gives the focus back to what had it before, and that was a place that stood in.
  const owner = last && !isThere(last) ? stoodFor.get(target) : null;
  if (owner && isThere(owner)) enter(owner);
  else remember(target);
});

// Left by Escape or a click beside it, it is not to be brought back.
document.addEventListener("focusout", ({ target, relatedTarget }) => {
  if (relatedTarget || target !== last) return;
  setTimeout(() => {
    if (target === last && document.hasFocus() && document.activeElement === document.body && isThere(target)) last = null;
  });
});

const isLost = () => [null, document.body, document.documentElement, last, instead].includes(document.activeElement);

function look() {
  asked = false;
  if (!last || !isLost()) return;
  if (isThere(last)) {
    if (instead) last.focus({ preventScroll: true });
    return;
  }
  if (instead && isThere(instead)) return;
  const place = (last.isConnected ? null : nextEntry()) ?? around.find(isThere);
  const before = last.isConnected ? null : way.findLast(isThere); // What is only grey may come back.
  if (place?.matches("details")) enter(place.querySelector("summary"));
  else if (place || !before) stand(place ?? document.getElementById("content"));
  else enter(before);
}

function enter(element) {
  instead = null;
  element.focus({ preventScroll: true });
}

// A place is no stop of the Tab key: it is one for as long as the focus rests on it.
function stand(place) {
  instead = place;
  stoodFor.set(place, last);
  const given = !place.hasAttribute("tabindex");
  if (given) place.setAttribute("tabindex", "-1");
  place.focus({ preventScroll: true });
  if (given) place.addEventListener("blur", () => place.removeAttribute("tabindex"), { once: true });
}

new MutationObserver(() => {
  if (!last || asked) return;
  asked = true;
  requestAnimationFrame(look);
}).observe(document.body, { subtree: true, childList: true, attributeFilter: ["disabled", "hidden", "open", "class", "style"] });
