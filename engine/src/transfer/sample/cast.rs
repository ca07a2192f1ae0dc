//! Who is in it: a shop with its accounts and colleagues, and people who write to it. Nobody of them exists. Addresses
//! lie in domains that nobody can have (RFC 2606), numbers in ranges that are kept free for stories where a country has
//! such (Ofcom, ARCEP, Bundesnetzagentur, NANPA); people of the others have a number of one of these.

use super::dice::Dice;
use super::words::{Tongue, Words};
use crate::model::Channel;
use unicode_normalization::UnicodeNormalization;

/// The shop.
pub(super) const SHOP: &str = "Glimmer & Birch";
/// Its domain.
pub(super) const DOMAIN: &str = "glimmerbirch.example";

/// What it sells.
pub(super) const ITEMS: [&str; 10] = [
    "Fjord", "Halo 40", "Luma", "Ondine", "Pico", "Tern", "Terra XL", "Vesper", "Mica", "Kite",
];

/// One of the shop's accounts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Account {
    pub(super) id: &'static str,
    pub(super) channel: Channel,
    pub(super) address: &'static str,
}

const fn account(id: &'static str, channel: Channel, address: &'static str) -> Account {
    Account {
        id,
        channel,
        address,
    }
}

/// All its accounts. The first of a channel is the usual one.
pub(super) const ACCOUNTS: [Account; 9] = [
    account("mail", Channel::Email, "hello@glimmerbirch.example"),
    account("trade", Channel::Email, "trade@glimmerbirch.example"),
    account("instagram", Channel::Instagram, "glimmer.and.birch"),
    account("messenger", Channel::Messenger, "glimmerandbirch"),
    account("sms", Channel::Sms, "+447700900981"),
    account("whatsapp", Channel::Whatsapp, "+447700900982"),
    account("telegram", Channel::Telegram, "glimmer_birch_bot"),
    account("matrix", Channel::Matrix, "@shop:glimmerbirch.example"),
    account("site", Channel::Webchat, "www.glimmerbirch.example"),
];

/// The account that a talk goes through.
pub(super) fn account_for(channel: Channel, trade: bool) -> &'static Account {
    static ALL: [Account; 9] = ACCOUNTS;
    let fits = |a: &&Account| a.channel == channel && (a.id == "trade") == trade;
    ALL.iter()
        .find(fits)
        .or_else(|| ALL.iter().find(|a| a.channel == channel))
        .unwrap_or(&ALL[0])
}

/// Colleagues; beside them, the person who looks.
pub(super) const COLLEAGUES: [&str; 4] = [
    "Marit Sundqvist",
    "Jonas Albrecht",
    "Salma Benali",
    "Pieter Verhage",
];

/// The id of a colleague: like no other agent's, so that nobody real is ever taken for one.
pub(super) fn colleague_id(n: usize) -> String {
    data_encoding::HEXLOWER.encode(format!("sample-agent-{n:03}").as_bytes())
}

/// A person.
#[derive(Debug, Clone)]
pub(super) struct Person {
    pub(super) tongue: Tongue,
    pub(super) first: String,
    pub(super) name: String,
    /// The name in letters that an address may have.
    plain: String,
    n: usize,
}

impl Person {
    /// The `n`th of a language: each once, as long as names last.
    pub(super) fn new(tongue: Tongue, words: &Words, n: usize) -> Self {
        let (firsts, lasts) = (words.list("first"), words.list("last"));
        let part = |all: &[&'static str], i: usize| {
            let said = all.get(i % all.len().max(1)).copied().unwrap_or_default();
            let (shown, plain) = said.split_once('/').unwrap_or((said, said));
            (shown.to_owned(), letters(plain))
        };
        let first = part(firsts, n);
        let last = part(lasts, n * 5 + n / firsts.len().max(1) * 3 + 2);
        Self {
            tongue,
            name: format!("{} {}", first.0, last.0),
            plain: format!("{}.{}", first.1, last.1),
            first: first.0,
            n,
        }
    }

    /// The same person under another name.
    pub(super) fn called(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    /// The person's address on a channel.
    pub(super) fn address(&self, channel: Channel) -> String {
        let (n, nr) = (self.n, self.number());
        match channel {
            Channel::Email => {
                let domain = [
                    "post.example",
                    "letterbox.example",
                    "home.test",
                    "mail.example",
                ];
                let domain = domain.get(n % 4).copied().unwrap_or("mail.example");
                format!("{}@{domain}", self.plain)
            }
            Channel::Instagram => format!("55500{nr:05}"),
            Channel::Messenger => format!("77700{nr:05}"),
            Channel::Sms | Channel::Whatsapp => self.phone(),
            Channel::Telegram => format!("88000{nr:05}"),
            Channel::Matrix => format!("@{}:home.test", self.plain),
            Channel::Webchat => format!("visit-{nr:05}"),
        }
    }

    fn number(&self) -> usize {
        self.n
            + match self.tongue {
                Tongue::English => 10_000,
                Tongue::German => 20_000,
                Tongue::Dutch => 30_000,
                Tongue::French => 40_000,
                Tongue::Arabic => 50_000,
            }
    }

    fn phone(&self) -> String {
        let n = self.n % 1_000;
        match self.tongue {
            Tongue::English => format!("+447700900{n:03}"),
            Tongue::German => format!("+4917139200{:02}", n % 100),
            Tongue::Dutch => format!("+1202555{:04}", 100 + n % 100),
            Tongue::French => format!("+3363998{:04}", 1_000 + n),
            Tongue::Arabic => format!("+1312555{:04}", 100 + n % 100),
        }
    }

    /// What stands beside a message of a channel: some show a full name, some a word somebody chose.
    pub(super) fn shown(&self, channel: Channel) -> Option<String> {
        match channel {
            Channel::Sms => None,
            Channel::Webchat => Some(self.first.clone()),
            Channel::Instagram if self.n.is_multiple_of(3) => Some(self.plain.clone()),
            _ => Some(self.name.clone()),
        }
    }
}

fn letters(name: &str) -> String {
    name.to_lowercase()
        .replace('ß', "ss")
        .replace('ı', "i")
        .nfd()
        .filter(char::is_ascii_alphabetic)
        .collect()
}

/// An address that somebody nobody knows could have.
pub(super) fn stranger(dice: &mut Dice, what: &str) -> String {
    format!("{what}{}@sender.example", dice.between(10, 99))
}
