//! Grouped lists: how many conversations each group has, and the ids of one group.

use super::dto::{IdPage, Parting, Section, SectionCount};
use super::inbox::{page_of, which};
use super::{Desk, args};
use crate::error::{Error, Result};
use crate::store::lists::{self, Column, Filter, Part};

/// Most instants at which a new group begins.
const CUTS: usize = 64;

fn part(section: Section) -> Part {
    match section {
        Section::Stage { key } => Part::Stage(key),
        Section::Assignee { agent } => Part::Assignee(agent),
        Section::Channel { channel } => Part::Channel(channel),
        Section::Day { from, to } => Part::Span(from, to),
    }
}

fn section(part: Part) -> Section {
    match part {
        Part::Stage(key) => Section::Stage { key },
        Part::Assignee(agent) => Section::Assignee { agent },
        Part::Channel(channel) => Section::Channel { channel },
        Part::Span(from, to) => Section::Day { from, to },
    }
}

pub(super) async fn counts(
    a: args::ConversationSections,
    desk: &Desk,
) -> Result<Vec<SectionCount>> {
    if a.cuts.len() > CUTS || !a.cuts.is_sorted_by(|x, y| x < y) {
        return Err(Error::Invalid(format!(
            "the instants that part a list rise, and are at most {CUTS}"
        )));
    }
    let me = desk.engine.store().identity().agent;
    desk.engine
        .store()
        .read(move |c| {
            let shown = which(a.view, me);
            let filter = Filter {
                stage: a.stage,
                tag: a.tag,
                part: None,
            };
            let column = match a.by {
                Parting::Stage => Some(Column::Stage),
                Parting::Assignee => Some(Column::Assignee),
                Parting::Channel => Some(Column::Channel),
                Parting::Day => None,
            };
            let found = match column {
                Some(column) => lists::by_column(c, &shown, &filter, column)?,
                None => lists::by_span(c, &shown, &filter, &a.cuts)?,
            };
            Ok(found
                .into_iter()
                .map(|(p, count)| SectionCount {
                    section: section(p),
                    count,
                })
                .collect())
        })
        .await
}

pub(super) async fn ids(a: args::SectionIds, desk: &Desk) -> Result<IdPage> {
    let me = desk.engine.store().identity().agent;
    desk.engine
        .store()
        .read(move |c| {
            let filter = Filter {
                stage: a.stage,
                tag: a.tag,
                part: Some(part(a.section)),
            };
            page_of(
                c,
                &which(a.view, me),
                &filter,
                a.sort,
                a.after.as_deref(),
                a.limit,
            )
        })
        .await
}
