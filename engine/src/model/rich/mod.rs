//! Formatted text as it is written here: a small tree that is read from any HTML and written by us alone. Nothing of
//! what was read is passed on: whatever the tree cannot say is gone (`security.md` §3).
//!
//! A paragraph is a line, as it was typed: an empty one is an empty line. So text without formatting and the tree of
//! it say the same.

mod blocks;
mod letter;
mod plain;
mod read;
mod signs;
mod tokens;
mod words;
mod write;

#[cfg(test)]
mod tests;

use super::FileId;
use std::collections::BTreeSet;

/// Longest HTML that is read, in bytes.
pub const MAX_HTML: usize = 1_000_000;
/// Longest text that is sent or kept as a draft, in bytes.
pub const MAX_TEXT: usize = 1_000_000;
/// Lists and quotations inside of each other; what is deeper stands at this depth.
pub const MAX_DEPTH: usize = 12;
/// Longest description of a picture, in characters.
const MAX_ALT: usize = 300;
/// Highest number that a list may begin with.
const MAX_START: u32 = 99_999;

/// A formatted text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rich {
    blocks: Vec<Block>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Block {
    Line(Vec<Piece>),
    List(List),
    Quote(Vec<Block>),
    /// Lines whose spaces count, as of a program.
    Code(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct List {
    /// The number it begins with; none = bullets.
    start: Option<u32>,
    /// Each begins with a line.
    items: Vec<Vec<Block>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Piece {
    what: What,
    look: Look,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum What {
    Text(String),
    Break,
    Picture { file: FileId, alt: String },
}

/// How a piece looks, in the order in which its tags stand inside of each other.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Look {
    link: Option<String>,
    strong: bool,
    em: bool,
    underlined: bool,
    struck: bool,
    code: bool,
}

impl Look {
    fn is_plain(&self) -> bool {
        *self == Self::default()
    }
}

/// Why HTML is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the text is longer than {} kB", MAX_HTML / 1_000)]
pub struct TooLong;

impl Rich {
    /// Reads HTML, well-formed or not. What it cannot say is left out.
    ///
    /// # Errors
    /// [`TooLong`] over [`MAX_HTML`].
    pub fn read(html: &str) -> Result<Self, TooLong> {
        if html.len() > MAX_HTML {
            return Err(TooLong);
        }
        Ok(Self {
            blocks: read::read(html),
        })
    }

    /// Text without formatting: each line is a paragraph.
    #[must_use]
    pub fn of_text(text: &str) -> Self {
        let line = |l: &str| {
            let text = super::letter::lines(l);
            let piece = |t| Piece {
                what: What::Text(t),
                look: Look::default(),
            };
            Block::Line(
                (!text.is_empty())
                    .then(|| piece(text))
                    .into_iter()
                    .collect(),
            )
        };
        let text = super::letter::lines(text);
        Self {
            blocks: text.split('\n').map(line).collect(),
        }
    }

    /// Both, one below the other, with an empty line between.
    #[must_use]
    pub fn above(mut self, other: Self) -> Self {
        self.blocks.push(Block::Line(Vec::new()));
        self.blocks.extend(other.blocks);
        self
    }

    /// The one form in which it is kept and handed to the window: read again, it gives the same.
    #[must_use]
    pub fn html(&self) -> String {
        write::html(&self.blocks)
    }

    /// The same without formatting: `- ` before what is listed, `> ` before what is quoted, the address behind a link.
    #[must_use]
    pub fn text(&self) -> String {
        plain::text(&self.blocks)
    }

    /// Whether its text says everything: it has no formatting and no picture.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        let bare = |p: &Piece| p.look.is_plain() && matches!(p.what, What::Text(_));
        let plain = |b: &Block| matches!(b, Block::Line(pieces) if pieces.iter().all(bare));
        self.blocks.iter().all(plain)
    }

    /// The files that it shows as pictures.
    #[must_use]
    pub fn pictures(&self) -> BTreeSet<FileId> {
        let mut found = BTreeSet::new();
        let mut left: Vec<&Block> = self.blocks.iter().collect();
        while let Some(block) = left.pop() {
            match block {
                Block::Line(pieces) => found.extend(pieces.iter().filter_map(|p| match &p.what {
                    What::Picture { file, .. } => Some(*file),
                    _ => None,
                })),
                Block::List(list) => left.extend(list.items.iter().flatten()),
                Block::Quote(inside) => left.extend(inside),
                Block::Code(_) => {}
            }
        }
        found
    }

    /// The same without the pictures that are not among these files.
    #[must_use]
    pub fn showing_only(self, known: &[FileId]) -> Self {
        self.with_pictures(|f| known.contains(&f).then_some(f))
    }

    /// The same with each picture's file as it is called elsewhere; a picture that is called nothing goes.
    #[must_use]
    pub fn with_pictures(mut self, called: impl Fn(FileId) -> Option<FileId>) -> Self {
        let mut left: Vec<&mut Block> = self.blocks.iter_mut().collect();
        while let Some(block) = left.pop() {
            match block {
                Block::Line(pieces) => pieces.retain_mut(|p| match &mut p.what {
                    What::Picture { file, .. } => match called(*file) {
                        Some(f) => {
                            *file = f;
                            true
                        }
                        None => false,
                    },
                    _ => true,
                }),
                Block::List(list) => left.extend(list.items.iter_mut().flatten()),
                Block::Quote(inside) => left.extend(inside),
                Block::Code(_) => {}
            }
        }
        // Texts around a picture that went are one.
        Self {
            blocks: read::read(&write::html(&self.blocks)),
        }
    }
}
