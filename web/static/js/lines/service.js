// Taking a line out of service and back, from whatever page.
import { post } from "../api.js";
import { ask } from "../ask.js";
import { store } from "../live.js";
import { t } from "../text.js";
import { complain, toast } from "../toast.js";
import { lineName } from "../words.js";

export async function switchLine(line) {
  const out = !line.out_of_service;
  const reason = out ? await ask(t("Take {line} out of service?", { line: lineName(line.name) }), { field: t("Reason"), action: t("Take out of service") }) : "";
  if (reason === null) return;
  try {
    await store.learn("lines", post(`/lines/${line.id}/out-of-service`, { out, reason }));
    toast(out ? t("{line} is out of service.", { line: lineName(line.name) }) : t("{line} is back in service.", { line: lineName(line.name) }), { kind: "good" });
  } catch (error) {
    complain(error);
  }
}
