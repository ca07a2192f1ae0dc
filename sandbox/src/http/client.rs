//! A client of a few lines for tests of fakes: one request, one connection, no opinion.

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::io;
use tokio::net::TcpStream;
use url::Url;

/// What was answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Headers with names in lower case, in order.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// A header, by its name in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        super::calls::value(&self.headers, name)
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON; null where it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// Asks once, over plain HTTP on a connection of its own.
///
/// # Errors
/// Where the address is no plain one, and where the connection fails or ends before the answer is whole.
pub async fn ask(
    method: &str,
    url: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> io::Result<Answer> {
    let bad = |_| io::Error::from(io::ErrorKind::InvalidInput);
    let address = Url::parse(url).map_err(|e| bad(e.to_string()))?;
    let (Some(host), Some(port)) = (address.host_str(), address.port_or_known_default()) else {
        return Err(bad(String::new()));
    };
    let tcp = TcpStream::connect((host, port)).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(tcp))
        .await
        .map_err(io::Error::other)?;
    let driven = tokio::spawn(connection);
    let target = address.query().map_or_else(
        || address.path().to_owned(),
        |query| format!("{}?{query}", address.path()),
    );
    let mut request = hyper::Request::builder()
        .method(method)
        .uri(target)
        .header("host", format!("{host}:{port}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request
        .body(Full::new(Bytes::copy_from_slice(body)))
        .map_err(|e| bad(e.to_string()))?;
    let answered = async {
        let response = sender.send_request(request).await?;
        let (head, body) = response.into_parts();
        Ok::<_, hyper::Error>((head, body.collect().await?.to_bytes()))
    };
    let done = answered.await.map_err(io::Error::other);
    driven.abort();
    let (head, body) = done?;
    let text = |v: &hyper::header::HeaderValue| String::from_utf8_lossy(v.as_bytes()).into_owned();
    let headers = head.headers.iter();
    Ok(Answer {
        status: head.status.as_u16(),
        headers: headers
            .map(|(n, v)| (n.as_str().to_owned(), text(v)))
            .collect(),
        body: body.to_vec(),
    })
}
