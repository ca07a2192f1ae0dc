import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ScriptedHost } from "../src/host/scripted/scripted";
import { calledBy } from "../src/state/handles";
import { Linking } from "../src/state/linking.svelte";

let host: ScriptedHost;
let linking: Linking;
const named = async (name: string): Promise<string> => {
  const { ids } = await host.call("conversation_ids", { view: "all", stage: null, tag: null, saved: null, sort: "newest", after: null, limit: 200 });
  return (await host.call("conversation_rows", { ids })).find((row) => row.name === name)?.id ?? "";
};
const typed = async (query: string): Promise<void> => {
  linking.typed(query);
  await vi.waitFor(() => expect([linking.pending, linking.ready]).toEqual([false, true]));
};
beforeEach(async () => {
  host = new ScriptedHost("channels");
  linking = new Linking(host, await named("Lea Sommer"));
  await linking.open();
});
afterEach(() => linking.close());

describe("Enter while what was typed is not answered", () => {
  it("never links whom the words before had found", async () => {
    await typed("hanna");
    expect(linking.chosen?.name).toContain("Hanna");
    linking.typed("kim");
    expect([linking.chosen, linking.ready]).toEqual([null, false]);
    expect((await linking.decide())?.name).toBe("Kim Park");
  });

  it("links nobody where several fit, and shows them", async () => {
    linking.typed("a");
    expect(await linking.decide()).toBeNull();
    expect([linking.found.length > 1, linking.active]).toEqual([true, 0]);
  });

  it("is forgotten when somebody types on", async () => {
    linking.typed("kim");
    const decided = linking.decide();
    linking.typed("kim p");
    expect(await decided).toBeNull();
  });
});

describe("linking", () => {
  it("waits until both sides are there, and says why one is not", async () => {
    await typed("kim");
    host.failNext = "customer";
    linking.look(null);
    linking.look(0);
    expect(linking.ready).toBe(false);
    expect(await linking.decide()).toBeNull();
    expect(linking.error).toContain("could not be read");
    linking.look(0);
    expect((await linking.decide())?.name).toBe("Kim Park");
    expect(linking.error).toBeNull();
  });

  it("calls people by their user name, and numbers that say nothing by their channel", async () => {
    await typed("kim");
    expect(linking.chosen?.username).toBe("kim.p");
    expect(calledBy({ channel: "instagram", value: "6011223399", username: "kim.p" })).toBe("@kim.p");
    expect(calledBy({ channel: "webchat", value: "@v-8f21:parley-lamps.example", username: null })).toBe("Website chat");
    expect(calledBy({ channel: "sms", value: "+491715550102", username: null })).toBe("+491715550102");
  });
});
