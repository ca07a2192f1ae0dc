//! An own corpus of support mail: eight languages, a Zipf vocabulary, threads of 1 to 12 messages, 3 % as many
//! customers as messages, text and HTML parts, 8 % attachments. The same seed makes the same mails.

use std::fmt::Write as _;

/// A small, fast generator (xorshift64*): figures must not depend on a library's version.
pub struct Dice(u64);

impl Dice {
    /// From a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }
    /// The next number.
    pub fn roll(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }
    /// Below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.roll() % (n.max(1) as u64)).unwrap_or(0)
    }
    /// With a chance of `percent`.
    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
    /// A rank below `n` as Zipf has it: rank r about as often as 1/r.
    pub fn zipf(&mut self, n: usize) -> usize {
        #[allow(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss
        )]
        let rank = {
            let u = (self.roll() >> 11) as f64 / (1u64 << 53) as f64;
            (n as f64).powf(u) as usize
        };
        rank.saturating_sub(1).min(n - 1)
    }
}

struct Language {
    tag: &'static str,
    syllables: &'static [&'static str],
    space: &'static str,
}

const LANGUAGES: [Language; 8] = [
    Language {
        tag: "en",
        syllables: &[
            "or", "der", "lamp", "ship", "re", "turn", "pay", "ment", "de", "liv", "ery", "stock",
            "mail", "thank", "help", "in", "voice", "ques", "tion", "store",
        ],
        space: " ",
    },
    Language {
        tag: "de",
        syllables: &[
            "be", "stell", "ung", "lam", "pe", "lie", "fer", "rech", "nung", "straße", "grü", "ße",
            "zahl", "rück", "gabe", "fra", "ge", "über", "kauf", "preis",
        ],
        space: " ",
    },
    Language {
        tag: "fr",
        syllables: &[
            "com", "man", "de", "lam", "pe", "li", "vrai", "son", "fac", "ture", "mer", "ci", "é",
            "crit", "ques", "tion", "re", "tour", "prix", "être",
        ],
        space: " ",
    },
    Language {
        tag: "nl",
        syllables: &[
            "be", "stel", "ling", "lamp", "le", "ver", "ing", "re", "ke", "ning", "vraag", "ij",
            "prijs", "te", "rug", "be", "ta", "ling", "dank", "winkel",
        ],
        space: " ",
    },
    Language {
        tag: "es",
        syllables: &[
            "pe", "di", "do", "lám", "pa", "ra", "en", "tre", "ga", "fac", "tu", "gra", "cias",
            "pre", "gun", "ta", "ñan", "de", "vol", "ción",
        ],
        space: " ",
    },
    Language {
        tag: "ar",
        syllables: &[
            "طلب", "مص", "باح", "شحن", "فات", "ورة", "شكر", "سؤال", "ال", "سعر", "دفع", "عو", "دة",
            "متجر", "بريد",
        ],
        space: " ",
    },
    Language {
        tag: "zh",
        syllables: &[
            "订", "单", "灯", "发", "货", "退", "款", "谢", "问", "题", "价", "格", "支", "付",
            "店", "邮", "件", "客", "服", "您",
        ],
        space: "",
    },
    Language {
        tag: "tr",
        syllables: &[
            "si", "pa", "riş", "lam", "ba", "ka", "go", "fa", "tu", "ra", "te", "şek", "kür", "so",
            "ru", "ğı", "öde", "me", "ıs", "fi",
        ],
        space: " ",
    },
];

const WORDS: usize = 20_000;

fn word(language: &Language, rank: usize) -> String {
    let mut d = Dice::new(rank as u64 + 77);
    (0..1 + d.below(3))
        .map(|_| language.syllables[d.below(language.syllables.len())])
        .collect()
}

fn sentence(d: &mut Dice, language: &Language, words: usize) -> String {
    (0..words)
        .map(|_| word(language, d.zipf(WORDS)))
        .collect::<Vec<_>>()
        .join(language.space)
}

/// One mail of the corpus.
pub struct Mail {
    /// As it arrives.
    pub raw: Vec<u8>,
    /// When it arrived, in milliseconds.
    pub at: i64,
    /// It lies in Sent.
    pub ours: bool,
}

/// The corpus: give the same numbers and get the same mails, in the order of time.
pub struct Corpus {
    dice: Dice,
    total: usize,
    made: usize,
    customers: usize,
    thread: Vec<String>,
    left: usize,
    customer: usize,
    /// Of the first mail.
    pub begin: i64,
}

/// Minutes between mails.
const PACE: i64 = 90_000;

impl Corpus {
    /// `total` mails.
    #[must_use]
    pub fn new(total: usize, begin: i64) -> Self {
        Self {
            dice: Dice::new(42),
            total,
            made: 0,
            customers: (total * 3 / 100).max(1),
            thread: Vec::new(),
            left: 0,
            customer: 0,
            begin,
        }
    }

    fn make(&mut self) -> Mail {
        if self.left == 0 {
            self.thread.clear();
            self.left = 1 + self.dice.below(12);
            self.customer = self.dice.below(self.customers);
        }
        self.left -= 1;
        let n = self.made;
        let ours = !self.thread.is_empty() && self.thread.len() % 2 == 1;
        let at = self.begin + i64::try_from(n).unwrap_or(0) * PACE;
        let language = &LANGUAGES[self.customer % LANGUAGES.len()];
        let id = format!(
            "{n}.{}@{}",
            self.customer,
            if ours { "desk.test" } else { "mail.test" }
        );
        let raw = self.write(language, at, ours, &id);
        self.thread.push(id);
        self.made += 1;
        Mail { raw, at, ours }
    }

    fn write(&mut self, language: &Language, at: i64, ours: bool, id: &str) -> Vec<u8> {
        let d = &mut self.dice;
        let customer = format!(
            "\"{} {}\" <c{}@mail.test>",
            word(language, self.customer + 50),
            language.tag,
            self.customer
        );
        let team = "\"Support\" <support@desk.test>".to_owned();
        let (from, to) = if ours {
            (&team, &customer)
        } else {
            (&customer, &team)
        };
        let mut subject_dice = Dice::new(
            self.thread
                .first()
                .map_or(id, String::as_str)
                .bytes()
                .map(u64::from)
                .sum(),
        );
        let subject = format!(
            "{}{} ORD-{}",
            if self.thread.is_empty() { "" } else { "Re: " },
            sentence(&mut subject_dice, language, 4),
            subject_dice.below(90_000) + 10_000
        );
        let lines = 4 + d.below(8);
        let text = (0..lines)
            .map(|_| {
                let n = 8 + d.below(14);
                sentence(d, language, n)
            })
            .collect::<Vec<_>>()
            .join(".\r\n");
        let date = jiff_date(at);
        let mut m = String::with_capacity(6_000);
        let _ = write!(
            m,
            "Received: from mx.mail.test by mx.desk.test; {date}\r\nFrom: {from}\r\nTo: {to}\r\nDate: {date}\r\nMessage-ID: <{id}>\r\nSubject: {subject}\r\nMIME-Version: 1.0\r\n"
        );
        if let Some(last) = self.thread.last() {
            let _ = write!(
                m,
                "In-Reply-To: <{last}>\r\nReferences: {}\r\n",
                self.thread
                    .iter()
                    .map(|r| format!("<{r}>"))
                    .collect::<Vec<_>>()
                    .join("\r\n ")
            );
        }
        for i in 0..8 {
            let _ = write!(m, "X-Trace-{i}: {:016x}{:016x}\r\n", d.roll(), d.roll());
        }
        body(&mut m, d, &text);
        m.into_bytes()
    }
}

fn body(m: &mut String, d: &mut Dice, text: &str) {
    let html = text
        .split("\r\n")
        .map(|l| format!("<p style=\"margin:0 0 8px\">{l}</p>\r\n"))
        .collect::<String>();
    let _ = write!(
        m,
        "Content-Type: multipart/mixed; boundary=\"b1\"\r\n\r\n--b1\r\nContent-Type: multipart/alternative; boundary=\"b2\"\r\n\r\n--b2\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{text}\r\n--b2\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n<html><body>{html}</body></html>\r\n--b2--\r\n"
    );
    if d.chance(8) {
        let _ = write!(
            m,
            "--b1\r\nContent-Type: application/pdf; name=\"invoice-{0}.pdf\"\r\nContent-Disposition: attachment; filename=\"invoice-{0}.pdf\"\r\nContent-Transfer-Encoding: base64\r\n\r\n",
            d.below(10_000)
        );
        for _ in 0..40 {
            let line: String = (0..57)
                .map(|_| char::from(b'A' + u8::try_from(d.below(26)).unwrap_or(0)))
                .collect();
            let _ = write!(m, "{line}AAA\r\n");
        }
    }
    m.push_str("--b1--\r\n");
}

/// RFC 5322 date in UTC.
fn jiff_date(at: i64) -> String {
    let days = at.div_euclid(86_400_000);
    let (y, mo, da) = civil(days);
    let s = at.rem_euclid(86_400_000) / 1_000;
    const NAMES: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    format!(
        "{da} {} {y} {:02}:{:02}:{:02} +0000",
        NAMES[mo - 1],
        s / 3_600,
        s / 60 % 60,
        s % 60
    )
}

/// Year, month, day of a count of days since 1970-01-01 (the proleptic Gregorian calendar).
fn civil(days: i64) -> (i64, usize, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    (
        yoe + era * 400 + i64::from(month <= 2),
        usize::try_from(month).unwrap_or(1),
        doy - (153 * mp + 2) / 5 + 1,
    )
}

impl Iterator for Corpus {
    type Item = Mail;
    fn next(&mut self) -> Option<Mail> {
        (self.made < self.total).then(|| self.make())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_numbers_make_the_same_mails() {
        let a: Vec<_> = Corpus::new(50, 0).map(|m| m.raw).collect();
        let b: Vec<_> = Corpus::new(50, 0).map(|m| m.raw).collect();
        assert_eq!(a, b);
    }

    #[test]
    fn dates_are_those_of_the_calendar() {
        assert_eq!(jiff_date(951_782_400_000), "29 Feb 2000 00:00:00 +0000");
        assert_eq!(jiff_date(1_700_000_000_000), "14 Nov 2023 22:13:20 +0000");
    }
}
