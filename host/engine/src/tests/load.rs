//! What is a guest, and what is said of what is not.

use sockhop_session::handshake::EndpointConfig;

use super::wat::{component, guest, guest_with};
use super::{MEMORY_BYTES, engine, guest_of};
use crate::{DescribeError, LoadError, Program, SeatError};

fn refused(bytes: &[u8]) -> LoadError {
    match Program::load(&engine(1), bytes) {
        Ok(_) => panic!("it was taken"),
        Err(error) => error,
    }
}

#[test]
fn what_is_no_component_is_told_what_it_is() {
    let core_module = component("(module)");
    let compiled = engine(1).inner.precompile_component(&guest()).expect("compiles");
    for (bytes, expected) in [
        (&b""[..], "the file is empty"),
        (b"#!/bin/sh", "does not begin as one"),
        (b"(component)", "does not begin as one"),
        (&core_module, "core module"),
        (&compiled, "compiled code"),
    ] {
        let error = refused(bytes);
        assert!(matches!(error, LoadError::NotAComponent(_)), "{error}");
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[test]
fn a_damaged_component_is_invalid() {
    let whole = guest();
    for end in [8, 9, whole.len() / 2, whole.len() - 1] {
        let error = refused(&whole[..end]);
        // Cut behind its first eight bytes, it is a component that exports nothing.
        let expected = if end == 8 {
            matches!(error, LoadError::Exports(_))
        } else {
            matches!(error, LoadError::Invalid(_))
        };
        assert!(expected, "{end}: {error}");
    }
}

#[test]
fn imports_that_are_not_granted_are_named_all() {
    let error = refused(&component(
        r#"(component
            (import "wasi:http/types@0.2.0" (instance))
            (import "wasi:io/streams@0.2.0" (instance))
            (import "sockhop:websocket/sessions@0.2.0" (instance))
            (import "print" (func)))"#,
    ));
    let LoadError::Imports(names) = &error else { panic!("{error}") };
    let expected = ["wasi:http/types@0.2.0", "sockhop:websocket/sessions@0.2.0", "print"];
    assert_eq!(*names, expected);
}

#[test]
fn exports_that_are_missing_are_named_all() {
    let error = refused(&component("(component)"));
    let LoadError::Exports(names) = &error else { panic!("{error}") };
    let deployment = "sockhop:websocket/deployment@0.1.0";
    let endpoint = "sockhop:websocket/endpoint@0.1.0";
    assert_eq!(*names, [deployment, endpoint]);
    let text = format!(r#"(component (instance $i) (export "{deployment}" (instance $i)))"#);
    let error = refused(&component(&text));
    let LoadError::Exports(names) = &error else { panic!("{error}") };
    assert_eq!(*names, [endpoint]);
}

#[test]
fn an_interface_of_the_right_name_that_lacks_its_functions_does_not_fit() {
    let error = refused(&component(
        r#"(component (instance $i)
            (export "sockhop:websocket/deployment@0.1.0" (instance $i))
            (export "sockhop:websocket/endpoint@0.1.0" (instance $i)))"#,
    ));
    assert!(matches!(error, LoadError::Mismatch(_)), "{error}");
    assert!(error.to_string().contains("describe"), "{error}");
}

#[test]
fn an_import_that_the_contract_has_otherwise_or_not_at_all_does_not_fit() {
    for function in [
        r#"(export "[method]session.id" (func (param "self" (borrow $s)) (result u32)))"#,
        r#"(export "[method]session.fly" (func (param "self" (borrow $s))))"#,
    ] {
        let error = refused(&component(&format!(
            r#"(component
                (import "sockhop:websocket/session@0.1.0" (instance
                    (export "session" (type $s (sub resource)))
                    {function}))
                (instance $i)
                (export "sockhop:websocket/deployment@0.1.0" (instance $i))
                (export "sockhop:websocket/endpoint@0.1.0" (instance $i)))"#,
        )));
        assert!(matches!(error, LoadError::Mismatch(_)), "{error}");
        assert!(error.to_string().contains("[method]session."), "{error}");
    }
}

#[test]
fn more_memory_than_any_instance_may_have_is_refused() {
    let pages = MEMORY_BYTES / 65536 + 1;
    let memory = format!(r#"(memory (export "memory") {pages})"#);
    let text = include_str!("guest.wat").replace(r#"(memory (export "memory") 1)"#, &memory);
    let error = refused(&component(&text));
    assert!(matches!(error, LoadError::Invalid(_)), "{error}");
}

#[tokio::test]
async fn a_guest_says_what_it_serves() {
    let engine = engine(1);
    let guest = guest_of(&engine, &guest());
    let program = guest.program();
    assert_eq!(program.world(), "sockhop:websocket/endpoints@0.1.0");
    assert!(!program.has_configurator());
    assert_eq!(program.imports(), ["sockhop:websocket/session@0.1.0"]);
    assert_eq!(program.exports().len(), 2);
    assert_eq!(program.digest().len(), 64);
    let described = guest.describe().await.expect("described");
    assert_eq!(described, [EndpointConfig { path: "/e".into(), ..EndpointConfig::default() }]);
    assert_eq!(engine.instances(), 0, "the instance that was asked is gone");
}

/// The names are all there; that the types differ shows when an instance is made.
#[tokio::test]
async fn an_export_of_the_wrong_type_is_refused_at_the_latest_when_it_is_asked() {
    let wrong = r#"
        (core module $Seven (func (export "f") (result i32) (i32.const 7)))
        (core instance $seven (instantiate $Seven))
        (alias core export $seven "f" (core func $f))
        (func $seven (result u32) (canon lift (core func $f)))
        (instance $wrong (export "describe" (func $seven)))
        (export "sockhop:websocket/deployment@0.1.0" (instance $wrong))"#;
    let right = r#"(export "sockhop:websocket/deployment@0.1.0" (instance $deployment))"#;
    let text = include_str!("guest.wat").replace(right, wrong);
    let engine = engine(1);
    let error = guest_of(&engine, &component(&text)).describe().await.expect_err("it is no list");
    let DescribeError::Seat(SeatError::Mismatch(why)) = &error else { panic!("{error:?}") };
    assert!(why.contains("type mismatch"), "{why}");
}

#[tokio::test]
async fn a_describe_that_traps_says_so() {
    let engine = engine(1);
    let guest = guest_of(&engine, &guest_with(&[("DESCRIBE", "unreachable")]));
    let error = guest.describe().await.expect_err("it traps");
    let DescribeError::Trap(trap) = &error else { panic!("{error:?}") };
    assert_eq!(trap.call, "deployment.describe");
    assert!(trap.detail.contains("unreachable"), "{trap}");
    let guest = guest_of(&engine, &guest_with(&[("BEGIN", "unreachable")]));
    let error = guest.describe().await.expect_err("it traps");
    let DescribeError::Seat(SeatError::Trap(trap)) = &error else { panic!("{error:?}") };
    assert_eq!(trap.call, "instantiation");
    assert_eq!(engine.instances(), 0);
}
