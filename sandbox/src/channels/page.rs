//! The page's server: the files of the page, and what it asks of the fakes. It is one of our own fakes' servers.

use serde_json::{Value, json};

use super::Playground;
use crate::http::{Fake, Request, Response, Rule, World, is_own};

const HTML: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");
/// How many calls the page shows.
const CALLS: usize = 40;

/// The page with its channels.
pub(super) struct Page {
    grounds: Vec<Playground>,
}

impl Page {
    pub(super) fn new(grounds: Vec<Playground>) -> Self {
        Self { grounds }
    }

    /// All channels as the page shows them.
    fn channels(&self) -> Value {
        let shown = self.grounds.iter().map(|g| {
            json!({
                "id": g.id,
                "title": g.title,
                "settings": g.settings,
                "customers": g.customers,
                "pictures": g.pictures,
                "gestures": g.gestures,
            })
        });
        json!(shown.collect::<Vec<_>>())
    }

    fn at(&self, ground: &Playground, request: &Request) -> Value {
        let state = ground.fake.state();
        let customer = request.query("customer").unwrap_or_default();
        let world = ground.fake.world();
        let calls = world.calls.all();
        let last = calls.iter().rev().take(CALLS).map(|c| {
            json!({
                "number": c.number, "at": c.at, "method": c.method, "path": c.path, "status": c.status,
                "fault": c.fault,
            })
        });
        json!({
            "lines": (ground.lines)(&state, ground.to.as_deref(), customer),
            "now": world.time.now(),
            "faults": world.faults.rules().len(),
            "calls": last.collect::<Vec<_>>(),
        })
    }

    fn order(&self, ground: &Playground, order: &str, request: &Request) -> Response {
        let mut with = request.json().unwrap_or_else(|| json!({}));
        let number = with.get("from").cloned();
        if let Some(with) = with.as_object_mut() {
            // Fakes name the customer as suits the order.
            if let Some(number) = number {
                with.entry("number").or_insert_with(|| number.clone());
                if order == "sent_elsewhere" {
                    with.insert("to".into(), number);
                    with.remove("from");
                }
            }
            if let Some(to) = &ground.to {
                let own = if order == "sent_elsewhere" {
                    "from"
                } else {
                    "to"
                };
                with.entry(own).or_insert_with(|| to.clone().into());
            }
        }
        match ground.fake.act(order, &with) {
            Ok(done) => Response::json(200, &done),
            Err(why) => Response::json(400, &json!({ "error": why })),
        }
    }
}

fn faults(ground: &Playground, request: &Request) -> Response {
    let faults = &ground.fake.world().faults;
    if request.method == "DELETE" {
        faults.clear();
        return Response::json(200, &json!({}));
    }
    match serde_json::from_slice::<Rule>(&request.body) {
        Ok(rule) => {
            faults.set(rule);
            Response::json(200, &json!({}))
        }
        Err(error) => Response::json(400, &json!({ "error": error.to_string() })),
    }
}

/// A file of the page, which may load nothing from elsewhere.
fn file(kind: &str, content: &str) -> Response {
    Response::bytes(200, kind, content.as_bytes().to_vec())
        .with("Cache-Control", "no-store")
        .with("X-Content-Type-Options", "nosniff")
        .with("Referrer-Policy", "no-referrer")
        .with(
            "Content-Security-Policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; \
             form-action 'none'; frame-ancestors 'none'",
        )
}

impl Fake for Page {
    fn name(&self) -> &'static str {
        "page"
    }

    fn answer(&mut self, request: &Request, world: &World) -> Response {
        if !is_own(request, world.base()) {
            return Response::text(403, "only this computer may play");
        }
        let parts = request.segments();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let method = request.method.as_str();
        match (method, parts.as_slice()) {
            ("GET", []) => file("text/html;charset=utf-8", HTML),
            ("GET", ["page.css"]) => file("text/css;charset=utf-8", STYLE),
            ("GET", ["page.js"]) => file("text/javascript;charset=utf-8", SCRIPT),
            ("GET", ["channels"]) => Response::json(200, &self.channels()),
            (_, ["channels", id, rest @ ..]) => {
                let Some(ground) = self.grounds.iter().find(|g| g.id == *id) else {
                    return Response::empty(404);
                };
                match (method, rest) {
                    ("GET", []) => Response::json(200, &self.at(ground, request)),
                    ("POST", ["do", order]) => self.order(ground, order, request),
                    ("POST" | "DELETE", ["faults"]) => faults(ground, request),
                    ("POST", ["forward"]) => {
                        let by = request.json().and_then(|b| b.get("ms")?.as_i64());
                        ground.fake.world().time.shift(by.unwrap_or(0));
                        ground.fake.touch();
                        Response::json(200, &json!({}))
                    }
                    _ => Response::empty(404),
                }
            }
            _ => Response::empty(404),
        }
    }

    fn state(&self, _: &World) -> Value {
        self.channels()
    }
}
