//! The anchor: seals are copied to a bucket of another account, where whoever owns the evidence cannot rewrite them.

use std::collections::BTreeSet;

use remedy_aws::{AwsPorts, objects::Bucket};
use remedy_domain::Fault;
use remedy_engine::{Shelf, Store as _};
use remedy_evidence::{Name, name};

/// Copies what is missing among the last two hundred seals: that makes up for more than four days of an anchor that could
/// not be reached.
pub(crate) async fn copy(ports: &AwsPorts, bucket: &str, last: u64) -> Result<(), Fault> {
    let anchor = Bucket::new(ports.s3(), bucket, None);
    let hundreds: BTreeSet<_> = [last.saturating_sub(100), last].map(name::hundred).into();
    for hundred in hundreds {
        let there: BTreeSet<_> = anchor.list(&hundred).await?.into_iter().collect();
        let ours = ports.list(Shelf::Evidence, &hundred).await?;
        let missing = ours.iter().filter(|key| matches!(Name::of(key), Name::Seal(_)) && !there.contains(*key));
        for key in missing {
            if let Some(seal) = ports.get(Shelf::Evidence, key).await? {
                anchor.put_new(key, &seal).await?;
            }
        }
    }
    Ok(())
}
