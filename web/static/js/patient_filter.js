// The patients of the list as it is filtered now, as the API takes them.
const NO_FILTER = ["cursor", "trail", "limit", "plain", "done", "key", "disabled", "lang"];

export const patientFilter = () => Object.fromEntries([...new URLSearchParams(location.search)].filter(([name, value]) => value && !NO_FILTER.includes(name)));
