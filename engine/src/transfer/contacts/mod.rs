//! Customers from a table: what each column holds is found out and shown before anything is written; each row becomes
//! or updates one customer, by its addresses. A name is never a key.

mod columns;
mod table;

pub use columns::ContactUse;
pub use table::MAX_BYTES;

use crate::error::{Error, Result};
use crate::model::{Channel, GroupId, ImportId, email_key, phone_key};
use crate::store::Store;
use crate::store::transfer::contacts::{self as rows, Contact};
use crate::store::transfer::{self as imports, Counts, Import, ImportState, Problem, Step};
use columns::{by_cells, by_title, is_plain_note};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use table::Record;

/// Customers in one transaction.
const AT_ONCE: usize = 200;
/// Longest tag, in characters, and most tags of a row.
const MAX_TAG: usize = 60;
const MAX_TAGS: usize = 30;
const MAX_NAME: usize = 200;
/// Cells of a column that are shown.
const SAMPLES: usize = 3;

/// How a table is to be read; what is not said is found out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Mapping {
    /// What each column holds.
    pub uses: Option<Vec<ContactUse>>,
    /// Whether the first row holds titles.
    pub header: Option<bool>,
    /// Where phone numbers without a country code were written (`DE`).
    pub region: Option<String>,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its title; empty without one.
    pub title: String,
    /// What it holds.
    pub holds: ContactUse,
    /// Some of its cells.
    pub samples: Vec<String>,
}

/// What would become of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Its encoding.
    pub encoding: &'static str,
    /// What stands between two cells.
    pub separator: char,
    /// Whether the first row holds titles.
    pub header: bool,
    /// Its columns.
    pub columns: Vec<Column>,
    /// The region that numbers without a country code were read with; empty = none.
    pub region: String,
    /// There are numbers without a country code, and no region to read them with.
    pub needs_region: bool,
    /// Rows below the titles.
    pub total: usize,
    /// What becomes a customer.
    pub contacts: Vec<Contact>,
    /// What does not, and why: line and reason; `true` = the rest of the row is taken.
    pub problems: Vec<(u64, String, bool)>,
}

/// Read a table and say what would become of it.
///
/// # Errors
/// [`Error::Invalid`] in words for a person, when it is no table, or the mapping does not fit it.
pub fn plan(bytes: &[u8], mapping: &Mapping) -> Result<Plan> {
    let mut t = table::read(bytes).map_err(Error::Invalid)?;
    let width = t.rows.iter().map(|r| r.cells.len()).max().unwrap_or(0);
    if mapping.uses.as_ref().is_some_and(|u| u.len() > width) {
        return Err(Error::Invalid(
            "more columns were named than the table has".into(),
        ));
    }
    let header = mapping.header.unwrap_or_else(|| is_header(&t.rows));
    let titles = match header {
        true => t.rows.remove(0).cells,
        false => Vec::new(),
    };
    let columns: Vec<Column> = (0..width)
        .map(|i| column(i, &titles, &t.rows, mapping))
        .collect();
    let region = region(mapping, &columns, &t.rows);
    let mut p = Plan {
        encoding: t.encoding,
        separator: t.separator,
        header,
        columns,
        needs_region: false,
        region,
        total: t.rows.len() + t.bad.len(),
        contacts: Vec::new(),
        problems: t.bad.into_iter().map(|(l, r)| (l, r, false)).collect(),
    };
    let shared = shared_numbers(&p, &t.rows);
    for r in &t.rows {
        row(&mut p, r, &shared);
    }
    p.problems.sort();
    Ok(p)
}

/// The first row holds titles where one of them is known, or no cell of it looks like an address.
fn is_header(rows: &[Record]) -> bool {
    let Some(first) = rows.first() else {
        return false;
    };
    let address =
        |c: &String| c.contains('@') || c.chars().filter(char::is_ascii_digit).count() > 5;
    !first.cells.iter().any(address)
        && (rows.len() > 1 || first.cells.iter().any(|c| by_title(c).is_some()))
}

fn column(i: usize, titles: &[String], rows: &[Record], mapping: &Mapping) -> Column {
    let cells = || {
        rows.iter()
            .filter_map(move |r| r.cells.get(i))
            .map(String::as_str)
            .filter(|c| !c.is_empty())
    };
    let title = titles.get(i).cloned().unwrap_or_default();
    let holds = match &mapping.uses {
        Some(u) => u.get(i).copied().unwrap_or(ContactUse::Ignore),
        None => by_title(&title)
            .or_else(|| by_cells(cells()))
            .unwrap_or(ContactUse::Ignore),
    };
    Column {
        holds,
        samples: cells()
            .take(SAMPLES)
            .map(|c| c.chars().take(80).collect())
            .collect(),
        title,
    }
}

fn cells<'a>(
    columns: &'a [Column],
    r: &'a Record,
    of: ContactUse,
) -> impl Iterator<Item = &'a str> {
    columns
        .iter()
        .zip(&r.cells)
        .filter(move |(c, v)| c.holds == of && !v.is_empty())
        .map(|(_, v)| v.as_str())
}

fn numbers(cell: &str) -> impl Iterator<Item = &str> {
    cell.split([';', ',', '\n', '|'])
        .flat_map(|p| p.split(":::"))
        .map(str::trim)
        .filter(|p| !p.is_empty())
}

/// The region that was given; else the country of most numbers that say theirs.
fn region(mapping: &Mapping, columns: &[Column], rows: &[Record]) -> String {
    if let Some(r) = &mapping.region {
        return r.trim().to_ascii_uppercase();
    }
    let mut by: BTreeMap<&'static str, usize> = BTreeMap::new();
    for r in rows.iter().take(5_000) {
        for of in [ContactUse::Phone, ContactUse::Whatsapp] {
            for n in cells(columns, r, of).flat_map(numbers) {
                if let Some(found) =
                    phone_key(n, "").and_then(|e164| crate::model::phone::region_of(&e164))
                {
                    *by.entry(found).or_default() += 1;
                }
            }
        }
    }
    by.into_iter()
        .max_by_key(|(_, n)| *n)
        .map(|(r, _)| r.to_owned())
        .unwrap_or_default()
}

fn region_of_row(p: &Plan, r: &Record) -> String {
    let own = cells(&p.columns, r, ContactUse::Country)
        .find(|c| c.len() == 2 && c.bytes().all(|b| b.is_ascii_alphabetic()));
    own.map_or_else(|| p.region.clone(), str::to_ascii_uppercase)
}

/// Numbers that stand in rows of different mail addresses: a switchboard, a family. They link nobody with anybody.
fn shared_numbers(p: &Plan, rows: &[Record]) -> BTreeSet<(Channel, String)> {
    let mut first: BTreeMap<(Channel, String), BTreeSet<String>> = BTreeMap::new();
    for r in rows {
        let mails: BTreeSet<String> = mails(p, r).0.into_iter().collect();
        let Some(mail) = mails.first() else { continue };
        let region = region_of_row(p, r);
        for (of, channel) in PHONES {
            for n in cells(&p.columns, r, of).flat_map(numbers) {
                if let Some(key) = phone_key(n, &region) {
                    first
                        .entry((channel, key))
                        .or_default()
                        .insert(mail.clone());
                }
            }
        }
    }
    first
        .into_iter()
        .filter(|(_, mails)| mails.len() > 1)
        .map(|(n, _)| n)
        .collect()
}

const PHONES: [(ContactUse, Channel); 2] = [
    (ContactUse::Phone, Channel::Sms),
    (ContactUse::Whatsapp, Channel::Whatsapp),
];

/// Canonical addresses of a row, and how many are none.
fn mails(p: &Plan, r: &Record) -> (Vec<String>, usize) {
    let (mut good, mut bad) = (Vec::new(), 0);
    for cell in cells(&p.columns, r, ContactUse::Email) {
        // One address may hold a comma in its name; several are divided by one.
        let whole = email_key(cell).filter(|_| !cell.contains(';'));
        let all: Vec<Option<String>> = match whole {
            Some(k) => vec![Some(k)],
            None => numbers(cell).map(email_key).collect(),
        };
        for k in all {
            match k.filter(|k| k.contains('@')) {
                Some(k) if !good.contains(&k) => good.push(k),
                Some(_) => {}
                None => bad += 1,
            }
        }
    }
    (good, bad)
}

fn row(p: &mut Plan, r: &Record, shared: &BTreeSet<(Channel, String)>) {
    let (found, wrong) = mails(p, r);
    let mut handles: Vec<(Channel, String)> =
        found.into_iter().map(|m| (Channel::Email, m)).collect();
    let mut told = Vec::new();
    if wrong > 0 {
        told.push("a mail address in it is none");
    }
    let region = region_of_row(p, r);
    for (of, channel) in PHONES {
        for n in cells(&p.columns, r, of).flat_map(numbers) {
            match phone_key(n, &region) {
                Some(key) if shared.contains(&(channel, key.clone())) && !handles.is_empty() => {
                    told.push(
                        "its phone number stands in rows of other people too, and was left out",
                    );
                }
                Some(key) if !handles.contains(&(channel, key.clone())) => {
                    handles.push((channel, key));
                }
                Some(_) => {}
                None => {
                    if region.is_empty() && !n.starts_with('+') {
                        p.needs_region = true;
                        told.push(
                            "a phone number in it has no country code, and no country was chosen",
                        );
                    } else {
                        told.push("a phone number in it is none");
                    }
                }
            }
        }
    }
    told.dedup();
    let taken = !handles.is_empty();
    if !taken && told.is_empty() {
        told.push(
            "it has neither a mail address nor a phone number, and a name alone tells nobody apart",
        );
    }
    p.problems
        .extend(told.into_iter().map(|t| (r.line, t.to_owned(), taken)));
    if taken {
        let contact = Contact {
            line: r.line,
            name: name(p, r),
            handles,
            tags: tags(p, r),
            note: note(p, r),
        };
        p.contacts.push(contact);
    }
}

fn one_line(text: &str, most: usize) -> String {
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|w| !w.is_empty())
        .collect();
    words.join(" ").chars().take(most).collect()
}

fn name(p: &Plan, r: &Record) -> Option<String> {
    let whole = cells(&p.columns, r, ContactUse::Name).next();
    let parts: Vec<&str> = [ContactUse::FirstName, ContactUse::LastName]
        .into_iter()
        .filter_map(|u| cells(&p.columns, r, u).next())
        .collect();
    let name = whole.map_or_else(|| parts.join(" "), str::to_owned);
    Some(one_line(&name, MAX_NAME)).filter(|n| !n.is_empty())
}

fn tags(p: &Plan, r: &Record) -> Vec<String> {
    let mut all: Vec<String> = cells(&p.columns, r, ContactUse::Tags)
        .flat_map(numbers)
        .map(|t| {
            one_line(t, MAX_TAG)
                .trim_start_matches(['#', '*'])
                .trim()
                .to_lowercase()
        })
        .filter(|t| !t.is_empty())
        .collect();
    all.sort();
    all.dedup();
    all.truncate(MAX_TAGS);
    all
}

fn note(p: &Plan, r: &Record) -> Option<String> {
    const MOST: usize = 20_000;
    let parts: Vec<String> = p
        .columns
        .iter()
        .zip(&r.cells)
        .filter(|(c, v)| c.holds == ContactUse::Note && !v.is_empty())
        .map(
            |(c, v)| match c.title.is_empty() || is_plain_note(&c.title) {
                true => v.clone(),
                false => format!("{}: {v}", one_line(&c.title, 60)),
            },
        )
        .collect();
    let text: String = parts.join("\n").chars().take(MOST).collect();
    Some(text).filter(|t| !t.trim().is_empty())
}

/// The bytes of a table.
///
/// # Errors
/// When it cannot be read, or is larger than a table can be.
pub fn bytes_of(path: &Path) -> Result<Vec<u8>> {
    let io = |e| Error::io(format!("reading {}", path.display()), e);
    let meta = std::fs::metadata(path).map_err(io)?;
    if !meta.is_file() || meta.len() > MAX_BYTES {
        return Err(Error::Invalid(format!(
            "{} is no file, or larger than {} MB",
            path.display(),
            MAX_BYTES >> 20
        )));
    }
    std::fs::read(path).map_err(io)
}

/// Write a table's customers. The same table again changes nothing; all of it is one group, which one undo takes back.
///
/// # Errors
/// When the table cannot be read or the store fails; what was written before stays.
pub async fn run(store: &Store, path: &Path, mapping: Mapping) -> Result<Import> {
    let (from, said) = (path.to_path_buf(), mapping.clone());
    let (plan, size) = tokio::task::spawn_blocking(move || {
        let bytes = bytes_of(&from)?;
        Ok::<_, Error>((plan(&bytes, &said)?, bytes.len() as u64))
    })
    .await
    .map_err(|_| Error::Stopped)??;
    let options = serde_json::json!({ "contacts": mapping }).to_string();
    let text = path.display().to_string();
    let id = store
        .write(move |tx| imports::begin(tx, &text, &options, None))
        .await?
        .id;
    let group = GroupId::random();
    let file = path
        .file_name()
        .map(|n| n.to_string_lossy().into_owned())
        .unwrap_or_default();
    let wrong = plan.problems.iter().filter(|p| !p.2).count() as u64;
    let problems = plan
        .problems
        .into_iter()
        .map(|(line, reason, _)| Problem {
            file: file.clone(),
            at: line,
            reason,
            kept: false,
        })
        .collect();
    let first = Step {
        position: String::new(),
        done: 0,
        total: size,
        counts: Counts {
            read: plan.total as u64,
            refused: wrong,
            ..Counts::default()
        },
        problems,
    };
    store
        .write(move |tx| imports::advance(tx, id, &first))
        .await?;
    let all = plan.contacts.len().max(1) as u64;
    for (n, some) in plan.contacts.chunks(AT_ONCE).enumerate() {
        let (some, name) = (some.to_vec(), file.clone());
        let done = size * ((n * AT_ONCE) as u64) / all;
        let stored = store
            .write(move |tx| store_some(tx, id, group, &some, &name, (done, size)))
            .await;
        if let Err(e) = stored {
            let says = e.to_string();
            let _ = store
                .write(move |tx| imports::end(tx, id, ImportState::Failed, &says))
                .await;
            return Err(e);
        }
    }
    store
        .write(move |tx| {
            let last = Step {
                done: size,
                total: size,
                ..Step::default()
            };
            imports::advance(tx, id, &last)?;
            imports::end(tx, id, ImportState::Done, "")
        })
        .await
}

fn store_some(
    tx: &mut crate::store::Tx<'_>,
    id: ImportId,
    group: GroupId,
    some: &[Contact],
    file: &str,
    (done, total): (u64, u64),
) -> Result<()> {
    let mut step = Step {
        done,
        total,
        ..Step::default()
    };
    for c in some {
        match rows::put(tx, group, c) {
            Ok(put) => {
                step.counts.new += u64::from(put.new);
                step.counts.known += u64::from(!put.new);
                step.counts.events += u64::from(put.changes);
                step.problems.extend(put.told.map(|reason| Problem {
                    file: file.to_owned(),
                    at: c.line,
                    reason,
                    kept: false,
                }));
            }
            Err(Error::Invalid(reason)) => {
                step.counts.refused += 1;
                step.problems.push(Problem {
                    file: file.to_owned(),
                    at: c.line,
                    reason,
                    kept: false,
                });
            }
            Err(e) => return Err(e),
        }
    }
    imports::advance(tx, id, &step)
}

/// The name of a known import of customers tells itself by its options.
#[must_use]
pub fn mapping_of(import: &Import) -> Option<Mapping> {
    let said: serde_json::Value = serde_json::from_str(&import.options).ok()?;
    serde_json::from_value(said.get("contacts")?.clone()).ok()
}

#[cfg(test)]
mod tests;
