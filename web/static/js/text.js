// Words in the language of the page: t("Assigned to {name}.", { name }). Catalogue made from the gettext files.
export const locale = document.documentElement.lang;

const { default: messages, sayings, documented } = await import(`/catalogues/${locale.replace("-", "_")}.js`);

export function t(text, values = {}) {
  return filled(messages[text] || text, values);
}

const filled = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));

// What lines and devices say comes by its code, within the words of a gateway by its English.
const known = { ...documented, ...Object.fromEntries(Object.values(sayings)) };
const WITH_CODE = /^([A-Z]+ \d+: )?([^]+?)( \([^()]*\))?$/;

// The words of a gateway where they are a document's, or ours; its own stand as they are.
export function gatewaySays(words) {
  if (Object.hasOwn(known, words)) return known[words];
  const [, code = "", middle, also = ""] = WITH_CODE.exec(words) ?? [];
  return Object.hasOwn(known, middle) ? `${code}${known[middle]}${also}` : words;
}

// What a line or device says: { code, values }, a value perhaps another such. `text` is what to show without one.
export function say(said, text = "") {
  if (!Object.hasOwn(sayings, said?.code)) return text;
  const values = Object.entries(said.values).map(([name, value]) => [name, value?.code ? say(value) : gatewaySays(value)]);
  return filled(sayings[said.code][1], Object.fromEntries(values));
}
