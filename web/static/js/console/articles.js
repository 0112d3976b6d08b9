// The slot for the knowledge base: a quick search beside the call, and a click that copies the answer.
import { get } from "../api.js";
import { el, icon } from "../dom.js";
import { t } from "../text.js";
import { complain, toast } from "../toast.js";
import { openSlot, registerSlot } from "./slots.js";

const SEARCH_AFTER = 250;

function found(article) {
  return el("li", {}, el("details", { class: "talk-article" },
    el("summary", {}, el("strong", {}, article.title), el("span", { class: "badge-soft" }, article.type)),
    el("p", { class: "talk-answer" }, article.content),
    el("button", { type: "button", class: "btn btn-sm", onclick: () => copy(article) }, icon("clipboard"), t("Copy"))));
}

async function copy(article) {
  try {
    await navigator.clipboard.writeText(article.content);
  } catch {
    copyOldWay(article.content); // Without https there is no other.
  }
  toast(t("“{title}” is copied.", { title: article.title }), { kind: "good" });
}

function copyOldWay(text) {
  const held = document.activeElement;
  const field = el("textarea", { value: text, class: "visually-hidden", tabindex: "-1" });
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
  held?.focus();
}

function render() {
  const field = el("input", { type: "search", class: "form-control", id: "article-search", maxlength: 100, autocomplete: "off", "data-key": "article-search", placeholder: t("Title, content or initials"), "aria-label": t("Search the knowledge base") });
  const list = el("ul", { class: "talk-articles", "aria-live": "polite" });
  let waiting = null;
  field.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(find, SEARCH_AFTER);
  });

  async function find() {
    const words = field.value.trim();
    try {
      const items = words ? (await get(`/articles/found?q=${encodeURIComponent(words)}`)).items : [];
      if (words !== field.value.trim()) return;
      list.replaceChildren(...(items.length || !words ? items.map(found) : [el("li", { class: "quiet" }, t("Nothing found. Try another word."))]));
    } catch (error) {
      complain(error);
    }
  }

  return el("div", { class: "talk-search" }, field, list);
}

export function focusArticles() {
  if (openSlot("articles")) document.getElementById("article-search").focus();
}

registerSlot("articles", { label: t("Knowledge base"), picture: "book", shortcut: "B", render });
