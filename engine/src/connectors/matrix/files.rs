//! Files that customers sent: fetched once, and a card where they cannot be had.

use super::Matrix;
use super::api::{Api, Call, code, refusal};
use super::convert::Media;
use crate::connectors::Result;
use crate::connectors::fetch::{FetchError, Fetcher, Policy, is_public};
use crate::connectors::http::{Answer, MOST_FILE};
use crate::model::filename::safe;
use crate::model::{Card, CardKind, ChannelError, Incoming, IncomingFile, Remedy};
use std::sync::Arc;
use std::time::Duration;

/// So often a file is asked for before what follows goes on without it.
const TRIES: u32 = 3;
/// For one file.
const TIME: Duration = Duration::from_secs(120);

/// What fetches the files that lie elsewhere than at the homeserver: from the public network, and from this computer
/// where the homeserver itself is on it.
pub(super) fn fetcher(api: &Api) -> Fetcher {
    let host = api.host();
    let here = host == "localhost"
        || host
            .trim_matches(['[', ']'])
            .parse()
            .is_ok_and(|ip: std::net::IpAddr| ip.is_loopback());
    Fetcher::of(Policy {
        allowed: Arc::new(move |ip, port| {
            is_public(ip) && matches!(port, 80 | 443) || here && ip.is_loopback()
        }),
        time: TIME,
        bytes: MOST_FILE,
    })
}

impl Matrix {
    /// Fetches a message's file; one that cannot be had is a card that names it. A message that is here already has
    /// its file.
    pub(super) async fn attach(&self, message: &mut Incoming, media: Media) -> Result<()> {
        if let Some(recall) = self.recall.get()
            && recall.holds(&message.remote_id).await
        {
            return Ok(());
        }
        match self.fetch(&media).await {
            Ok(bytes) => {
                let found = infer::get(&bytes).map(|kind| kind.mime_type().to_owned());
                let claimed = Some(media.mime).filter(|m| m.contains('/'));
                let mime = found.or(claimed);
                message.files.push(IncomingFile {
                    name: safe(&media.name).unwrap_or_else(|| "file".into()),
                    mime: mime.unwrap_or_else(|| "application/octet-stream".into()),
                    content_id: None,
                    inline: false,
                    bytes,
                });
            }
            Err(e) if self.is_passing(&e, &media) => return Err(e),
            Err(_) => message
                .cards
                .push(Card::of(CardKind::Media).saying(media.name)),
        }
        Ok(())
    }

    /// Whether it is to be asked for again: the homeserver is away, or fails for once. A file that it fails to give
    /// again and again (as one of another homeserver that is gone) must not stand in the way of all that follows.
    fn is_passing(&self, e: &ChannelError, media: &Media) -> bool {
        if e.step == "connect" || e.remedy == Remedy::Reconnect {
            return true;
        }
        matches!(e.remedy, Remedy::Retry | Remedy::Wait | Remedy::Uncertain)
            && self.rooms.tried(&format!("{}/{}", media.server, media.id)) < TRIES
    }

    async fn fetch(&self, media: &Media) -> Result<Vec<u8>> {
        if media.size > MOST_FILE as u64 {
            return Err(no_file("The file is too large."));
        }
        let place = [media.server.as_str(), media.id.as_str()];
        let of = |start: &[&str]| {
            let path = [start, &place].concat();
            let mut call = Call::new(reqwest::Method::GET, &path, "media");
            call.most = Some(MOST_FILE);
            call.time = TIME;
            call
        };
        let answer = self
            .api
            .raw(&of(&["client", "v1", "media", "download"]))
            .await?;
        if answer.ok() {
            return Ok(answer.body);
        }
        if matches!(answer.status, 307 | 308) {
            return self.elsewhere(&answer).await;
        }
        // Homeservers before version 1.11 of the specification.
        if code(&answer) == "M_UNRECOGNIZED" {
            let older = self.api.raw(&of(&["media", "v3", "download"])).await?;
            return match older.status {
                307 | 308 => self.elsewhere(&older).await,
                _ if older.ok() => Ok(older.body),
                _ => Err(refusal(&older, "media", self.api.now())),
            };
        }
        Err(refusal(&answer, "media", self.api.now()))
    }

    /// A file that the homeserver keeps at somebody else's: asked for once, without what proves who we are.
    async fn elsewhere(&self, answer: &Answer) -> Result<Vec<u8>> {
        let base = self.api.base()?.at(&[]);
        let url = answer.header("location").and_then(|l| base.join(l).ok());
        let url = url.filter(|u| u.scheme() == "https" || base.scheme() == "http");
        let Some(url) = url else {
            return Err(no_file("The file lies where it cannot be fetched from."));
        };
        self.files.file(&url).await.map_err(|e| {
            let remedy = match &e {
                FetchError::Status { status, .. } if *status >= 500 => Remedy::Retry,
                FetchError::Slow(_) | FetchError::Lost(_) | FetchError::NoHost(_) => Remedy::Retry,
                _ => Remedy::Final,
            };
            ChannelError::new(remedy, "media", format!("The file was not fetched: {e}."))
        })
    }
}

fn no_file(what: &str) -> ChannelError {
    ChannelError::new(Remedy::Final, "media", what)
}
