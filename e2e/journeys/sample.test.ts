// Looking around before anything is connected: made-up conversations come, can be worked with, and go.
import assert from "node:assert/strict";
import { test } from "node:test";
import { journey } from "../lib/journey.ts";
import { eventually } from "../lib/process.ts";
import type { Window } from "../lib/webdriver.ts";

/** What the list says of conversations, row by row. */
async function rows(w: Window): Promise<string[]> {
  return w.execute<string[]>(`return [...document.querySelectorAll('[data-testid="row"]')].map((e) => e.innerText)`);
}

test("from the first start to a full inbox in two clicks, and back in one", async () => {
  await journey("sample", async (j) => {
    const w = await j.open();
    let clicks = 0;
    const click = async (testid: string, seconds = 60): Promise<void> => {
      await (await w.byTestId(testid, seconds)).click();
      clicks += 1;
    };
    await click("welcome-create");
    await click("recovery-sample");
    await w.byTestId("row", 90);
    await w.byTestId("banner-sample");
    console.log(`first start to a full inbox: ${clicks} clicks (goal: 2)`);
    assert.equal(clicks, 2);
    await j.desktop.picture("sample-inbox");

    // In several languages, one of them written from the right.
    await (await w.byTestId("view-all")).click();
    const seen = await eventually("conversations in several languages", async () => {
      const text = (await rows(w)).join("\n");
      return /[\u0600-\u06ff]/.test(text) && /[a-z]{4}/i.test(text) ? text : undefined;
    });
    assert.ok(seen.length > 200);

    // Nothing is sent; the composer says so before anything is typed.
    await (await w.byTestId("row")).click();
    const hint = `const field = document.querySelector('[data-testid="composer-text"]'); return field?.getAttribute("aria-placeholder") ?? field?.getAttribute("placeholder") ?? "";`;
    await eventually("the composer to say that nothing is sent", async () => (await w.execute<string>(hint)).includes("nothing is sent") || undefined);

    await (await w.byTestId("nav-reports")).click();
    await eventually("figures in the report", async () => (await w.execute<boolean>(`return [...document.querySelectorAll("table td")].filter((e) => /\\d/.test(e.innerText)).length > 20`)) || undefined);
    await j.desktop.picture("sample-reports");
    await (await w.byTestId("nav-waits")).click();
    await j.desktop.picture("sample-waits");

    // Nobody is told of what is made up.
    assert.deepEqual(j.desktop.notifications(), []);

    clicks = 0;
    await click("sample-remove");
    // The first screen is back, with what a new workspace is offered first.
    await w.byTestId("recovery-show", 60);
    console.log(`sample data removed: ${clicks} click (goal: 1)`);
    assert.equal(await w.execute<number>(`return document.querySelectorAll('[data-testid="banner-sample"]').length`), 0);
    await j.desktop.picture("sample-gone");
  });
});
