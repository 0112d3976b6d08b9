// From the list of patients to the page that writes to them: it takes the list along as its filters stand at that moment.
import { patientFilter, typedPlace } from "../patient_filter.js";

function take(event) {
  const link = event.target.closest?.("[data-write-many]");
  if (!link) return;
  link.search = new URLSearchParams({ whom: "list", ...patientFilter() });
  const place = event.type === "click" && typedPlace();
  if (place) history.replaceState(history.state, "", place); // The way back leads to the same patients.
}

// Before it is opened in another tab, too.
for (const kind of ["pointerdown", "focusin", "click"]) document.addEventListener(kind, take);
