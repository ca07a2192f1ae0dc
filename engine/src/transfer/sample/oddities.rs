//! What happens seldom and has to be seen once: somebody who writes on and on, one person on two channels, names that
//! do not fit, writing that runs both ways, sends that went wrong, what was begun and not sent.

use super::casting::Casting;
use super::hours::{HOUR, MINUTE};
use super::talk::Talk;
use super::words::{FileKind, Tongue};
use crate::model::Channel;
use crate::time::DAY;
use serde_json::{Value, json};

/// Messages of the one who writes on and on.
const MANY: usize = 420;

pub(super) fn lines(c: &mut Casting<'_>) -> Vec<Value> {
    let mut out = Vec::new();
    let talks = [
        regular(c),
        long_name(c),
        both_ways(c),
        signs_only(c),
        changed_mind(c),
        wrote_first(c),
        no_customer(c),
        failed(c),
        uncertain(c),
    ];
    out.extend(talks.into_iter().flatten().flat_map(Talk::told));
    for (first, second, tongue) in [
        (Channel::Instagram, Channel::Email, Tongue::English),
        (Channel::Whatsapp, Channel::Email, Tongue::German),
        (Channel::Webchat, Channel::Sms, Tongue::French),
    ] {
        out.extend(two_ways(c, first, second, tongue).into_iter().flatten());
    }
    for tongue in [Tongue::Dutch, Tongue::English] {
        out.extend(begun(c, tongue).into_iter().flatten());
    }
    out
}

/// An interior designer who has written for more than a year, episode after episode.
fn regular<'w>(c: &mut Casting<'w>) -> Option<Talk<'w>> {
    let now = c.world.now;
    let mut t = c.talk(Tongue::English, Channel::Whatsapp, now - 430 * DAY)?;
    let since = t.at;
    let topics = t.words.topics.clone();
    let mut said = 0;
    let pause = 430 * DAY / 92;
    for topic in topics.iter().cycle() {
        if said >= MANY || t.at > now - 2 * DAY {
            break;
        }
        t.about();
        t.agent = t.dice.below(3);
        t.begins(topic);
        t.goes_on(topic.turns.get(1..).unwrap_or_default());
        said += topic.turns.len();
        t.resolved();
        t.at += t.dice.between(pause / 3, pause);
    }
    t.tagged(since + MINUTE, "vip");
    t.at = now - 36 * MINUTE;
    t.read = false;
    t.agent = 0;
    t.says(
        "Me again! The {item} for the hallway: does it come in moss green by {date2}?",
        None,
    );
    t.assigned(t.at + 4 * MINUTE);
    Some(t)
}

fn long_name<'w>(c: &mut Casting<'w>) -> Option<Talk<'w>> {
    let person = c.person(Tongue::German)?.called(
        "Maria-Magdalena Theodora Konstantina Freifrau von und zu Hohenlindenberg-Achterkamp-Süßmilchthal auf Oberniederwallersdorf",
    );
    let at = c.world.now - 3 * HOUR;
    let mut t = c.talk_of(person, Channel::Email, at)?;
    let topic = t.words.topic("showroom")?.clone();
    t.begins(&topic);
    t.goes_on(topic.turns.get(1..2)?);
    t.assigned(t.at - MINUTE);
    Some(t)
}

fn both_ways<'w>(c: &mut Casting<'w>) -> Option<Talk<'w>> {
    let at = c.world.now - 52 * MINUTE;
    let mut t = c.talk(Tongue::Arabic, Channel::Messenger, at)?;
    t.read = false;
    t.says(
        "مرحباً، طلبت Fjord (dimmable, 34 cm) رقم {order} مع الرمز SALE-20%، لكن التطبيق يقول “Payment pending (error 402)”. هل وصلكم المبلغ؟",
        None,
    );
    t.at += 3 * MINUTE;
    t.says(
        "I can also write in English if that is easier: هذا أسهل لكم؟ 🙂",
        None,
    );
    t.deed("tagged", t.at + MINUTE, 1, &[("tag", json!("دفع"))]);
    Some(t)
}

fn signs_only<'w>(c: &mut Casting<'w>) -> Option<Talk<'w>> {
    let at = c.world.now - 20 * HOUR;
    let person = c.person(Tongue::French)?.called("✨ Lumière & Co ✨ 🕯️");
    let mut t = c.talk_of(person, Channel::Instagram, at)?;
    t.says("😍😍😍", None);
    t.at += 2 * MINUTE;
    t.says("💡❓", Some(FileKind::Picture));
    t.goes_on(t.words.topic("product")?.clone().turns.get(1..2)?);
    t.at += 8 * MINUTE;
    t.says("🙏🙏", None);
    t.at += 2 * MINUTE;
    t.deed("no_reply_needed", t.at, t.agent, &[]);
    Some(t)
}

/// Somebody who answers a story, changes what was written, takes some of it back, and likes our answer.
fn changed_mind<'w>(c: &mut Casting<'w>) -> Option<Talk<'w>> {
    let at = super::hours::open_from(c.world.now - 2 * DAY);
    let mut t = c.talk(Tongue::English, Channel::Instagram, at)?;
    let later = |what: &str, at: i64| json!({ "what": what, "at": at });
    let mut story = t.inbound("That lamp! Is it still available?");
    story.insert(
        "cards".into(),
        json!([{ "kind": "story_reply", "text": "The brass ones are back" }]),
    );
    let them = story["author"]["address"].clone();
    t.push(story);
    t.at += MINUTE;
    let mut changed = t.inbound("The one with the linen shade, 34 cm.");
    changed.insert("later".into(), json!([later("edited", t.at + 40_000)]));
    t.push(changed);
    t.at += 2 * MINUTE;
    let mut gone = t.inbound("");
    gone.insert("later".into(), json!([later("unsent", t.at + 15_000)]));
    t.push(gone);
    t.at += 20 * MINUTE;
    let mut answer = t.outbound("Yes, three of them, and we can hold one for you until Friday.");
    answer.insert(
        "later".into(),
        json!([
            later("delivered", t.at + 2_000),
            later("read", t.at + MINUTE),
            { "what": "reaction", "at": t.at + 2 * MINUTE, "by": them, "emoji": "❤" },
        ]),
    );
    t.push(answer);
    t.at += 3 * MINUTE;
    t.deed("resolved", t.at, t.agent, &[]);
    Some(t)
}

/// The team wrote before the customer did.
fn wrote_first<'w>(c: &mut Casting<'w>) -> Option<Talk<'w>> {
    let at = super::hours::open_from(c.world.now - 4 * DAY);
    let mut t = c.talk(Tongue::Dutch, Channel::Email, at)?;
    t.agent = 0;
    let gift = t.words.topic("gift")?.clone();
    t.subject("Voorstel voor {company}");
    t.answers(
        "Vorige week spraken we op de beurs over lampen voor {company}. Hierbij het voorstel voor {qty} stuks {item}.",
        Some(FileKind::Paper),
    );
    t.at += 5 * HOUR;
    t.says(
        "Wat fijn dat u eraan dacht! Ik bespreek het deze week en kom erop terug.",
        None,
    );
    t.deed("no_reply_needed", t.at + HOUR, 0, &[]);
    t.tagged(
        t.at + HOUR,
        if gift.turns.is_empty() {
            "gift"
        } else {
            "wholesale"
        },
    );
    Some(t)
}

/// Somebody who sells something to us.
fn no_customer<'w>(c: &mut Casting<'w>) -> Option<Talk<'w>> {
    let at = c.world.now - 9 * DAY;
    let mut t = c.talk(Tongue::English, Channel::Email, at)?;
    t.subject("Office chairs, now 15 % off");
    t.says("We are supplier of office chairs and would like to present our new catalogue. May I call you this week?", None);
    t.deed("not_a_customer", t.at + 2 * HOUR, 2, &[]);
    Some(t)
}

fn sending(t: &Talk<'_>, tries: i64, error: &str) -> Value {
    json!({
        "group": format!("{:032x}", u128::from(t.world.seed) ^ u128::from(t.at.unsigned_abs())),
        "attempt": 1,
        "tries": tries,
        "hold_until": t.at,
        "error": error,
    })
}

/// A mail that its server refused.
fn failed<'w>(c: &mut Casting<'w>) -> Option<Talk<'w>> {
    went_wrong(
        c,
        Tongue::French,
        "invoice",
        "failed",
        "mail.glimmerbirch.example:465 refused the recipient: 552 5.2.2 the mailbox is full. Ask for another address, or try again tomorrow.",
    )
}

/// A mail of which nobody knows whether it went out.
fn uncertain<'w>(c: &mut Casting<'w>) -> Option<Talk<'w>> {
    went_wrong(
        c,
        Tongue::German,
        "change",
        "uncertain",
        "The connection to mail.glimmerbirch.example:465 was lost before the server said that it has the mail. It may have gone out.",
    )
}

fn went_wrong<'w>(
    c: &mut Casting<'w>,
    tongue: Tongue,
    key: &str,
    state: &str,
    error: &str,
) -> Option<Talk<'w>> {
    let at = c.world.now - 5 * HOUR;
    let mut t = c.talk(tongue, Channel::Email, at)?;
    t.agent = 0;
    let topic = t.words.topic(key)?.clone();
    t.begins(&topic);
    t.assigned(t.at + 20 * MINUTE);
    t.at += 40 * MINUTE;
    let text = t.filled(topic.turns.get(1)?.text);
    let mut line = t.outbound(&text);
    line.insert("delivery".into(), json!(state));
    line.insert("sending".into(), sending(&t, 3, error));
    t.push(line);
    Some(t)
}

/// First on one channel, then on another, until somebody saw that they are one person.
fn two_ways(
    c: &mut Casting<'_>,
    first: Channel,
    second: Channel,
    tongue: Tongue,
) -> Option<Vec<Value>> {
    let at = super::hours::open_from(c.world.now - 6 * DAY);
    let person = c.person(tongue)?;
    let mut t = c.talk_of(person.clone(), first, at)?;
    let topic = t.words.topic("product")?.clone();
    t.begins(&topic);
    t.goes_on(topic.turns.get(1..3)?);
    t.at += 20 * MINUTE;
    let more = topic.turns.get(3)?;
    t.answers(more.text, more.file);
    t.resolved();
    let (agent, address) = (t.agent, person.address(second));
    let mut then = c.talk_of(person, second, t.at + 8 * HOUR)?;
    then.agent = agent;
    let topic = then.words.topic("delivery")?.clone();
    then.begins(&topic);
    then.goes_on(topic.turns.get(1..2)?);
    let mut out = then.told();
    let whose = t.at + 9 * HOUR;
    t.deed(
        "linked",
        whose,
        agent,
        &[("with", json!(address)), ("with_channel", json!(second))],
    );
    // The link names both, so it stands behind all that they wrote.
    out.splice(0..0, t.told());
    let link = out.iter().position(|l| l["type"] == "linked")?;
    let link = out.remove(link);
    out.push(link);
    Some(out)
}

/// An answer that was begun and lies there as a draft.
fn begun(c: &mut Casting<'_>, tongue: Tongue) -> Option<Vec<Value>> {
    let at = c.world.now - 75 * MINUTE;
    let mut t = c.talk(tongue, Channel::Email, at)?;
    t.agent = 0;
    let topic = t.words.topic("return")?.clone();
    t.begins(&topic);
    t.assigned(t.at + 10 * MINUTE);
    let begun = t.filled(topic.turns.get(1)?.text);
    let hello = t
        .words
        .one("answer", &mut t.dice)
        .replace("{first}", &t.person.first);
    let id = format!("sample-handle-{}", t.person.address(Channel::Email));
    let mut out = vec![json!({
        "type": "handle", "id": id, "channel": "email", "value": t.person.address(Channel::Email),
        "name": t.person.name, "name_at": t.at,
    })];
    let draft = json!({
        "type": "draft", "conversation": id, "agent": t.world.agent_id(0),
        "text": format!("{hello}\n\n{begun}"), "updated_at": t.at + 30 * MINUTE,
    });
    out.extend(t.told());
    out.push(draft);
    Some(out)
}
