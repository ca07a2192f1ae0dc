//! The doors: the pages, the one command `call`, the stream of changes, and pictures.

use crate::guard::Guard;
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use futures::stream::{Stream, unfold};
use parley_engine::api::App;
use parley_engine::api::dto::Change;
use serde::Deserialize;
use serde_json::{Value, json};
use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::broadcast::error::RecvError;

/// The command by which the page tells the shell its words; there is no tray here.
const SHELL_WORDS: &str = "shell_words";

/// As the desktop shell's, but that pictures and the engine are at this address.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; img-src 'self'; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The largest call: a piece of a file, as in the window.
const LARGEST: usize = 2 << 20;

#[derive(Clone)]
struct House {
    engine: Arc<App>,
    guard: Guard,
    pages: PathBuf,
}

/// All doors. Whoever comes under another name, or without the token where it is needed, meets a wall.
pub fn doors(engine: Arc<App>, guard: Guard, pages: PathBuf) -> Router {
    let house = House {
        engine,
        guard,
        pages,
    };
    Router::new()
        .route("/call", post(call))
        .route("/events", get(events))
        .route("/part/{*path}", get(part))
        .fallback(get(page))
        .layer(middleware::from_fn_with_state(house.clone(), wall))
        .with_state(house)
}

async fn wall(State(house): State<House>, request: Request, next: Next) -> Response {
    if house.guard.is_ours(request.headers()) {
        next.run(request).await
    } else {
        (StatusCode::FORBIDDEN, "not for this address").into_response()
    }
}

#[derive(Deserialize)]
struct Ask {
    name: String,
    args: Value,
}

async fn call(State(house): State<House>, headers: HeaderMap, body: Body) -> Response {
    let token = headers
        .get(header::AUTHORIZATION)
        .and_then(|v| v.to_str().ok())
        .and_then(|v| v.strip_prefix("Bearer "));
    if !token.is_some_and(|t| house.guard.admits(t)) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let ask = match axum::body::to_bytes(body, LARGEST).await {
        Ok(bytes) => serde_json::from_slice::<Ask>(&bytes),
        Err(_) => return StatusCode::PAYLOAD_TOO_LARGE.into_response(),
    };
    let reply = match ask {
        Err(e) => {
            return refused(
                &json!({"code": "invalid", "message": format!("this is no call: {e}")}),
            );
        }
        Ok(ask) if ask.name == SHELL_WORDS => Ok(Value::Null),
        Ok(ask) => house.engine.call(&ask.name, ask.args).await,
    };
    match reply {
        Ok(value) => axum::Json(value).into_response(),
        Err(e) => refused(&e),
    }
}

fn refused(body: &impl serde::Serialize) -> Response {
    (StatusCode::UNPROCESSABLE_ENTITY, axum::Json(body)).into_response()
}

#[derive(Deserialize)]
struct Token {
    #[serde(default)]
    token: String,
}

async fn events(State(house): State<House>, Query(q): Query<Token>) -> Response {
    if !house.guard.admits(&q.token) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    Sse::new(changes(house.engine.changes()))
        .keep_alive(KeepAlive::default())
        .into_response()
}

fn changes(
    from: tokio::sync::broadcast::Receiver<Change>,
) -> impl Stream<Item = Result<Event, Infallible>> {
    unfold(from, |mut from| async move {
        let change = match from.recv().await {
            Ok(change) => change,
            // Some were missed: all may have changed.
            Err(RecvError::Lagged(_)) => Change {
                all: true,
                lists: true,
                accounts: true,
                settings: true,
                conversations: Vec::new(),
            },
            Err(RecvError::Closed) => return None,
        };
        let event = Event::default().data(json!({ "change": change }).to_string());
        Some((Ok(event), from))
    })
}

async fn part(
    State(house): State<House>,
    Path(path): Path<String>,
    Query(q): Query<Token>,
) -> Response {
    if !house.guard.admits(&q.token) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    match house.engine.part(&format!("/{path}")).await {
        Some((mime, bytes)) if mime.starts_with("image/") => (
            [
                (header::CONTENT_TYPE, mime.as_str()),
                (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
                (header::CACHE_CONTROL, "no-store"),
            ],
            bytes,
        )
            .into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn page(State(house): State<House>, request: Request) -> Response {
    let Some((file, mime)) = named(request.uri().path()) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    match tokio::fs::read(house.pages.join(file)).await {
        Ok(bytes) => (
            [
                (header::CONTENT_TYPE, mime),
                (header::CONTENT_SECURITY_POLICY, POLICY),
                (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
                (header::CACHE_CONTROL, "no-store"),
            ],
            bytes,
        )
            .into_response(),
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}

/// The file of the pages that a path names, with its kind. No path leads out of the folder.
fn named(path: &str) -> Option<(&str, &'static str)> {
    let file = match path.strip_prefix('/')? {
        "" => "index.html",
        file => file,
    };
    let plain = |word: &str| {
        !word.is_empty()
            && !word.starts_with('.')
            && word
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
    };
    if !file.split('/').all(plain) {
        return None;
    }
    let mime = match file.rsplit_once('.')?.1 {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript",
        "css" => "text/css",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "txt" => "text/plain; charset=utf-8",
        "json" => "application/json",
        _ => return None,
    };
    Some((file, mime))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::browser::Browser;
    use axum::http::Method;
    use parley_engine::api::AppOptions;
    use parley_engine::api::headless::SystemClock;
    use parley_keychain::Keychain;
    use tower::ServiceExt;

    struct Served {
        doors: Router,
        token: String,
        _folder: tempfile::TempDir,
    }

    fn served() -> Served {
        let folder = tempfile::tempdir().unwrap();
        let pages = folder.path().join("pages");
        std::fs::create_dir(&pages).unwrap();
        std::fs::write(pages.join("index.html"), "<title>Parley</title>").unwrap();
        std::fs::write(folder.path().join("secret.txt"), "secret").unwrap();
        let dir = folder.path().join("workspace");
        let engine = App::new(AppOptions {
            data_dir: dir.clone(),
            secrets: Arc::new(Keychain::off()),
            clock: Arc::new(SystemClock),
            host: Arc::new(Browser::new(&dir)),
            passphrase: None,
        });
        let guard = Guard::new(4711).unwrap();
        let token = guard.address().split_once("token=").unwrap().1.to_owned();
        Served {
            doors: doors(engine, guard, pages),
            token,
            _folder: folder,
        }
    }

    async fn asked(
        served: &Served,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> (StatusCode, String) {
        let mut request = Request::builder().method(method).uri(path);
        if headers.iter().all(|(name, _)| *name != "host") {
            request = request.header("host", "127.0.0.1:4711");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let reply = served.doors.clone().oneshot(request).await.unwrap();
        let status = reply.status();
        let bytes = axum::body::to_bytes(reply.into_body(), LARGEST)
            .await
            .unwrap();
        (status, String::from_utf8_lossy(&bytes).into_owned())
    }

    const STATUS: &str = r#"{"name":"session_status","args":{}}"#;

    #[tokio::test]
    async fn the_engine_answers_who_has_the_token() {
        let served = served();
        let bearer = format!("Bearer {}", served.token);
        let (status, reply) = asked(
            &served,
            Method::POST,
            "/call",
            &[("authorization", &bearer)],
            STATUS,
        )
        .await;
        assert_eq!(status, 200, "{reply}");
        assert!(reply.contains("\"fresh\""), "{reply}");
        let (status, reply) = asked(
            &served,
            Method::POST,
            "/call",
            &[("authorization", &bearer)],
            "no JSON",
        )
        .await;
        assert_eq!(
            (status.as_u16(), reply.contains("\"invalid\"")),
            (422, true)
        );
    }

    #[tokio::test]
    async fn nobody_gets_in_without_the_token_or_under_another_name() {
        let served = served();
        let bearer = format!("Bearer {}", served.token);
        type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], u16);
        let cases: [Case<'_>; 5] = [
            ("/call", &[], 401),
            ("/call", &[("authorization", "Bearer 00")], 401),
            (
                "/call",
                &[("authorization", &bearer), ("host", "shop.example:4711")],
                403,
            ),
            (
                "/call",
                &[("authorization", &bearer), ("host", "localhost:4711")],
                403,
            ),
            (
                "/call",
                &[
                    ("authorization", &bearer),
                    ("origin", "http://shop.example"),
                ],
                403,
            ),
        ];
        for (path, headers, expected) in cases {
            let (status, _) = asked(&served, Method::POST, path, headers, STATUS).await;
            assert_eq!(status.as_u16(), expected, "{headers:?}");
        }
        for path in [
            "/events",
            "/events?token=00",
            "/part/f/00112233445566778899aabbccddeeff?token=00",
        ] {
            assert_eq!(
                asked(&served, Method::GET, path, &[], "").await.0,
                401,
                "{path}"
            );
        }
    }

    #[tokio::test]
    async fn only_the_pages_are_served_as_files() {
        let served = served();
        let (status, page) = asked(&served, Method::GET, "/", &[], "").await;
        assert_eq!(
            (status.as_u16(), page.as_str()),
            (200, "<title>Parley</title>")
        );
        for path in [
            "/../secret.txt",
            "/%2e%2e/secret.txt",
            "/.hidden.txt",
            "//secret.txt",
            "/assets/none.js",
            "/index.exe",
        ] {
            assert_eq!(
                asked(&served, Method::GET, path, &[], "").await.0,
                404,
                "{path}"
            );
        }
    }
}
