// Chips above the templates and phrases: by whose they are and what for. One of each kind at a time, or all.
import { el } from "../dom.js";
import { myDepartment } from "../live.js";
import { t } from "../text.js";

const NOBODY = "";

// Kind → its words, and what of it an entry has: { id, name }, the one of all without any being NOBODY's.
const byName = (one, other) => one.name.localeCompare(other.name, document.documentElement.lang);
const KINDS = {
  department: { label: t("Department"), of: ({ department }) => department ?? { id: NOBODY, name: t("All departments") } },
  disease: { label: t("Disease"), of: ({ disease }) => ({ id: disease, name: disease || t("Without disease") }) },
  category: { label: t("Category"), of: ({ category }) => ({ id: category, name: category || t("Without category") }) },
};

// One's own department is the first, what is everybody's the last.
const rank = ({ id }) => (id === NOBODY ? 2 : id === myDepartment ? 0 : 1);

function values(kind, entries) {
  const found = new Map(entries.map((one) => [KINDS[kind].of(one).id, KINDS[kind].of(one)]));
  return [...found.values()].sort((one, other) => rank(one) - rank(other) || byName(one, other));
}

// `changed` is called when something was chosen; `down` when a key asks for the list below.
export class TextFilters {
  chosen = {};

  constructor(kinds, entries, changed, down) {
    this.kinds = kinds;
    this.entries = entries;
    this.changed = changed;
    this.down = down;
    this.box = el("div", { class: "text-filters" });
    this.box.addEventListener("keydown", (event) => this.key(event));
    this.show();
  }

  fits(one, but = null) {
    return this.kinds.every((kind) => kind === but || !(kind in this.chosen) || KINDS[kind].of(one).id === this.chosen[kind]);
  }

  get isSet() {
    return Object.keys(this.chosen).length > 0;
  }

  clear() {
    this.chosen = {};
    this.show();
    this.changed();
  }

  choose(kind, id) {
    if (id === undefined) delete this.chosen[kind];
    else this.chosen = { ...this.chosen, [kind]: id };
    // What the others have no more is no choice of theirs.
    for (const other of this.kinds) {
      if (other !== kind && other in this.chosen && !this.entries.some((one) => this.fits(one))) delete this.chosen[other];
    }
    this.show();
    this.changed();
    this.box.querySelector(`[data-kind="${kind}"] [aria-pressed="true"]`)?.focus();
  }

  show() {
    this.box.replaceChildren(...this.kinds.map((kind) => this.row(kind)).filter(Boolean));
  }

  row(kind) {
    if (values(kind, this.entries).length < 2) return null;
    const offered = values(kind, this.entries.filter((one) => this.fits(one, kind)));
    const chip = (name, id) => {
      const pressed = id === this.chosen[kind];
      return el("button", { type: "button", class: "chip", "data-chip": id ?? "all", "aria-pressed": String(pressed), tabindex: pressed ? "0" : "-1", onclick: () => this.choose(kind, id) }, name);
    };
    return el("div", { class: "text-chips", role: "toolbar", "aria-label": KINDS[kind].label, "data-kind": kind },
      el("span", { class: "quiet small", "aria-hidden": "true" }, KINDS[kind].label), chip(t("All"), undefined), offered.map(({ id, name }) => chip(name, id)));
  }

  // Within a row by the arrows, as in any toolbar (ARIA Authoring Practices); down leads to the list.
  key(event) {
    const step = { ArrowRight: "nextElementSibling", ArrowLeft: "previousElementSibling" }[event.key];
    if (event.key === "ArrowDown") {
      event.preventDefault();
      this.down();
    }
    const next = step && event.target[step];
    if (!next?.matches(".chip")) return;
    event.preventDefault();
    next.focus();
  }
}
