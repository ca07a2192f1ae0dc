// Several windows, the size of everything, what the window remembers, and the bundle for support.
import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { SystemDialog } from "../lib/dialogs.ts";
import { journey, type Journey } from "../lib/journey.ts";
import { connectAccount, createWorkspace, draft, openRow, settings } from "../lib/parley.ts";
import { eventually } from "../lib/process.ts";
import { Key, type Window } from "../lib/webdriver.ts";

const run = promisify(execFile);

/** How wide the page is in its own pixels: half of the window's at twice the size. */
const width = (w: Window): Promise<number> => w.execute<number>("return window.innerWidth");

/** What the reply field holds. */

/** What a window manager says to a window when its button is pressed: WM_DELETE_WINDOW, as ICCCM has it. */
const PLEASE_CLOSE = `
import ctypes, sys
class Client(ctypes.Structure):
    _fields_ = [("type", ctypes.c_int), ("serial", ctypes.c_ulong), ("sent", ctypes.c_int), ("display", ctypes.c_void_p),
                ("window", ctypes.c_ulong), ("kind", ctypes.c_ulong), ("format", ctypes.c_int), ("data", ctypes.c_long * 5)]
class Event(ctypes.Union):
    _fields_ = [("client", Client), ("room", ctypes.c_long * 24)]
x = ctypes.CDLL("libX11.so.6")
x.XOpenDisplay.restype = ctypes.c_void_p
x.XInternAtom.restype = ctypes.c_ulong
x.XInternAtom.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int]
x.XSendEvent.argtypes = [ctypes.c_void_p, ctypes.c_ulong, ctypes.c_int, ctypes.c_long, ctypes.c_void_p]
x.XSync.argtypes = [ctypes.c_void_p, ctypes.c_int]
display = x.XOpenDisplay(None)
event = Event()
event.client = Client(33, 0, 1, display, int(sys.argv[1]), x.XInternAtom(display, b"WM_PROTOCOLS", 0), 32)
event.client.data[0] = x.XInternAtom(display, b"WM_DELETE_WINDOW", 0)
x.XSendEvent(display, int(sys.argv[1]), 0, 0, ctypes.byref(event))
x.XSync(display, 0)
`;

/** Closes a window as its button does. */
async function askToClose(j: Journey, title: string): Promise<void> {
  const own = eventually(`the window of ${title}`, async () => {
    const { stdout } = await run("xdotool", ["search", "--onlyvisible", "--name", `^${title}$`], { env: j.desktop.env }).catch(() => ({ stdout: "" }));
    return stdout.trim().split("\n")[0] || undefined;
  });
  await run("python3", ["-c", PLEASE_CLOSE, await own], { env: j.desktop.env });
}

test("a conversation in its own window is answered there, and both windows show it", async () => {
  await journey("own-window", async (j) => {
    const w = await j.open();
    await createWorkspace(w);
    await connectAccount(w, j);
    await openRow(w, "I need the lamp by Friday");
    const main = await w.current();
    // What was begun here goes along.
    await w.press("r");
    await w.byTestId("composer-to");
    await w.type("It leaves today");
    await w.press(Key.escape);
    const own = await w.opens(async () => w.execute(`document.querySelector('[data-testid="timeline"]').focus(); window.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", code: "Enter", shiftKey: true, bubbles: true }))`));
    await w.turnTo(own);
    await w.byTestId("alone");
    await w.shows("I need the lamp by Friday");
    await eventually("the draft in the new window", async () => (await draft(w)) === "It leaves today" || undefined);
    assert.equal(await w.execute(`return document.querySelector('[data-testid="list"]')`), null, "there is no list in it");
    // It may do no more than the main window: nothing leads out of it.
    await w.execute(`location.href = "https://example.org/"`);
    assert.match(await w.execute<string>("return location.href"), /^tauri:/);

    // The other window follows what is written here.
    await (await w.byTestId("composer-text")).click();
    await w.press(Key.end);
    await w.type(", by courier.");
    await w.turnTo(main);
    await eventually("the main window to follow", async () => (await draft(w)) === "It leaves today, by courier." || undefined);
    await w.turnTo(own);
    await j.desktop.picture("own-window");
    await w.press([Key.control, Key.enter]);
    await w.shows("It leaves today, by courier.");
    await w.turnTo(main);
    await w.shows("It leaves today, by courier.");
    await eventually("the draft to be gone here too", async () => (await draft(w)) === "" || undefined);

    // Asked for again it is the same window.
    await w.execute(`window.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", code: "Enter", shiftKey: true, bubbles: true }))`);
    await new Promise((resolve) => setTimeout(resolve, 500));
    assert.equal((await w.windows()).length, 2);

    // What is written in the moment before the window is closed is kept.
    await w.turnTo(own);
    await w.press("r");
    await w.byTestId("composer-to");
    await w.type("One last");
    await askToClose(j, "Anna Berg");
    await w.turnTo(main);
    await eventually("the window to be gone", async () => (await w.windows()).length === 1 || undefined);
    await eventually("what was written there", async () => (await draft(w)) === "One last" || undefined);
  });
});

test("the size, the order of a list and the width of its column outlast a restart", async () => {
  await journey("memory", async (j) => {
    let w = await j.open();
    await createWorkspace(w);
    await connectAccount(w, j);
    const before = await width(w);
    await (await w.byTestId("list-sort")).click();
    await (await w.byTestId("list-order-sort-oldest")).click();
    await w.byTestId("split-list");
    await w.execute(`document.querySelector('[data-testid="split-list"]').focus()`);
    await w.press(Key.right, Key.right);
    const column = await w.execute<number>(`return document.querySelector('[data-testid="list"]').getBoundingClientRect().width`);
    await w.press([Key.control, "="]);
    await w.press([Key.control, "="]);
    await eventually("everything to be larger", async () => (await width(w)) < before * 0.85 || undefined);
    const larger = await width(w);
    await j.desktop.picture("zoomed");
    w = await j.reopen();
    await w.byTestId("list-sort", 60);
    // The driver aims beside what it clicks, and finds no text, in a page that is zoomed.
    await w.execute(`document.querySelector('[data-testid="view-all"]').click()`);
    await eventually("the view of everything", async () => (await w.execute<string>(`return document.querySelector('[data-testid="view-all"]').getAttribute("aria-current")`)) === "page" || undefined);
    await w.byTestId("row");
    assert.ok(Math.abs((await width(w)) - larger) < 4, "it begins in the size it had");
    assert.match(await w.execute<string>(`return document.querySelector('[data-testid="list-sort"]').textContent`), /Oldest/);
    const now = await w.execute<number>(`return document.querySelector('[data-testid="list"]').getBoundingClientRect().width`);
    assert.ok(Math.abs(now - column) < 1, `the column had ${column} pixels and has ${now}`);
    await w.press([Key.control, "0"]);
    await eventually("the usual size", async () => Math.abs((await width(w)) - before) < 4 || undefined);
  });
});

test("the bundle for support is shown, saved, and names nobody", async () => {
  await journey("diagnostics", async (j) => {
    const w = await j.open();
    await createWorkspace(w);
    await connectAccount(w, j);
    await settings(w, "diagnostics");
    await w.byTestId("diagnostics-part", 30);
    await w.shows("webview");
    const path = join(j.desktop.folder, "bundle.zip");
    const dialog = await SystemDialog.opened(j.desktop, async () => (await w.byTestId("diagnostics-save")).click());
    await dialog.choose(path);
    await eventually("the bundle", async () => existsSync(path) || undefined);
    await w.shows("The bundle is saved.");
    const script = "import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; print(z.namelist()); print(chr(10).join(z.read(n).decode() for n in z.namelist()))";
    const inside = execFileSync("python3", ["-c", script, path], { encoding: "utf8" });
    assert.match(inside, /accounts\.json.*log\.txt/);
    assert.match(inside, /"webview"/);
    const { address, password } = j.servers.facts;
    const [name = "", domain = ""] = address.split("@");
    for (const planted of [address, `${name}@`, domain, password, "shop.test", "lamp by Friday", "Anna", j.desktop.folder]) {
      assert.ok(!inside.toLowerCase().includes(planted.toLowerCase()), `“${planted}” is in the bundle`);
    }
  });
});

test("a conversation is printed by the system's own dialog", async () => {
  await journey("print", async (j) => {
    const w = await j.open();
    await createWorkspace(w);
    await connectAccount(w, j);
    await openRow(w, "I need the lamp by Friday");
    await w.press([Key.control, "p"]);
    await w.byTestId("print-dialog");
    const dialog = await SystemDialog.opened(j.desktop, async () => (await w.byTestId("print-go")).click());
    await j.desktop.picture("print-dialog");
    await dialog.press("Escape");
    await dialog.closed();
    await w.byTestId("timeline");
  });
});
