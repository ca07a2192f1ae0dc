//! Mail as programs write it: tables in HTML, newsletters, notes of absence, reports of what did not arrive, and what
//! nobody asked for. Those that are told by their head stand here as they come over the line.

use super::cast::{self, DOMAIN, ITEMS};
use super::casting::Casting;
use super::files::base64;
use super::hours::{HOUR, MINUTE};
use super::talk::Talk;
use super::words::Tongue;
use crate::model::Channel;
use crate::time::{DAY, Millis};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Name, address, subject, text.
type Letter = (&'static str, &'static str, &'static str, &'static str);

const NEWS: [Letter; 4] = [
    (
        "Trade Fair of Light",
        "news@lightfair.example",
        "Your stand number, and what is new this year",
        "The halls open at nine. Exhibitors find their stand number in the attached plan. You get this letter because you registered.",
    ),
    (
        "Verpackung Heute",
        "brief@verpackung.example",
        "Kartons ohne Kunststoff: fünf Beispiele",
        "In dieser Ausgabe: fünf Versender, die ohne Folie auskommen, und was es kostet. Abbestellen mit einem Klick.",
    ),
    (
        "Nouvelles de l'artisanat",
        "lettre@artisanat.example",
        "Le laiton recyclé, enfin disponible",
        "Trois fonderies proposent du laiton entièrement recyclé. Vous recevez cette lettre en tant qu'abonné.",
    ),
    (
        "De Etalage",
        "post@etalage.example",
        "Herfst in de winkel: zeven ideeën",
        "Zeven winkels laten zien hoe zij hun etalage aankleden. Uitschrijven kan onderaan.",
    ),
];
const ROBOTS: [Letter; 4] = [
    (
        "Parcel Service",
        "noreply@parcels.example",
        "Pick-up confirmed for tomorrow",
        "We collect 14 parcels tomorrow between 14:00 and 16:00. Please do not answer this mail.",
    ),
    (
        "Payment Desk",
        "noreply@payments.example",
        "Payout 4471 is on its way",
        "Your payout of 3,118.40 arrives within two days. This mail was made by a program.",
    ),
    (
        "Webshop",
        "shop@glimmer-shop.example",
        "New order GB-68912",
        "1 × Fjord, brass. 1 × cable, 5 m. Paid by card.",
    ),
    (
        "Hosting",
        "status@hosting.example",
        "Maintenance on Sunday, 02:00 to 03:00",
        "Your site may be slow for some minutes. Nothing has to be done.",
    ),
];
const SPAM: [Letter; 5] = [
    (
        "Prize Office",
        "office@winner.example",
        "YOU HAVE WON!!!",
        "Dear beneficiary, your address was drawn. Answer within 24 hours with your bank details.",
    ),
    (
        "SEO Expert",
        "best@ranking.example",
        "Page one guaranteed",
        "Hello sir, we saw your website and can bring it to page one. Kindly reply.",
    ),
    (
        "Kredit Sofort",
        "angebot@kredit.example",
        "Ihr Kredit ist genehmigt",
        "Ohne Schufa, ohne Fragen, heute noch auf Ihrem Konto.",
    ),
    (
        "Crypto Friend",
        "hi@moon.example",
        "300 % in one week",
        "My friend, do not miss this one. Only today.",
    ),
    (
        "Heritage Law",
        "barrister@estate.example",
        "Confidential: estate of a namesake",
        "I am the lawyer of a late client who bore your name.",
    ),
];
const AWAY: [(Tongue, &str, &str); 4] = [
    (
        Tongue::English,
        "Automatic reply: your offer",
        "I am out of the office until Monday. In urgent cases please call my colleague.",
    ),
    (
        Tongue::German,
        "Abwesenheitsnotiz: Ihr Angebot",
        "Ich bin bis Montag nicht im Haus. Ihre Nachricht wird nicht weitergeleitet.",
    ),
    (
        Tongue::Dutch,
        "Afwezig: uw offerte",
        "Ik ben tot maandag afwezig en lees mijn mail niet.",
    ),
    (
        Tongue::French,
        "Réponse automatique : votre offre",
        "Je suis absente jusqu'à lundi. Je vous répondrai à mon retour.",
    ),
];

pub(super) fn lines(c: &mut Casting<'_>) -> Vec<Value> {
    let mut out = Vec::new();
    let auto = "Auto-Submitted: auto-generated\n";
    let list = "List-Unsubscribe: <https://news.example/bye>\nPrecedence: bulk\n";
    for (letters, heads, machine) in [(&NEWS[..], list, true), (&ROBOTS, auto, true)] {
        for letter in letters {
            out.push(sent(c, letter, heads, machine));
        }
    }
    for letter in &SPAM {
        out.push(sent(c, letter, "", false));
    }
    for (tongue, subject, text) in AWAY {
        out.extend(away(c, tongue, subject, text).into_iter().flatten());
    }
    out.extend(table(c).into_iter().flat_map(Talk::told));
    out.extend(came_back(c).into_iter().flatten());
    out
}

/// A mail as it comes over the line.
fn raw(at: Millis, from: (&str, &str), subject: &str, heads: &str, body: &str) -> String {
    let date = jiff::Timestamp::from_millisecond(at)
        .map(|t| t.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string())
        .unwrap_or_default();
    let subject = base64(subject.as_bytes());
    let name = base64(from.0.as_bytes());
    format!(
        "Message-ID: <{at}.{}@sender.example>\nFrom: =?utf-8?B?{name}?= <{}>\nTo: hello@{DOMAIN}\nDate: {date}\nSubject: =?utf-8?B?{subject}?=\n{heads}{body}",
        from.1.len(),
        from.1
    )
}

const PLAIN: &str = "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n";

fn line(id: &str, at: Millis, read: bool, raw: &str) -> Value {
    json!({
        "type": "message", "id": id, "account": "mail", "channel": "email", "direction": "inbound",
        "sent_at": at, "read": read, "raw": base64(raw.as_bytes()),
    })
}

fn sent(c: &mut Casting<'_>, letter: &Letter, heads: &str, machine: bool) -> Value {
    let (name, address, subject, text) = *letter;
    let at = c.world.now - c.dice.between(1, 400) * HOUR - c.dice.between(0, 59) * MINUTE;
    let read = c.dice.chance(60);
    let whole = raw(
        at,
        (name, address),
        subject,
        heads,
        &format!("{PLAIN}{text}\n"),
    );
    let mut line = line(&format!("sample-letter-{address}"), at, read, &whole);
    if !machine {
        line["kind"] = json!("junk");
        line["kind_reason"] = json!("junk");
    }
    line
}

/// A note of absence, after something of ours.
fn away(c: &mut Casting<'_>, tongue: Tongue, subject: &str, text: &str) -> Option<Vec<Value>> {
    let at = super::hours::open_from(c.world.now - c.dice.between(30, 900) * HOUR);
    let mut t = c.talk(tongue, Channel::Email, at)?;
    let topic = t.words.topic("wholesale")?.clone();
    t.begins(&topic);
    t.goes_on(topic.turns.get(1..2)?);
    t.resolved();
    let from = (t.person.name.clone(), t.person.address(Channel::Email));
    let heads = format!(
        "Auto-Submitted: auto-replied\nIn-Reply-To: <{0}>\nReferences: <{0}>\n",
        t.last_mail()
    );
    let at = (t.at + MINUTE).min(t.world.now - MINUTE);
    let whole = raw(
        at,
        (&from.0, &from.1),
        subject,
        &heads,
        &format!("{PLAIN}{text}\n"),
    );
    let mut out = t.told();
    out.push(line(&format!("sample-away-{}", from.1), at, true, &whole));
    Some(out)
}

/// An order as a table, with a picture between the words.
fn table<'w>(c: &mut Casting<'w>) -> Option<Talk<'w>> {
    let at = c.world.now - 95 * MINUTE;
    let mut t = c.talk(Tongue::English, Channel::Email, at)?;
    t.trade();
    t.read = false;
    t.subject("Order for the spring window of {company}");
    let mut rows = String::new();
    let mut plain = String::new();
    for (n, item) in ITEMS.iter().take(5).enumerate() {
        let (pieces, each) = ((n + 2) * 4, 79 + n * 35);
        let _ = write!(
            rows,
            "<tr><td>{item}</td><td align=\"right\">{pieces}</td><td align=\"right\">€ {each}.00</td><td align=\"right\">€ {}.00</td></tr>",
            pieces * each
        );
        let _ = writeln!(plain, "{item}: {pieces} x {each}.00");
    }
    let text = t.filled(&format!(
        "Good morning,\n\nplease find our order below.\n\n{plain}\nDelivery to {{city}}, please.\n\n{}",
        t.person.name
    ));
    let company = t.filled("{company}");
    let html = format!(
        "<p>Good morning,</p><p>please find our order for <b>{company}</b> below.</p><table border=\"1\" cellpadding=\"6\" style=\"border-collapse:collapse\"><tr style=\"background:#eee\"><th>Lamp</th><th>Pieces</th><th>Each</th><th>Total</th></tr>{rows}</table><p>This is where they will hang:</p><p><img src=\"cid:window@sample\" width=\"320\" alt=\"Our window\"></p><p>Best wishes<br>{}</p>",
        t.person.name
    );
    let mut line = t.inbound(&text);
    line.insert("html".into(), json!(html));
    let picture = t.world.files.picture(&mut t.dice).to_owned();
    line.insert("attachments".into(), json!([{
        "name": "window.png", "mime": "image/png", "content_id": "window@sample", "inline": true, "content": picture,
    }]));
    t.push(line);
    t.staged(t.at + 2 * MINUTE, "qualified");
    t.tagged(t.at + 2 * MINUTE, "wholesale");
    Some(t)
}

/// An answer to an address that does not exist, and the report that says so.
fn came_back(c: &mut Casting<'_>) -> Option<Vec<Value>> {
    let at = super::hours::open_from(c.world.now - 2 * DAY);
    let mut t = c.talk(Tongue::English, Channel::Email, at)?;
    let to = cast::stranger(&mut t.dice, "reader");
    t.agent = 0;
    t.subject("Your question about the {item}");
    t.answers(
        "You wrote your address on our list at the fair; here is what you asked for: the {item} costs {price}.",
        None,
    );
    let of = t.last_mail();
    let mut out = t.told();
    for l in &mut out {
        if l["type"] == "message" {
            l["to"] = json!([{ "name": "A visitor of the fair", "address": to }]);
        }
    }
    let body = format!(
        "Content-Type: multipart/report; report-type=delivery-status; boundary=cut\n\n--cut\nContent-Type: text/plain\n\nYour mail could not be delivered.\n--cut\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.sender.example\n\nFinal-Recipient: rfc822; {to}\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 there is no such mailbox\n\n--cut\nContent-Type: text/rfc822-headers\n\nMessage-ID: <{of}>\nSubject: Your question\n--cut--\n"
    );
    let whole = raw(
        at + 3 * MINUTE,
        ("Mail Delivery System", "mailer-daemon@mx.sender.example"),
        "Undelivered mail returned to sender",
        "Return-Path: <>\nAuto-Submitted: auto-replied\nMIME-Version: 1.0\n",
        &body,
    );
    out.push(line("sample-report", at + 3 * MINUTE, true, &whole));
    Some(out)
}
