//! Customers from a table: chosen, looked at, brought in.

use super::dto::{ContactColumn, ContactProblem, ContactSample, ContactsPlan, ImportReport};
use super::{Desk, args, transfer as imports};
use crate::error::{Error, Result};
use crate::transfer::contacts::{self, Mapping, Plan};
use std::path::{Path, PathBuf};

/// Customers and problems that a preview shows.
const SHOWN: usize = 50;

pub(super) async fn pick(a: args::ContactsPick, desk: &Desk) -> Result<ContactsPlan> {
    let Some(path) = desk.host.pick_import(false).await.into_iter().next() else {
        return Ok(nothing());
    };
    let found = planned(path.clone(), Mapping::default()).await?;
    // What the numbers say of themselves goes before the guess.
    let plan = match (&a.region, found.needs_region) {
        (Some(region), true) => {
            let mapping = Mapping {
                region: Some(region.clone()),
                ..Mapping::default()
            };
            planned(path.clone(), mapping).await?
        }
        _ => found,
    };
    let file = name_of(&path);
    let word = desk.engine.picked().keep(path);
    Ok(shown(Some(word), file, plan))
}

pub(super) async fn preview(a: args::ContactsPreview, desk: &Desk) -> Result<ContactsPlan> {
    let path = desk.engine.picked().get(&a.table)?;
    let mapping = Mapping {
        uses: a.uses,
        header: a.header,
        region: a.region,
    };
    let file = name_of(&path);
    let plan = planned(path, mapping).await?;
    Ok(shown(Some(a.table), file, plan))
}

pub(super) async fn import(a: args::ContactsImport, desk: &Desk) -> Result<ImportReport> {
    let path = desk.engine.picked().get(&a.table)?;
    let mapping = Mapping {
        uses: a.uses,
        header: a.header,
        region: a.region,
    };
    bring(desk, &path, mapping).await
}

/// Bring in a table's customers and say what came of it.
///
/// # Errors
/// When it is no table, or the store fails.
pub async fn bring(desk: &Desk, path: &Path, mapping: Mapping) -> Result<ImportReport> {
    let path = std::fs::canonicalize(path)
        .map_err(|e| Error::io(format!("reading {}", path.display()), e))?;
    let import = contacts::run(desk.engine.store(), &path, mapping).await?;
    imports::report(args::ImportReport { id: import.id }, desk).await
}

/// Whether a path names a table of customers.
#[must_use]
pub fn is_table(path: &Path) -> bool {
    path.extension()
        .and_then(|e| e.to_str())
        .is_some_and(|e| ["csv", "tsv", "tab"].contains(&e.to_ascii_lowercase().as_str()))
}

async fn planned(path: PathBuf, mapping: Mapping) -> Result<Plan> {
    super::session::blocking(move || contacts::plan(&contacts::bytes_of(&path)?, &mapping)).await
}

fn name_of(path: &Path) -> String {
    path.file_name()
        .map(|n| n.to_string_lossy().into_owned())
        .unwrap_or_default()
}

fn nothing() -> ContactsPlan {
    ContactsPlan {
        table: None,
        file: String::new(),
        encoding: String::new(),
        separator: String::new(),
        header: false,
        columns: Vec::new(),
        region: String::new(),
        needs_region: false,
        rows: 0,
        taken: 0,
        sample: Vec::new(),
        problems: Vec::new(),
        problem_count: 0,
    }
}

fn shown(table: Option<String>, file: String, p: Plan) -> ContactsPlan {
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    ContactsPlan {
        table,
        file,
        encoding: p.encoding.to_owned(),
        separator: p.separator.to_string(),
        header: p.header,
        columns: p
            .columns
            .into_iter()
            .map(|c| ContactColumn {
                title: c.title,
                holds: c.holds,
                samples: c.samples,
            })
            .collect(),
        region: p.region,
        needs_region: p.needs_region,
        rows: count(p.total),
        taken: count(p.contacts.len()),
        sample: p
            .contacts
            .iter()
            .take(SHOWN)
            .map(|c| ContactSample {
                line: c.line,
                name: c.name.clone(),
                addresses: c.handles.iter().map(|h| h.1.clone()).collect(),
                tags: c.tags.clone(),
                note: c.note.as_ref().map(|n| n.chars().take(200).collect()),
            })
            .collect(),
        problem_count: count(p.problems.len()),
        problems: p
            .problems
            .into_iter()
            .take(SHOWN)
            .map(|(line, reason, partly)| ContactProblem {
                line,
                reason,
                partly,
            })
            .collect(),
    }
}
