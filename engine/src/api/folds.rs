//! Folded stretches as the window counts them.

use super::dto::FoldItem;
use crate::model::Fold;

/// The folds of a text, or of its beginning, in UTF-16 code units: the window slices its strings by those.
pub(super) fn items(text: &str, folds: &[Fold]) -> Vec<FoldItem> {
    let mut out = Vec::with_capacity(folds.len());
    let (mut byte, mut unit) = (0usize, 0usize);
    let mut to = |place: usize| {
        let place = text.floor_char_boundary(place.min(text.len()));
        unit += text
            .get(byte..place)
            .map_or(0, |t| t.encode_utf16().count());
        byte = byte.max(place);
        u32::try_from(unit).unwrap_or(u32::MAX)
    };
    for f in folds {
        let (start, end) = (to(f.start), to(f.end));
        if start < end {
            out.push(FoldItem {
                start,
                end,
                kind: f.kind,
            });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::FoldKind;

    fn places(text: &str, folds: &[(usize, usize)]) -> Vec<(u32, u32)> {
        let folds: Vec<Fold> = folds
            .iter()
            .map(|(start, end)| Fold {
                start: *start,
                end: *end,
                kind: FoldKind::Quote,
            })
            .collect();
        items(text, &folds)
            .iter()
            .map(|f| (f.start, f.end))
            .collect()
    }

    #[test]
    fn places_are_counted_as_the_window_counts_them() {
        // Four bytes and two units; two bytes and one unit.
        assert_eq!(places("😀é> q", &[(6, 9)]), [(3, 6)]);
        assert_eq!(places("ab> q-- x", &[(2, 5), (5, 9)]), [(2, 5), (5, 9)]);
    }

    #[test]
    fn what_lies_behind_the_shown_beginning_is_left_out() {
        assert_eq!(places("abc", &[(2, 10), (10, 20)]), [(2, 3)]);
    }
}
