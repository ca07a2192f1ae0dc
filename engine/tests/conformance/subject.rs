//! What a channel brings to the suite.

use async_trait::async_trait;
use parley_engine::model::AccountConfig;
use parley_sandbox::http::{DUPLICATE, Fault, SHUFFLE, World};
use secrecy::SecretString;

/// A provider with one account and one customer.
#[async_trait]
pub trait Subject: Send + Sync {
    /// Its channel, for what is printed.
    fn name(&self) -> &'static str;
    /// The account, and what proves who we are.
    fn account(&self) -> (AccountConfig, SecretString);
    /// The customer as the channel names them.
    fn customer(&self) -> String;
    /// More messages than one page of its reading has.
    fn more_than_a_page(&self) -> usize;
    /// The customer writes. Gives what an [`Act`] names it by.
    async fn writes(&self, text: &str) -> String;
    /// The customer does something else; false where the channel has no such thing.
    async fn does(&self, act: Act<'_>) -> bool;
    /// Something goes wrong from now on; false where it cannot at this provider.
    async fn suffers(&self, trouble: Trouble) -> bool;
    /// All is well again.
    async fn mends(&self);
    /// The texts that the provider took from us, oldest first.
    async fn took(&self) -> Vec<String>;
    /// How many files it took from us.
    async fn took_files(&self) -> usize;
    /// Whether what we sent is found by reading: then a send whose answer was lost is settled by itself.
    fn lists_own(&self) -> bool;
    /// Requests that reached the provider so far, where it counts them.
    fn calls(&self) -> Option<usize>;
    /// Most readings that the vendor allows within a second to all accounts of one app together, and when there were
    /// some (milliseconds).
    fn allowance(&self) -> Option<(usize, Vec<i64>)> {
        None
    }
}

/// What customers do besides writing.
#[derive(Debug, Clone, Copy)]
pub enum Act<'a> {
    Edit {
        of: &'a str,
        text: &'a str,
    },
    Unsend {
        of: &'a str,
    },
    React {
        of: &'a str,
        emoji: Option<&'a str>,
    },
    File {
        name: &'a str,
        bytes: &'a [u8],
    },
    /// Something of a kind that nobody has heard of.
    Unknown,
    /// Something that is broken.
    Poison,
    /// They want no more messages.
    Refuse,
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// The next read is asked to wait, for so many seconds where told.
    Busy(Option<u32>),
    /// The next read meets a failure inside of the provider.
    Broken,
    /// The next read is answered by somebody else's web page.
    Page,
    /// The next read comes a few bytes at a time.
    Drip,
    /// The next read ends in the middle.
    Cut,
    /// The next page brings the one before it once more.
    Doubled,
    /// The next page is out of order.
    Shuffled,
    /// From the nth read on, the token is refused.
    Expired(u32),
    /// Sends are refused because of the token.
    SendExpired,
    /// The next send is asked to wait.
    SendBusy,
    /// The next send is taken, and its answer is lost.
    SendLost,
}

/// The troubles of a fake that speaks HTTP, where `read` and `send` are the paths of its reading and sending.
pub fn http(world: &World, read: (&str, &str), send: (&str, &str), expired: &Fault, t: Trouble) {
    let reading = || world.faults.on(read.0, read.1);
    let sending = || world.faults.on(send.0, send.1);
    match t {
        Trouble::Busy(seconds) => reading().once(Fault::too_many(seconds)),
        Trouble::Broken => reading().once(Fault::status(500)),
        Trouble::Page => reading().once(Fault::Html),
        Trouble::Drip => reading().once(Fault::Drip {
            piece: 200,
            pause: 2,
        }),
        Trouble::Cut => reading().once(Fault::Cut { after: 30 }),
        Trouble::Doubled => reading().once(Fault::flag(DUPLICATE)),
        Trouble::Shuffled => reading().once(Fault::flag(SHUFFLE)),
        Trouble::Expired(nth) => reading().nth(nth).always(expired.clone()),
        Trouble::SendExpired => sending().always(expired.clone()),
        Trouble::SendBusy => sending().once(Fault::too_many(Some(1))),
        Trouble::SendLost => sending().once(Fault::CloseAfter),
    }
}

/// Says that a sentence does not apply.
pub fn not_here(subject: &dyn Subject, what: &str) {
    eprintln!("{}: its provider has no {what}", subject.name());
}
