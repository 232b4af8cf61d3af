//! An endpoint whose path ends in a catch-all.

use sockhop_tests::{TestHost, artefacts, http};

#[tokio::test(flavor = "multi_thread")]
async fn a_catch_all_takes_what_no_other_endpoint_does() {
    // The order of the deployments makes no difference.
    for guests in [["catches_all", "echo"], ["echo", "catches_all"]] {
        let host = TestHost::with_guests(guests).await;
        for (path, answer) in [
            ("/echo", "ask"),
            ("/echo/", "echo/"),
            ("/other", "other"),
            ("/a/b%20c/%C3%A9?d/e", "a/b c/\u{e9}"),
            ("/a/../b/./c", "b/c"),
        ] {
            assert_eq!(host.connect(path).await.ask("ask").await, answer, "{path}");
        }
        for path in ["/", "//", "/a//b", "/a%2Fb", "/a/%ff"] {
            let answer = http::handshake(path).send(host.address()).await;
            assert_eq!(answer.status, 404, "{path}");
        }
        // What is no handshake is not for an endpoint.
        assert_eq!(http::get("/a/b").send(host.address()).await.status, 426);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_catch_all_is_taken_once_and_has_settings_of_its_own() {
    let host = TestHost::builder()
        .guest("catches_all")
        .config("[deployment.catches_all.endpoint.\"/{*rest}\"]\nsessions = 1")
        .start()
        .await;
    let told = host.deploy_refused("other", &artefacts::guest("catches_all")).await;
    assert!(told.contains("/{*rest}") && told.contains("catches_all"), "{told}");
    let mut client = host.connect("/a").await;
    assert_eq!(client.ask("ask").await, "a");
    assert_eq!(
        http::handshake("/b").send(host.address()).await.status,
        503,
        "its limit is its own"
    );
}
