// Words in the language of the page: t("Claimed by {name}", {name}). Catalogue made from the gettext files.
export const locale = document.documentElement.lang;

const { default: messages, sayings } = await import(`/catalogues/${locale.replace("-", "_")}.js`);

export function t(text, values = {}) {
  return filled(messages[text] || text, values);
}

const filled = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));

// What a line or device says: { code, values }, a value perhaps another such. `text` is what to show without one.
export function say(said, text = "") {
  const found = sayings[said?.code];
  if (!found) return text;
  const values = Object.entries(said.values).map(([name, value]) => [name, value?.code ? say(value) : value]);
  return filled(found, Object.fromEntries(values));
}
