// The patients of the list as it is filtered now, as the API takes them: what is typed counts, be it applied yet or not.
const NO_FILTER = ["cursor", "trail", "limit", "plain", "done", "key", "disabled", "lang"];
const NO_PLACE = ["cursor", "trail", "limit", "done", "key"];
const form = () => document.forms.namedItem("filters");

const filled = (pairs, but) => Object.fromEntries([...pairs].map(([name, value]) => [name, value.trim()]).filter(([name, value]) => value && !but.includes(name)));
const inOrder = (fields) => JSON.stringify(Object.entries(fields).sort());

// Where the list stands by what is typed; null when that is where it stands already.
export function typedPlace() {
  const typed = filled(new FormData(form()), NO_PLACE);
  const present = filled(new URLSearchParams(location.search), [...NO_PLACE, "plain", "lang"]);
  return inOrder(typed) === inOrder(present) ? null : `${location.pathname}?${new URLSearchParams(Object.keys(typed).length ? typed : { plain: 1 })}`;
}

// The list shows whom it is about, before anything is done with them.
export function applyTyped() {
  if (typedPlace()) form().requestSubmit();
}

export const patientFilter = () => filled(new FormData(form()), NO_FILTER);
