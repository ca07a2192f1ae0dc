// The loops of a working day by keyboard, each counted against what it may cost.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Hands } from "../lib/hands.ts";
import { journey } from "../lib/journey.ts";
import { connectAccount, createWorkspace, leaveField, openRow } from "../lib/parley.ts";
import { eventually } from "../lib/process.ts";
import { Key, type Window } from "../lib/webdriver.ts";

/** The conversation in the timeline. */
function shown(w: Window): Promise<string | null> {
  return w.execute<string | null>(`return document.querySelector('[data-testid="timeline"]')?.dataset.conversation ?? null`);
}

/** How the row of a conversation reads; null when it is not in the list. */
function rowText(w: Window, id: string): Promise<string | null> {
  return w.execute<string | null>(`return document.querySelector('[data-testid="row"][data-id="' + arguments[0] + '"]')?.innerText ?? null`, id);
}

/** Who writes, one conversation each; the second has a mailbox that can be looked into. */
const PEOPLE = { anna: "anna@shop.test", tom: "tom@garden.test", carla: "carla@shop.test", dora: "dora@shop.test", emil: "emil@shop.test", frida: "frida@shop.test" };

/** What the row at the top of the list says. */
async function topmost(w: Window): Promise<string> {
  const text = await w.execute<string>(`const rows = [...document.querySelectorAll('[data-testid="row"]')]; return rows.sort((a, b) => a.getBoundingClientRect().top - b.getBoundingClientRect().top)[0]?.innerText ?? ""`);
  return /Is the lamp for \w+/.exec(text)?.[0] ?? "";
}

test("each loop of the day costs no more keys than it should", async () => {
  await journey("loops", async (j) => {
    const w = await j.open();
    await createWorkspace(w);
    await connectAccount(w, j);
    for (const [name, from] of Object.entries(PEOPLE)) await j.servers.write({ from, subject: `Lamp for ${name}`, text: `Is the lamp for ${name} in stock?` });
    await (await w.byTestId("view-inbox")).click();
    for (const name of Object.keys(PEOPLE)) await w.shows(`Is the lamp for ${name}`, 60);
    const hands = new Hands(w);

    // From the top, so that there is somebody below. Who stands there is open: they all wrote within a second or two.
    await openRow(w, await topmost(w));
    await leaveField(w);
    const first = await shown(w);
    await hands.loop("support: next conversation", 1, async () => {
      await hands.press("j");
      await eventually("another conversation", async () => ((await shown(w)) === first ? undefined : true));
    });

    await openRow(w, "Is the lamp for tom");
    await leaveField(w);
    const tom = (await shown(w)) ?? "";
    await hands.loop("support: reply, send, resolve, next", 4, async () => {
      await hands.press("r");
      await hands.write("Yes, three are left.");
      await hands.press([Key.control, Key.shift, Key.enter]);
      await eventually("the next conversation", async () => ((await shown(w)) === tom ? undefined : true));
    });
    await eventually("the answered conversation to leave the inbox", async () => ((await rowText(w, tom)) === null ? true : undefined));
    await j.servers.received("tom@garden.test", "Yes, three are left.", 60);

    await openRow(w, "Is the lamp for carla");
    await leaveField(w);
    const carla = (await shown(w)) ?? "";
    await hands.loop("support: snooze until tomorrow", 2, async () => {
      await hands.press("s");
      await w.byTestId("snooze");
      await hands.press("t");
      await eventually("the snoozed conversation to leave the inbox", async () => ((await rowText(w, carla)) === null ? true : undefined));
    });

    await hands.loop("support: find an old message, and jump to it", 2, async () => {
      await hands.press("/");
      await w.byTestId("search-input");
      await hands.write("lamp for emil");
      await eventually("the answer", async () => (await w.execute<string | null>(`return document.querySelector('[data-testid="search-box"]')?.dataset.answered ?? null`)) === "lamp for emil" || undefined);
      await hands.press(Key.enter);
      await eventually("the message", async () => (await w.execute<boolean>(`return document.querySelector('[data-testid="search-input"]') === null && document.querySelector('[data-testid="timeline"]').innerText.includes("Is the lamp for emil")`)) || undefined);
    });

    await openRow(w, "Is the lamp for dora");
    await leaveField(w);
    const dora = (await shown(w)) ?? "";
    await hands.loop("anyone: tag", 2, async () => {
      await hands.press("l");
      await w.byTestId("tag");
      await hands.write("brass");
      await hands.press(Key.enter);
      await eventually("the tag on the row", async () => ((await rowText(w, dora))?.includes("brass") === true ? true : undefined));
    });
    await hands.loop("MDR: stage", 2, async () => {
      await hands.press("q");
      await w.byTestId("stage");
      const second = await w.execute<string>(`return document.querySelectorAll('[data-testid="stage"] [role="option"]')[1].innerText.split("\\n")[0].trim()`);
      await hands.press("2");
      await eventually(`the stage ${second} on the row`, async () => ((await rowText(w, dora))?.includes(second) === true ? true : undefined));
    });
    await hands.loop("anyone: undo the last action", 1, async () => {
      await hands.press("z");
      await w.shows("Undone:");
    });

    await hands.loop("team lead: who has waited too long", 1, async () => {
      await hands.sequence("g", "w");
      await w.byTestId("waits");
    });
    await hands.loop("team lead: this week's response times", 2, async () => {
      await hands.sequence("g", "r");
      await w.byTestId("report-by");
    });
    await hands.loop("anyone: back to the inbox", 1, async () => {
      await hands.press(Key.escape);
      await w.byTestId("list");
    });

    console.log(`\n${hands.table()}\n`);
    for (const { name, keys, clicks, target } of hands.loops) assert.ok(keys <= target && clicks === 0, `${name}: ${keys} keys and ${clicks} clicks, at most ${target} keys`);
  });
});
