//! The mail that is in the demo's mailboxes at its first start.

use std::time::{Duration, SystemTime};

use crate::compose::{date, wrapped_base64};
use crate::demo::{CUSTOMERS, TEAM};
use crate::dovecot::Dovecot;
use crate::error::Result;

const HOUR: u64 = 3600;

/// One mail before it has its date.
struct Seed {
    hours_ago: u64,
    /// Whose mailbox, and which folder of it.
    places: &'static [(&'static str, &'static str)],
    head: &'static str,
    body: String,
}

const TEAM_INBOX: &[(&str, &str)] = &[(TEAM, "INBOX")];

/// Puts the mails into the team's and the customers' mailboxes, as if they had come over the last days.
pub(super) fn plant(dovecot: &Dovecot) -> Result<()> {
    let now = SystemTime::now();
    for seed in seeds() {
        let at = now - Duration::from_secs(seed.hours_ago * HOUR + 11 * 60);
        let mail = format!(
            "Date: {}\n{}\n\n{}",
            date(at)?,
            seed.head.trim(),
            seed.body.trim_start()
        );
        for (user, mailbox) in seed.places {
            dovecot.place(user, mailbox, at, mail.as_bytes())?;
        }
    }
    Ok(())
}

fn seeds() -> Vec<Seed> {
    let mut all = thread();
    all.extend([html_mail(), with_attachment(), short_question()]);
    all.extend(machine_mail());
    all
}

fn plain(
    hours_ago: u64,
    places: &'static [(&'static str, &'static str)],
    head: &'static str,
    body: &str,
) -> Seed {
    Seed {
        hours_ago,
        places,
        head,
        body: body.to_owned(),
    }
}

/// A customer asks, the team answers, the customer answers back.
fn thread() -> Vec<Seed> {
    const ANNA_TO_TEAM: &[(&str, &str)] = &[(TEAM, "INBOX"), (CUSTOMERS[0], "Sent")];
    const TEAM_TO_ANNA: &[(&str, &str)] = &[(TEAM, "Sent"), (CUSTOMERS[0], "INBOX")];
    vec![
        plain(
            50,
            ANNA_TO_TEAM,
            r#"
From: Anna Berg <anna@shop.test>
To: Support <support@desk.test>
Subject: Order 1042: the lamp flickers
Message-ID: <order-1042@shop.test>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit"#,
            "Hello,\n\nthe desk lamp from order 1042 came yesterday. It flickers as soon as I dim it below a \
             third.\nIs that the bulb or the dimmer?\n\nKind regards\nAnna Berg\n",
        ),
        plain(
            47,
            TEAM_TO_ANNA,
            r#"
From: Support <support@desk.test>
To: Anna Berg <anna@shop.test>
Subject: Re: Order 1042: the lamp flickers
Message-ID: <reply-1042@desk.test>
In-Reply-To: <order-1042@shop.test>
References: <order-1042@shop.test>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit"#,
            "Hello Anna,\n\nsorry about that. Most likely it is the bulb: could you try another one and tell us?\n\
             \nBest wishes\nThe desk team\n\n> the desk lamp from order 1042 came yesterday. It flickers\n",
        ),
        plain(
            3,
            ANNA_TO_TEAM,
            r#"
From: Anna Berg <anna@shop.test>
To: Support <support@desk.test>
Subject: Re: Order 1042: the lamp flickers
Message-ID: <order-1042-b@shop.test>
In-Reply-To: <reply-1042@desk.test>
References: <order-1042@shop.test> <reply-1042@desk.test>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit"#,
            "Hi,\n\nI tried two other bulbs, both flicker as well. So it must be the dimmer \u{2013} could you send \
             me a new one?\nI need the lamp by Friday.\n\nAnna\n\n> Most likely it is the bulb: could you try another \
             one and tell us?\n",
        ),
    ]
}

fn html_mail() -> Seed {
    plain(
        20,
        TEAM_INBOX,
        r#"
From: =?utf-8?Q?Tom_Gr=C3=BCn?= <tom@garden.test>
To: support@desk.test
Subject: =?utf-8?Q?Angebot_f=C3=BCr_20_Leuchten?=
Message-ID: <offer-20@garden.test>
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary="leaf""#,
        r#"
--leaf
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

Guten Tag,

wir richten unser Gartencafé neu ein und brauchen 20 Leuchten, Modell Aster.
Gibt es ab dieser Menge einen Rabatt? Und liefern Sie bis zum Monatsende?

Tom Grün, Gärtnerei Grün
--leaf
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: 8bit

<html><body style="font-family: Georgia, serif">
<p>Guten Tag,</p>
<p>wir richten unser <b>Gartencafé</b> neu ein und brauchen <b>20 Leuchten</b>, Modell <i>Aster</i>.</p>
<ul><li>Gibt es ab dieser Menge einen Rabatt?</li><li>Liefern Sie bis zum Monatsende?</li></ul>
<p style="color: #2a6">Tom Grün<br>Gärtnerei Grün</p>
<img src="https://tracker.garden.test/pixel.gif" width="1" height="1" alt="">
</body></html>
--leaf--
"#,
    )
}

fn with_attachment() -> Seed {
    let list = "article;quantity\nAster, white;2\nAster, black;1\nDimmer D3;3\n";
    Seed {
        hours_ago: 7,
        places: TEAM_INBOX,
        head: r#"
From: Lea Laurent <lea@studio.test>
To: support@desk.test
Subject: List for my studio
Message-ID: <list@studio.test>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="clip""#,
        body: format!(
            "--clip\nContent-Type: text/plain; charset=utf-8\n\nBonjour,\n\nattached is what I would like to order. \
             Can I pick it up on Saturday?\n\nLea\n--clip\nContent-Type: text/csv; charset=utf-8; name=\"list.csv\"\n\
             Content-Disposition: attachment; filename=\"list.csv\"\nContent-Transfer-Encoding: base64\n\n{}--clip--\n",
            wrapped_base64(list.as_bytes())
        ),
    }
}

fn short_question() -> Seed {
    plain(
        1,
        TEAM_INBOX,
        r#"
From: Omar Haddad <omar@cafe.test>
To: support@desk.test
Subject: =?utf-8?B?2LPYpNin2YQg2LnZhiDYp9mE2LbZhdin2YY=?=
Message-ID: <warranty@cafe.test>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit"#,
        "مرحبا، كم سنة ضمان المصباح؟\n\nOmar\n",
    )
}

/// What nobody waits for: a newsletter, a bounce and an out-of-office note.
fn machine_mail() -> [Seed; 3] {
    [
        plain(
            30,
            TEAM_INBOX,
            r#"
From: Light Trade Weekly <news@lighttrade.test>
To: support@desk.test
Subject: This week: LEDs get cheaper again
Message-ID: <issue-47@lighttrade.test>
List-Id: Light Trade Weekly <weekly.lighttrade.test>
List-Unsubscribe: <mailto:leave@lighttrade.test>
Precedence: bulk
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8"#,
            "Prices for LED modules fell by four percent in October. Three makers announced dimmable models.\n",
        ),
        plain(
            26,
            TEAM_INBOX,
            r#"
Return-Path: <>
From: Mail Delivery System <MAILER-DAEMON@desk.test>
To: support@desk.test
Subject: Undelivered Mail Returned to Sender
Message-ID: <bounce-1@desk.test>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="report""#,
            r#"
--report
Content-Type: text/plain; charset=us-ascii

Your message to info@closed.test could not be delivered: the mailbox does not exist.

--report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.desk.test

Final-Recipient: rfc822; info@closed.test
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 no such mailbox

--report
Content-Type: text/rfc822-headers

From: Support <support@desk.test>
To: info@closed.test
Subject: Your request
Message-ID: <request-7@desk.test>

--report--
"#,
        ),
        plain(
            46,
            TEAM_INBOX,
            r#"
From: Lea Laurent <lea@studio.test>
To: support@desk.test
Subject: Out of office: your offer
Message-ID: <away@studio.test>
Auto-Submitted: auto-replied
X-Auto-Response-Suppress: All
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8"#,
            "I am travelling until Monday and read my mail then.\n\nLea Laurent\n",
        ),
    ]
}
