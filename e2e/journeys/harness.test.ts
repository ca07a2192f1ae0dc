// The harness itself: a plain WebKitGTK browser instead of Parley shows that what the journeys lean on works.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { test } from "node:test";
import { Desktop } from "../lib/desktop.ts";
import { Servers } from "../lib/servers.ts";
import { Driver, Key } from "../lib/webdriver.ts";

const [browser] = ["x86_64", "aarch64"].map((cpu) => `/usr/lib/${cpu}-linux-gnu/webkit2gtk-4.1/MiniBrowser`).filter(existsSync);

test("the window is seen, clicked and typed into, and the servers do what they are told", { skip: browser === undefined }, async () => {
  const desktop = await Desktop.start();
  try {
    const servers = await Servers.start(desktop);
    const driver = await Driver.start(desktop);
    const window = await driver.open(browser ?? "", ["--automation"]);
    await window.navigate(servers.facts.page);
    await window.shows("Write to support@desk.test");
    await (await window.byRole("textbox", "Subject")).fill("From the window");
    await (await window.byRole("textbox", "Text")).click();
    await window.type("Hello");
    await window.press(Key.enter, [Key.shift, "a"]);
    assert.ok(statSync(await window.screenshot("harness")).size > 1000);
    await (await window.byRole("button", "Send as anna@shop.test")).click();
    await window.shows("Sent.");
    const mail = await servers.received("support@desk.test", "Subject: From the window");
    assert.match(Buffer.from(mail.split("\r\n\r\n")[1] ?? mail.split("\n\n")[1] ?? "", "base64").toString(), /^Hello\r?\nA$/);
    await servers.stop("imap");
    await servers.start("imap");
    await assert.rejects(servers.fault("nonsense"), /nonsense/);
    await window.close();
  } finally {
    await desktop.stop();
  }
  assert.ok(!existsSync(desktop.folder));
});

test("a notification is noticed with its title and text, and a secret can be kept", async () => {
  const desktop = await Desktop.start();
  try {
    const call = ["--session", "--print-reply", "--dest=org.freedesktop.Notifications", "/org/freedesktop/Notifications",
      "org.freedesktop.Notifications.Notify", "string:Parley", "uint32:0", "string:", "string:Anna \"A\" Berg", "string:Line one\nline two",
      "array:string:", "dict:string:string:", "int32:1000"];
    // dbus-send cannot write the hints' type, so the daemon refuses; the monitor sees the call all the same.
    try { execFileSync("dbus-send", call, { env: desktop.env, stdio: "ignore" }); } catch { /* as expected */ }
    const seen = await desktop.notified("Berg");
    assert.deepEqual(seen, { app: "Parley", title: 'Anna "A" Berg', body: "Line one\nline two", replaces: 0, actions: [] });
    const alias = execFileSync("dbus-send", ["--session", "--print-reply", "--dest=org.freedesktop.secrets", "/org/freedesktop/secrets",
      "org.freedesktop.Secret.Service.ReadAlias", "string:default"], { env: desktop.env, encoding: "utf8" });
    assert.match(alias, /collection\/login/);
  } finally {
    await desktop.stop();
  }
});
