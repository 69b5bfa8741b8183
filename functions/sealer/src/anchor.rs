//! The anchor: seals are copied to a bucket of another account, where the owner of the evidence cannot rewrite them.

use std::collections::BTreeSet;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use remedy_aws::{AwsPorts, objects::Bucket};
use remedy_domain::Fault;
use remedy_engine::{LedgerBucket, Store as _};
use remedy_evidence::{Name, name};

/// The number of seals that are copied at once.
const AT_ONCE: usize = 16;

/// Copies the missing seals from `first` to `last`, and of the hundred before them: that makes up for more than four
/// days without access to the anchor.
pub(crate) async fn copy(ports: &AwsPorts, bucket: &str, first: u64, last: u64) -> Result<(), Fault> {
    let anchor = Bucket::new(ports.s3(), bucket, None);
    let hundreds = (first.saturating_sub(100) / 100..=last / 100).map(|hundred| name::hundred(hundred * 100));
    for hundred in hundreds {
        let there: BTreeSet<_> = anchor.list(&hundred).await?.into_iter().collect();
        let ours = ports.list(LedgerBucket::Evidence, &hundred).await?;
        let missing = ours.into_iter().filter(|key| matches!(Name::of(key), Name::Seal(_)) && !there.contains(key));
        let copy = |key: String| async move {
            match ports.get(LedgerBucket::Evidence, &key).await? {
                Some(seal) => anchor.put_new(&key, &seal).await.map(drop),
                None => Ok(()),
            }
        };
        stream::iter(missing.map(copy)).buffer_unordered(AT_ONCE).try_collect::<()>().await?;
    }
    Ok(())
}
