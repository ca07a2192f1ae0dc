//! Settings that can work, and accounts that are left.

use crate::desk::{Team, telegram};
use parley_engine::api::args;
use parley_engine::error::Error;
use parley_engine::model::*;

fn refused(t: &Team, config: AccountConfig) -> String {
    match t.ask(args::AccountAdd {
        config,
        password: "secret".into(),
        oauth_flow: None,
    }) {
        Err(Error::Invalid(e)) => e,
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn settings_that_cannot_work_are_refused_before_anything_is_asked() {
    let t = Team::new();
    let bot = |id: &str, base: &str| {
        AccountConfig::Telegram(TelegramConfig {
            bot_id: id.into(),
            name: String::new(),
            base_url: base.into(),
        })
    };
    assert!(refused(&t, bot("not a number", "")).contains("digits"));
    assert!(refused(&t, bot("7", "http://bots.test")).contains("https"));
    assert!(refused(&t, bot("7", "nonsense")).contains("address"));
    let sms = |number: &str, sid: &str| crate::desk::sms(number).with_sid(sid);
    assert!(refused(&t, sms("0301234", "AC1")).contains('+'));
    assert!(refused(&t, sms(crate::desk::NUMBER, "")).contains("SID"));
    let matrix = |user: &str, server: &str| {
        AccountConfig::Matrix(MatrixConfig {
            homeserver: server.into(),
            user_id: user.into(),
            ..MatrixConfig::default()
        })
    };
    assert!(refused(&t, matrix("support", "https://m.test")).contains("@support"));
    assert!(refused(&t, matrix("@support:m.test", "")).contains("homeserver"));
    let meta = |version: &str| {
        AccountConfig::Instagram(MetaConfig {
            id: "1".into(),
            version: version.into(),
            ..MetaConfig::default()
        })
    };
    assert!(refused(&t, meta("26")).contains("v26.0"));
}

trait WithSid {
    fn with_sid(self, sid: &str) -> Self;
}
impl WithSid for AccountConfig {
    fn with_sid(self, sid: &str) -> Self {
        match self {
            Self::Sms(mut s) => {
                s.via = SmsVia::Twilio(TwilioAccess {
                    account_sid: sid.into(),
                    ..TwilioAccess::default()
                });
                Self::Sms(s)
            }
            other => other,
        }
    }
}

#[test]
fn a_removed_account_keeps_its_messages_and_comes_back_as_the_same() {
    let t = Team::new();
    let id = t.hears(t.telegram, "1", "42", "hello");
    let c = t.customer_on(Channel::Telegram, "42");
    t.does(args::AccountRemove {
        id: t.telegram,
        erase: false,
    });
    assert_eq!(t.shown(c).len(), 1);
    assert!(t.does(args::Accounts {}).iter().all(|a| a.id != t.telegram));
    assert_eq!(t.connect_to(&telegram()), t.telegram);
    assert_eq!(
        t.hears(t.telegram, "1", "42", "hello"),
        id,
        "told again and known"
    );
    assert_eq!(t.shown(c).len(), 1);
}

#[test]
fn reading_again_forgets_how_far_it_was_read_and_nothing_else() {
    let t = Team::new();
    t.hears(t.telegram, "1", "42", "hello");
    assert_eq!(
        t.number("SELECT count(*) FROM account WHERE cursor IS NOT NULL AND channel = 'telegram'"),
        1
    );
    t.does(args::AccountResync {
        id: t.telegram,
        since: t.now() - 86_400_000,
    });
    assert_eq!(
        t.number("SELECT count(*) FROM account WHERE cursor IS NOT NULL AND channel = 'telegram'"),
        0
    );
    t.hears(t.telegram, "1", "42", "hello");
    assert_eq!(t.shown(t.customer_on(Channel::Telegram, "42")).len(), 1);
}
