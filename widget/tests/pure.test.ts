import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { contrast, hex, on, readable } from "../src/colour";
import { options } from "../src/options";
import { backoff, LONGEST } from "../src/pace";
import { nextStage } from "../src/register";
import { Store } from "../src/store";
import { cut, fileName, isEmail, name, pieces } from "../src/text";
import { Touches, touch } from "../src/touch";
import { refusal } from "../src/trouble";
import { fill, language, languages, words } from "../src/words";

describe("words", () => {
  test("every language has every word, with the same places to fill", () => {
    const places = (text: string): string => [...text.matchAll(/\{\w+\}/g)].map(String).sort().join();
    for (const [code, all] of Object.entries(languages)) {
      expect(Object.keys(all).sort(), code).toEqual(Object.keys(words("en")).sort());
      for (const [key, text] of Object.entries(all)) {
        expect(text.trim(), `${code} ${key}`).not.toBe("");
        expect(places(text), `${code} ${key}`).toBe(places(words("en")[key as keyof ReturnType<typeof words>]));
      }
    }
  });

  test("the first language that is spoken here is taken, else English", () => {
    expect(language("", "de-AT", "fr")).toBe("de");
    expect(language("pt", null, "AR_eg")).toBe("ar");
    expect(language("constructor", undefined)).toBe("en");
  });

  test("what is filled in is not filled again", () => {
    expect(fill("{name} and {other}", { name: "{other}", other: "b" })).toBe("{other} and b");
  });
});

describe("strangers' texts", () => {
  test("links are web addresses only, without what ends the sentence", () => {
    const links = (text: string): (string | undefined)[] => pieces(text).map((piece) => piece.href).filter((href) => href !== undefined);
    expect(links("See https://a.test/x, http://b.test/(y) and (https://c.test/z).")).toEqual(["https://a.test/x", "http://b.test/(y)", "https://c.test/z"]);
    expect(links("javascript:alert(1) ftp://a.test data:text/html,x xhttps://a.test https://user:pass@a.test/ https://")).toEqual([]);
    expect(pieces("a https://b.test c").map((piece) => piece.text).join("")).toBe("a https://b.test c");
  });

  test("a text of nothing but links stays bounded and whole", () => {
    const text = "https://a.test/ ".repeat(5_000);
    const all = pieces(text);
    expect(all.map((piece) => piece.text).join("")).toBe(text);
    expect(all.filter((piece) => piece.href !== undefined).length).toBe(100);
  });

  test("names lose what turns or hides text", () => {
    expect(name("Mia\u202e\u0000 \n Berg")).toBe("Mia Berg");
    expect(name("x".repeat(500))).toHaveLength(60);
    expect(name({ toString: () => "x" })).toBe("");
    expect(fileName("..\\../etc/pass\u202ewd.exe")).toBe("etc passwd.exe");
    expect(fileName(`${"a".repeat(300)}.pdf`)).toMatch(/^a+….pdf$/);
  });

  test("no character is halved", () => {
    expect(cut("a😀b", 2)).toBe("a");
  });

  test("mail addresses are told from what is none", () => {
    for (const good of ["anna@shop.test", "a.b+c@x-y.museum", "anna@bücher.example"]) expect(isEmail(good), good).toBe(true);
    for (const bad of ["anna", "anna@shop", "a b@c.de", "<a@b.de>", "a@b@c.de", `${"a".repeat(300)}@b.de`]) expect(isEmail(bad), bad).toBe(false);
  });
});

describe("the snippet", () => {
  const good = { homeserver: "https://chat.desk.example/", token: "t", support: "@support:desk.example" };

  test("three facts are enough", () => {
    const read = options(good);
    expect(read.wrong).toEqual([]);
    expect(read.options).toMatchObject({ homeserver: "https://chat.desk.example", askAfter: 3, consent: "ask", theme: "auto", side: "end" });
  });

  test("what is wrong is named, and what must be there is not guessed", () => {
    expect(options({ ...good, homeserver: "http://chat.desk.example" }).options).toBeNull();
    expect(options({ ...good, homeserver: "javascript:alert(1)" }).options).toBeNull();
    expect(options({ ...good, support: "support" }).wrong.join()).toContain("data-support");
    const odd = options({ ...good, accent: "red;}", consent: "maybe", askAfterMinutes: "soon", mail: "x" });
    expect(odd.wrong).toHaveLength(4);
    expect(odd.options).toMatchObject({ accent: "", consent: "ask", askAfter: 3, mail: "" });
  });

  test("only this very computer may do without TLS", () => {
    expect(options({ ...good, homeserver: "http://127.0.0.1:8008" }).options?.homeserver).toBe("http://127.0.0.1:8008");
  });

  test("asking for an address can be at once or never", () => {
    expect(options({ ...good, askAfterMinutes: "0" }).options?.askAfter).toBe(0);
    expect(options({ ...good, askAfterMinutes: "never" }).options?.askAfter).toBeNull();
  });
});

describe("colours", () => {
  test("text on the accent and in the accent can be read, whatever the shop chose", () => {
    for (const accent of ["#fff", "#000", "#ffb000", "#3d52c9", "#7f7f7f", "#00ff00"]) {
      const colour = hex(accent) ?? [0, 0, 0];
      expect(contrast(hex(on(colour)) ?? colour, colour), `on ${accent}`).toBeGreaterThanOrEqual(4.5);
      for (const ground of ["#eeeef2", "#2c2e37"]) {
        const other = hex(ground) ?? [0, 0, 0];
        expect(contrast(hex(readable(colour, other)) ?? colour, other), `${accent} in ${ground}`).toBeGreaterThanOrEqual(4.5);
      }
    }
  });
});

describe("registration", () => {
  const both = [{ stages: ["m.login.registration_token", "m.login.dummy"] }];

  test("the stages come in the homeserver's order, each once", () => {
    expect(nextStage(both, [], true)).toBe("m.login.registration_token");
    expect(nextStage(both, ["m.login.registration_token"], true)).toBe("m.login.dummy");
  });

  test("a way that wants more than a token is not begun", () => {
    expect(nextStage([{ stages: ["m.login.registration_token", "m.login.email.identity"] }, { stages: ["m.login.recaptcha"] }], [], true)).toBeNull();
    expect(nextStage(both, [], false)).toBeNull();
    expect(nextStage([{ stages: "all" }, {}], [], true)).toBeNull();
  });
});

describe("what a homeserver's refusal means", () => {
  test("patience is bounded, whatever it asks for", () => {
    expect(refusal(429, { retry_after_ms: 1e12 }, null)).toMatchObject({ trouble: "limited", wait: 300_000, passes: true });
    expect(refusal(429, { retry_after_ms: -5 }, null).wait).toBe(1_000);
    expect(refusal(429, {}, "7").wait).toBe(7_000);
    expect(refusal(429, {}, "tomorrow").wait).toBe(5_000);
  });

  test("a lost account ends the chat, a refused message does not", () => {
    expect(refusal(401, { errcode: "M_UNKNOWN_TOKEN" }, null)).toMatchObject({ trouble: "ended", passes: false });
    expect(refusal(413, { errcode: "M_TOO_LARGE" }, null)).toMatchObject({ trouble: "refused", passes: false });
    expect(refusal(502, {}, null)).toMatchObject({ trouble: "server", passes: true });
  });

  test("waiting grows, is never in step, and never longer than a minute", () => {
    expect(backoff(0, () => 0)).toBe(500);
    expect(backoff(3, () => 1)).toBe(8_000);
    expect(backoff(1_000, () => 1)).toBe(LONGEST);
  });
});

describe("where a visit came from", () => {
  beforeEach(() => {
    localStorage.clear();
    sessionStorage.clear();
  });
  afterEach(() => vi.restoreAllMocks());
  const store = (): Store => new Store("https://chat.test", "@s:desk.test");
  const page = "https://shop.test/lamps?utm_source=news&utm_term=%20&token=secret#top";

  test("addresses lose their queries and fragments, and only the five marks are read", () => {
    expect(touch(page, "https://search.test/q?words=private", 7)).toEqual({ first_page: "https://shop.test/lamps", referrer: "https://search.test/q", utm: { source: "news" }, at: 7 });
    expect(touch("about:blank", "android-app://x", 7)).toMatchObject({ first_page: "", referrer: "" });
    expect(touch(`https://a.test/?utm_source=${"x".repeat(900)}`, "", 7).utm.source).toHaveLength(200);
  });

  test("never means never", () => {
    const touches = new Touches("never", store(), page, "", 1);
    touches.decide(true);
    expect(touches.open).toBe(false);
    expect(touches.due()).toBeNull();
    expect(sessionStorage).toHaveLength(0);
  });

  test("a session tells once, and its first page", () => {
    new Touches("always", store(), page, "", 1);
    const later = new Touches("always", store(), "https://shop.test/cart", "", 2);
    expect(later.due()?.first_page).toBe("https://shop.test/lamps");
    later.told(3);
    expect(new Touches("always", store(), page, "", 4).due()).toBeNull();
  });

  test("a browser without storage is no error", () => {
    vi.spyOn(Storage.prototype, "setItem").mockImplementation(() => {
      throw new DOMException("refused");
    });
    const kept = store();
    expect(kept.kept.keeps).toBe(false);
    kept.kept.set("draft", "Hello");
    expect(kept.kept.get("draft")).toBe("Hello");
    expect(new Touches("ask", kept, page, "", 1).open).toBe(true);
  });

  test("what another page forgets is forgotten here, and what storage refuses is known here alone", () => {
    const [one, other] = [store(), store()];
    one.kept.set("contact", { name: "Anna", email: "anna@shop.test" });
    other.forget();
    expect(one.kept.get("contact")).toBeUndefined();
    one.kept.set("draft", "old");
    const full = vi.spyOn(Storage.prototype, "setItem").mockImplementation(() => {
      throw new DOMException("full", "QuotaExceededError");
    });
    one.kept.set("draft", "new");
    expect([one.kept.get("draft"), other.kept.get("draft")]).toEqual(["new", undefined]);
    full.mockRestore();
    one.kept.set("draft", "newer");
    other.kept.set("draft", "newest");
    expect(one.kept.get("draft")).toBe("newest");
  });

  test("what somebody else wrote into our keys is no identity and no outbox", () => {
    const kept = store();
    localStorage.setItem(`${kept.prefix}identity`, '{"user":1}');
    localStorage.setItem(`${kept.prefix}outbox`, '[null,{"txn":"a","content":null},{"txn":"b","at":1,"content":{}}]');
    expect(kept.identity()).toBeUndefined();
    expect(kept.outbox().map((one) => one.txn)).toEqual(["b"]);
    localStorage.setItem(`${kept.prefix}draft`, "{not json");
    expect(kept.kept.get("draft")).toBeUndefined();
  });

  test("forgetting takes our keys and nobody else's", () => {
    const kept = store();
    kept.kept.set("draft", "x");
    localStorage.setItem("cart", "2 lamps");
    kept.forget();
    expect({ ...localStorage }).toEqual({ cart: "2 lamps" });
  });
});
