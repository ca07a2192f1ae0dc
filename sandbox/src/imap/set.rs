//! Sets of numbers as clients write them.

/// The numbers of `1:3,7,9:*` that are among these.
pub(super) fn chosen(set: &str, there: &[u32]) -> Vec<u32> {
    let last = there.iter().max().copied().unwrap_or(0);
    let number = |s: &str| if s == "*" { Some(last) } else { s.parse().ok() };
    let mut ranges = Vec::new();
    for part in set.split(',') {
        let (a, b) = part.split_once(':').unwrap_or((part, part));
        if let (Some(a), Some(b)) = (number(a), number(b)) {
            ranges.push((a.min(b), a.max(b)));
        }
    }
    there
        .iter()
        .copied()
        .filter(|n| ranges.iter().any(|(a, b)| a <= n && n <= b))
        .collect()
}

/// Numbers as a set, one by one.
pub(super) fn listed(numbers: &[u32]) -> String {
    let words: Vec<String> = numbers.iter().map(u32::to_string).collect();
    words.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_names_what_is_there_and_a_star_the_last_one() {
        assert_eq!(chosen("1:3,7,9:*", &[2, 3, 7, 8, 12]), [2, 3, 7, 12]);
        assert_eq!(chosen("20:*", &[2, 12]), [12]);
        assert_eq!(chosen("5", &[]), [0u32; 0]);
        assert_eq!(listed(&[3, 1]), "3,1");
    }
}
