use super::*;

#[test]
fn a_number_is_one_number_however_it_is_written() {
    for written in [
        "+49 30 123456",
        "0049 30 123456",
        "030/123456",
        "(030) 12 34 56",
        "030-123456",
        "+49 (0)30 123456",
        "tel:+49-30-123456",
        "tel:030123456;phone-context=+49",
        "\u{FF0B}\u{FF14}\u{FF19} 30 123456",
        "030 ١٢٣٤٥٦",
        "Tel. 030 123456",
        "030 123456 ext. 12",
        "030 123456 x7",
        "+49\u{A0}30\u{2011}123456",
        "\u{202A}+49 30 123456\u{202C}",
        "4930123456",
    ] {
        assert_eq!(
            phone_key(written, "DE").as_deref(),
            Some("+4930123456"),
            "{written}"
        );
    }
    assert_eq!(
        phone_key("0049 30 123456", "").as_deref(),
        Some("+4930123456")
    );
    assert_eq!(
        phone_key("011 49 30 123456", "US").as_deref(),
        Some("+4930123456")
    );
    assert_eq!(
        phone_key("1-800-FLOWERS", "US").as_deref(),
        Some("+18003569377")
    );
}

#[test]
fn no_digit_is_lost_where_the_national_prefix_may_begin_a_number() {
    for (written, region, e164) in [
        ("8 800 200-11-22", "RU", "+78002001122"),
        ("+7 800 200 11 22", "", "+78002001122"),
        ("8 (495) 123-45-67", "RU", "+74951234567"),
        ("8 800 080 1234", "KZ", "+78000801234"),
        ("8 612 34567", "LT", "+37061234567"),
        ("8 029 491 19 11", "BY", "+375294911911"),
        ("02 1234 5678", "IT", "+390212345678"),
        ("011 15-2345-6789", "AR", "+5491123456789"),
        ("044 55 1234 5678", "MX", "+525512345678"),
    ] {
        let got = phone_key(written, region);
        assert!(
            got.is_none() || got.as_deref() == Some(e164),
            "{written}: {got:?}"
        );
        if !matches!(region, "MX" | "AR" | "LT") {
            assert_eq!(got.as_deref(), Some(e164), "{written}");
        }
    }
}

#[test]
fn what_nobody_can_be_reached_at_is_no_handle() {
    for (written, region) in [
        ("", "DE"),
        ("112", "DE"),
        ("911", "US"),
        ("110", "DE"),
        ("22555", "US"),
        ("+49", ""),
        ("030", "DE"),
        ("+49 30 1", "DE"),
        ("+1 234", ""),
        ("030 123456", ""),
        ("+999 123456789", ""),
        ("+0 30 123456", "DE"),
        ("+1 555 555 55555", ""),
        ("+4930123456789012345", ""),
        ("anna@shop.test", "DE"),
        ("Anna", "DE"),
        ("*100#", "DE"),
        ("call 030 or 040 123456 now", "DE"),
        ("12345678901234567890", "DE"),
        ("+44 20 7946 09581", "GB"),
        ("+1 123 456 7890", "US"),
    ] {
        assert_eq!(phone_key(written, region), None, "{written:?} {region}");
    }
}

#[test]
fn the_example_number_of_every_plan_is_read_home_and_abroad() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for meta in DATABASE.iter().filter(|m| m.id() != "001") {
        for example in kinds(meta).filter_map(Descriptor::example) {
            count += 1;
            let e164 = format!("+{}{example}", meta.country_code());
            for (written, region) in [(e164.clone(), ""), (example.to_owned(), meta.id())] {
                let got = phone_key(&written, region);
                if got.as_deref() != Some(e164.as_str()) {
                    wrong.push(format!("{written} in {region:?} ({}): {got:?}", meta.id()));
                }
            }
        }
    }
    assert!(count > 800, "{count}");
    assert!(wrong.is_empty(), "{} of {count}: {wrong:#?}", wrong.len());
}
