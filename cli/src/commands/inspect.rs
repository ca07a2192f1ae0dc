//! A new workspace, the check of its invariants, and its reports.

use super::{Context, End};
use crate::args::Report;
use crate::{Outcome, failure, print, time};
use parley_engine::api::dto::{CheckReport, Figure, ReportRow, ResponseReport};
use parley_engine::api::{args, ask};
use std::fmt::Write as _;

pub async fn init(cx: &Context<'_>, name: Option<String>) -> End {
    named(cx, name).await?;
    let status = cx.session.app.status().await?;
    cx.answer(&status, |s| {
        format!("a workspace was made in {}\n", s.data_dir)
    })
}

/// Say who is at it.
pub async fn named(cx: &Context<'_>, name: Option<String>) -> failure::Result<()> {
    if name.is_some() {
        let unchanged = args::SettingsSet {
            hold_seconds: None,
            reopen_days: None,
            theme: None,
            notify: None,
            notify_text: None,
            close_to_tray: None,
            my_name: None,
            wait_target: None,
            zoom: None,
        };
        ask(
            &cx.session.desk,
            args::SettingsSet {
                my_name: name,
                ..unchanged
            },
        )
        .await?;
    }
    Ok(())
}

pub async fn check(cx: &Context<'_>, quick: bool) -> End {
    let report = if quick {
        cx.session.app.check_quick().await?
    } else {
        ask(&cx.session.desk, args::Check {}).await?
    };
    cx.answer(&report, checked)?;
    Ok(if report.ok {
        Outcome::Done
    } else {
        Outcome::Code(failure::exit::FOUND)
    })
}

fn checked(r: &CheckReport) -> String {
    let mut out = String::new();
    for f in &r.findings {
        let _ = writeln!(
            out,
            "{}  {}",
            print::line(&f.invariant),
            print::line(&f.what)
        );
    }
    let looked: Vec<String> = r
        .counted
        .iter()
        .map(|c| format!("{} {}", c.count, c.key))
        .collect();
    let _ = writeln!(
        out,
        "{}; looked at {}",
        if r.ok {
            "all is well".to_owned()
        } else {
            format!("{} findings", r.findings.len())
        },
        looked.join(", ")
    );
    out
}

pub async fn report(cx: &Context<'_>, what: &Report) -> End {
    let Report::ResponseTimes { from, to, by } = what;
    let (first, last) = time::days(from, to, &jiff::tz::TimeZone::system())?;
    let report = ask(
        &cx.session.desk,
        args::ReportResponseTimes {
            from: first,
            to: last,
            by: (*by).into(),
        },
    )
    .await?;
    cx.answer(&report, times)
}

fn times(r: &ResponseReport) -> String {
    let rows: Vec<Vec<String>> = r
        .rows
        .iter()
        .chain(std::iter::once(&r.total))
        .flat_map(figures)
        .collect();
    print::table(&["WHO", "FIGURE", "N", "P50", "P90", "MEAN"], &rows)
}

fn figures(r: &ReportRow) -> Vec<Vec<String>> {
    let label = match r.label.as_str() {
        "outside_app" => "outside of Parley",
        other => other,
    };
    let cell = |what: &str, f: &Figure| {
        let shown = |v: Option<i64>| v.map_or_else(|| "–".to_owned(), time::duration);
        #[allow(clippy::cast_possible_truncation)]
        let mean = f.mean.map(|m| m.round() as i64);
        vec![
            label.to_owned(),
            what.to_owned(),
            f.n.to_string(),
            shown(f.p50),
            shown(f.p90),
            shown(mean),
        ]
    };
    let mut rows = vec![
        cell("first response", &r.first),
        cell("next response", &r.next),
        cell("resolution", &r.resolution),
    ];
    if r.unanswered > 0 {
        rows.push(vec![
            label.to_owned(),
            "unanswered".into(),
            r.unanswered.to_string(),
        ]);
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use parley_engine::api::dto::Finding;

    #[test]
    fn a_report_shows_durations_and_nothing_where_there_is_nothing() {
        let none = Figure {
            n: 0,
            p50: None,
            p90: None,
            mean: None,
        };
        let some = Figure {
            n: 2,
            p50: Some(60),
            p90: Some(3_725),
            mean: Some(1_892.5),
        };
        let row = ReportRow {
            key: "x".into(),
            label: "Anna".into(),
            first: some,
            next: none.clone(),
            resolution: none,
            unanswered: 1,
        };
        let text = times(&ResponseReport {
            rows: vec![],
            total: row,
            from: 0,
            to: 1,
        });
        let lines: Vec<Vec<&str>> = text
            .lines()
            .map(|l| l.split_whitespace().collect())
            .collect();
        assert_eq!(
            lines[1],
            [
                "Anna", "first", "response", "2", "0:01:00", "1:02:05", "0:31:33"
            ]
        );
        assert_eq!(lines[2], ["Anna", "next", "response", "0", "–", "–", "–"]);
        assert_eq!(lines[4], ["Anna", "unanswered", "1"]);
    }

    #[test]
    fn a_check_says_what_it_found() {
        let r = CheckReport {
            ok: false,
            findings: vec![Finding {
                invariant: "I1".into(),
                what: "a message without its text: 00".into(),
            }],
            counted: vec![],
        };
        assert!(checked(&r).starts_with("I1  a message without its text: 00\n1 findings"));
    }
}
