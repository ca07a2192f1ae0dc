//! Requests to a server of our own on the loopback: one connection each, JSON both ways, blocking.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// How long a server of ours may think.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a request carries.
#[derive(Clone, Copy)]
pub(crate) enum Body<'a> {
    /// Nothing.
    None,
    /// JSON.
    Json(&'a Value),
    /// Bytes of a media type.
    Bytes(&'a str, &'a [u8]),
}

/// Asks and gives the answer's status and bytes. HTTP/1.0, so that the answer ends with the connection.
pub(crate) fn ask(
    port: u16,
    method: &str,
    path: &str,
    token: Option<&str>,
    body: Body<'_>,
) -> std::io::Result<(u16, Vec<u8>)> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let (kind, bytes) = match body {
        Body::None => ("application/json", Vec::new()),
        Body::Json(value) => ("application/json", value.to_string().into_bytes()),
        Body::Bytes(kind, bytes) => (kind, bytes.to_vec()),
    };
    let proof = token.map_or_else(String::new, |token| {
        format!("Authorization: Bearer {token}\r\n")
    });
    write!(
        stream,
        "{method} {path} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\n{proof}Content-Type: {kind}\r\nContent-Length: {}\r\n\r\n",
        bytes.len()
    )?;
    stream.write_all(&bytes)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let odd = || std::io::Error::new(std::io::ErrorKind::InvalidData, "not an HTTP answer");
    let end = answer
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .ok_or_else(odd)?;
    let head = String::from_utf8_lossy(&answer[..end]);
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|code| code.parse().ok())
        .ok_or_else(odd)?;
    Ok((status, answer.split_off(end + 4)))
}
