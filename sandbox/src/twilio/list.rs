//! Lists: filters, newest first, and pages that name the next one relative to the host.

use serde_json::{Value, json};

use super::account::{Account, failed};
use super::message::Message;
use super::text::day_or_time;
use super::{ELSEWHERE, ENDLESS};
use crate::http::{DUPLICATE, Request, Response, SHUFFLE};

const USUAL: usize = 50;
const MOST: usize = 1_000;

/// A page of something: where it lies and how many rows it has.
pub(super) struct Page {
    pub(super) number: usize,
    pub(super) size: usize,
    /// The filters as they were asked, to be repeated in the addresses.
    pub(super) filters: Vec<(String, String)>,
}

impl Page {
    pub(super) fn of(request: &Request) -> Option<Self> {
        let number = |name: &str, usual: usize| match request.query(name) {
            None => Some(usual),
            Some(text) => text.parse::<usize>().ok(),
        };
        let size = number("PageSize", USUAL)?;
        let paging = ["PageSize", "Page", "PageToken"];
        let filters = request.pairs.iter();
        Some(Self {
            number: number("Page", 0)?,
            size: size.clamp(1, MOST),
            filters: filters
                .filter(|(name, _)| !paging.contains(&name.as_str()))
                .cloned()
                .collect(),
        })
    }

    pub(super) fn uri(&self, path: &str, number: usize, token: Option<&str>) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(&self.filters);
        query.append_pair("PageSize", &self.size.to_string());
        query.append_pair("Page", &number.to_string());
        if let Some(token) = token {
            query.append_pair("PageToken", token);
        }
        format!("{path}?{}", query.finish())
    }

    /// The page's frame around its rows.
    pub(super) fn frame(&self, path: &str, rows: (&str, Vec<Value>), next: Option<&str>) -> Value {
        let (name, rows) = rows;
        let start = self.number * self.size;
        let previous = self
            .number
            .checked_sub(1)
            .map(|before| self.uri(path, before, None));
        let mut page = json!({
            "end": (start + rows.len()).saturating_sub(1),
            "first_page_uri": self.uri(path, 0, None),
            "next_page_uri": next,
            "page": self.number,
            "page_size": self.size,
            "previous_page_uri": previous,
            "start": start,
            "uri": self.uri(path, self.number, None),
        });
        if let Some(page) = page.as_object_mut() {
            page.insert(name.to_owned(), rows.into());
        }
        page
    }
}

impl Account {
    pub(super) fn list(&self, request: &Request, now: i64) -> Response {
        let Some(page) = Page::of(request) else {
            return failed(20001);
        };
        let Some(mut wanted) = self.wanted(request, now) else {
            return failed(20001);
        };
        // Newest first, what was scheduled where it went out; what began within one millisecond, in the order of its
        // making.
        wanted.reverse();
        wanted.sort_by_key(|m| std::cmp::Reverse(m.begun()));
        let start = match request
            .query("PageToken")
            .and_then(|t| t.strip_prefix("PA"))
        {
            Some(last) => wanted
                .iter()
                .position(|m| m.sid == last)
                .map_or(wanted.len(), |at| at + 1),
            None => page.number * page.size,
        };
        let rows: Vec<&Message> = wanted.iter().skip(start).take(page.size).copied().collect();
        let path = self.path("Messages.json");
        let more = wanted.len() > start + rows.len();
        let next = rows
            .last()
            .filter(|_| more)
            .map(|last| page.uri(&path, page.number + 1, Some(&format!("PA{}", last.sid))));
        let mut shown: Vec<&Message> = Vec::new();
        if request.flagged(DUPLICATE) {
            let before = start.saturating_sub(2);
            shown.extend(wanted.iter().skip(before).take(start - before));
            shown.extend(&rows);
        }
        shown.extend(&rows);
        let mut shown: Vec<Value> = shown.into_iter().map(|m| self.render(m, now)).collect();
        if request.flagged(SHUFFLE) {
            shown.reverse();
            let half = shown.len() / 2;
            shown.rotate_left(half);
        }
        let next = if request.flagged(ENDLESS) {
            Some(page.uri(&path, page.number, request.query("PageToken")))
        } else if request.flagged(ELSEWHERE) {
            Some(format!("{}/stolen{path}", self.cdn))
        } else {
            next
        };
        Response::json(
            200,
            &page.frame(&path, ("messages", shown), next.as_deref()),
        )
    }

    /// What passes the filters, oldest first; none where a filter cannot be read.
    fn wanted(&self, request: &Request, now: i64) -> Option<Vec<&Message>> {
        let date = |name: &str, end: bool| match request.query(name) {
            None => Some(None),
            Some(text) => day_or_time(text, end).map(Some),
        };
        let after = date("DateSent>", false)?;
        let before = date("DateSent<", true)?;
        let (from, until) = (date("DateSent", false)?, date("DateSent", true)?);
        let fits = |m: &&Message| {
            // What was never sent passes no filter of dates.
            let sent = m
                .status(now)
                .sent
                .or(self.dates_inbound.then_some(m.created));
            let sent_fits = |edge: Option<i64>, test: fn(i64, i64) -> bool| {
                edge.is_none_or(|edge| sent.is_some_and(|sent| test(sent, edge)))
            };
            request.query("To").is_none_or(|to| to == m.to)
                && request.query("From").is_none_or(|from| from == m.from)
                && sent_fits(after.max(from), |sent, edge| sent >= edge)
                && sent_fits(before, |sent, edge| sent <= edge)
                && sent_fits(until, |sent, edge| sent <= edge)
        };
        Some(self.messages.iter().filter(fits).collect())
    }
}
