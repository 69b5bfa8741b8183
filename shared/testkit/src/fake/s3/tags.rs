//! The tags of a bucket.

use super::{
    super::{
        answer::{Answer, Answered, Refusal},
        call::{Call, element},
        state::{Cloud, Tags},
    },
    bucket,
};

pub(super) fn answer(cloud: &mut Cloud, call: &Call, account: &str) -> Answered {
    let tags = &mut bucket(cloud, call, account)?.tags;
    match call.operation.as_str() {
        "GetBucketTagging" if tags.is_empty() => Err(Refusal::new(404, "NoSuchTagSet", "The TagSet does not exist")),
        "GetBucketTagging" => Ok(Answer::of(written(tags))),
        "PutBucketTagging" => {
            *tags = read(&call.body);
            Ok(Answer::nothing())
        }
        _ => {
            tags.clear();
            Ok(Answer::nothing())
        }
    }
}

fn written(tags: &Tags) -> String {
    let tag = |(key, value): (&String, &String)| format!("<Tag><Key>{key}</Key><Value>{value}</Value></Tag>");
    let tags: String = tags.iter().map(tag).collect();
    format!("<Tagging><TagSet>{tags}</TagSet></Tagging>")
}

fn read(xml: &str) -> Tags {
    let tags = xml.split("<Tag>").skip(1);
    tags.filter_map(|tag| Some((element(tag, "Key")?.to_owned(), element(tag, "Value")?.to_owned()))).collect()
}
