//! Where the data lies and how large it is, and a bundle for support: what this program runs on, how its accounts are
//! and what its log says, without anybody's words, names, addresses or secrets.

mod bundle;
mod redact;
mod size;
mod zip;

use super::dto::{Diagnostics, DiagnosticsSaved, Nothing};
use super::session::blocking;
use super::{Desk, args};
use crate::error::{Error, Result};

pub(super) use size::size;

pub(super) async fn show(_: args::DataShow, desk: &Desk) -> Result<Nothing> {
    // The host shows the folder that a file lies in.
    let inside = desk.engine.store().dir().join("parley.db");
    desk.host.show_file(&inside).await.map_err(Error::Refused)?;
    Ok(Nothing {})
}

pub(super) async fn look(_: args::Diagnostics, desk: &Desk) -> Result<Diagnostics> {
    bundle::parts(desk).await
}

/// The bundle as an archive.
///
/// # Errors
/// When the workspace cannot be read.
pub async fn archive(desk: &Desk) -> Result<Vec<u8>> {
    let parts = bundle::parts(desk).await?.parts;
    let files: Vec<zip::File<'_>> = parts
        .iter()
        .map(|p| zip::File {
            name: &p.name,
            bytes: p.text.as_bytes(),
        })
        .collect();
    Ok(zip::archive(&files))
}

pub(super) async fn save(_: args::DiagnosticsSave, desk: &Desk) -> Result<DiagnosticsSaved> {
    let Some(path) = desk.host.save_file("parley-diagnostics.zip").await else {
        return Ok(DiagnosticsSaved { saved: false });
    };
    let bytes = archive(desk).await?;
    blocking(move || {
        std::fs::write(&path, bytes)
            .map_err(|e| Error::io(format!("writing {}", path.display()), e))
    })
    .await?;
    Ok(DiagnosticsSaved { saved: true })
}
