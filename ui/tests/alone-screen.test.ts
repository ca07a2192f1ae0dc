import { flushSync, mount, unmount } from "svelte";
import { expect, it, vi } from "vitest";
import App from "../src/App.svelte";
import { ScriptedHost } from "../src/host/scripted/scripted";
// Loaded here, so that it does not come when a quick test is over already.
import "../src/screens/inbox/RichText.svelte";

/** A drag that carries files, as a browser says it. */
function dragged(): Event {
  const event = new Event("dragenter", { bubbles: true, cancelable: true });
  Object.assign(event, { dataTransfer: { types: ["Files"] } });
  return event;
}

it("takes files that are dragged over a conversation, also in a window of its own", async () => {
  const host = new ScriptedHost();
  const { ids } = await host.call("conversation_ids", { view: "inbox", stage: null, tag: null, saved: null, sort: "newest", after: null, limit: 1 });
  Object.assign(host, { alone: ids[0] });
  const app = mount(App, { target: document.body, props: { host } });
  const timeline = await vi.waitFor(() => {
    const found = document.querySelector('[data-testid="alone"] [data-testid="timeline"]');
    if (found === null) throw new Error("no timeline yet");
    return found;
  }, 8000);
  const over = dragged();
  timeline.dispatchEvent(over);
  flushSync();
  expect(over.defaultPrevented).toBe(true);
  expect(document.body.textContent).toContain("Drop files to attach them");
  await unmount(app);
});
