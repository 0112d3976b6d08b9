// From the list of patients to the page that writes to them: it takes the list along as it is filtered at that moment.
import { patientFilter } from "../patient_filter.js";

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-write-many]");
  if (link) link.search = new URLSearchParams({ whom: "list", ...patientFilter() });
});
