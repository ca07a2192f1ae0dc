// From nobody to a visitor with a room that the team is invited to. Each step is kept as soon as it is done, so that none is done twice.
import { type Json, type Matrix, obj, part } from "./matrix";
import type { Options } from "./options";
import { register } from "./register";
import type { Identity, Store } from "./store";
import { str } from "./text";
import type { Touches } from "./touch";
import { ChatError } from "./trouble";

export const VISITOR = "chat.parley.visitor";
export const TOUCH = "chat.parley.touch";

/** Who the visitor is, or becomes now. Two pages of one shop that begin at once become one visitor. */
export async function enter(matrix: Matrix, options: Options, store: Store, touches: Touches): Promise<Identity> {
  return alone(store, async () => {
    let identity = store.identity();
    const returning = identity !== undefined;
    if (identity === undefined) {
      identity = { ...(await register(matrix, options.token)), room: "" };
      store.kept.set("identity", identity);
    }
    matrix.token = identity.token;
    if (identity.room === "") {
      const room = (returning ? await roomBefore(matrix) : "") || (await createRoom(matrix, options, store, touches));
      identity = { ...identity, room };
      store.kept.set("identity", identity);
    }
    return identity;
  });
}

/** Runs one at a time over all pages of the shop, where the browser can. One that keeps nothing shares nothing either, and refuses a lock. */
function alone<T>(store: Store, run: () => Promise<T>): Promise<T> {
  const { locks } = navigator as { locks?: LockManager };
  return locks === undefined || !store.kept.keeps ? run() : (locks.request(`${store.prefix}enter`, run) as Promise<T>);
}

/** The room that was made although its answer got lost. */
async function roomBefore(matrix: Matrix): Promise<string> {
  const rooms = (await matrix.ask("GET", "/joined_rooms"))["joined_rooms"];
  return Array.isArray(rooms) ? str(rooms[0], 300) : "";
}

async function createRoom(matrix: Matrix, options: Options, store: Store, touches: Touches): Promise<string> {
  const state: Json[] = [
    { type: "m.room.history_visibility", state_key: "", content: { history_visibility: "shared" } },
    { type: "m.room.guest_access", state_key: "", content: { guest_access: "forbidden" } },
  ];
  const due = touches.due();
  if (due !== null) state.push({ type: TOUCH, state_key: "", content: due });
  const contact = store.kept.get("contact");
  if (contact !== undefined) state.push({ type: VISITOR, state_key: "", content: contact });
  const body = { preset: "trusted_private_chat", visibility: "private", is_direct: true, invite: [options.support], name: `Website chat · ${location.hostname}`, initial_state: state };
  let answer: Json;
  try {
    answer = await matrix.ask("POST", "/createRoom", { body });
  } catch (error) {
    if (error instanceof ChatError && error.trouble === "refused") throw new ChatError("closed", `a visitor may not make a room with ${options.support}: ${error.message}`, error.code);
    throw error;
  }
  const room = str(obj(answer)["room_id"], 300);
  if (room === "") throw new ChatError("server", "the homeserver made a room without saying which");
  if (due !== null) touches.told(Date.now());
  return room;
}

/** Says a fact of the visitor to the team. */
export function tell(matrix: Matrix, room: string, type: string, content: object): Promise<Json> {
  return matrix.ask("PUT", `/rooms/${part(room)}/state/${type}/`, { body: content as Json });
}

/** Leaves and signs out, as far as the network allows. */
export async function leave(matrix: Matrix, room: string): Promise<void> {
  const limit = 5_000;
  if (room !== "") await matrix.ask("POST", `/rooms/${part(room)}/leave`, { body: {}, limit }).catch(() => undefined);
  await matrix.ask("POST", "/logout", { body: {}, limit }).catch(() => undefined);
}
