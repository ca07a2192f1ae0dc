//! What is folded, in own examples.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::connectors::email::html;
use crate::model::{FoldKind, FoldedText};
use proptest::prelude::*;

fn shown(text: &str) -> String {
    let segments = fold_text(text);
    let whole: String = segments.iter().map(|s| s.text).collect();
    assert_eq!(whole, text);
    visible(&segments).trim().to_owned()
}

/// HTML as ingest reads it.
fn html_shown(source: &str) -> String {
    html_folded(source).parted().0.trim().to_owned()
}

fn html_folded(source: &str) -> FoldedText {
    let clean = html::sanitise(source).unwrap().clean.html;
    assert!(!clean.contains(ATTRIBUTE), "{clean}");
    text_of(&clean, html::to_text)
}

#[test]
fn an_introduction_in_any_language_is_folded_with_what_it_introduces() {
    for intro in [
        "On Tue, 3 Mar 2026 at 10:12, Mara <mara@shop.test> wrote:",
        "Am 03.03.2026 um 10:12 schrieb Mara:",
        "Mara <mara@shop.test> schrieb am 03.03.2026 um 10:12:",
        "Le mar. 3 mars 2026 à 10:12, Mara <mara@shop.test> a écrit :",
        "Op di 3 mrt 2026 om 10:12 schreef Mara <mara@shop.test>:",
        "El mar, 3 mar 2026 a las 10:12, Mara (<mara@shop.test>) escribió:",
        "Il giorno mar 3 mar 2026 alle ore 10:12 Mara <mara@shop.test> ha scritto:",
        "Em ter., 3 de mar. de 2026 às 10:12, Mara <mara@shop.test> escreveu:",
        "في الثلاثاء، 3 مارس 2026 في 10:12 ص كتب Mara <mara@shop.test>:",
        "Mara <mara@shop.test> 于2026年3月3日周二 10:12写道：",
        "2026年3月3日(火) 10:12 Mara <mara@shop.test>:",
        "вт, 3 мар. 2026 г. в 10:12, Mara <mara@shop.test>:",
        "3 марта 2026 г., в 10:12, Mara <mara@shop.test> написал(а):",
        "wt., 3 mar 2026 o 10:12 Mara <mara@shop.test> napisał(a):",
        "Mara <mara@shop.test>, 3 Mar 2026 Sal, 10:12 tarihinde şunu yazdı:",
        "Den tis 3 mars 2026 kl 10:12 skrev Mara <mara@shop.test>:",
        "tir. 3. mar. 2026 kl. 10:12 skrev Mara <mara@shop.test>:",
        "ti 3. maalisk. 2026 klo 10.12 Mara (mara@shop.test) kirjoitti:",
        "út 3. 3. 2026 v 10:12 odesílatel Mara <mara@shop.test> napsal:",
        "2026년 3월 3일 (화) 오전 10:12, Mara <mara@shop.test>님이 작성:",
        "בתאריך יום ג׳, 3 במרץ 2026 ב-10:12 מאת Mara <mara@shop.test>:",
        "Vào Th 3, 3 thg 3, 2026 lúc 10:12 Mara <mara@shop.test> đã viết:",
    ] {
        assert_eq!(
            shown(&format!("Fine.\n\n{intro}\n\n> Blue?\n")),
            "Fine.",
            "{intro}"
        );
        assert_eq!(
            shown(&format!("Fine.\n\n{intro}\n\nBlue?\nMara\n")),
            "Fine.",
            "unmarked: {intro}"
        );
    }
}

#[test]
fn an_introduction_may_be_broken_over_lines() {
    for intro in [
        "On Tuesday, 3 March 2026 at 10:12, Mara of the Shop\n<mara@shop.test> wrote:",
        "On Tue, 3 Mar 2026 at 10:12, Mara <\nmara@shop.test> wrote:",
        "On Tue, 3 Mar 2026,\nat 10:12, Mara\n<mara@shop.test>\nwrote:",
        "Am Dienstag, 3. März 2026 um 10:12 schrieb Mara von der\nWerkstatt <mara@shop.test>:",
    ] {
        assert_eq!(
            shown(&format!("Hello,\nfine.\n{intro}\n\n> Blue?\n")),
            "Hello,\nfine.",
            "{intro}"
        );
    }
}

#[test]
fn the_header_of_an_answered_mail_is_folded_with_all_below_it() {
    for header in [
        "From: Mara <mara@shop.test>\nSent: Tuesday, March 3, 2026 10:12 AM\nTo: Anna\nSubject: Lamp",
        "________________________________\nFrom: Mara <mara@shop.test>\nSent: Tuesday\nTo: Anna\nSubject: Lamp",
        "-----Original Message-----\nFrom: Mara\nTo: Anna",
        "Von: Mara\nGesendet: Dienstag, 3. März 2026 10:12\nAn: Anna\nBetreff: Lampe",
        "De : Mara\nEnvoyé : mardi 3 mars 2026 10:12\nÀ : Anna\nObjet : Lampe",
        "Van: Mara\nVerzonden: dinsdag 3 maart 2026 10:12\nAan: Anna\nOnderwerp: Lamp",
        "De: Mara\nEnviado el: martes, 3 de marzo de 2026 10:12\nPara: Anna\nAsunto: Lámpara",
        "Da: Mara\nInviato: martedì 3 marzo 2026 10:12\nA: Anna\nOggetto: Lampada",
        "差出人: Mara\n送信日時: 2026年3月3日 10:12\n宛先: Anna\n件名: ランプ",
        "发件人: Mara\n发送时间: 2026年3月3日 10:12\n收件人: Anna\n主题: 灯",
        "От: Mara\nОтправлено: 3 марта 2026 г. 10:12\nКому: Anna\nТема: Лампа",
        "Kimden: Mara\nGönderildi: 3 Mart 2026 Salı 10:12\nKime: Anna\nKonu: Lamba",
        "من: Mara\nتم الإرسال: 3 مارس 2026 10:12\nإلى: Anna\nالموضوع: مصباح",
        "*From:* Mara [mailto:mara@shop.test]\n*Sent:* Tuesday 10:12\n*To:* Anna\n*Subject:* Lamp",
    ] {
        assert_eq!(
            shown(&format!("Fine.\n\n{header}\n\nBlue?\nMara\n")),
            "Fine.",
            "{header}"
        );
    }
}

#[test]
fn answers_between_quotations_stay_with_what_they_answer() {
    let text = "On 3 Mar 2026 at 10:12, Mara wrote:\n> Is it linen?\n\nYes.\n\n> And the foot?\n\nBrass.\n\n> Regards\n> Mara\n";
    let seen = shown(text);
    for own in ["Is it linen?", "Yes.", "And the foot?", "Brass."] {
        assert!(seen.contains(own), "{own}: {seen}");
    }
    assert!(!seen.contains("Regards"), "{seen}");
    assert_eq!(
        shown("> Is it linen?\nYes.\n> And the foot?\nBrass."),
        "> Is it linen?\nYes.\n> And the foot?\nBrass."
    );
}

#[test]
fn an_answer_below_its_quotation_is_shown_without_it() {
    assert_eq!(
        shown(
            "Am 03.03.2026 um 10:12 schrieb Mara:\n> Welche Länge?\n> Mara\n\nDrei Meter.\n\n-- \nUte\n"
        ),
        "Drei Meter."
    );
}

#[test]
fn what_is_passed_on_is_shown() {
    let text = "For you.\n\n---------- Forwarded message ---------\nFrom: Mara <mara@shop.test>\nDate: Tue, 3 Mar 2026 at 10:12\nSubject: Lamp\nTo: Anna\n\nBlue?\n";
    assert_eq!(shown(text), text.trim());
    let outlook = "For you.\n\nFrom: Mara <mara@shop.test>\nSent: Tuesday 10:12\nTo: Anna\nSubject: Lamp\n\nBlue?\n";
    assert_eq!(shown(outlook), "For you.");
    assert_eq!(
        visible(&fold_text_as(outlook, is_forward("FW: Lamp"))),
        outlook
    );
    assert!(is_forward("WG: Lampe") && is_forward("Fwd: x") && is_forward("转发：灯"));
    assert!(!is_forward("Re: Fwd: x") && !is_forward("Lamp: blue") && !is_forward(""));
}

#[test]
fn signatures_are_folded_and_sentences_are_not() {
    for (text, seen) in [
        ("Fine.\n\n-- \nAnna\nACME", "Fine."),
        ("Fine.\n--\nAnna", "Fine."),
        ("Fine.\n\n-Anna", "Fine."),
        ("Fine.\n\nSent from my iPhone", "Fine."),
        ("Bien.\n\nEnvoyé de mon iPhone", "Bien."),
        ("Gut.\n\nVon meinem iPhone gesendet", "Gut."),
        ("よい。\n\niPhoneから送信", "よい。"),
        ("好。\n\n发自我的iPhone", "好。"),
        ("Tamam.\n\niPhone'umdan gönderildi", "Tamam."),
        (
            "Fine.\n\nGet Outlook for Android<https://aka.ms/x>",
            "Fine.",
        ),
        (
            "Fine.\n\nKind regards\nAnna Meier\nBuyer, ACME\n+49 30 1234567",
            "Fine.",
        ),
        (
            "Fine.\n\nAnna Meier\nanna@acme.test\nwww.acme.test",
            "Fine.",
        ),
        (
            "Fine.\n\nThis e-mail and any attachments are confidential and so on.",
            "Fine.",
        ),
        // A closing with a name was typed, and so was what is asked below it.
        ("Fine.\n\nThanks,\nAnna", "Fine.\n\nThanks,\nAnna"),
        (
            "Fine.\n\nBest,\nAnna\nACME\n\nP.S. Does it come with a bulb?",
            "Fine.\n\nBest,\nAnna\nACME\n\nP.S. Does it come with a bulb?",
        ),
        (
            "I need:\n\n- a lamp\n- a bulb",
            "I need:\n\n- a lamp\n- a bulb",
        ),
        (
            "Sent from my desk, which is better than a phone.",
            "Sent from my desk, which is better than a phone.",
        ),
        (
            "Send it to:\n\nAnna Meier\nAm Markt 3\n10115 Berlin\n030 1234567",
            "Send it to:\n\nAnna Meier\nAm Markt 3\n10115 Berlin\n030 1234567",
        ),
        // Where there is nothing else, it is what the mail says.
        ("-- \nAnna", "-- \nAnna"),
        ("> only this", "> only this"),
    ] {
        assert_eq!(shown(text), seen);
    }
}

#[test]
fn words_that_look_like_an_introduction_stay() {
    for text in [
        "On your side you can run:\n\n    ping 127.0.0.1\n\nand tell us.",
        "On Monday I wrote that I need three: two are enough.",
        "Invitation:\n\nDate: Wednesday 3 October\nTime: 7:00\nAddress: 130 Fox St\n\nSee you.",
        "From: Berlin\nTo: Paris\nDate: 12 May\n\nWhat does it cost?",
        "Enter it below.\n\n------ Enter it below ------\n\nAll was well.",
        "My list:\n\n---\n\nThis is a long sentence that goes on for more than is usual in any signature, and on.",
    ] {
        assert_eq!(shown(text), text.trim());
    }
}

#[test]
fn marks_of_mail_programs_fold_their_html() {
    for (source, seen) in [
        (
            "<div>Fine.</div><div class=gmail_quote>On 3 Mar wrote Mara<blockquote class=gmail_quote>Blue?</blockquote></div>",
            "Fine.",
        ),
        (
            "<div>Fine.</div><div class=gmail_extra><div class=gmail_quote>zz zz<blockquote class=gmail_quote>Blue?</blockquote></div></div>",
            "Fine.",
        ),
        (
            "<div class=gmail_quote><div class=gmail_attr>On 3 Mar, Mara wrote:</div><blockquote class=gmail_quote>Blue?</blockquote><div>Red.</div></div>",
            "Red.",
        ),
        ("Fine.<br><blockquote type=cite>Blue?</blockquote>", "Fine."),
        (
            "<p>Fine.</p><div class=moz-cite-prefix>Am 3. schrieb Mara:</div><blockquote type=cite>Blue?</blockquote><div class=moz-signature>-- <br>Anna</div>",
            "Fine.",
        ),
        (
            "<p>Fine.</p><div id=appendonsend></div><hr><div id=divRplyFwdMsg><b>Frá:</b> Mara<br>x: y</div><div>Blue?</div>",
            "Fine.",
        ),
        (
            "<p>Fine.</p><div><div style='border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm'><p><b>Xx:</b> Mara</p></div></div><p>Blue?</p>",
            "Fine.",
        ),
        (
            "<p>Fine.</p><div class=yahoo_quoted>Mara: Blue?</div>",
            "Fine.",
        ),
        (
            "<p>Fine.</p><div class=protonmail_quote>Mara: Blue?</div>",
            "Fine.",
        ),
        (
            "<p>Fine.</p><div class=zmail_extra>Mara: Blue?</div>",
            "Fine.",
        ),
        (
            "<p>Fine.</p><div class=x_gmail_signature>Anna</div>",
            "Fine.",
        ),
        (
            "<p>Fine.</p><div name=quote><b>Von:</b> Mara<br>Blue?</div>",
            "Fine.",
        ),
        (
            "Fine. On Tue, 3 Mar 2026 at 10:12, Mara &lt;m@s.test&gt; wrote:<blockquote>Blue?</blockquote>",
            "Fine.",
        ),
        ("<pre>Fine.\n\n&gt; Blue?\n</pre>", "Fine."),
        (
            "<p>See:</p><blockquote>My own words</blockquote><p>Good?</p>",
            "See:\n\nMy own words\nGood?",
        ),
        (
            "<div class=gmail_quote><div class=gmail_attr>---------- Forwarded message ---------<br>From: Mara<br>Date: 3 Mar</div>Blue?</div>",
            "---------- Forwarded message ---------\nFrom: Mara\nDate: 3 Mar\nBlue?",
        ),
    ] {
        assert_eq!(html_shown(source), seen, "{source}");
    }
}

#[test]
fn folded_html_is_wrapped_so_that_it_opens_without_a_script() {
    let clean = html::sanitise("<p>Fine.</p><blockquote type=cite>Blue?</blockquote>")
        .unwrap()
        .clean
        .html;
    assert_eq!(
        clean,
        "<p>Fine.</p><details class=\"parley-fold\" data-kind=\"quote\"><summary></summary><blockquote>Blue?</blockquote></details>"
    );
    let table = html::sanitise(
        "<table><tr><td>Fine.</td></tr><tr><td class=yahoo_quoted>Blue?</td></tr></table>",
    )
    .unwrap()
    .clean
    .html;
    assert!(table.contains("<td><details class=\"parley-fold\" data-kind=\"quote\"><summary></summary>Blue?</details></td>"), "{table}");
}

#[test]
fn a_mail_cannot_bring_marks_or_wrappings_of_its_own() {
    let clean = html::sanitise(
        "<p data-parley-mark=\"q\">a</p><details class=parley-fold><summary>s</summary>b</details>",
    )
    .unwrap()
    .clean
    .html;
    assert!(
        !clean.contains("data-parley-mark") && !clean.contains("parley-fold"),
        "{clean}"
    );
}

#[test]
fn hostile_input_is_folded_in_linear_time() {
    let lines = |l: &str| l.repeat(100_000 / l.len());
    for text in [
        ">".repeat(1_000_000),
        lines(">"),
        lines("> \n"),
        lines("On 1 \n"),
        lines("On 3 Mar 2026 at 10:12, Mara\n"),
        lines("From: a@b.test\n"),
        lines("From: a\n\n"),
        lines("--\n"),
        lines("a\n--\n"),
        lines("-- \n\n"),
        lines("> (http\nx\n"),
        lines("On "),
        lines("Thanks,\nA\nB\n"),
        lines("\n"),
        lines("a\n\n> b\n\n"),
        lines("-a\n\n"),
        lines("________\n"),
    ] {
        shown(&text);
    }
    let deep = "<blockquote>".repeat(50_000);
    assert_eq!(fold_html(&deep), deep);
    let wide = "<div data-parley-mark=\"c\">a</div><p>b</p>".repeat(3_000);
    assert_eq!(
        unwrapped(&fold_html(&wide)),
        wide.replace(" data-parley-mark=\"c\"", "")
    );
    let open = "<".repeat(1_000_000);
    assert_eq!(fold_html(&open), open);
}

/// Folded HTML without its wrappings.
fn unwrapped(folded: &str) -> String {
    let mut out = String::new();
    let mut open: Vec<bool> = Vec::new();
    let mut rest = folded;
    while let Some(at) = rest.find('<') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let ours = ["quote", "signature"].iter().find_map(|k| {
            rest.strip_prefix(&format!(
                "<details class=\"parley-fold\" data-kind=\"{k}\"><summary></summary>"
            ))
        });
        if let Some(after) = ours {
            open.push(true);
            rest = after;
        } else if rest.starts_with("</details>") {
            if open.pop() != Some(true) {
                out.push_str("</details>");
            }
            rest = &rest[10..];
        } else {
            if rest.starts_with("<details") {
                open.push(false);
            }
            out.push('<');
            rest = &rest[1..];
        }
    }
    out + rest
}

const PIECES: &[&str] = &[
    "Fine.",
    "\n",
    "\n\n",
    "> ",
    "On 3 Mar 2026 at 10:12, Mara <m@s.test> wrote:",
    "-- \n",
    "--",
    "Sent from my iPhone",
    "From: m@s.test",
    "Sent: 3 Mar 2026 10:12",
    "To: a",
    "Subject: b",
    "-----Original Message-----",
    "---------- Forwarded message ---------",
    "Thanks,\nAnna\nACME",
    "________________",
    "ä😀",
    "wrote:",
    "On ",
    "schrieb am 3.3.2026:",
    "##- Please type your reply above this line -##",
    "\r\n",
    "\u{a0}",
    ">>>",
    "(http://a",
    ")",
    "2026年3月3日(火) 10:12 M <m@s.test>:",
];
const TAGS: &[&str] = &[
    "<div>",
    "</div>",
    "<blockquote data-parley-mark=\"c\">",
    "</blockquote>",
    "<blockquote data-parley-mark=\"b\">",
    "<div data-parley-mark=\"g\">",
    "<div data-parley-mark=\"q\">",
    "<div data-parley-mark=\"h\">",
    "<div data-parley-mark=\"s\">",
    "<br>",
    "<hr data-parley-mark=\"r\">",
    "<table><tbody><tr><td>",
    "</td></tr></tbody></table>",
    "<pre>",
    "</pre>",
    "<img src=\"x\">",
    "<p>",
    "</p>",
    "&gt; ",
    "<ul><li>",
    "</li></ul>",
    "<",
    ">",
    "\u{fdd0}",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn any_text_is_parted_and_nothing_is_lost(parts in proptest::collection::vec((0..PIECES.len(), any::<bool>()), 0..40), noise in "\\PC{0,20}", forward in any::<bool>()) {
        let mut text = noise;
        for (i, end) in parts {
            text.push_str(PIECES[i]);
            if end { text.push('\n'); }
        }
        let segments = fold_text_as(&text, forward);
        let whole: String = segments.iter().map(|s| s.text).collect();
        prop_assert_eq!(&whole, &text);
        prop_assert!(segments.iter().all(|s| !s.text.is_empty()));
        prop_assert!(segments.windows(2).all(|w| w[0].kind != w[1].kind || w[0].kind.is_none()));
        prop_assert_eq!(fold_text_as(&text, forward), segments.clone());
        let folded = FoldedText { folds: ranges(&segments), text: text.clone() };
        prop_assert_eq!(folded.parted(), (visible(&segments), hidden(&segments)));
    }

    #[test]
    fn any_html_keeps_everything_but_its_marks(parts in proptest::collection::vec((0..TAGS.len(), 0..PIECES.len(), any::<bool>()), 0..40)) {
        let mut html = String::new();
        for (t, p, text) in parts {
            html.push_str(TAGS[t]);
            if text { html.push_str(&PIECES[p].replace('<', "&lt;").replace('>', "&gt;")); }
        }
        let folded = fold_html(&html);
        let bare: String = ["c", "b", "g", "q", "h", "s", "r"].iter().fold(html.clone(), |h, m| h.replace(&format!(" data-parley-mark=\"{m}\""), ""));
        prop_assert_eq!(unwrapped(&folded), bare);
        let text = text_of(&folded, html::to_text);
        for f in &text.folds {
            prop_assert!(text.text.get(f.start..f.end).is_some());
            prop_assert!(matches!(f.kind, FoldKind::Quote | FoldKind::Signature));
        }
    }
}
