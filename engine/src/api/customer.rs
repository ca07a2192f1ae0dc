//! The customer panel and what is decided there: name, stage, links, *not a customer*.

mod facts;

use super::dto::{CustomerPanel, Done, HandleItem, StageChange, TouchItem};
use super::{Desk, args, inbox, timeline};
use crate::error::{Error, Result};
use crate::model::log::Entity;
use crate::model::{Channel, CustomerId, GroupId, HandleId, MessageId};
use crate::store::log::{Writing, write};
use crate::store::{Tx, conversations, lists, log, persons};
use crate::time::Millis;
use rusqlite::Connection;
use serde_json::{Value, json};

pub(super) async fn panel(a: args::Customer, desk: &Desk) -> Result<CustomerPanel> {
    let me = desk.engine.store().identity().agent;
    desk.engine
        .store()
        .read(move |c| {
            let root = conversations::root(c, a.id)?;
            let row =
                lists::row(c, root, me)?.ok_or_else(|| Error::NotFound("this customer".into()))?;
            let members = conversations::members(c, root)?;
            let mut panel = CustomerPanel {
                row: inbox::row(row, me),
                handles: Vec::new(),
                last_in: None,
                last_out: None,
                stage_history: Vec::new(),
                episodes: Vec::new(),
                linked: Vec::new(),
                since: None,
                named: None,
                notes: Vec::new(),
                touches: touches(c, root)?,
            };
            for m in &members {
                add_member(c, *m, root, &mut panel)?;
            }
            panel.named = facts::named(c, &members, &panel.handles)?;
            panel.notes.sort_by_key(|n| std::cmp::Reverse(n.at));
            panel.notes.truncate(20);
            panel.stage_history.sort_by_key(|s| std::cmp::Reverse(s.at));
            panel
                .episodes
                .sort_by_key(|e| std::cmp::Reverse(e.opened_at));
            panel.episodes.truncate(50);
            Ok(panel)
        })
        .await
}

fn touches(c: &Connection, root: CustomerId) -> Result<Vec<TouchItem>> {
    let all = persons::touches(c, root)?;
    Ok(all
        .into_iter()
        .map(|(at, channel, touch)| TouchItem {
            at,
            channel: Channel::parse(&channel).unwrap_or(Channel::Webchat),
            touch,
        })
        .collect())
}

fn add_member(
    c: &Connection,
    m: CustomerId,
    root: CustomerId,
    p: &mut CustomerPanel,
) -> Result<()> {
    let (last_in, last_out, since): (Option<Millis>, Option<Millis>, Option<Millis>) = c
        .query_row(
            "SELECT last_in, last_out, since FROM customer WHERE id = ?1",
            [m],
            |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)),
        )?;
    p.last_in = p.last_in.max(last_in);
    p.last_out = p.last_out.max(last_out);
    p.since = [p.since, since].into_iter().flatten().min();
    let mut s = c.prepare_cached(
        "SELECT id, channel, value, name, not_customer, name_at FROM handle WHERE id = ?1",
    )?;
    let handles = s.query_map([HandleId(m.0)], |r| {
        Ok(HandleItem {
            id: r.get(0)?,
            channel: Channel::parse(&r.get::<_, String>(1)?).unwrap_or(Channel::Email),
            value: r.get(2)?,
            name: r.get(3)?,
            not_customer: r.get(4)?,
            first_seen: since,
            last_in,
            name_at: Some(r.get(5)?).filter(|at: &Millis| *at > 0),
            username: None,
            email: None,
            opted_out: false,
        })
    })?;
    let mut handles: Vec<HandleItem> = handles.collect::<rusqlite::Result<_>>()?;
    for h in &mut handles {
        let known = persons::known(c, h.id)?;
        (h.username, h.email, h.opted_out) = (known.username, known.email, known.opted_out);
    }
    if m != root {
        let name = handles
            .first()
            .map(|h| h.name.clone().unwrap_or_else(|| h.value.clone()))
            .unwrap_or_default();
        p.linked.push(facts::linked(c, m, name)?);
    }
    p.handles.extend(handles);
    p.episodes.extend(timeline::episodes(c, m, 0, Millis::MAX)?);
    p.stage_history.extend(stage_history(c, m)?);
    p.notes.extend(facts::notes(c, m)?);
    Ok(())
}

/// Every change of the stage, with who and the message that was the evidence.
fn stage_history(c: &Connection, m: CustomerId) -> Result<Vec<StageChange>> {
    let mut out: Vec<StageChange> = Vec::new();
    let mut last: Option<String> = None;
    for e in log::of_entity(c, Entity::Customer, &m.hex())? {
        let Some(to) = e
            .changes
            .iter()
            .find(|x| x.field == "stage")
            .map(|x| x.value.as_str().map(str::to_owned))
        else {
            continue;
        };
        let agent = facts::who(c, &e)?;
        let evidence = e
            .why
            .as_ref()
            .and_then(|w| w.get("message"))
            .and_then(Value::as_str)
            .and_then(MessageId::parse);
        out.push(StageChange {
            at: e.stamp.clock().millis(),
            agent,
            from: last.clone(),
            to: to.clone(),
            evidence,
        });
        last = to;
    }
    Ok(out)
}

/// The customer that decisions are written to: the shown root.
pub(super) fn root_of(tx: &Tx<'_>, c: CustomerId) -> Result<CustomerId> {
    let root = conversations::root(tx, c)?;
    match tx
        .prepare_cached("SELECT 1 FROM conversation WHERE id = ?1")?
        .exists([root])?
    {
        true => Ok(root),
        false => Err(Error::NotFound("this customer".into())),
    }
}

pub(super) async fn rename(a: args::CustomerRename, desk: &Desk) -> Result<Done> {
    let name = a.name.trim().to_owned();
    if name.chars().count() > 200 || name.chars().any(char::is_control) {
        return Err(Error::Invalid(
            "a name has at most 200 characters, on one line".into(),
        ));
    }
    desk.engine
        .store()
        .write(move |tx| {
            let c = root_of(tx, a.id)?;
            let value = if name.is_empty() {
                Value::Null
            } else {
                json!(name)
            };
            write(
                tx,
                "customer_rename",
                GroupId::random(),
                Writing::new(Entity::Customer, c.hex(), Some(c), vec![("name", value)]),
            )?;
            Ok(Done { undo: true })
        })
        .await
}

pub(super) async fn stage_set(a: args::StageSet, desk: &Desk) -> Result<Done> {
    desk.engine
        .store()
        .write(move |tx| {
            let c = root_of(tx, a.customer)?;
            put_stage(tx, GroupId::random(), c, a.stage.as_deref(), a.evidence)?;
            Ok(Done { undo: true })
        })
        .await
}

/// Sets or takes off the stage of a shown customer.
pub(super) fn put_stage(
    tx: &mut Tx<'_>,
    group: GroupId,
    c: CustomerId,
    stage: Option<&str>,
    evidence: Option<MessageId>,
) -> Result<()> {
    if let Some(s) = stage
        && !super::settings::stages(tx)?.iter().any(|x| x.key == *s)
    {
        return Err(Error::Invalid(format!("there is no stage {s:?}")));
    }
    let mut w = Writing::new(
        Entity::Customer,
        c.hex(),
        Some(c),
        vec![("stage", json!(stage))],
    );
    w.why = evidence.map(|m| json!({ "message": m }));
    write(tx, "stage_set", group, w)?;
    Ok(())
}

pub(super) async fn not_customer(a: args::NotCustomer, desk: &Desk) -> Result<Done> {
    desk.engine
        .store()
        .write(move |tx| {
            if !tx
                .prepare_cached("SELECT 1 FROM handle WHERE id = ?1")?
                .exists([a.handle])?
            {
                return Err(Error::NotFound("this sender".into()));
            }
            let c = CustomerId(a.handle.0);
            write(
                tx,
                "not_customer",
                GroupId::random(),
                Writing::new(
                    Entity::Handle,
                    a.handle.hex(),
                    Some(c),
                    vec![("not_customer", json!(a.on))],
                ),
            )?;
            Ok(Done { undo: true })
        })
        .await
}

pub(super) fn link_id(a: CustomerId, b: CustomerId) -> String {
    format!("{}:{}", a.min(b), a.max(b))
}

pub(super) async fn link(a: args::Link, desk: &Desk) -> Result<Done> {
    desk.engine
        .store()
        .write(move |tx| {
            let (x, y) = (root_of(tx, a.a)?, root_of(tx, a.b)?);
            if x == y {
                return Err(Error::Invalid("these two are already one customer".into()));
            }
            write(
                tx,
                "link",
                GroupId::random(),
                Writing::new(
                    Entity::Link,
                    link_id(x, y),
                    Some(x),
                    vec![("on", json!(true))],
                ),
            )?;
            Ok(Done { undo: true })
        })
        .await
}

/// Cut every active link between the ones to split off and the rest.
pub(super) async fn unlink(a: args::Unlink, desk: &Desk) -> Result<Done> {
    desk.engine
        .store()
        .write(move |tx| {
            let links: Vec<(CustomerId, CustomerId)> = {
                let mut s = tx.prepare("SELECT a, b FROM link WHERE linked = 1")?;
                s.query_map([], |r| Ok((r.get(0)?, r.get(1)?)))?
                    .collect::<rusqlite::Result<_>>()?
            };
            let group = GroupId::random();
            let cut: Vec<_> = links
                .into_iter()
                .filter(|(x, y)| a.split.contains(x) != a.split.contains(y))
                .collect();
            for (x, y) in &cut {
                write(
                    tx,
                    "unlink",
                    group,
                    Writing::new(
                        Entity::Link,
                        link_id(*x, *y),
                        Some(*x),
                        vec![("on", json!(false))],
                    ),
                )?;
            }
            Ok(Done {
                undo: !cut.is_empty(),
            })
        })
        .await
}
