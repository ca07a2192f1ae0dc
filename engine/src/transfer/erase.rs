//! An archive is erased piece by piece, and what it left behind in the index and the write-ahead file with it.

use crate::error::Result;
use crate::model::AccountId;
use crate::store::Store;
use crate::store::transfer::erase::{self as rows, Weight};

/// Messages in one transaction.
const AT_ONCE: usize = 100;

/// Erase an archive. Returns what went; stopped in the middle, it goes on when it is asked for again.
///
/// # Errors
/// [`crate::error::Error::NotFound`] when it is no archive, else when the store fails.
pub async fn archive(
    store: &Store,
    account: AccountId,
    mut told: impl FnMut(u32, u32),
) -> Result<Weight> {
    let weight = emptied(store, account, &mut told).await?;
    scrubbed(store).await?;
    Ok(weight)
}

/// An archive goes from the database; what it left in the index stays for [`scrubbed`].
pub(super) async fn emptied(
    store: &Store,
    account: AccountId,
    told: &mut impl FnMut(u32, u32),
) -> Result<Weight> {
    let weight = store.read(move |c| rows::weigh(c, account)).await?;
    let all = weight.messages + weight.staying;
    let mut done = 0;
    loop {
        let n = store
            .write(move |tx| rows::some(tx, account, AT_ONCE))
            .await?;
        done += u32::try_from(n).unwrap_or(u32::MAX);
        told(done, all.max(done));
        if n < AT_ONCE {
            break;
        }
    }
    store
        .write(move |tx| rows::end(tx, account, weight.messages))
        .await?;
    Ok(weight)
}

/// What was erased goes out of the index and the write-ahead file as well.
pub(super) async fn scrubbed(store: &Store) -> Result<()> {
    let mut first = true;
    while store.write(move |tx| rows::scrub_index(tx, first)).await? {
        first = false;
    }
    store.shorten_log().await
}
