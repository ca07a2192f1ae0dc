//! Speaking to a provider's token address: a code or a refresh token becomes an access token.

use super::{Issuer, TokenSet};
use crate::connectors::Result;
use crate::connectors::email::net::{self, client_config, mend, retry};
use crate::model::{ChannelError, Remedy};
use crate::time::{Millis, SECOND};
use oauth2::basic::{BasicClient, BasicErrorResponse, BasicErrorResponseType, BasicTokenResponse};
use oauth2::{
    AsyncHttpClient, AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, EndpointNotSet,
    EndpointSet, HttpRequest, HttpResponse, PkceCodeVerifier, RedirectUrl, RefreshToken,
    RequestTokenError, Scope, TokenResponse, TokenUrl,
};
use secrecy::{ExposeSecret, SecretString};
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;
use url::Url;

const STEP: &str = "token";
/// Longest time for one request.
const TOTAL: Duration = Duration::from_secs(30);
/// An answer of this size is no token.
const LARGEST: usize = 256 * 1024;
/// What is assumed where the provider does not say how long a token is good.
const USUAL_SECONDS: u64 = 3_600;

/// A provider's client with both addresses.
pub(super) type Client =
    BasicClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>;

/// The program, as the provider knows it.
pub(super) fn client(
    issuer: &Issuer,
    client_id: &str,
    client_secret: Option<&SecretString>,
) -> Client {
    let client = BasicClient::new(ClientId::new(client_id.to_owned()))
        .set_auth_type(AuthType::RequestBody)
        .set_auth_uri(AuthUrl::from_url(issuer.authorize.clone()))
        .set_token_uri(TokenUrl::from_url(issuer.token.clone()));
    match client_secret {
        Some(s) => client.set_client_secret(ClientSecret::new(s.expose_secret().to_owned())),
        None => client,
    }
}

/// The way to the token address: no redirects, no proxy, encrypted unless it is on this computer.
#[derive(Clone)]
pub(super) struct Post {
    http: reqwest::Client,
    host: String,
}

/// Why a request brought nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum PostError {
    #[error("{0}")]
    Unreachable(String),
    #[error("busy")]
    Busy(Option<Millis>),
}

impl Post {
    /// To this issuer.
    pub(super) fn new(issuer: &Issuer) -> Result<Self> {
        let unusable = |why: String| {
            ChannelError::new(
                Remedy::Final,
                STEP,
                format!("No encrypted connection can be made on this computer ({why})."),
            )
        };
        if issuer.token.scheme() != "https" && !is_loopback(&issuer.token) {
            return Err(unusable("the provider's address is not protected".into()));
        }
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(client_config().map_err(unusable)?)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(net::CONNECT)
            .timeout(TOTAL)
            .build()
            .map_err(|e| unusable(e.to_string()))?;
        Ok(Self {
            http,
            host: issuer.token.host_str().unwrap_or_default().to_owned(),
        })
    }

    async fn send(&self, request: HttpRequest) -> std::result::Result<HttpResponse, PostError> {
        let lost = |e: reqwest::Error| PostError::Unreachable(without_address(e));
        let request = reqwest::Request::try_from(request).map_err(lost)?;
        let mut response = self.http.execute(request).await.map_err(lost)?;
        let status = response.status();
        if status.is_server_error() || status.as_u16() == 429 {
            let after = response
                .headers()
                .get("retry-after")
                .and_then(|v| v.to_str().ok()?.trim().parse::<Millis>().ok());
            return Err(PostError::Busy(after.map(|s| s.clamp(1, 3_600) * SECOND)));
        }
        let mut body = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(lost)? {
            body.extend_from_slice(&piece);
            if body.len() > LARGEST {
                return Err(PostError::Unreachable("the answer is too long".into()));
            }
        }
        let mut answer = HttpResponse::new(body);
        *answer.status_mut() = status;
        *answer.headers_mut() = response.headers().clone();
        Ok(answer)
    }

    /// A code from the sign-in page becomes tokens.
    pub(super) async fn code(
        &self,
        client: &Client,
        code: String,
        verifier: PkceCodeVerifier,
        back: RedirectUrl,
    ) -> Result<BasicTokenResponse> {
        client
            .exchange_code(AuthorizationCode::new(code))
            .set_pkce_verifier(verifier)
            .set_redirect_uri(std::borrow::Cow::Owned(back))
            .request_async(self)
            .await
            .map_err(|e| self.failure(e))
    }

    /// A refresh token becomes an access token.
    pub(super) async fn refresh(
        &self,
        client: &Client,
        token: &str,
        scopes: Vec<Scope>,
    ) -> Result<BasicTokenResponse> {
        client
            .exchange_refresh_token(&RefreshToken::new(token.to_owned()))
            .add_scopes(scopes)
            .request_async(self)
            .await
            .map_err(|e| self.failure(e))
    }

    fn failure(&self, e: RequestTokenError<PostError, BasicErrorResponse>) -> ChannelError {
        let host = &self.host;
        match e {
            RequestTokenError::ServerResponse(said) => self.refused(&said),
            RequestTokenError::Request(PostError::Busy(after)) => ChannelError {
                retry_after: after,
                ..retry(
                    STEP,
                    format!("{host} is busy at the moment. It is tried again by itself."),
                )
            },
            RequestTokenError::Request(PostError::Unreachable(why)) => retry(
                STEP,
                format!("{host} could not be asked ({why}). It is tried again by itself."),
            ),
            RequestTokenError::Parse(..) | RequestTokenError::Other(_) => retry(
                STEP,
                format!(
                    "{host} gave an answer that is no token. Perhaps a network sign-in page is in between. It is tried again by itself."
                ),
            ),
        }
    }

    fn refused(&self, said: &BasicErrorResponse) -> ChannelError {
        let host = &self.host;
        let why = net::quoted(
            said.error_description()
                .map_or_else(|| said.error().as_ref(), String::as_str),
        );
        match said.error() {
            BasicErrorResponseType::InvalidGrant => mend(
                STEP,
                format!(
                    "{host} no longer accepts this sign-in: {why}. Sign in again in the account's settings."
                ),
            ),
            BasicErrorResponseType::InvalidClient | BasicErrorResponseType::UnauthorizedClient => {
                mend(
                    STEP,
                    format!(
                        "{host} does not know this program's client id, or does not let it sign people in: {why}. Check the client id (and the client secret) in the account's settings."
                    ),
                )
            }
            BasicErrorResponseType::Extension(word)
                if matches!(word.as_str(), "temporarily_unavailable" | "server_error") =>
            {
                retry(
                    STEP,
                    format!("{host} is busy at the moment. It is tried again by itself."),
                )
            }
            _ => mend(
                STEP,
                format!(
                    "{host} refused the sign-in: {why}. Sign in again, or check the client id in the account's settings."
                ),
            ),
        }
    }
}

impl<'c> AsyncHttpClient<'c> for Post {
    type Error = PostError;
    type Future =
        Pin<Box<dyn Future<Output = std::result::Result<HttpResponse, PostError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}

/// The address of a token request holds nothing secret, but it says nothing to a person either.
fn without_address(e: reqwest::Error) -> String {
    let e = e.without_url();
    let mut words = e.to_string();
    let mut cause = std::error::Error::source(&e);
    while let Some(deeper) = cause {
        words = deeper.to_string();
        cause = deeper.source();
    }
    words
}

/// Whether an address is on this computer, where no certificate can be had.
pub(super) fn is_loopback(address: &Url) -> bool {
    match address.host() {
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// What to keep of an answer. A provider that gives no new refresh token means the old one.
pub(super) fn token_set(
    answer: &BasicTokenResponse,
    now: Millis,
    old_refresh: Option<&str>,
    client_secret: Option<String>,
) -> Result<TokenSet> {
    let refresh_token = answer
        .refresh_token()
        .map(|r| r.secret().clone())
        .or_else(|| old_refresh.map(str::to_owned))
        .ok_or_else(|| {
            mend(
                STEP,
                "The provider gave no lasting permission (no refresh token). Sign in again and allow access while you are away.",
            )
        })?;
    let lasts = answer
        .expires_in()
        .map_or(USUAL_SECONDS, |d| d.as_secs())
        .min(365 * 86_400);
    Ok(TokenSet {
        access_token: answer.access_token().secret().clone(),
        refresh_token,
        expires_at: now + Millis::try_from(lasts).unwrap_or(3_600) * SECOND,
        client_secret,
    })
}
