use super::*;

fn planned(text: &str) -> Plan {
    plan(text.as_bytes(), &Mapping::default()).unwrap()
}

fn handles(c: &Contact) -> Vec<&str> {
    c.handles.iter().map(|h| h.1.as_str()).collect()
}

#[test]
fn each_row_is_a_customer_with_all_its_addresses_tags_and_notes() {
    let p = planned(
        "Vorname;Nachname;E-Mail;Telefon;Kategorien;Notizen;Firma;Geburtstag\n\
         Anna;Berg;Anna@Shop.Test; +49 30 200 00 00;VIP, Berlin;\"Likes\nlamps\";Berg & Co;1.1.1980\n",
    );
    assert_eq!((p.header, p.separator, p.problems.len()), (true, ';', 0));
    assert_eq!(p.columns[7].holds, ContactUse::Ignore);
    let c = &p.contacts[0];
    assert_eq!(c.name.as_deref(), Some("Anna Berg"));
    assert_eq!(handles(c), ["anna@shop.test", "+49302000000"]);
    assert_eq!(c.tags, ["berlin", "vip"]);
    assert_eq!(c.note.as_deref(), Some("Likes\nlamps\nFirma: Berg & Co"));
}

#[test]
fn a_name_alone_is_nobody_and_a_bad_row_is_told_by_its_line() {
    let p = planned("Name,Email\nAnna,\nBo,not an address\nCy,cy@b.test\n");
    assert_eq!(p.contacts.len(), 1);
    let told: Vec<(u64, bool)> = p.problems.iter().map(|x| (x.0, x.2)).collect();
    assert_eq!(told, [(2, false), (3, false)]);
    assert!(p.problems[0].1.contains("a name alone"));
}

#[test]
fn a_number_without_a_country_code_wants_a_region() {
    let text = "Name,Phone\nAnna,030 2000000\n";
    let p = planned(text);
    assert!(p.needs_region && p.contacts.is_empty());
    let said = Mapping {
        region: Some("de".into()),
        ..Mapping::default()
    };
    let p = plan(text.as_bytes(), &said).unwrap();
    assert_eq!(handles(&p.contacts[0]), ["+49302000000"]);
    // Where the other numbers say theirs, it is taken from them; a row's own country goes before it.
    let p =
        planned("Name,Phone,Country\nAnna,+49 30 2000000,\nBo,030 2000001,\nCy,044 668 18 00,CH\n");
    assert_eq!(p.region, "DE");
    assert_eq!(handles(&p.contacts[1]), ["+49302000001"]);
    assert_eq!(handles(&p.contacts[2]), ["+41446681800"]);
}

#[test]
fn a_number_of_several_people_links_none_of_them() {
    let p = planned(
        "Email,Phone\na@b.test,+49302000000\nb@b.test,+49302000000\nc@b.test,+49302000001\n",
    );
    assert_eq!(handles(&p.contacts[0]), ["a@b.test"]);
    assert_eq!(handles(&p.contacts[1]), ["b@b.test"]);
    assert_eq!(handles(&p.contacts[2]), ["c@b.test", "+49302000001"]);
    assert_eq!(p.problems.iter().filter(|x| x.2).count(), 2);
}

#[test]
fn what_a_person_says_of_the_columns_goes_before_what_was_found_out() {
    let text = "A,B\nAnna,a@b.test\n";
    let said = Mapping {
        uses: Some(vec![ContactUse::Tags, ContactUse::Email]),
        header: Some(true),
        region: None,
    };
    let p = plan(text.as_bytes(), &said).unwrap();
    assert_eq!(p.contacts[0].tags, ["anna"]);
    assert_eq!(p.contacts[0].name, None);
    // A table without titles is read from its first row on.
    let p = planned("Anna,a@b.test\nBo,b@b.test\n");
    assert_eq!((p.header, p.contacts.len()), (false, 2));
    assert!(
        plan(
            b"x\n",
            &Mapping {
                uses: Some(vec![ContactUse::Name; 3]),
                ..Mapping::default()
            }
        )
        .is_err()
    );
}
