// How a visitor gets an account: the homeserver names stages, and the snippet's token is the key to the first.
import { list, type Matrix, obj, random } from "./matrix";
import { ChatError, refusal } from "./trouble";

const TOKEN = "m.login.registration_token";
const DUMMY = "m.login.dummy";

/** The next stage of a way in that asks only for what we have; null where there is none. */
export function nextStage(flows: readonly Record<string, unknown>[], completed: readonly unknown[], hasToken: boolean): string | null {
  const ours = new Set(hasToken ? [TOKEN, DUMMY] : [DUMMY]);
  const ways = flows
    .map((flow) => (Array.isArray(flow["stages"]) ? flow["stages"].map(String) : []))
    .filter((stages) => stages.every((stage) => ours.has(stage)))
    // A way that wants the token first: it is the one the shop opened for the chat.
    .sort((a, b) => Number(b.includes(TOKEN)) - Number(a.includes(TOKEN)));
  return ways[0]?.find((stage) => !completed.includes(stage)) ?? null;
}

export interface Account {
  user: string;
  token: string;
  device: string;
}

/** Registers a visitor with a name nobody chose and a password nobody keeps. */
export async function register(matrix: Matrix, token: string): Promise<Account> {
  let account = wish();
  let auth: Record<string, string> | undefined;
  for (let step = 0; step < 8; step += 1) {
    const { status, body, retryAfter } = await matrix.answer("POST", "/register", { body: auth === undefined ? account : { ...account, auth } });
    if (status === 200) return taken(body);
    if (body["errcode"] === "M_USER_IN_USE") {
      [account, auth] = [wish(), undefined];
      continue;
    }
    if (status !== 401) throw closed(refusal(status, body, retryAfter));
    // The same answer names what is wanted and, after a stage, why it was not passed.
    if (auth?.["type"] === TOKEN && typeof body["errcode"] === "string") throw new ChatError("closed", "the homeserver refuses the registration token of data-token: it has run out, is used up, or was never made. Make a new one and put it into the page", body["errcode"]);
    const completed = Array.isArray(body["completed"]) ? body["completed"] : [];
    const stage = nextStage(list(body["flows"]), completed, token !== "");
    if (stage === null) throw new ChatError("closed", "the homeserver registers nobody with a registration token alone (registration_requires_token in its settings, and data-token in the page)");
    auth = { type: stage, session: String(body["session"] ?? ""), ...(stage === TOKEN ? { token } : {}) };
  }
  throw new ChatError("server", "the homeserver never finishes a registration");
}

function wish(): Record<string, unknown> {
  return { username: `web-${random(8)}`, password: random(24), initial_device_display_name: "Website chat", inhibit_login: false };
}

function taken(body: Record<string, unknown>): Account {
  const { user_id: user, access_token: token, device_id: device } = obj(body);
  if (typeof user !== "string" || typeof token !== "string" || typeof device !== "string") throw new ChatError("server", "the homeserver registered somebody without saying whom");
  return { user, token, device };
}

/** Registration that is refused for good means that the chat is closed to everybody. */
function closed(error: ChatError): ChatError {
  return error.passes ? error : new ChatError("closed", `registration is refused: ${error.message}`, error.code);
}
