// `make bench`: from a provider that has a message to the row that shows it, in the real window. Prints a table; never fails
// for being slow.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Channels } from "../lib/channels.ts";
import { Desktop } from "../lib/desktop.ts";
import { eventually } from "../lib/process.ts";
import { BUILT, Servers } from "../lib/servers.ts";
import { NO_SYNAPSE, Synapse } from "../lib/synapse.ts";
import { Driver, type Window } from "../lib/webdriver.ts";
import { type Figure, ms, percentile, table } from "./figures.ts";
import { inPage, run } from "./hands.ts";

const PUSHED = Number(process.argv[2] ?? 40);
/** Where we ask, most of the time is the pause between two questions. */
const ASKED = Math.ceil(PUSHED / 5);

/** Waits in the page until the list shows a text, and gives the time at which it was painted. */
const SHOWN = `
const [text] = args;
const began = performance.now();
while (!document.querySelector('[data-testid="list"]').textContent.includes(text)) {
  await frame();
  if (performance.now() - began > 48000) throw new Error(text + " did not come");
}
await painted();
return performance.timeOrigin + performance.now();`;

/** Milliseconds from the moment a message is handed to its provider until its row is painted, each. */
async function delays(window: Window, what: string, times: number, write: (text: string) => Promise<unknown>): Promise<number[]> {
  const found: number[] = [];
  // The first one makes the customer and is not counted.
  for (let i = 0; i <= times; i += 1) {
    const text = `${what}-${i}-here`;
    const shown = inPage<number>(window, SHOWN, text);
    // Mail tells whole seconds: two of one second stand in no order, and the list may show the other one.
    await new Promise((go) => setTimeout(go, 1_050 + ((i * 37) % 200)));
    const began = Date.now();
    await write(text);
    const at = await shown;
    if (typeof at !== "number") throw new Error(`${what}: ${JSON.stringify(at)}`);
    if (i > 0) found.push(at - began);
  }
  return found;
}

function figure(what: string, values: readonly number[], goal: string): Figure {
  return { what: `${what}, p50 · p95 (n = ${values.length})`, ours: `${ms(percentile(values, 0.5))} · ${ms(percentile(values, 0.95))}`, bare: "", goal };
}

const desktop = await Desktop.start();
const synapse = await Synapse.start(join(desktop.folder, "synapse"));
try {
  const data = join(desktop.folder, "parley");
  mkdirSync(data, { recursive: true, mode: 0o700 });
  const ctl = [join(BUILT, "parleyctl"), "--dir", data];
  const connect = (config: object, secret: string): Promise<void> => run(desktop, [...ctl, "account", "connect", JSON.stringify(config), "--find", "--secret-fd", "3"], secret);
  await run(desktop, [...ctl, "init", "--name", "Mia"]);

  console.log("connecting …");
  const mail = await Servers.start(desktop);
  const { address, host, imap_port, smtp_port, ca, password } = mail.facts;
  const server = (kind: string, port: number): string[] => [`--${kind}-host`, host, `--${kind}-port`, `${port}`, `--${kind}-security`, "starttls"];
  await run(desktop, [...ctl, "account", "add", "--address", address, ...server("imap", imap_port), ...server("smtp", smtp_port), "--trust-certificate", ca, "--password-fd", "3"], password);
  const vendors = await Channels.start(desktop);
  const of = (title: string, label: string): string => vendors.setting(title, label);
  await connect({ channel: "telegram", base_url: of("Telegram", "Address") }, of("Telegram", "Token"));
  await connect({ channel: "instagram", base_url: of("Instagram", "Address") }, of("Instagram", "Token"));
  const twilio = { account_sid: of("SMS by Twilio", "Account SID"), key_sid: of("SMS by Twilio", "API key SID"), base_url: of("SMS by Twilio", "Address") };
  await connect({ channel: "sms", number: of("SMS by Twilio", "Number"), via: { kind: "twilio", ...twilio } }, of("SMS by Twilio", "API key secret"));
  const visitor = await synapse?.register("visitor");
  const support = await synapse?.register("support");
  if (synapse !== null && support !== undefined) await connect({ channel: "matrix", homeserver: synapse.url, user_id: support.user, sign_in: "token" }, support.token);

  const driver = await Driver.start(desktop, { PARLEY_DATA_DIR: data });
  const window = await driver.open(join(BUILT, "parley"));
  await window.resize(1280, 800);
  await (await window.byTestId("view-all", 60)).click();
  await mail.write({ from: "anna@shop.test", subject: "First", text: "The first mail." });
  await eventually("the first row", async () => (await window.execute<boolean>(`return (document.querySelector('[data-testid="list"]')?.textContent ?? "").includes("The first mail.")`)) || undefined, 60);

  console.log("writing …");
  const push = "≤ 250 ms (p95)";
  const figures: Figure[] = [];
  figures.push(figure("mail (IDLE): delivered to painted", await delays(window, "mail", PUSHED, (text) => mail.write({ from: "anna@shop.test", subject: "Again", text })), push));
  figures.push(figure("Telegram (long poll): sent to painted", await delays(window, "telegram", PUSHED, (text) => vendors.write("telegram", text)), push));
  if (visitor !== undefined && support !== undefined) {
    const { room_id } = await visitor.call("POST", "/createRoom", { preset: "trusted_private_chat", is_direct: true, invite: [support.user] });
    figures.push(figure("Matrix and website chat (/sync, Synapse): sent to painted", await delays(window, "matrix", PUSHED, (text) => visitor.say(String(room_id), text)), push));
  } else console.log(NO_SYNAPSE);
  for (const [id, title] of [["instagram", "Instagram"], ["sms", "SMS by Twilio"]] as const) {
    figures.push(figure(`${title} (asked in turns): sent to painted, its pause included`, await delays(window, id, ASKED, (text) => vendors.write(id, text)), "its pause + 250 ms"));
  }
  await window.close();
  console.log(`\nWebKitGTK without a graphics card, on a screen in memory · ${process.env["PROFILE"] ?? "debug"} build\n\n${table(figures)}\n`);
} finally {
  await synapse?.stop();
  await desktop.stop();
}
