// The composer in its states.
const id = (testid) => `[data-testid="${testid}"]`;

/** Opens a conversation and begins to answer. */
const answering = async (page) => {
  await page.locator(id("row")).first().click();
  await page.locator(id("message")).first().waitFor();
  await page.keyboard.press("r");
  await page.locator(id("composer-to")).waitFor();
  if (!new URL(page.url()).searchParams.get("state")?.startsWith("short")) await page.locator(id("look-bar")).waitFor();
};

/** Text as it is typed, with every look there is. */
const formatted = async (page) => {
  await answering(page);
  const { keyboard } = page;
  await keyboard.type("Dear Anna, ");
  await keyboard.press("Control+b");
  await keyboard.type("both lamps");
  await keyboard.press("Control+b");
  await keyboard.type(" are on their way. Please note:");
  await keyboard.press("Enter");
  await keyboard.type("- the shade comes ");
  await keyboard.press("Control+i");
  await keyboard.type("on its own");
  await keyboard.press("Control+i");
  await keyboard.press("Enter");
  await keyboard.type("keep the box until then");
  await keyboard.press("Enter");
  await keyboard.press("Enter");
  await keyboard.type("> It arrived with a cracked shade.");
  await keyboard.press("Enter");
  await keyboard.press("Enter");
  await keyboard.type("Track it here: ");
  await keyboard.press("Control+Shift+k");
  await page.locator(id("look-link-to")).fill("parcels.example/1042");
  await keyboard.press("Enter");
};

/** A file let go over something. */
const dragged = (page, type, names) =>
  page.locator(id("drop-zone")).evaluate((zone, [kind, all]) => {
    const transfer = new DataTransfer();
    for (const name of all) transfer.items.add(new File([new Uint8Array(10)], name, { type: "image/png" }));
    zone.dispatchEvent(new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: transfer }));
  }, [type, names]);

const attach = (page, files) => page.locator(id("composer-attach-input")).setInputFiles(files.map(([name, size, mimeType]) => ({ name, mimeType: mimeType ?? "application/pdf", buffer: Buffer.alloc(size, 7) })));

export const composerScenes = [
  { name: "composer-empty", act: answering },
  { name: "composer-formatted", act: async (page) => { await formatted(page); await page.keyboard.press("Control+b"); } },
  { name: "composer-link", act: async (page) => { await answering(page); await page.keyboard.type("Track it here: "); await page.locator(id("look-link")).click(); await page.locator(id("look-link-to")).fill("javascript:alert"); await page.keyboard.press("Enter"); await page.locator(id("look-link-wrong")).waitFor(); } },
  {
    name: "composer-uploading", state: "uploading",
    act: async (page) => {
      await answering(page);
      await page.keyboard.type("Here are the photos of the shade, and the invoice.");
      await attach(page, [["Invoice 1042.pdf", 48_000]]);
      await page.locator(id("composer-file")).first().waitFor();
      await attach(page, [["A very long name of a photograph of the cracked shade from the side.png", 2_600_000, "image/png"], ["Crate.mov", 5_000_000]]);
      await page.locator(id("composer-upload")).nth(1).waitFor();
    },
  },
  { name: "composer-pictured", act: async (page) => { await answering(page); await page.keyboard.type("This is how it should look:"); await page.keyboard.press("Enter"); await page.locator(id("composer-text")).evaluate((field) => { const data = new DataTransfer(); data.items.add(new File([new Uint8Array(900)], "image.png", { type: "image/png" })); field.dispatchEvent(new ClipboardEvent("paste", { bubbles: true, cancelable: true, clipboardData: data })); }); await page.locator(`${id("composer-text")} img[title]`).waitFor(); } },
  { name: "composer-near", state: "limited", act: async (page) => { await answering(page); await page.keyboard.type("A channel with a limit says how many characters are left once most of them are used up by the text."); } },
  { name: "composer-over", state: "limited", act: async (page) => { await answering(page); await page.keyboard.type("A channel with a limit says how many characters are left once most of them are used up, and this text is quite a bit longer than that."); await page.locator(id("composer-count")).waitFor(); } },
  { name: "composer-short", state: "short", act: async (page) => { await answering(page); await page.keyboard.type("Your lamp is on its way [1042]. It should be there tomorrow before noon."); await page.locator(id("composer-count")).waitFor(); } },
  { name: "composer-heavy", state: "heavy", act: async (page) => { await answering(page); await page.keyboard.type("All photos"); await attach(page, [["Photos.zip", 300_000]]); await page.locator(`${id("composer-weight")}.over`).waitFor(); } },
  { name: "composer-drop", act: async (page) => { await answering(page); await dragged(page, "dragenter", ["shade.png"]); await page.waitForTimeout(50); } },
  {
    name: "composer-arabic",
    act: async (page) => {
      await answering(page);
      await page.keyboard.type("مرحبا آنا،");
      await page.keyboard.press("Enter");
      await page.keyboard.type("- المصباح الأول");
      await page.keyboard.press("Enter");
      await page.keyboard.type("المصباح الثاني (model 1042)");
      await page.keyboard.press("Enter");
      await page.keyboard.press("Enter");
      await page.keyboard.type("And in English: both are in stock.");
    },
  },
];
