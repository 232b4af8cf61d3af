//! Files that the host serves beside its endpoints.

use std::fs;
use std::os::unix::fs::symlink;

use hyper::Method;
use sockhop_tests::{TestHost, http};

#[tokio::test(flavor = "multi_thread")]
async fn files_of_the_folder_are_served_and_no_others() {
    let builder = TestHost::builder().guest("echo");
    let folder = builder.folder().join("web");
    fs::create_dir_all(folder.join("sub")).expect("our own folder");
    for (file, content) in [
        ("web/index.html", "<p>hi"),
        ("web/sub/a b.css", "p {}"),
        ("web/echo", "x"),
        ("secret", "s"),
    ] {
        fs::write(builder.folder().join(file), content).expect("our own folder");
    }
    let host = builder.args(["--assets".into(), folder]).start().await;
    let page = http::get("/").send(host.address()).await;
    assert_eq!((page.status, page.body.as_str()), (200, "<p>hi"));
    assert!(page.header("content-type").is_some_and(|kind| kind.starts_with("text/html")));
    let style = http::get("/sub/a%20b.css").send(host.address()).await;
    assert_eq!((style.status, style.header("content-type")), (200, Some("text/css")));
    for path in ["/secret", "/../secret", "/%2e%2e/secret", "/..%2fsecret", "/sub/../../secret"] {
        let answer = http::get(path).send(host.address()).await;
        assert!((400..500).contains(&answer.status), "{path}: {answer:?}");
        assert_ne!(answer.body, "s", "{path}");
    }
    let posted = http::get("/").method(Method::POST).send(host.address()).await;
    assert_eq!(posted.status, 405);
    // An endpoint is found beside them, and a handshake elsewhere finds no file.
    assert_eq!(host.connect("/echo").await.ask("hello").await, "hello");
    assert_eq!(http::handshake("/").send(host.address()).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn links_are_followed_within_the_folder_and_not_out_of_it() {
    let builder = TestHost::builder();
    let folder = builder.folder().join("web");
    for folder in ["releases/1/sub", "releases/1/page", "private"] {
        fs::create_dir_all(builder.folder().join(folder)).expect("our own folder");
    }
    for file in ["releases/1/sub/file", "private/index.html", "private/secret"] {
        fs::write(builder.folder().join(file), file).expect("our own folder");
    }
    for (link, to) in [
        ("web", "releases/1"),
        ("releases/1/inside", "sub/file"),
        ("releases/1/file", "../../private/secret"),
        ("releases/1/folder", "../../private"),
        ("releases/1/page/index.html", "../../../private/index.html"),
    ] {
        symlink(to, builder.folder().join(link)).expect("our own folder");
    }
    let host = builder.args(["--assets".into(), folder]).start().await;
    for path in ["/sub/file", "/inside"] {
        let answer = http::get(path).send(host.address()).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, "releases/1/sub/file"), "{path}");
    }
    for path in ["/file", "/folder/secret", "/folder/", "/folder", "/page/", "/fold%65r/secret"] {
        let answer = http::get(path).send(host.address()).await;
        assert_eq!(answer.status, 404, "{path}: {answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_is_not_there_is_told_at_the_start() {
    let host = TestHost::builder().args(["--assets", "/nowhere/web", "--listen", "127.0.0.1:0"]);
    let told = host.fail().await.failed_in_one_line(1);
    assert!(told.contains("/nowhere/web"), "{told}");
}
