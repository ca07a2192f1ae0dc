// A mail passed on: what the next mailbox gets is looked at byte by byte.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { picture } from "../lib/png.ts";
import { journey } from "../lib/journey.ts";
import { fileOf, leaves, parseMail, sha256, textOf } from "../lib/mime.ts";
import { attach, connected, createWorkspace, fillWizard, messageMenu, openRow, paste, row, sendState } from "../lib/parley.ts";
import { eventually } from "../lib/process.ts";

const TOM = "tom@garden.test";
const LIST = "article;quantity\r\nBrass lamp;4\r\nShade, größe M;12\r\n";
const CORNER = picture(0xb5, 0x65, 0x1d).toString("base64");
const SHADE = picture(0x2f, 0x6f, 0x8f);

/** A customer's mail with a list, and with a picture inside its text. */
function letter(to: string): string {
  return `From: Lea Laurent <lea@studio.test>
To: Support <${to}>
Subject: Lamps for the studio
Message-ID: <lamps-88@studio.test>
Date: ${new Date().toUTCString().replace("GMT", "+0000")}
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="outer"

--outer
Content-Type: multipart/related; boundary="inner"

--inner
Content-Type: text/html; charset=utf-8

<p>The corner looks like this: <img src="cid:corner@studio.test" alt="corner"></p><p>Which shade fits there?</p>
--inner
Content-Type: image/png; name="corner.png"
Content-Disposition: inline; filename="corner.png"
Content-ID: <corner@studio.test>
Content-Transfer-Encoding: base64

${CORNER}
--inner--
--outer
Content-Type: text/csv; charset=utf-8; name="lamps.csv"
Content-Disposition: attachment; filename="lamps.csv"
Content-Transfer-Encoding: base64

${Buffer.from(LIST).toString("base64")}
--outer--
`;
}

test("a mail is passed on with its files, a picture in the text and the account's signature", async () => {
  await journey("forward", async (j) => {
    const w = await j.open();
    await createWorkspace(w);
    await (await w.byTestId("welcome-add-account")).click();
    await (await w.byTestId("connect-email")).click();
    await fillWizard(w, j);
    await paste(w, "wizard-signature", "Ruth Vos\nThe Desk, Lamp Street 4");
    await (await w.byTestId("wizard-connect")).click();
    await connected(w);
    await (await w.byTestId("view-inbox")).click();
    await j.servers.deliver(j.servers.facts.address, letter(j.servers.facts.address));
    await openRow(w, "Which shade fits there?");

    await messageMenu(w, "Which shade fits there?", "forward");
    await w.byTestId("composer-forwarding");
    await (await w.byTestId("composer-to")).fill(TOM);
    await (await w.byTestId("composer-text")).fill("Tom, which shade do you have left for this corner?");
    const shade = join(j.desktop.folder, "shade.png");
    writeFileSync(shade, SHADE);
    await attach(w, shade);
    // The composer shows the customer's files and our picture; the picture goes into the text.
    await eventually("our picture among the files", async () => (await w.text()).includes("shade.png") || undefined);
    await (await w.byCss('[data-testid="composer-file"]:last-child [data-testid="composer-inline"]')).click();
    await w.byCss('[data-testid="composer-file"]:last-child [data-testid="composer-inline"]:checked');
    await j.desktop.picture("forward");
    await (await w.byTestId("composer-send")).click();
    await w.shows("You passed a message on to tom@garden.test");

    const mail = parseMail(await j.servers.received(TOM, "lamps.csv"));
    assert.equal(mail.head.get("subject"), "Fwd: Lamps for the studio");
    assert.match(mail.head.get("to") ?? "", /tom@garden\.test/);
    const text = textOf(mail);
    const [ours, rest = ""] = text.split("\n-- \n");
    assert.match(ours ?? "", /^Tom, which shade do you have left for this corner\?/, text);
    assert.match(rest, /Ruth Vos\nThe Desk, Lamp Street 4/, text);
    assert.match(text, /Forwarded message/, text);
    assert.match(text, /From: Lea Laurent <lea@studio\.test>/, text);
    assert.match(text, /Subject: Lamps for the studio/, text);
    assert.match(text, /Which shade fits there\?/, text);
    const html = textOf(mail, "text/html");
    for (const said of ["which shade do you have left", "The Desk, Lamp Street 4", "Which shade fits there?"]) assert.ok(html.includes(said), html);

    // The list is the customer's to the byte; both pictures are there, ours is shown by the text.
    assert.equal(sha256(fileOf(mail, "lamps.csv")?.body ?? ""), sha256(LIST));
    assert.equal(sha256(fileOf(mail, "shade.png")?.body ?? ""), sha256(SHADE));
    assert.equal(fileOf(mail, "corner.png")?.body.toString("base64"), CORNER);
    const id = fileOf(mail, "shade.png")?.head.get("content-id")?.replaceAll(/[<>]/g, "") ?? "none";
    assert.ok(html.includes(`cid:${id}`), html);
    assert.equal(leaves(mail).filter((leaf) => leaf.type === "text/html").length, 1);
    // Lea hears nothing of it.
    assert.equal((await j.servers.accepted()).flatMap((one) => one.recipients).join(), TOM);

    // In the window it stands in the conversation with Tom, and Lea's still waits for an answer.
    await row(w, "Which shade fits there?");
    await openRow(w, "Fwd: Lamps for the studio");
    await sendState(w, "sent");
    await j.desktop.picture("forwarded");
  });
});
