//! Files: by id, fetched in two steps, up to 20 MB.

use serde_json::{Value, json};

use super::shapes::Asked;
use super::{Bot, Said, refused};
use crate::http::Response;

/// Larger files are not given.
const LARGEST: usize = 20 * 1024 * 1024;

#[derive(Debug, Clone)]
pub(super) struct File {
    pub(super) id: String,
    path: String,
    bytes: Vec<u8>,
    /// What is claimed of its size where that is more than there is.
    size: usize,
}

impl Bot {
    /// Keeps a file and gives its fields as every kind has them.
    pub(super) fn file(
        &mut self,
        kind: &str,
        name: &str,
        bytes: Vec<u8>,
        size: Option<usize>,
    ) -> Value {
        let number = self.files.len() + 1;
        let end = name.rsplit_once('.').map_or("bin", |(_, end)| end);
        let file = File {
            id: format!("AgACfile{number:04}{kind}"),
            path: format!("{kind}s/file_{number}.{end}"),
            size: size.unwrap_or(bytes.len()),
            bytes,
        };
        let shown = json!({ "file_id": file.id, "file_unique_id": format!("AQu{number:04}"), "file_size": file.size });
        self.files.push(file);
        shown
    }

    pub(super) fn get_file(&self, asked: &Asked) -> Said {
        let id = asked.text("file_id").unwrap_or_default();
        let found = self.files.iter().enumerate().find(|(_, f)| f.id == id);
        let Some((at, file)) = found else {
            return Err(refused(
                400,
                "Bad Request: wrong file_id or the file is temporarily unavailable",
            ));
        };
        if file.size > LARGEST {
            return Err(refused(400, "Bad Request: file is too big"));
        }
        Ok(json!({
            "file_id": file.id, "file_unique_id": format!("AQu{:04}", at + 1),
            "file_size": file.size, "file_path": file.path,
        }))
    }

    pub(super) fn download(&self, path: &str) -> Response {
        match self.files.iter().find(|f| f.path == path) {
            Some(f) if f.size <= LARGEST => {
                Response::bytes(200, "application/octet-stream", f.bytes.clone())
            }
            _ => refused(404, "Not Found").answer(),
        }
    }
}

/// What bytes are, as far as a photograph or a recording is concerned.
pub(super) fn is_picture(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\x89PNG")
        || bytes.starts_with(b"\xff\xd8\xff")
        || bytes.get(8..12) == Some(b"WEBP")
}
