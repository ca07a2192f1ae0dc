// Connecting where a password alone does not do: at a provider's page, and to a server that nobody vouches for.
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { journey } from "../lib/journey.ts";
import { connected, createWorkspace, fillServers, openRow, paste, segment, sendState } from "../lib/parley.ts";
import { eventually } from "../lib/process.ts";

test("a person signs in at the provider's page, and mail is read and sent without a password", async () => {
  await journey("sign-in", async (j) => {
    const w = await j.open();
    await createWorkspace(w);
    await (await w.byTestId("welcome-add-account")).click();
    await (await w.byTestId("connect-email")).click();
    await (await w.byTestId("wizard-address")).fill(j.servers.facts.address);
    await fillServers(w, j);
    await paste(w, "wizard-certificate", readFileSync(j.servers.facts.ca, "utf8"));
    await segment(w, "wizard-way", "google");

    // An id that the provider does not know is said in words, and nothing is connected.
    await (await w.byTestId("wizard-client-id")).fill("nobody-knows-this");
    await (await w.byTestId("wizard-sign-in")).click();
    await eventually("the page that refuses", () => j.desktop.browsed().includes("this is no request for a code") || undefined);
    await j.desktop.picture("sign-in-waiting");
    await (await w.byTestId("wizard-sign-in-cancel")).click();

    await paste(w, "wizard-client-id", j.servers.facts.client_id);
    await (await w.byTestId("wizard-sign-in")).click();
    await w.byCss('[data-testid="wizard-sign-in-state"][data-signed="true"]', 30);
    assert.match(j.desktop.browsed(), /code_challenge_method=S256/);
    assert.match(j.desktop.browsed(), /Signed in/);
    await (await w.byTestId("wizard-test")).click();
    await w.byCss('[data-testid="wizard-steps"][data-ok="true"]', 60);
    await j.desktop.picture("sign-in-done");
    await (await w.byTestId("wizard-connect")).click();
    await connected(w);

    await (await w.byTestId("view-inbox")).click();
    await j.servers.write({ from: "anna@shop.test", subject: "Token", text: "Does this reach you?" });
    await openRow(w, "Does this reach you?");
    await (await w.byTestId("composer-text")).fill("It does.");
    await (await w.byTestId("composer-send")).click();
    await sendState(w, "sent");
    await j.servers.received("anna@shop.test", "It does.");
  });
});

test("a certificate that nobody vouches for is shown by its fingerprint, and trusted by a person", async () => {
  await journey("trust", async (j) => {
    const w = await j.open();
    await createWorkspace(w);
    await (await w.byTestId("welcome-add-account")).click();
    await (await w.byTestId("connect-email")).click();
    await (await w.byTestId("wizard-address")).fill(j.servers.facts.address);
    await paste(w, "wizard-password", j.servers.facts.password);
    await fillServers(w, j);
    await (await w.byTestId("wizard-test")).click();
    await w.byCss('[data-testid="wizard-steps"][data-ok="false"]', 60);
    await (await w.byTestId("wizard-look-certificate")).click();

    const shown = await (await w.byTestId("trust-fingerprint")).text();
    const true_one = new X509Certificate(readFileSync(j.servers.facts.ca)).fingerprint256;
    assert.equal(shown.replaceAll(/[^0-9A-F]/gi, "").toUpperCase(), true_one.replaceAll(":", ""));
    await j.desktop.picture("trust");

    // A no leaves everything as it was; a yes tests at once, and it goes through.
    await (await w.byTestId("trust-no")).click();
    await w.byCss('[data-testid="wizard-steps"][data-ok="false"]');
    await (await w.byTestId("wizard-look-certificate")).click();
    await (await w.byTestId("trust-yes")).click();
    await w.byCss('[data-testid="wizard-steps"][data-ok="true"]', 60);
    await j.desktop.picture("trusted");
    await (await w.byTestId("wizard-connect")).click();
    await connected(w);
  }, { homeMade: true });
});
