// What a screen reader gets of the real window: the accessibility tree over AT-SPI, as Orca reads it.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Accessible } from "../lib/desktop.ts";
import { journey, type Journey } from "../lib/journey.ts";
import { connectAccount, createWorkspace, leaveField, openRow, settings } from "../lib/parley.ts";
import { eventually } from "../lib/process.ts";
import { Key } from "../lib/webdriver.ts";

/** Roles whose things must have a name: whoever cannot see them knows nothing else of them. */
const NAMED = new Set(["push button", "toggle button", "combo box", "check box", "radio button", "entry", "link", "list box", "dialog", "menu item", "article", "image", "password text"]);

function* all(node: Accessible): Generator<Accessible> {
  yield node;
  for (const child of node.children) yield* all(child);
}

/** The thing with this role and a name that fits. */
function find(tree: Accessible, role: string, name: RegExp): Accessible {
  const found = [...all(tree)].find((node) => node.role === role && name.test(node.name));
  assert.ok(found, `no ${role} ${String(name)} among:\n${[...all(tree)].map((node) => `${node.role} "${node.name}"`).join("\n")}`);
  return found;
}

function nameless(tree: Accessible): string[] {
  return [...all(tree)].filter((node) => NAMED.has(node.role) && node.name.trim() === "").map((node) => `${node.role} ${JSON.stringify(node.attributes)}`);
}

/** The window's tree once it has what is waited for: the tree follows the page a moment later. */
function heard(j: Journey, what: string, has: (tree: Accessible) => boolean): Promise<Accessible> {
  return eventually(what, async () => {
    const tree = await j.desktop.accessible("parley");
    return has(tree) ? tree : undefined;
  }, 30);
}

test("a screen reader gets the list, the timeline, the composer and dialogs with names, places and states", async () => {
  await journey("reader", async (j) => {
    const w = await j.open();
    const welcome = await heard(j, "the welcome screen", (tree) => [...all(tree)].some((node) => node.role === "push button" && node.name !== ""));
    assert.deepEqual(nameless(welcome), []);
    await createWorkspace(w);
    await connectAccount(w, j);
    await openRow(w, "I need the lamp by Friday");

    const tree = await heard(j, "the conversation", (t) => [...all(t)].some((node) => node.role === "article"));
    assert.deepEqual(nameless(tree), []);
    find(tree, "landmark", /^Views$/);
    find(tree, "landmark", /^Conversations$/);
    find(tree, "landmark", /^Customer$/);

    // The list: each line says who, on what channel and what, and its place among how many.
    const list = find(tree, "list box", /^All$/);
    const lines = list.children.filter((node) => node.attributes["xml-roles"] === "option");
    assert.equal(lines.length, 6);
    assert.deepEqual(lines.map((line) => [line.attributes["posinset"], line.attributes["setsize"]]), [1, 2, 3, 4, 5, 6].map((n) => [`${n}`, "6"]));
    const anna = find(list, "list item", /^Anna Berg, by Email\. Re: Order 1042: the lamp flickers: Hi, I tried two other bulbs/);
    assert.ok(anna.states.includes("selected"));

    // The timeline: a feed of articles that say who and when, each a stop of its own.
    const timeline = find(tree, "landmark", /^Messages$/);
    const feed = [...all(timeline)].find((node) => node.attributes["xml-roles"] === "feed");
    assert.ok(feed);
    const messages = [...all(feed)].filter((node) => node.role === "article" && node.name.startsWith("Message from"));
    assert.ok(messages.length >= 3);
    for (const message of messages) {
      assert.match(message.name, /^Message from .+, \w+day, .+ at /);
      assert.ok(message.states.includes("focusable"));
    }

    // The composer: a field for many lines that has a name.
    const field = find(find(tree, "landmark", /^Write$/), "entry", /^Reply text$/);
    for (const state of ["editable", "multiline", "focusable"]) assert.ok(field.states.includes(state), state);

    // A picker: a modal dialog with its name, and the focus in it.
    await leaveField(w);
    await w.press("q");
    await w.byTestId("stage");
    const picking = await heard(j, "the dialog", (t) => [...all(t)].some((node) => node.role === "dialog"));
    const dialog = find(picking, "dialog", /stage/i);
    assert.deepEqual(nameless(dialog), []);
    assert.ok([...all(dialog)].some((node) => node.states.includes("focused")), "nothing in the dialog has the focus");
    await w.press(Key.escape);

    // What was done is said by itself.
    await w.press("e");
    await heard(j, "the word about it", (t) => [...all(t)].some((node) => node.attributes["live"] === "polite" && /resolved|reopened/i.test(node.text)));

    await settings(w, "general");
    const preferences = await heard(j, "the settings", (t) => [...all(t)].some((node) => node.role === "check box" || node.role === "toggle button"));
    assert.deepEqual(nameless(preferences), []);
  }, { screenReader: true });
});
