// Whether the session is still good, and whether this page still fits what the person may see and do.
import { LONGEST, get, useToken } from "./api.js";

const { rights, userId } = document.body.dataset;

// → { standing: "same" | "changed" | "over", may }; rejects when the server cannot be asked.
export async function askSession() {
  let session;
  try {
    session = await get("/session", { signal: AbortSignal.timeout(LONGEST) });
  } catch (error) {
    if (error.status !== 401) throw error;
    return { standing: "over", may: () => false };
  }
  if (String(session.user.id) === userId) useToken(session.csrf);
  return { standing: session.rights === rights ? "same" : "changed", may: (permission) => permission in session.permissions };
}
