//! The encryptions that a bucket blocks.

use std::collections::HashMap;
use std::sync::Mutex;

use super::super::Front;
use super::super::call::Call;
use super::super::wire::{Ask, Reply};

const OPEN: &str = "<BlockedEncryptionTypes>";
const CLOSE: &str = "</BlockedEncryptionTypes>";

/// AWS keeps `BlockedEncryptionTypes` beside a bucket's default encryption and tells of them. moto drops them.
#[derive(Default)]
pub struct BucketEncryption(Mutex<HashMap<String, String>>);

impl BucketEncryption {
    /// Has a default encryption set or deleted, and keeps what it blocks.
    pub(super) async fn keep(&self, front: &Front, call: &Call, ask: &Ask) -> Reply {
        let reply = front.forward(call, ask).await;
        if let Some(bucket) = call.resource.clone().filter(|_| reply.status.is_success()) {
            let blocked = blocked(&String::from_utf8_lossy(&ask.body)).unwrap_or_default();
            self.0.lock().expect("what is blocked is not poisoned").insert(bucket, blocked);
        }
        reply
    }

    /// The answer with what the bucket blocks.
    pub(super) fn completed(&self, call: &Call, reply: Reply) -> Reply {
        let kept = self.0.lock().expect("what is blocked is not poisoned");
        let blocked = call.resource.as_ref().and_then(|bucket| kept.get(bucket)).filter(|kept| !kept.is_empty());
        match blocked {
            Some(blocked) if reply.status.is_success() => {
                let text = reply.text().replacen("</Rule>", &format!("{blocked}</Rule>"), 1);
                Reply::new(200, "application/xml", text)
            }
            _ => reply,
        }
    }
}

/// The element, with what is in it.
fn blocked(xml: &str) -> Option<String> {
    let (_, rest) = xml.split_once(OPEN)?;
    rest.split_once(CLOSE).map(|(types, _)| format!("{OPEN}{types}{CLOSE}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_element_is_kept() {
        let element = "<BlockedEncryptionTypes><EncryptionType>SSE-C</EncryptionType></BlockedEncryptionTypes>";
        assert_eq!(blocked(&format!("<Rule>{element}</Rule>")).as_deref(), Some(element));
        assert_eq!(blocked("<Rule/>"), None);
    }
}
