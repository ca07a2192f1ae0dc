use super::*;
use proptest::prelude::*;

const TEAM: &str = "team@shop.test";
const ANNA: &str = "anna@home.test";
const BERT: &str = "bert@work.test";
const MALLORY: &str = "mallory@evil.test";

fn mail(from: &str, to: &[&str], own: &str, names: &[&str]) -> Heads {
    let mut h = Heads {
        copy_of: Some(digest(&[from, own])),
        own: (!own.is_empty()).then(|| ref_hash(own)),
        names: names.iter().map(|n| ref_hash(n)).collect(),
        from: Some(from.to_owned()),
        people: to.iter().chain([&from]).map(|p| (*p).to_owned()).collect(),
        lists: BTreeSet::new(),
    };
    h.add_lists(None);
    h
}

fn groups(mails: &[Heads]) -> Vec<Vec<usize>> {
    partition(mails)
}

#[test]
fn a_question_and_its_answers_are_one_thread() {
    let all = [
        mail(ANNA, &[TEAM], "1@x", &[]),
        mail(BERT, &[TEAM], "2@x", &[]),
        mail(TEAM, &[ANNA], "3@x", &["1@x"]),
        mail(ANNA, &[TEAM], "4@x", &["1@x", "3@x"]),
    ];
    assert_eq!(groups(&all), [vec![0, 2, 3], vec![1]]);
}

#[test]
fn a_stranger_who_names_a_thread_stays_outside() {
    let all = [
        mail(ANNA, &[TEAM], "1@x", &[]),
        mail(TEAM, &[ANNA], "2@x", &["1@x"]),
        mail(MALLORY, &[TEAM], "3@x", &["1@x", "2@x"]),
        mail(MALLORY, &[TEAM], "4@x", &["2@x"]),
    ];
    assert_eq!(groups(&all), [vec![0, 1], vec![2, 3]]);
}

#[test]
fn a_stranger_who_was_brought_in_belongs_to_it() {
    let all = [
        mail(ANNA, &[TEAM], "1@x", &[]),
        mail(TEAM, &[ANNA, BERT], "2@x", &["1@x"]),
        mail(BERT, &[TEAM], "3@x", &["1@x"]),
    ];
    assert_eq!(
        groups(&all),
        [vec![0, 1, 2]],
        "he names the first mail only, and took part in the second"
    );
}

#[test]
fn answers_to_a_mail_that_is_not_here_are_one_thread() {
    let all = [
        mail(ANNA, &[TEAM], "2@x", &["1@x"]),
        mail(TEAM, &[ANNA], "3@x", &["1@x"]),
        mail(MALLORY, &[TEAM], "4@x", &["1@x"]),
    ];
    assert_eq!(groups(&all), [vec![0, 1], vec![2]]);
}

#[test]
fn two_people_under_one_message_id_are_two_and_the_answer_goes_to_the_one_it_speaks_to() {
    let all = [
        mail(ANNA, &[TEAM], "1@x", &[]),
        mail(MALLORY, &[TEAM], "1@x", &[]),
        mail(TEAM, &[ANNA], "2@x", &["1@x"]),
    ];
    assert_eq!(groups(&all), [vec![0, 2], vec![1]]);
}

#[test]
fn somebody_elses_mail_under_the_same_id_takes_nobody_out_of_a_thread() {
    let mut all = vec![
        mail(ANNA, &[TEAM, BERT], "1@x", &[]),
        mail(TEAM, &[ANNA], "2@x", &["1@x"]),
        mail(ANNA, &[TEAM], "3@x", &["1@x"]),
        mail(BERT, &[TEAM], "4@x", &["1@x"]),
    ];
    assert_eq!(groups(&all), [vec![0, 1, 2, 3]]);
    all.push(mail(MALLORY, &[TEAM], "1@x", &[]));
    all.push(mail(TEAM, &[MALLORY], "5@x", &["1@x"]));
    assert_eq!(groups(&all), [vec![0, 1, 2, 3], vec![4, 5]]);
}

#[test]
fn copies_and_altered_copies_of_a_mail_are_in_one_thread() {
    let one = mail(ANNA, &[TEAM], "1@x", &[]);
    let altered = Heads {
        copy_of: Some([1; 16]),
        ..one.clone()
    };
    let nameless = Heads {
        own: None,
        ..one.clone()
    };
    let all = [one.clone(), altered, one, nameless.clone(), nameless];
    assert_eq!(groups(&all), [vec![0, 1, 2, 3, 4]]);
}

#[test]
fn whoever_writes_to_a_list_takes_part_in_it() {
    let list = "gardeners@lists.club.test";
    let all = [
        mail(ANNA, &[list], "1@x", &[]),
        mail(BERT, &[list], "2@x", &["1@x"]),
        mail(MALLORY, &[TEAM], "3@x", &["1@x"]),
    ];
    assert_eq!(groups(&all), [vec![0, 1], vec![2]]);
    let with_id = |h: Heads| {
        let mut h = h;
        h.add_lists(Some("garden.club.test"));
        h
    };
    let all = [
        with_id(mail(ANNA, &["all@club.test"], "1@x", &[])),
        with_id(mail(BERT, &["all@club.test"], "2@x", &["1@x"])),
        mail(MALLORY, &["all@club.test"], "3@x", &["1@x"]),
    ];
    assert_eq!(groups(&all), [vec![0, 1], vec![2]]);
}

#[test]
fn circles_and_mails_that_name_themselves_do_no_harm() {
    let all = [
        mail(ANNA, &[TEAM], "1@x", &["2@x", "1@x"]),
        mail(TEAM, &[ANNA], "2@x", &["3@x"]),
        mail(ANNA, &[TEAM], "3@x", &["1@x"]),
    ];
    assert_eq!(groups(&all), [vec![0, 1, 2]]);
}

#[test]
fn what_says_nothing_is_alone() {
    let empty = Heads::default();
    let no_sender = Heads {
        own: Some([2; 16]),
        names: vec![[1; 16]],
        ..Heads::default()
    };
    let all = [
        empty.clone(),
        empty,
        no_sender,
        mail(ANNA, &[TEAM], "", &[]),
    ];
    assert_eq!(groups(&all).len(), 4);
    assert!(groups(&[]).is_empty());
}

fn any_mail() -> impl Strategy<Value = Heads> {
    let who = prop::sample::select(vec![ANNA, BERT, MALLORY, TEAM, "carl@x.test"]);
    let id = 0u8..10;
    (
        who.clone(),
        prop::collection::vec(who, 0..3),
        id.clone(),
        prop::collection::vec(id, 0..4),
        0u8..3,
    )
        .prop_map(|(from, to, own, names, copy)| {
            let names: Vec<String> = names.iter().map(|n| format!("{n}@x")).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let h = mail(from, &to, &format!("{own}@x"), &names);
            Heads {
                copy_of: Some(digest(&[format!("{h:?}{copy}")])),
                ..h
            }
        })
}

proptest! {
    #[test]
    fn every_order_with_any_copies_gives_the_same_threads(
        mails in prop::collection::vec(any_mail(), 0..14),
        order in prop::collection::vec(any::<prop::sample::Index>(), 0..30),
    ) {
        let name = |h: &Heads| h.copy_of;
        let as_sets = |all: &[Heads]| -> BTreeSet<BTreeSet<Option<Ref>>> {
            partition(all).iter().map(|g| g.iter().map(|i| name(&all[*i])).collect()).collect()
        };
        // Every mail once, in a drawn order, then some of them again.
        let mut left = mails.clone();
        let mut other: Vec<Heads> = Vec::new();
        for i in &order {
            if left.is_empty() {
                break;
            }
            let at = i.index(left.len());
            other.push(left.remove(at));
        }
        left.reverse();
        other.extend(left);
        for i in &order {
            if !mails.is_empty() {
                other.insert(i.index(other.len() + 1), mails[i.index(mails.len())].clone());
            }
        }
        prop_assert_eq!(as_sets(&mails), as_sets(&other));
        let mut seen: Vec<usize> = partition(&other).into_iter().flatten().collect();
        seen.sort_unstable();
        prop_assert_eq!(seen, (0..other.len()).collect::<Vec<_>>());
    }

    #[test]
    fn a_stranger_never_changes_the_threads_of_others(
        mails in prop::collection::vec(any_mail(), 0..12),
        own in 0u8..12, names in prop::collection::vec(0u8..12, 0..6),
    ) {
        let names: Vec<String> = names.iter().map(|n| format!("{n}@x")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        // Anybody may be written to; nobody here ever wrote to the stranger.
        let stranger = mail("stranger@far.test", &[TEAM, ANNA], &format!("new{own}@x"), &names);
        let mut with = mails.clone();
        with.push(stranger);
        let before = partition(&mails);
        let after: Vec<Vec<usize>> = partition(&with).into_iter().filter(|g| *g != [mails.len()]).collect();
        prop_assert_eq!(before, after);
    }
}
