//! Principals that are gone, in a policy that is stored.

use serde_json::Value;

use super::super::call::Call;
use super::super::fault::error;
use super::super::wire::Reply;
use super::documents::stored_by;

/// Where a policy names a user or role that was deleted, AWS shows its unique id, and refuses to store such a policy again:
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html>. moto stores it.
pub(super) fn refusal(call: &Call) -> Option<Reply> {
    let policy: Value = serde_json::from_str(&stored_by(call)?).ok()?;
    let statements = policy["Statement"].as_array().cloned().unwrap_or_else(|| vec![policy["Statement"].clone()]);
    let principals = statements.iter().flat_map(|statement| [&statement["Principal"], &statement["NotPrincipal"]]);
    let named = principals.flat_map(|principal| match &principal["AWS"] {
        Value::Array(all) => all.clone(),
        one => vec![one.clone()],
    });
    let is_gone = named.filter_map(|name| name.as_str().map(is_unique_id)).any(|is_id| is_id);
    let (code, message) = match call.service.as_str() {
        "s3" => ("MalformedPolicy", "Invalid principal in policy"),
        "kms" => {
            ("MalformedPolicyDocumentException", "Policy contains a statement with one or more invalid principals.")
        }
        _ => ("MalformedPolicyDocument", "Invalid principal in policy"),
    };
    is_gone.then(|| error(call, 400, code, message))
}

/// Ids of users begin with `AIDA`, of roles with `AROA`, and go on in capital letters and digits.
fn is_unique_id(name: &str) -> bool {
    ["AIDA", "AROA"].iter().any(|start| name.starts_with(start))
        && name.bytes().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::super::super::call::tests::{ask, call};
    use super::*;

    const FORM: [(&str, &str); 1] = [("content-type", "application/x-www-form-urlencoded")];

    #[test]
    fn a_unique_id_is_refused_and_a_name_is_not() {
        let put = |principal: &str| {
            let body = format!(
                r#"{{"Statement":{{"Effect":"Allow","Principal":{principal},"Action":"s3:*","Resource":"*"}}}}"#
            );
            refusal(&call(&ask(Method::PUT, "/b?policy", "s3", &[], &body))).map(|reply| reply.text())
        };
        for gone in [r#"{"AWS":"AIDACKCEVSQ6C2EXAMPLE"}"#, r#"{"AWS":["111122223333","AROACKCEVSQ6C2EXAMPLE"]}"#] {
            assert!(put(gone).expect("it is refused").contains("Invalid principal in policy"), "{gone}");
        }
        for there in [r#""*""#, r#"{"AWS":"arn:aws:iam::111122223333:role/AIDAX"}"#, r#"{"Service":"AIDA"}"#] {
            assert_eq!(put(there), None, "{there}");
        }
        let form = "Action=CreateRole&AssumeRolePolicyDocument=%7B%22Statement%22%3A%5B%7B%22Principal%22%3A%7B%22AWS%22%3A%22AROAX%22%7D%7D%5D%7D";
        assert!(refusal(&call(&ask(Method::POST, "/", "iam", &FORM, form))).is_some());
    }
}
