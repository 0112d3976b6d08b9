// Small help for building elements. Text always becomes text, never markup.

// Control characters and the marks that turn text around: a caller must not be able to rearrange the screen.
// oxlint-disable-next-line no-control-regex
const UNSAFE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g;

export const clean = (text) => String(text ?? "").replace(UNSAFE, "");

export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "dataset") Object.assign(element.dataset, value);
    else if (name === "value") element.value = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false)
    .map((child) => (child instanceof Node ? child : clean(child))));
  return element;
}

export const icon = (name) => el("i", { class: `bi bi-${name}`, "aria-hidden": "true" });

export const mark = (state) => el("span", { class: `mark mark-${state}`, "aria-hidden": "true" });

// Replaces the children only when `signature` changed, so that nothing moves or loses focus without need.
export function refresh(container, signature, build) {
  const text = typeof signature === "string" ? signature : JSON.stringify(signature);
  if (container.dataset.shows === text) return false;
  container.dataset.shows = text;
  const held = container.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  container.replaceChildren(...[build()].flat().filter(Boolean));
  if (held) container.querySelector(`[data-key="${CSS.escape(held)}"]`)?.focus({ preventScroll: true });
  return true;
}

// Is the person typing? Single-key shortcuts must then keep out of the way.
export function typing() {
  const active = document.activeElement;
  return Boolean(active?.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]"));
}
