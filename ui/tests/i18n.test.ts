import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import IntlMessageFormat from "intl-messageformat";
import { afterEach, describe, expect, it } from "vitest";
import { isolate, plain, t, word } from "../src/i18n";
import en from "../src/i18n/en.json";
import { language } from "../src/i18n/language.svelte";
import { choose, languages, regionOf } from "../src/i18n/languages";
import { pseudo } from "../src/i18n/pseudo";
import { dayName, duration, fileSize, listed, nextMondayNine, number, shortDuration, shortTime, tomorrowNine } from "../src/i18n/time";
import { ScriptedHost } from "../src/host/scripted/scripted";
import { speech } from "../src/state/speech.svelte";
import { argumentsOf, problems } from "../tools/messages.mjs";
import { wordsOfMarkup, wordsOfProgram } from "../tools/words.mjs";

const catalogues = readdirSync("src/i18n").filter((name) => /^[a-z]{2}\.json$/.test(name));
const others = catalogues.filter((name) => name !== "en.json").map((name): [string, Record<string, string>] => [name.slice(0, 2), JSON.parse(readFileSync(`src/i18n/${name}`, "utf8")) as Record<string, string>]);
const english: Record<string, string> = en;

afterEach(() => language.speak("en"));

describe("the catalogue", () => {
  it("is made of messages", () => {
    for (const text of Object.values(en)) expect(() => new IntlMessageFormat(text, "en", undefined, { ignoreTag: true })).not.toThrow();
  });
  it("has every key that is used, and no other", () => {
    expect(execFileSync("node", ["tools/lint.mjs"], { encoding: "utf8" })).toContain("nothing found");
  }, 60_000);
  it("counts", () => {
    expect(t("row.unread", { n: 1 })).toBe("1 unread message");
    expect(t("row.unread", { n: 3 })).toBe("3 unread messages");
    expect(t("waits.count", { n: 2, late: 1 })).toBe("2 customers wait · 1 over target");
  });
  it("shows a word of a newer engine as it is", () => expect(word("step", "dkim_check")).toBe("dkim_check"));
});

describe("the languages", () => {
  it("are those that can be chosen", () => expect(catalogues.map((name) => name.slice(0, 2)).sort()).toEqual(languages.map((one) => one.tag).sort()));

  it.each(others)("%s has the texts of English, in English's order", (_, texts) => expect(Object.keys(texts)).toEqual(Object.keys(english)));

  it.each(others)("%s takes the same values as English, and has every plural of its own", (tag, texts) => {
    expect(Object.entries(english).flatMap(([key, text]) => problems(tag, text, texts[key] ?? "").map((what) => `${key}: ${what}`))).toEqual([]);
  });

  it.each(others)("%s leaves hardly a sentence in English", (_, texts) => {
    const same = Object.entries(english).filter(([key, text]) => texts[key] === text && /\p{L}{2,} \p{L}{2,} \p{L}{2,}/u.test(text.replace(/\{[^{}]*\}/g, "")));
    expect(same).toEqual([]);
  });

  it("notices a value that got lost, a plural that is missing and one that is too many", () => {
    expect(problems("de", "Sent to {name}", "Gesendet an {nme}")).toEqual(["takes nme (text); English takes name (text)"]);
    expect(problems("ar", "{n, plural, one {# day} other {# days}}", "{n, plural, one {يوم} other {# يوم}}")).toEqual(["lacks the plural few, many, two, zero of n"]);
    expect(problems("nl", "{n, plural, one {# day} other {# days}}", "{n, plural, one {# dag} few {# dagen} other {# dagen}}")).toEqual(["has the plural few of n, which the language has not"]);
    expect(problems("fr", "{x, select, a {A} other {B}}", "{x, select, b {A} other {B}}")).toEqual(["chooses between other words than English"]);
    expect(problems("fr", "Hello", "Bonjour {")).toHaveLength(1);
    expect(argumentsOf("{n, plural, one {{name}} other {#}}", "en")).toEqual(["n (number)", "name (text)"]);
  });

  it("are chosen by the person, else by the system, else English", () => {
    expect(choose("fr", ["de-DE"])).toBe("fr");
    expect(choose(null, ["sv-SE", "nl-BE", "de"])).toBe("nl");
    expect(choose("tlh", ["sv"])).toBe("en");
    expect(choose(null, [])).toBe("en");
  });

  it("write numbers as the system's region does where it has the language, and in Latin digits where Arabic has no region", () => {
    expect(new Intl.NumberFormat(regionOf("de", ["en-US", "de-CH"])).format(1234567)).toMatch(/^1['’]234['’]567$/);
    expect(new Intl.NumberFormat(regionOf("de", ["en-US"])).format(1234567)).toBe("1.234.567");
    expect(new Intl.NumberFormat(regionOf("ar", ["ar-EG"])).format(12)).toBe("١٢");
    expect(new Intl.NumberFormat(regionOf("ar", ["ar-MA"])).format(12)).toBe("12");
    expect(new Intl.NumberFormat(regionOf("ar", ["de-DE"])).format(12)).toBe("12");
  });

  it("date by one calendar, also where the region has another", () => {
    expect(new Intl.DateTimeFormat(regionOf("ar", ["ar-SA"])).resolvedOptions().calendar).toBe("gregory");
  });

  it("are switched without a restart, with the direction of the page", async () => {
    await language.speak("ar");
    expect(t("action.undo")).toBe("تراجع");
    expect([document.documentElement.lang, document.documentElement.dir]).toEqual(["ar", "rtl"]);
    await language.speak("de");
    expect([t("action.undo"), document.documentElement.dir]).toEqual(["Rückgängig", "ltr"]);
    expect(dayName(Date.now(), Date.now())).toBe("Heute");
    expect(number(1234.5)).toBe("1.234,5");
    expect(fileSize(1_400_000)).toBe("1,4 MB");
  });

  it("speak what was chosen last, however long each catalogue takes", async () => {
    await Promise.all([language.speak("ar"), language.speak("fr")]);
    expect([language.tag, document.documentElement.dir]).toEqual(["fr", "ltr"]);
  });

  it("count in Arabic with its six forms", async () => {
    await language.speak("ar");
    const counted = [0, 1, 2, 3, 11, 100].map((n) => t("waits.messages", { n }));
    expect(new Set(counted).size).toBe(6);
    expect(counted[2]).toBe("رسالتان");
  });
});

describe("the words outside of the window", () => {
  it.each(languages.map((one) => one.tag))("are handed to the shell in %s, once for each plural", async (tag) => {
    const host = new ScriptedHost();
    await speech.choose(host, tag);
    const said = host.shell;
    expect(said?.language).toBe(tag);
    expect(said?.ask_web).toContain("{host}");
    const plurals = [...new Intl.PluralRules(tag).resolvedOptions().pluralCategories].sort();
    for (const forms of [said?.waiting, said?.many_messages, said?.many_customers]) {
      expect(Object.keys(forms ?? {}).sort()).toEqual(plurals);
      expect(forms?.["other"]).toContain("{n}");
    }
    await speech.choose(host, null);
  });
});

describe("the choice", () => {
  it("is kept by the engine, spoken at once, and the system's again without one", async () => {
    const host = new ScriptedHost();
    await speech.start(host);
    expect(speech.chosen).toBeNull();
    await speech.choose(host, "nl");
    expect([speech.chosen, t("action.close")]).toEqual(["nl", "Sluiten"]);
    expect(host.calls.at(-1)).toEqual({ name: "language_set", args: { language: "nl" } });
    await speech.choose(host, null);
    expect([speech.chosen, t("action.close")]).toEqual([null, "Close"]);
  });
  it("is the system's language where the engine cannot say it", async () => {
    const host = new ScriptedHost();
    host.failNext = "language_get";
    await speech.start(host);
    expect(t("action.close")).toBe("Close");
  });
});

describe("a value that is written the other way", () => {
  it("is kept apart from the words around it", async () => {
    await language.speak("ar");
    expect(t("row.assigned", { name: "Anna" })).toContain("\u2068Anna\u2069");
    expect(t("message.replyTo", { address: "+49 170 123" })).toContain("\u2068+49 170 123\u2069");
    expect(t("row.assigned", { name: "ليلى" })).not.toContain("\u2068");
    expect(listed(["Anna", "ليلى"])).toBe("\u2068Anna\u2069 وليلى");
    await language.speak("en");
    expect(t("row.assigned", { name: "ليلى" })).toContain("\u2068ليلى\u2069");
    expect(t("row.assigned", { name: "Anna" })).toBe("Assigned to Anna");
  });
  it("stays bare in what leaves the window", () => expect(plain("composer.wrote", { date: "Monday", who: "ليلى" })).toBe("On Monday, ليلى wrote:"));
  it("is told by its letters, not by a single figure", () => {
    expect(isolate("12", "rtl")).toBe("12");
    expect(isolate("Order 12", "rtl")).toBe("\u2068Order 12\u2069");
    expect(isolate("Order 12", "ltr")).toBe("Order 12");
  });
});

describe("the language nobody speaks", () => {
  it("is longer by two fifths, in brackets, and keeps values and plurals", () => {
    const texts = pseudo(en);
    const say = (key: string, values?: Record<string, number | string>): string => String(new IntlMessageFormat(texts[key] ?? "", "en", undefined, { ignoreTag: true }).format(values));
    expect(say("action.cancel")).toMatch(/^\[.*\]$/);
    expect([...say("banner.offline")].length).toBeGreaterThan(en["banner.offline"].length * 1.25);
    expect(say("row.assigned", { name: "Anna" })).toContain("Anna");
    expect(say("row.unread", { n: 1 })).not.toBe(say("row.unread", { n: 2 }));
    expect(say("row.unread", { n: 7 })).toContain("7");
  });
});

describe("words in the code", () => {
  it.each([
    ["between tags", "<p>Send it</p>"],
    ["in an attribute", "<button title=\"Send it\"></button>"],
    ["in an attribute's choice", "<button aria-label={on ? \"Switch off\" : t(\"x\")}></button>"],
    ["in a choice between tags", "{#if a}<p>{a ?? \"nobody\"}</p>{/if}"],
    ["in a template", "<input placeholder={`Write to ${name}`} />"],
    ["in a snippet", "{#snippet footer()}<b>Done</b>{/snippet}"],
  ])("are found %s", (_, markup) => expect(wordsOfMarkup(`<script lang="ts">let a = $props();</script>\n${markup}`)).toHaveLength(1));
  it("are not what names, compares or is handed over", () => {
    expect(wordsOfMarkup("<div class=\"big red\" data-testid=\"name\" title={t(\"action.send\")} onclick={() => go(\"inbox\")}>{t(\"a.b\")} · {x === \"open\" ? t(\"a.b\") : \"–\"}</div>")).toEqual([]);
  });
  it("are found as sentences in a program", () => {
    expect(wordsOfProgram("toasts.error(\"This went wrong\"); const key = \"open\"; call(\"settings_get\", `Hello there`);").map((one) => one.text)).toEqual(["This went wrong", "Hello there"]);
  });
});

describe("times", () => {
  const now = new Date(2026, 10, 22, 10, 0).getTime();
  it("names two units at most", () => {
    // Joined by spaces that do not break, so that a figure stays on one line.
    const spoken = (seconds: number): string => duration(seconds).replaceAll("\u00a0", " ");
    expect(spoken(45)).toBe("45 s");
    expect(spoken(12 * 60)).toBe("12 min");
    expect(spoken(3 * 3600 + 5 * 60)).toBe("3 h 05");
    expect(spoken(2 * 86_400 + 4 * 3600)).toBe("2 d 4 h");
    expect(duration(45)).not.toContain(" ");
  });
  it("fits a pill", () => expect([5, 720, 7300, 200_000].map(shortDuration)).toEqual(["now", "12m", "2h", "2d"]));
  it("names the year only where it is another", () => {
    expect(shortTime(new Date(2026, 0, 3).getTime(), now)).not.toContain("2026");
    expect(shortTime(new Date(2025, 0, 3).getTime(), now)).toContain("2025");
  });
  it("snoozes to tomorrow and to next week's Monday at nine", () => {
    expect(new Date(tomorrowNine(now)).toString()).toContain("Mon Nov 23 2026 09:00");
    expect(new Date(nextMondayNine(now)).toString()).toContain("Mon Nov 23 2026 09:00");
    expect(new Date(nextMondayNine(new Date(2026, 10, 23, 8).getTime())).toString()).toContain("Mon Nov 30 2026 09:00");
  });
  it("writes sizes", () => expect(fileSize(1_400_000)).toBe("1.4 MB"));
});
