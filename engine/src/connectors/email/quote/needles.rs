//! Many fixed words looked for at once. Every line of every mail is asked for hundreds of them; so that a megabyte of
//! tiny lines costs no seconds, words are found by the byte they begin or end with.

/// Words, by their first and by their last byte, each list in the order given.
pub struct Needles {
    first: Vec<Vec<&'static str>>,
    last: Vec<Vec<&'static str>>,
}

impl Needles {
    /// These words.
    pub fn new(words: &[&'static str]) -> Self {
        let (mut first, mut last) = (vec![Vec::new(); 256], vec![Vec::new(); 256]);
        for word in words {
            push(&mut first, word.bytes().next(), word);
            push(&mut last, word.bytes().next_back(), word);
        }
        Self { first, last }
    }

    /// The words that `text` begins with.
    pub fn starts<'a>(&'a self, text: &'a str) -> impl Iterator<Item = &'static str> + 'a {
        let words = text.bytes().next().and_then(|b| known(&self.first, b));
        words
            .unwrap_or_default()
            .iter()
            .copied()
            .filter(|w| text.starts_with(*w))
    }

    /// Whether `text` ends with one of the words.
    pub fn ends(&self, text: &str) -> bool {
        let words = text.bytes().next_back().and_then(|b| known(&self.last, b));
        words.unwrap_or_default().iter().any(|w| text.ends_with(*w))
    }

    /// Every place of `text` where a word stands, with the word.
    pub fn within<'a>(&'a self, text: &'a str) -> impl Iterator<Item = (usize, &'static str)> + 'a {
        let bytes = text.as_bytes();
        bytes.iter().enumerate().flat_map(move |(i, b)| {
            let words = known(&self.first, *b).unwrap_or_default();
            words
                .iter()
                .copied()
                .filter(move |w| bytes.get(i..).is_some_and(|s| s.starts_with(w.as_bytes())))
                .map(move |w| (i, w))
        })
    }
}

fn push(lists: &mut [Vec<&'static str>], byte: Option<u8>, word: &'static str) {
    if let Some(list) = byte.and_then(|b| lists.get_mut(usize::from(b))) {
        list.push(word);
    }
}

fn known<'a>(lists: &'a [Vec<&'static str>], byte: u8) -> Option<&'a [&'static str]> {
    lists.get(usize::from(byte)).map(Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_at_the_beginning_at_the_end_and_inside() {
        let words = Needles::new(&["on ", "on", "écrit", "作成", ""]);
        assert_eq!(words.starts("on a").collect::<Vec<_>>(), ["on ", "on"]);
        assert_eq!(words.starts("").count() + words.starts("xon").count(), 0);
        assert!(words.ends("a écrit") && words.ends("再作成") && !words.ends("on a"));
        assert_eq!(
            words.within("é on 作成écri").collect::<Vec<_>>(),
            [(3, "on "), (3, "on"), (6, "作成")]
        );
    }
}
