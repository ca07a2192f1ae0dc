//! A small OAuth 2 server on loopback: codes with PKCE, refresh tokens, and access tokens that a Dovecot can check by
//! itself. What it is asked is counted, and what it answers can be made to go wrong.

mod token;

pub use token::{access_token, holder};

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use url::Url;

use crate::error::{Error, Result};

/// The id under which programs are known here.
pub const CLIENT: &str = "parley-sandbox-client";
/// The key that signs access tokens; give it to [`crate::dovecot::Options::token_key`].
pub const KEY: &[u8] = b"a key of the sandbox, known to all";

/// How the server behaves; may be changed while it runs.
#[derive(Debug, Clone)]
pub struct Behaviour {
    /// Whom the next codes are for.
    pub user: String,
    /// For how many seconds an access token is good; below zero it has run out already.
    pub good_for: i64,
    /// How long it is said to be good, if that is not the truth.
    pub said_good_for: Option<i64>,
    /// A refresh token is good once, and each answer brings another one.
    pub rotates: bool,
    /// From this refresh on (the first is 1) the answer is `invalid_grant`.
    pub revoked_from: Option<usize>,
    /// The answer to every token request instead of a token: status and body.
    pub fault: Option<(u16, String)>,
    /// How long a token request takes.
    pub delay: Duration,
    /// The person says no.
    pub denies: bool,
}

impl Behaviour {
    /// A server that signs this user in.
    #[must_use]
    pub fn of(user: &str) -> Self {
        Self {
            user: user.to_owned(),
            good_for: 3_600,
            said_good_for: None,
            rotates: false,
            revoked_from: None,
            fault: None,
            delay: Duration::ZERO,
            denies: false,
        }
    }
}

struct Code {
    challenge: String,
    back: String,
    user: String,
}

struct State {
    behaviour: Behaviour,
    codes: HashMap<String, Code>,
    refresh: HashMap<String, String>,
    exchanges: usize,
    refreshes: usize,
    made: u64,
}

/// A running server; dropping it stops it.
pub struct OAuth {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

impl Drop for OAuth {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl OAuth {
    /// Starts a server on a free port.
    pub async fn start(behaviour: Behaviour) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .map_err(Error::system("listen for the OAuth server"))?;
        let address = listener
            .local_addr()
            .map_err(Error::system("listen for the OAuth server"))?;
        let state = Arc::new(Mutex::new(State {
            behaviour,
            codes: HashMap::new(),
            refresh: HashMap::new(),
            exchanges: 0,
            refreshes: 0,
            made: 0,
        }));
        let shared = Arc::clone(&state);
        let task = tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                tokio::spawn(serve(tcp, Arc::clone(&shared)));
            }
        });
        Ok(Self {
            address,
            state,
            task,
        })
    }

    /// The sign-in page.
    #[must_use]
    pub fn authorize(&self) -> String {
        format!("http://{}/authorize", self.address)
    }

    /// The server's address, under which page and tokens lie.
    #[must_use]
    pub fn base(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Where tokens are given.
    #[must_use]
    pub fn token(&self) -> String {
        format!("http://{}/token", self.address)
    }

    /// Changes how the server behaves from now on.
    pub fn behave(&self, change: impl FnOnce(&mut Behaviour)) {
        change(&mut lock(&self.state).behaviour);
    }

    /// How many codes were asked to become tokens.
    #[must_use]
    pub fn exchanges(&self) -> usize {
        lock(&self.state).exchanges
    }

    /// How many refresh tokens were asked to become access tokens.
    #[must_use]
    pub fn refreshes(&self) -> usize {
        lock(&self.state).refreshes
    }

    /// Does what a browser does: opens the page, is sent back, and gives the text of the page it ends at.
    pub async fn browse(url: &str) -> Result<String> {
        let page = get(url).await?;
        match header(&page, "location") {
            Some(back) => get(&back).await,
            None => Ok(page),
        }
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn get(url: &str) -> Result<String> {
    let bad = || Error::Option(format!("{url} is no address of this computer"));
    let url = Url::parse(url).map_err(|_| bad())?;
    let (Some(host), Some(port)) = (url.host_str(), url.port()) else {
        return Err(bad());
    };
    let target = url
        .query()
        .map_or_else(|| url.path().to_owned(), |q| format!("{}?{q}", url.path()));
    let asked = async {
        let mut tcp = TcpStream::connect((host, port)).await?;
        let request =
            format!("GET {target} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n");
        tcp.write_all(request.as_bytes()).await?;
        let mut all = Vec::new();
        tcp.read_to_end(&mut all).await?;
        Ok(String::from_utf8_lossy(&all).into_owned())
    };
    asked.await.map_err(Error::system("ask as a browser"))
}

fn header(answer: &str, name: &str) -> Option<String> {
    let head = answer.split("\r\n\r\n").next()?;
    head.lines()
        .filter_map(|l| l.split_once(':'))
        .find(|(n, _)| n.eq_ignore_ascii_case(name))
        .map(|(_, v)| v.trim().to_owned())
}

async fn serve(mut tcp: TcpStream, state: Arc<Mutex<State>>) {
    let Some((first, body)) = request(&mut tcp).await else {
        return;
    };
    let target = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let answer = if first.starts_with("GET /authorize?") {
        authorize(&target, &state)
    } else if first.starts_with("POST /token ") {
        let delay = lock(&state).behaviour.delay;
        tokio::time::sleep(delay).await;
        token(&body, &state)
    } else {
        reply(404, "text/plain", "nothing here")
    };
    let _ = tcp.write_all(answer.as_bytes()).await;
    let _ = tcp.shutdown().await;
}

/// The first line of a request, and its body.
async fn request(tcp: &mut TcpStream) -> Option<(String, String)> {
    let mut got = Vec::new();
    let mut piece = [0u8; 4_096];
    loop {
        let text = String::from_utf8_lossy(&got).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = header(&format!("{head}\r\n\r\n"), "content-length")
                .and_then(|l| l.parse().ok())
                .unwrap_or(0);
            if body.len() >= length {
                return Some((head.lines().next()?.to_owned(), body.to_owned()));
            }
        }
        let n = tcp.read(&mut piece).await.ok().filter(|n| *n > 0)?;
        got.extend_from_slice(piece.get(..n)?);
        if got.len() > 65_536 {
            return None;
        }
    }
}

fn reply(status: u16, kind: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status} x\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

fn failed(word: &str) -> String {
    let body = json!({ "error": word, "error_description": format!("the sandbox says {word}") });
    reply(400, "application/json", &body.to_string())
}

fn pairs(text: &str) -> HashMap<String, String> {
    url::form_urlencoded::parse(text.as_bytes())
        .into_owned()
        .collect()
}

fn authorize(target: &str, state: &Mutex<State>) -> String {
    let asked = pairs(target.split_once('?').map_or("", |(_, q)| q));
    let get = |name: &str| asked.get(name).cloned().unwrap_or_default();
    let back = get("redirect_uri");
    let loopback = back.starts_with("http://127.0.0.1:") || back.starts_with("http://localhost:");
    let right = get("response_type") == "code"
        && get("client_id") == CLIENT
        && get("code_challenge_method") == "S256"
        && get("code_challenge").len() == 43
        && !get("state").is_empty()
        && !get("scope").is_empty()
        && loopback;
    let (true, Ok(mut to)) = (right, Url::parse(&back)) else {
        return reply(400, "text/plain", "this is no request for a code");
    };
    let mut state = lock(state);
    if state.behaviour.denies {
        to.query_pairs_mut().append_pair("error", "access_denied");
    } else {
        let code = state.number("code");
        to.query_pairs_mut().append_pair("code", &code);
        let user = state.behaviour.user.clone();
        let kept = Code {
            challenge: get("code_challenge"),
            back,
            user,
        };
        state.codes.insert(code, kept);
    }
    to.query_pairs_mut().append_pair("state", &get("state"));
    format!("HTTP/1.1 302 x\r\nLocation: {to}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
}

fn token(body: &str, state: &Mutex<State>) -> String {
    let asked = pairs(body);
    let get = |name: &str| asked.get(name).cloned().unwrap_or_default();
    let mut state = lock(state);
    let kind = get("grant_type");
    match kind.as_str() {
        "authorization_code" => state.exchanges += 1,
        "refresh_token" => state.refreshes += 1,
        _ => return failed("unsupported_grant_type"),
    }
    if let Some((status, body)) = state.behaviour.fault.clone() {
        return reply(status, "application/json", &body);
    }
    if get("client_id") != CLIENT {
        return failed("invalid_client");
    }
    if kind == "authorization_code" {
        // A code is good once, whatever comes of it.
        let Some(code) = state.codes.remove(&get("code")) else {
            return failed("invalid_grant");
        };
        let proof = BASE64URL_NOPAD.encode(&Sha256::digest(get("code_verifier")));
        if proof != code.challenge || get("redirect_uri") != code.back {
            return failed("invalid_grant");
        }
        let refresh = state.number("refresh");
        state.refresh.insert(refresh.clone(), code.user.clone());
        return state.tokens(&code.user, Some(refresh));
    }
    let revoked = state
        .behaviour
        .revoked_from
        .is_some_and(|n| state.refreshes >= n);
    let Some(user) = state
        .refresh
        .get(&get("refresh_token"))
        .cloned()
        .filter(|_| !revoked)
    else {
        return failed("invalid_grant");
    };
    if !state.behaviour.rotates {
        return state.tokens(&user, None);
    }
    state.refresh.remove(&get("refresh_token"));
    let next = state.number("refresh");
    state.refresh.insert(next.clone(), user.clone());
    state.tokens(&user, Some(next))
}

impl State {
    fn number(&mut self, what: &str) -> String {
        self.made += 1;
        let random = Sha256::digest(format!("{what}{}", self.made));
        HEXLOWER.encode(&random)
    }

    fn tokens(&mut self, user: &str, refresh: Option<String>) -> String {
        self.made += 1;
        let good_for = self.behaviour.good_for;
        let mut body = json!({
            "token_type": "Bearer",
            "access_token": access_token(user, good_for, self.made),
            "expires_in": self.behaviour.said_good_for.unwrap_or(good_for).max(0),
        });
        if let (Some(refresh), Some(body)) = (refresh, body.as_object_mut()) {
            body.insert("refresh_token".into(), refresh.into());
        }
        reply(200, "application/json", &body.to_string())
    }
}
