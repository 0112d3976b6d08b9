// Words in the language of the page: t("Claimed by {name}", {name}). Catalogue made from the gettext files.
export const locale = document.documentElement.lang;

const { default: messages } = await import(`/messages/${locale.replace("-", "_")}.js`);

export function t(text, values = {}) {
  const found = messages[text] || text;
  return found.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}
