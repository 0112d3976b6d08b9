// Commands on calls. Each is a POST; what came of it returns as a record and as an event.
import { post } from "../api.js";
import { store } from "../live.js";
import { complain } from "../toast.js";

const running = new Set();
const ending = new Set(); // Calls that this page has asked to end: a modem takes a second for it.

async function command(call, what, body) {
  const key = `${call.id} ${what}`;
  if (running.has(key)) return null;
  running.add(key);
  try {
    return await store.learn("calls", post(`/calls/${call.id}/${what}`, body));
  } catch (error) {
    complain(error);
    return null;
  } finally {
    running.delete(key);
  }
}

export const claim = (call) => command(call, "claim");
export const claimLate = (call) => command(call, "claim-late");
export const takeBackClaim = (call) => command(call, "take-back-claim");
export const answer = (call) => command(call, "answer");

export async function hangUp(call) {
  ending.add(call.id);
  const done = await command(call, "hang-up");
  // Pressed twice, the first press is still on its way.
  if (!done && !running.has(`${call.id} hang-up`)) ending.delete(call.id);
  return done;
}

export const isEnding = (call) => ending.has(call.id) && call.state !== "ended";

export const control = (call, what) => command(call, what);
export const attach = (call, patientId, remember = false) => command(call, "attach-patient", { patient_id: patientId, remember });
export const handleMissed = (call) => command(call, "handle-missed");
export const markCallBack = (call, done) => command(call, "call-back", { done });

// What the line under this call can do; nothing is offered that it cannot.
export const can = (call, capability) => Boolean(store.get("lines", call.line.id)?.capabilities.includes(capability));
