//! What is nearly ours, and how often a place is tried.

use remedy_evidence::{Checkpoint, Previous, Seal};

use super::*;

/// The history of a morning, whose number 3 is next.
async fn sealed_morning() -> MemoryPorts {
    let ports = ports();
    morning(&ports).await;
    let _ = sealed(&ports).await.unwrap();
    pass(&ports, Duration::from_hours(1));
    ports
}

async fn signed(checkpoint: Checkpoint) -> Vec<u8> {
    let signature = signer().sign(&checkpoint.text()).await.unwrap();
    let key = signer().public_key().await.unwrap().fingerprint().to_owned();
    Seal { checkpoint, key, signature }.text().into_bytes()
}

/// Our key signed it, but it continues another chain: that of another bucket, of another history, or from another number.
#[tokio::test]
async fn what_our_key_signed_for_another_chain_is_not_taken_over() {
    let evidence = sealed_morning().await.shelf(Shelf::Evidence);
    let digest = |key: String| canonical::sha256_hex(&evidence[&key]);
    let previous = Previous { manifest: digest(name::manifest(2)), seal: digest(name::seal(2)) };
    let hour = Hour::of_key("2026/03/02/13/x").unwrap();
    let next = Place {
        origin: "evidence".into(),
        number: 3,
        hour,
        at: hour.ends(),
        previous: Some(previous.clone()),
        over: None,
    };
    let others = [
        Place { origin: "another".into(), ..next.clone() },
        Place { previous: Some(Previous { manifest: "0".repeat(64), ..previous }), ..next.clone() },
        Place { over: Some(1), ..next.clone() },
    ];
    let own = std::iter::once((next, 3));
    for (place, number) in others.into_iter().map(|place| (place, 4)).chain(own) {
        let ports = sealed_morning().await;
        let manifest = Manifest::new(place.clone(), Contents::default()).unwrap();
        let bytes = manifest.to_bytes().unwrap();
        ports.put_new(Shelf::Evidence, &name::manifest(3), &bytes).await.unwrap();
        let seal = signed(Checkpoint::of(&manifest, &bytes)).await;
        ports.put_new(Shelf::Evidence, &name::seal(3), &seal).await.unwrap();
        assert_eq!(sealed(&ports).await.unwrap().last, Some(number), "{place:?}");
    }
}

/// Whatever it signs, somebody else's seal is there first.
struct Overtaken<'a>(&'a MemoryPorts);

impl Signer for Overtaken<'_> {
    async fn public_key(&self) -> Result<PublicKey, Fault> {
        signer().public_key().await
    }

    async fn sign(&self, text: &str) -> Result<Vec<u8>, Fault> {
        let number = text.lines().find_map(|line| line.strip_prefix("number ")?.parse().ok()).unwrap();
        self.0.put_new(Shelf::Evidence, &name::seal(number), b"junk").await?;
        signer().sign(text).await
    }
}

#[tokio::test]
async fn three_manifests_are_made_in_vain_and_no_more() {
    let ports = sealed_morning().await;
    let fault = seal(&ports, &Overtaken(&ports), "evidence", &[]).await.unwrap_err();
    assert_eq!((fault.code.as_str(), fault.is_transient()), ("no-manifest-can-be-sealed", true));
    let made: Vec<_> =
        (3..9).filter(|number| ports.shelf(Shelf::Evidence).contains_key(&name::manifest(*number))).collect();
    assert_eq!(made, [3, 4, 5]);
    assert_eq!(sealed(&ports).await.unwrap().last, Some(6), "the next run goes on");
}
