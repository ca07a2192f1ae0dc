//! Style sheets of a mail, put into the style attributes of the elements that they mean: sheets themselves stay out.
//!
//! Read once with a budget, then asked for each tag as it is written. What a rule says goes through the allow-list of
//! [`css`] like everything else; a sheet can do nothing that a style attribute could not do.

mod read;
mod selector;
mod tree;

#[cfg(test)]
mod tests;

pub(super) use read::applies_to_screens;
pub(super) use tree::{Element, Open};

use super::css::{self, Declared};
use selector::Selector;
use std::collections::HashMap;

/// Most of all sheets together that is read, in bytes: whole rules until then.
pub(super) const MAX_SHEETS: usize = 256 * 1024;
/// Most rules.
pub(super) const MAX_RULES: usize = 2_000;
/// Most selectors of all rules.
pub(super) const MAX_SELECTORS: usize = 4_000;
/// Most steps that may be spent on finding which rules mean which elements, and on putting them there.
pub(super) const MAX_WORK: usize = 4_000_000;
/// Most bytes that all styles put into one mail may have.
pub(super) const MAX_INLINED: usize = 1024 * 1024;

/// The rules of a mail.
#[derive(Default)]
pub(super) struct Sheets {
    blocks: Vec<Vec<Declared>>,
    selectors: Vec<Selector>,
    by_id: HashMap<String, Vec<usize>>,
    by_class: HashMap<String, Vec<usize>>,
    by_tag: HashMap<String, Vec<usize>>,
    anywhere: Vec<usize>,
}

/// What is left of the budget while one mail is written.
pub(super) struct Budget {
    work: usize,
    bytes: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            work: MAX_WORK,
            bytes: MAX_INLINED,
        }
    }
}

impl Budget {
    fn spend(&mut self, steps: usize) -> Option<()> {
        self.work = self.work.checked_sub(steps)?;
        Some(())
    }
}

impl Sheets {
    /// Reads the sheets of a mail, in the order in which they stand there.
    pub(super) fn new(sheets: &[&str]) -> Self {
        let mut all = Self::default();
        let mut left = MAX_SHEETS;
        for sheet in sheets {
            if left == 0 {
                break;
            }
            read::read(sheet, left, &mut all);
            left = left.saturating_sub(sheet.len());
        }
        all
    }

    /// Whether no rule could mean anything.
    pub(super) fn is_empty(&self) -> bool {
        self.selectors.is_empty()
    }

    fn is_full(&self) -> bool {
        self.blocks.len() >= MAX_RULES || self.selectors.len() >= MAX_SELECTORS
    }

    /// Takes a rule in.
    fn add(&mut self, selectors: Vec<Selector>, declared: Vec<Declared>) {
        if selectors.is_empty() || declared.is_empty() {
            return;
        }
        let block = self.blocks.len();
        self.blocks.push(declared);
        for mut s in selectors
            .into_iter()
            .take(MAX_SELECTORS - self.selectors.len())
        {
            s.block = block;
            let n = self.selectors.len();
            let subject = s.subject();
            let place = if let Some(id) = &subject.id {
                self.by_id.entry(id.clone()).or_default()
            } else if let Some(class) = subject.classes.first() {
                self.by_class.entry(class.clone()).or_default()
            } else if let Some(tag) = &subject.tag {
                self.by_tag.entry(tag.clone()).or_default()
            } else {
                &mut self.anywhere
            };
            place.push(n);
            self.selectors.push(s);
        }
    }

    /// The style of an element: the rules that mean it, below what it says itself; `None` where no rule does. The
    /// budget being spent is an error, and then the mail is shown without its sheets.
    pub(super) fn style(
        &self,
        element: &Element,
        open: &Open,
        own: &str,
        budget: &mut Budget,
    ) -> Result<Option<String>, Spent> {
        let found = self.matching(element, open, budget).ok_or(Spent)?;
        if found.is_empty() {
            return Ok(None);
        }
        let own = css::declarations(own);
        let mut all = Cascade::default();
        for important in [false, true] {
            for s in &found {
                let block = self.blocks.get(s.block).map_or(&[][..], Vec::as_slice);
                budget.spend(1 + block.len() + all.0.len()).ok_or(Spent)?;
                all.put(block, important);
            }
            all.put(&own, important);
        }
        let style = all.text();
        budget.bytes = budget.bytes.checked_sub(style.len()).ok_or(Spent)?;
        Ok((!style.is_empty()).then_some(style))
    }

    /// The selectors that mean an element, the weakest first, each rule once.
    fn matching(
        &self,
        element: &Element,
        open: &Open,
        budget: &mut Budget,
    ) -> Option<Vec<&Selector>> {
        let id = element.id.as_ref().and_then(|i| self.by_id.get(i));
        let classes = element.classes.iter().filter_map(|c| self.by_class.get(c));
        let candidates = id
            .into_iter()
            .chain(classes)
            .chain(self.by_tag.get(&element.name))
            .chain([&self.anywhere])
            .flatten();
        let mut found: Vec<&Selector> = Vec::new();
        for s in candidates.filter_map(|n| self.selectors.get(*n)) {
            if s.means(element, open, &mut budget.work)? {
                found.push(s);
            }
        }
        // Of a list of selectors the strongest counts; a rule's place decides between equals.
        found.sort_by_key(|s| (s.block, std::cmp::Reverse(s.weight)));
        found.dedup_by_key(|s| s.block);
        found.sort_by_key(|s| (s.weight, s.block));
        Some(found)
    }
}

/// The budget is spent.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Spent;

/// Declarations in the order in which they hold, each property once.
#[derive(Default)]
struct Cascade<'a>(Vec<&'a Declared>);

impl<'a> Cascade<'a> {
    fn put(&mut self, block: &'a [Declared], important: bool) {
        for d in block.iter().filter(|d| d.important == important) {
            self.0.retain(|e| e.property != d.property);
            self.0.push(d);
        }
    }

    /// As a style attribute. One that would be too long to be read again keeps what holds strongest.
    fn text(&self) -> String {
        let long = |d: &Declared| d.property.len() + d.value.len() + 2;
        let mut room = css::MAX_STYLE;
        let mut from = self.0.len();
        while let Some(d) = from.checked_sub(1).and_then(|n| self.0.get(n)) {
            let Some(left) = room.checked_sub(long(d)) else {
                break;
            };
            if self.0.len() - from >= css::MAX_DECLARATIONS {
                break;
            }
            room = left;
            from -= 1;
        }
        css::written(self.0.iter().skip(from).copied())
    }
}
