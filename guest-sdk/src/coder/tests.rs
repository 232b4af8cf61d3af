//! Tests of the coders.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::*;
use crate::Error;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Event {
    Say { text: String },
}

fn said(text: &str) -> Event {
    Event::Say { text: text.to_owned() }
}

#[test]
fn json_goes_through_a_text_message_and_back() {
    let message = Json(said("hi")).encode().unwrap();
    assert_eq!(message.as_text(), Some(r#"{"type":"say","text":"hi"}"#));
    assert_eq!(Json::<Event>::decode(message).unwrap(), Json(said("hi")));
}

#[test]
fn json_in_a_binary_message_is_refused_by_its_kind() {
    let message = Message::from(br#"{"type":"say","text":"hi"}"#.as_slice());
    assert!(matches!(Json::<Event>::decode(message), Err(DecodeError::NotText(_))));
}

#[test]
fn malformed_json_says_what_is_wrong_with_it_and_gives_it_back() {
    let refused = Json::<Event>::decode(Message::from(r#"{"type":"sing"}"#)).unwrap_err();
    assert_eq!(refused.message(), Some(&Message::from(r#"{"type":"sing"}"#)));
    assert!(format!("{refused:?}").ends_with(" (15 bytes)"), "{refused:?}");
    let text = Error::from(refused).to_string();
    assert!(text.starts_with("the peer sent a message that is not understood: "), "{text}");
    assert!(text.contains("unknown variant `sing`"), "{text}");
}

#[test]
fn text_and_binary_types_take_their_own_kind_only() {
    assert_eq!(String::decode("a".into()).unwrap(), "a");
    let refused = String::decode(vec![1].into()).unwrap_err();
    assert!(matches!(&refused, DecodeError::NotText(data) if data.as_bytes() == [1]));
    assert_eq!(Vec::<u8>::decode(vec![1].into()).unwrap(), [1]);
    let refused = Vec::<u8>::decode("a".into()).unwrap_err();
    assert!(matches!(&refused, DecodeError::NotBinary(text) if text.as_text() == Some("a")));
}

#[test]
fn a_word_is_a_text_both_ways() {
    assert_eq!(u16::decode("65535".into()).unwrap(), 65_535);
    assert!(bool::decode("true".into()).unwrap());
    assert_eq!(char::decode("ü".into()).unwrap(), 'ü');
    assert!((f64::decode("-0.5".into()).unwrap() + 0.5).abs() < f64::EPSILON);
    let refused = u16::decode("65536".into()).unwrap_err();
    assert_eq!(refused.message(), Some(&"65536".into()));
    assert!(matches!(u16::decode(vec![1].into()), Err(DecodeError::NotText(_))));
    for (reply, text) in [
        (7_u8.into_reply(), "7"),
        ((-7_i64).into_reply(), "-7"),
        (0.5_f32.into_reply(), "0.5"),
        (true.into_reply(), "true"),
        ('ü'.into_reply(), "ü"),
        (Some(3_usize).into_reply(), "3"),
    ] {
        assert_eq!(reply.unwrap(), Some(Message::from(text)));
    }
}

#[test]
fn a_result_takes_the_failure_as_a_value() {
    type Incoming = Result<String, DecodeError>;
    assert!(matches!(Incoming::decode("a".into()), Ok(Ok(text)) if text == "a"));
    let refused = Incoming::decode(vec![1].into());
    assert!(matches!(refused, Ok(Err(DecodeError::NotText(_)))));
}

#[test]
fn a_reply_is_nothing_a_message_or_an_option_of_one() {
    assert_eq!(().into_reply().unwrap(), None);
    assert_eq!("a".into_reply().unwrap(), Some(Message::from("a")));
    assert_eq!(None::<String>.into_reply().unwrap(), None);
    assert_eq!(Some(vec![7]).into_reply().unwrap(), Some(Message::from(vec![7])));
}

#[test]
fn what_has_no_json_form_is_an_error_with_its_reason() {
    let keyed_by_list = HashMap::from([(vec![1], 2)]);
    let text = Error::from(Json(keyed_by_list).into_reply().unwrap_err()).to_string();
    assert_eq!(text, "the value could not be encoded: key must be a string");
}

#[test]
fn an_encoder_may_give_its_value_back() {
    let error = EncodeError::new("too steep").with_value(said("hi"));
    assert_eq!(error.value(), Some(&said("hi")));
    assert_eq!(error.value::<String>(), None);
    assert_eq!(EncodeError::new("too steep").value::<String>(), None);
}

/// Takes texts that begin with `!`, and of those only `!go`.
#[derive(Debug, PartialEq)]
struct Command;

impl Decode for Command {
    fn decode(message: Message) -> Result<Self, DecodeError> {
        let text = String::decode(message)?;
        match text.as_str() {
            "!go" => Ok(Self),
            other if other.starts_with('!') => {
                Err(DecodeError::malformed("no such command").with_message(text))
            }
            _ => Err(DecodeError::declined(text, "no command")),
        }
    }
}

fn ask(message: Message) -> Result<String, DecodeError> {
    Chain::of(message)
        .ask(|command: Command| format!("{command:?}"))
        .ask(|Json(event): Json<Event>| format!("{event:?}"))
        .ask(|number: u8| format!("{number:?}"))
        .end()
}

#[test]
fn decoders_are_asked_in_order_until_one_takes_the_message() {
    assert_eq!(ask("!go".into()).unwrap(), "Command");
    assert_eq!(ask(r#"{"type":"say","text":"7"}"#.into()).unwrap(), r#"Say { text: "7" }"#);
    assert_eq!(ask("7".into()).unwrap(), "7");
}

#[test]
fn an_error_that_declines_nothing_ends_the_chain() {
    let failed = ask("!7".into()).unwrap_err();
    assert!(matches!(failed, DecodeError::Malformed(_, Some(_))), "{failed:?}");
}

#[test]
fn where_all_decline_the_message_and_their_reasons_are_told() {
    let refused = ask("300".into()).unwrap_err();
    assert_eq!(refused.message(), Some(&Message::from("300")));
    let told = Error::from(refused).to_string();
    let expected = "the peer sent a message that is not understood: no decoder takes it: \
                    no command; invalid type: integer";
    assert!(told.starts_with(expected), "{told}");
    assert!(told.ends_with("; number too large to fit in target type"), "{told}");
    let refused = ask(vec![1].into()).unwrap_err();
    assert!(matches!(&refused, DecodeError::Declined(data, _) if data.is_binary()));
}
