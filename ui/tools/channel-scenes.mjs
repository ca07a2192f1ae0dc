// Every channel: connecting, how accounts stand, writing by one way or another, what messages carry, linking.
const id = (testid) => `[data-testid="${testid}"]`;
const people = ["Lea Sommer", "Omar Haddad", "Kim Park", "Ida Nyström"];
const open = async (page, n = 0) => {
  await page.locator(id("row")).first().waitFor();
  await page.evaluate(async (wanted) => {
    const { ids } = await window.scripted.call("conversation_ids", { view: "all", stage: null, tag: null, saved: null, sort: "newest", after: null, limit: 500 });
    const rows = await window.scripted.call("conversation_rows", { ids });
    window.scripted.open(rows.find((row) => row.name === wanted).id);
  }, people[n]);
  await page.locator(id("message")).first().waitFor();
  await page.waitForTimeout(150);
};
const answering = async (page, n = 0) => {
  await open(page, n);
  await page.keyboard.press("r");
  await page.locator(id("composer-way")).waitFor();
  await page.waitForTimeout(250);
};
const by = async (page, channel) => {
  await page.locator(id("composer-way")).click();
  await page.locator(`${id("way")}[data-channel="${channel}"]`).first().click();
  await page.waitForTimeout(150);
};
const accounts = async (page) => {
  await page.locator(id("nav-settings")).click();
  await page.locator(id("account")).first().waitFor();
};
const connect = async (page, kind) => {
  await accounts(page);
  await page.locator(id("account-add")).click();
  await page.locator(id(`connect-${kind}`)).click();
  await page.waitForTimeout(100);
};
const form = (kind, fill = async () => undefined) => ({ name: `connect-${kind}`, state: "channels", act: async (page) => { await connect(page, kind); await fill(page); } });
const attach = (page, files) => page.locator(id("composer-attach-input")).setInputFiles(files.map(([name, size, mimeType]) => ({ name, mimeType, buffer: Buffer.alloc(size, 7) })));

export const channelScenes = [
  { name: "connect-choose", state: "channels", act: async (page) => { await accounts(page); await page.locator(id("account-add")).click(); await page.locator(id("connect")).waitFor(); } },
  { name: "connect-welcome", state: "empty", act: async (page) => { await page.locator(id("welcome-add-account")).click(); await page.locator(id("connect")).waitFor(); } },
  form("instagram", async (page) => { await page.locator(id("connect-secret")).fill("IGtoken"); await page.locator(id("connect-find")).click(); await page.locator(id("connect-found")).waitFor(); }),
  { name: "connect-instagram-page", state: "channels", act: async (page) => { await connect(page, "instagram"); await page.locator(`${id("connect-door")} label`).nth(1).click(); await page.locator(id("connect-advanced")).click(); } },
  { name: "connect-instagram-refused", state: "channels", act: async (page) => { await connect(page, "instagram"); await page.locator(id("connect-secret")).fill("IGtoken"); await page.locator(id("connect-find")).click(); await page.locator(id("connect-pick")).nth(1).click(); await page.locator(id("connect-test")).click(); await page.locator(id("wizard-steps")).waitFor(); } },
  form("messenger"),
  form("sms_twilio", async (page) => { await page.locator(id("connect-account-sid")).fill("AC2f0c"); await page.locator(id("connect-key-sid")).fill("SK77"); await page.locator(id("connect-secret")).fill("secret"); await page.locator(id("connect-find")).click(); await page.locator(id("connect-pick")).first().click(); await page.locator(id("connect-test")).click(); await page.locator(id("wizard-steps")).waitFor(); }),
  form("sms_phone"),
  form("whatsapp", async (page) => { await page.locator(id("connect-template-add")).click(); await page.locator(id("connect-template-id")).fill("HX91"); }),
  form("telegram", async (page) => { await page.locator(id("connect-secret")).fill("wrong"); await page.locator(id("connect-find")).click(); await page.locator(id("connect-error")).waitFor(); }),
  form("matrix"),
  form("webchat", async (page) => { await page.locator(id("connect-homeserver")).fill("https://matrix.parley-lamps.example"); await page.locator(id("connect-user")).fill("@chat:parley-lamps.example"); await page.locator(id("connect-registration-token")).fill("tok-website-7f2"); }),
  { name: "connect-webchat-snippet", state: "channels", act: async (page) => { await connect(page, "webchat"); await page.locator(id("connect-homeserver")).fill("https://matrix.parley-lamps.example"); await page.locator(id("connect-user")).fill("@chat:parley-lamps.example"); await page.locator(id("connect-secret")).fill("right"); await page.locator(id("connect-done")).click(); await page.locator(id("snippet")).waitFor(); await page.locator(id("snippet-copy")).scrollIntoViewIfNeeded(); } },
  { name: "connect-twilio-other", state: "channels", act: async (page) => { await connect(page, "sms_twilio"); await page.locator(id("connect-account-sid")).fill("AC2f0c"); await page.locator(id("connect-secret")).fill("secret"); await page.locator(id("connect-find")).click(); await page.locator(id("connect-by-hand")).click(); await page.locator(id("connect-number")).fill("+46101380042"); } },
  { name: "connect-twilio-none", state: "channels", act: async (page) => { await connect(page, "sms_twilio"); await page.locator(id("connect-account-sid")).fill("ACnone"); await page.locator(id("connect-secret")).fill("secret"); await page.locator(id("connect-find")).click(); await page.locator(id("connect-error")).waitFor(); await page.locator(id("connect-error")).scrollIntoViewIfNeeded(); } },
  { name: "accounts-new-token", state: "channels-trouble", act: async (page) => { await accounts(page); await page.locator(`${id("account")}[data-channel="messenger"] ${id("account-sign-in")}`).click(); await page.locator(id("chat-form")).waitFor(); } },
  { name: "accounts-said", state: "channels", act: async (page) => { await accounts(page); await page.locator(id("account-poll")).nth(1).click(); await page.evaluate(() => { window.scripted.failNext = "account_poll"; }); await page.locator(id("account-poll")).nth(2).click(); await page.locator(id("account-failed")).waitFor(); } },
  { name: "accounts-unfolded", state: "channels-trouble", act: async (page) => { await accounts(page); await page.locator(id("accounts-all")).click(); await page.mouse.move(0, 0); await page.evaluate(() => localStorage.removeItem("parley.folded")); } },
  { name: "accounts-channels", state: "channels", act: accounts },
  { name: "accounts-trouble", state: "channels-trouble", act: accounts },
  { name: "accounts-trouble-below", state: "channels-trouble", act: async (page) => { await accounts(page); await page.locator(id("account")).nth(5).scrollIntoViewIfNeeded(); } },
  { name: "accounts-resync", state: "channels", act: async (page) => { await accounts(page); await page.locator(id("account-more")).nth(1).click(); await page.locator(id("menu-resync")).click(); await page.locator(id("resync")).waitFor(); await page.locator(`${id("resync-span")} label`).nth(3).click(); } },
  { name: "accounts-erase", state: "channels", act: async (page) => { await accounts(page); await page.locator(id("account-more")).nth(1).click(); await page.locator(id("menu-remove")).click(); await page.locator(id("account-erase")).click(); } },
  { name: "channels-timeline", state: "channels", act: (page) => open(page, 0) },
  { name: "channels-cards", state: "channels", act: async (page) => { await open(page, 2); await page.locator(id("timeline")).evaluate((box) => (box.scrollTop = 0)); await page.waitForTimeout(200); } },
  { name: "channels-cards-end", state: "channels", act: (page) => open(page, 2) },
  { name: "channels-edited", state: "channels", act: async (page) => { await open(page, 0); await page.locator(id("edited")).click(); await page.locator(id("editions")).waitFor(); } },
  { name: "channels-touches", state: "channels", act: (page) => open(page, 3) },
  { name: "channels-touches-many", state: "channels", act: async (page) => { await page.locator(id("row")).first().waitFor(); await page.evaluate(() => { const ida = window.scripted.all.find((one) => one.name === "Ida Nyström"); ida.touches = Array.from({ length: 7 }, (_, i) => ({ ...ida.touches[0], at: ida.touches[0].at + i * 60_000, touch: { ...ida.touches[0].touch, page: `https://parley-lamps.example/table-lamps/${String(i + 1)}` } })); }); await open(page, 3); } },
  { name: "way-instagram", state: "channels", act: async (page) => { await answering(page); await page.keyboard.type("Of course, from 5 % up."); } },
  { name: "way-choose", state: "channels", act: async (page) => { await answering(page); await page.locator(id("composer-way")).click(); await page.locator(id("ways")).waitFor(); } },
  { name: "way-telegram", state: "channels", act: async (page) => { await answering(page); await by(page, "telegram"); await page.keyboard.press("Escape"); await page.waitForTimeout(700); await page.keyboard.press("r"); await page.locator(`${id("composer-way")}[data-channel="telegram"]`).waitFor(); await page.keyboard.type("Yes, from 5 % up."); } },
  { name: "way-mail", state: "channels", act: async (page) => { await answering(page); await by(page, "email"); } },
  { name: "way-given", state: "channels", act: async (page) => { await answering(page, 3); if (await page.locator(id("panel-write-mail")).count() > 0) await page.locator(id("panel-write-mail")).click(); else await by(page, "email"); await page.locator(id("composer-to")).waitFor(); await page.waitForTimeout(100); } },
  { name: "way-over", state: "channels", act: (page) => answering(page, 1) },
  { name: "way-template", state: "channels", act: async (page) => { await answering(page, 1); await page.locator(id("composer-template")).click(); await page.locator(id("template-blank")).first().fill("Omar"); } },
  { name: "way-long", state: "channels", act: async (page) => { await answering(page); await page.locator(id("composer-text")).fill("We have both lamps in stock, and they go out on Monday. ".repeat(24)); await page.locator(id("composer-split")).click(); } },
  { name: "way-parts", state: "channels", act: async (page) => { await answering(page, 1); await by(page, "sms"); await page.keyboard.insertText("Hello Omar, on Thursday it comes, and we call you an hour before. ".repeat(10)); await page.locator(id("composer-split")).click(); } },
  { name: "way-missed", state: "channels", act: async (page) => { await answering(page); await page.keyboard.type("Yes."); await page.evaluate(() => { const host = window.scripted; const call = host.call.bind(host); host.call = async (name, args) => { if (name !== "send") return call(name, args); await new Promise((done) => setTimeout(done, 500)); throw Object.assign(new Error("Instagram refused the message: the 24 hours in which one may answer are over. Write by another channel."), { code: "channel" }); }; }); await page.keyboard.press("Control+Enter"); await open(page, 2); await page.locator(id("toast-show")).waitFor(); } },
  { name: "way-files", state: "channels", act: async (page) => { await answering(page); await page.keyboard.type("Here is the leaflet."); await attach(page, [["leaflet.pdf", 90_000, "application/pdf"], ["shade.png", 40_000, "image/png"]]); await page.locator(id("composer-file")).nth(1).waitFor(); await attach(page, [["plan.docx", 9_000, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"]]); await page.locator(id("composer-error")).waitFor(); } },
  { name: "link-choose", state: "channels", act: async (page) => { await open(page, 0); await page.keyboard.press("m"); await page.locator(id("link-input")).fill("anna"); await page.locator(id("link-side")).nth(1).waitFor(); } },
  { name: "link-lately", state: "channels", act: async (page) => { await open(page, 0); await page.keyboard.press("m"); await page.locator(id("link-option")).first().waitFor(); } },
  { name: "link-cut", act: async (page) => { await page.locator(id("row")).first().click(); await page.locator(id("message")).first().waitFor(); if (await page.locator(id("panel")).count() === 0) await page.keyboard.press("i"); await page.locator(id("panel-cut")).click(); await page.locator(id("cut-stays")).waitFor(); } },
];
