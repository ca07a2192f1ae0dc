// The conversation list in all its states.
const id = (testid) => `[data-testid="${testid}"]`;
const there = (page) => page.locator(id("row")).first().waitFor();
const rightToLeft = (page) => page.evaluate(() => (document.documentElement.dir = "rtl"));
const order = async (page, ...choices) => {
  await there(page);
  for (const choice of choices) {
    await page.locator(id("list-sort")).click();
    await page.locator(id(`list-order-${choice}`)).click();
    await page.waitForTimeout(80);
  }
};
/** All four looks at once: open, unread, where the keys are, selected together. */
const looks = async (page) => {
  await there(page);
  await page.locator(id("row")).nth(3).click();
  await page.locator(id("row")).nth(5).click({ modifiers: ["Control"] });
  await page.locator(id("row")).nth(6).click({ modifiers: ["Control"] });
  await page.locator(id("list")).focus();
  await page.keyboard.press("Control+ArrowDown");
  await page.mouse.move(900, 10);
};
const carry = async (page, from, to) => {
  const a = await page.locator(id("row")).nth(from).boundingBox();
  const b = await page.locator(to).boundingBox();
  await page.mouse.move(a.x + 120, a.y + 30);
  await page.mouse.down();
  await page.mouse.move(a.x + 100, a.y + 20, { steps: 3 });
  await page.mouse.move(b.x + b.width / 2, b.y + b.height / 2, { steps: 4 });
};

export const listScenes = [
  { name: "list-looks", act: looks },
  { name: "list-looks-rtl", act: async (page) => { await rightToLeft(page); await looks(page); } },
  { name: "list-group-stage", act: async (page) => { await order(page, "group-stage"); await page.locator(id("list")).evaluate((n) => (n.scrollTop = 150)); await page.waitForTimeout(80); } },
  { name: "list-group-assignee", act: async (page) => { await order(page, "group-assignee"); await page.locator(id("group")).first().click(); await page.keyboard.press("ArrowDown"); } },
  { name: "list-group-channel-rtl", act: async (page) => { await rightToLeft(page); await order(page, "group-channel"); await page.locator(id("group")).first().click(); } },
  { name: "list-group-day", act: async (page) => { await order(page, "sort-oldest", "group-day"); } },
  { name: "list-order", act: async (page) => { await there(page); await page.locator(id("list-sort")).click(); await page.locator(id("list-order")).waitFor(); } },
  { name: "list-bulk", act: async (page) => { await there(page); await page.keyboard.press("Control+a"); await page.locator(id("bulk-bar")).waitFor(); } },
  { name: "list-bulk-done", act: async (page) => { await there(page); await page.keyboard.press("Control+a"); await page.locator(id("bulk-assign")).click(); await page.keyboard.press("m"); await page.locator(id("toast")).waitFor(); } },
  { name: "list-menu", act: async (page) => { await there(page); await page.locator(id("row")).nth(1).click({ button: "right" }); await page.locator(id("conversation-menu")).waitFor(); } },
  { name: "list-menu-rtl", act: async (page) => { await rightToLeft(page); await there(page); await page.locator(id("row")).nth(1).click({ button: "right" }); await page.locator(id("conversation-menu")).waitFor(); } },
  { name: "list-drag", act: async (page) => { await there(page); await carry(page, 2, id("view-mine")); await page.locator(id("carried")).waitFor(); } },
  {
    name: "list-news",
    act: async (page) => {
      await there(page);
      await page.locator(id("row")).nth(1).hover();
      await page.evaluate(async () => {
        const { ids } = await window.scripted.call("conversation_ids", { view: "resolved", stage: null, tag: null, saved: null, sort: "newest", after: null, limit: 2 });
        for (const id of ids) window.scripted.arrive(id, "One more thing");
      });
      await page.locator(id("list-news")).waitFor();
    },
  },
  { name: "list-hover", act: async (page) => { await there(page); await page.locator(`${id("row")} [data-face]`).nth(2).hover(); } },
  { name: "list-odd", state: "odd", act: there },
  { name: "list-odd-rtl", state: "odd", act: async (page) => { await rightToLeft(page); await there(page); } },
  { name: "list-one", state: "one", act: there },
  { name: "list-waiting-rows", state: "lazy", act: (page) => page.locator(id("row-waiting")).first().waitFor() },
  { name: "list-slow", state: "slow-list", act: async (page) => { await there(page); await page.locator(id("view-mine")).click(); await page.waitForTimeout(200); } },
  { name: "list-huge", state: "huge", act: async (page) => { await there(page); await page.locator(id("list")).evaluate((n) => (n.scrollTop = n.scrollHeight / 2)); await page.waitForTimeout(300); } },
  { name: "list-huge-all", state: "huge", act: async (page) => { await there(page); await page.waitForTimeout(500); await page.keyboard.press("Control+a"); await page.locator(id("bulk-bar")).waitFor(); } },
];
