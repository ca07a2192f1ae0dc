//! A door in front of a real homeserver, at which things go wrong as at a fake: what is not refused at it is asked and
//! answered inside.

use serde_json::{Value, json};

use super::Synapse;
use super::ask::{Body, ask};
use crate::error::Result;
use crate::http::{Fake, Request, Response, Server, World};

/// A homeserver behind a door.
pub struct Front {
    server: Server<Door>,
    synapse: Synapse,
}

/// The door itself.
struct Door {
    port: u16,
}

impl Front {
    /// Puts a door in front of a homeserver.
    ///
    /// # Errors
    /// Where no port can be had.
    pub async fn start(synapse: Synapse) -> Result<Self> {
        let server = Server::start(Door { port: synapse.port }).await?;
        Ok(Self { server, synapse })
    }

    /// The door's address.
    #[must_use]
    pub fn url(&self) -> String {
        self.server.base()
    }

    /// What stands around it: faults, and what was asked.
    #[must_use]
    pub fn world(&self) -> &World {
        self.server.world()
    }

    /// The homeserver, without a door.
    #[must_use]
    pub fn synapse(&self) -> &Synapse {
        &self.synapse
    }
}

impl Fake for Door {
    fn name(&self) -> &'static str {
        "synapse"
    }

    fn answer(&mut self, request: &Request, _: &World) -> Response {
        let mut path = request.path.clone();
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in &request.pairs {
            // Nobody is kept waiting at the door: a question that would stay open is answered at once.
            let value = if name == "timeout" { "0" } else { value };
            query.append_pair(name, value);
        }
        let query = query.finish();
        if !query.is_empty() {
            path = format!("{path}?{query}");
        }
        let kind = request.header("content-type").unwrap_or("application/json");
        let body = if request.body.is_empty() {
            Body::None
        } else {
            Body::Bytes(kind, &request.body)
        };
        match ask(self.port, &request.method, &path, request.bearer(), body) {
            Ok((status, bytes)) => Response::bytes(status, "application/json", bytes),
            Err(_) => Response::json(502, &json!({ "errcode": "M_UNKNOWN" })),
        }
    }

    fn state(&self, _: &World) -> Value {
        Value::Null
    }
}
