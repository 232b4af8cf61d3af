//! The address: taken, kept and given back.

use std::{
    fs::{self, File},
    os::unix::{fs::PermissionsExt as _, net::UnixListener},
};

use tokio::net::TcpSocket;

use super::harness::{Served, TOKEN, client, socket};
use crate::{
    admin::{AdminServer, BindError, ClientError, limits::Limits},
    config::AdminAddress,
};

fn mode(path: &std::path::Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[tokio::test]
async fn a_socket_is_its_owners_alone_and_goes_with_the_host() {
    let (_folder, path, address) = socket();
    let served = Served::at(&address, Limits::default()).await;
    assert_eq!(served.address, address);
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    assert!(served.client().host().await.is_ok());
    served.stop().await;
    assert!(!path.exists());
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_socket_that_nobody_answers_at_is_replaced() {
    let (_folder, path, address) = socket();
    fs::create_dir(path.parent().unwrap()).unwrap();
    drop(UnixListener::bind(&path).unwrap());
    let served = Served::at(&address, Limits::default()).await;
    assert!(served.client().host().await.is_ok());
}

#[tokio::test]
async fn a_second_host_at_the_same_address_is_refused() {
    let (_folder, _, address) = socket();
    for served in [Served::start().await, Served::at(&address, Limits::default()).await] {
        let error = AdminServer::bind(&served.address).await.unwrap_err();
        assert!(matches!(error, BindError::Taken(_)), "{error:?}");
        let text = error.to_string();
        assert!(
            text.starts_with("another sockhop, or another program, is listening at "),
            "{text}"
        );
        assert!(text.contains(&served.address.to_string()), "{text}");
        // The first one goes on.
        assert!(served.client().host().await.is_ok());
    }
}

#[tokio::test]
async fn a_file_that_is_no_socket_stays() {
    let (folder, _, _) = socket();
    let path = folder.path().join("precious");
    fs::write(&path, "x").unwrap();
    let error = AdminServer::bind(&AdminAddress::unix(&path).unwrap()).await.unwrap_err();
    assert!(matches!(error, BindError::NotASocket(_)), "{error:?}");
    assert_eq!(fs::read(&path).unwrap(), b"x");
}

#[tokio::test]
async fn the_socket_of_another_host_stays() {
    let (_folder, path, address) = socket();
    let served = Served::at(&address, Limits::default()).await;
    fs::remove_file(&path).unwrap();
    let other = Served::at(&address, Limits::default()).await;
    served.stop().await;
    assert!(other.client().host().await.is_ok());
}

#[tokio::test]
async fn a_host_that_starts_in_the_same_moment_is_not_run_over() {
    let (_folder, path, address) = socket();
    let folder = path.parent().unwrap();
    fs::create_dir(folder).unwrap();
    let other = File::open(folder).unwrap();
    other.lock().unwrap();
    let error = AdminServer::bind(&address).await.unwrap_err();
    assert!(matches!(error, BindError::Contended(_)), "{error:?}");
    assert!(!path.exists());
    other.unlock().unwrap();
    assert!(AdminServer::bind(&address).await.is_ok());
    // Nor is the folder held any longer than binding takes.
    assert!(other.try_lock().is_ok());
}

#[tokio::test]
async fn where_no_host_is_the_client_says_what_to_do() {
    let (_folder, path, address) = socket();
    let error = client(&address, TOKEN).host().await.unwrap_err();
    let expected = format!(
        "no sockhop answers at unix:{}: start one with `sockhop run`, or name it with --admin or \
         SOCKHOP_ADMIN",
        path.display()
    );
    assert!(matches!(error, ClientError::Unreachable { .. }), "{error:?}");
    assert_eq!(error.to_string(), expected);
    // Bound and not listening: nobody answers there, and nobody else gets the port.
    let held = TcpSocket::new_v4().unwrap();
    held.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = AdminAddress::Tcp(held.local_addr().unwrap());
    let error = client(&address, TOKEN).host().await.unwrap_err();
    assert!(matches!(error, ClientError::Unreachable { .. }), "{error:?}");
}
