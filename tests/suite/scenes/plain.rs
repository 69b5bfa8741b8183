//! Buckets whose encryption is due.

use remedy_testkit::world::World;

use super::Form;
use crate::{drift, encryption};

pub(super) async fn bucket(world: &World, form: Form) -> String {
    let name = drift::bucket(world, "a").await;
    match form {
        Form::DefaultKey => drop(encryption::key(world).await),
        Form::CustomerKeys => encryption::block(world, &name, &["NONE"]).await,
        _ => {}
    }
    name
}
