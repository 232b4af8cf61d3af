//! Settings of the host, of a deployment and of one endpoint: the nearest one counts.

use sockhop_tests::{Http2, RawClient, TestHost, artefacts, http};
use tokio::net::TcpStream;

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_held_against_what_its_endpoint_says() {
    let host = TestHost::builder()
        .guest("echo")
        .guest("observer")
        .config(
            "[limits]\nmessage = \"4 KiB\"\n\
             [deployment.echo]\nmessage = \"2 KiB\"\n\
             [deployment.echo.endpoint.\"/echo\"]\nmessage = \"3 KiB\"",
        )
        .start()
        .await;
    for (path, most) in [("/echo", 3 << 10), ("/observer", 4 << 10)] {
        let mut client = RawClient::connect(host.address(), path).await;
        client.send(0x82, &vec![1; most]).await;
        assert_ne!(client.receive().await.first, 0x88, "{path} takes {most} bytes");
        let mut client = RawClient::connect(host.address(), path).await;
        client.send(0x82, &vec![1; most + 1]).await;
        assert_eq!(client.closed().await.code, 1009, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn origins_are_let_in_by_endpoint() {
    let host = TestHost::builder()
        .config("origins = \"https://host.example\"")
        .guest("echo")
        .guest("observer")
        .config("[deployment.echo.endpoint.\"/echo\"]\norigins = \"https://echo.example\"")
        .start()
        .await;
    for (path, origin, status) in [
        ("/echo", "https://echo.example", 101),
        ("/echo", "https://host.example", 403),
        ("/observer", "https://echo.example", 403),
        ("/observer", "https://host.example", 101),
    ] {
        let page = http::handshake(path).with("origin", origin);
        assert_eq!(page.send(host.address()).await.status, status, "{path} from {origin}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_the_component_does_not_describe_is_an_error_that_names_it() {
    let config = "[deployment.app.endpoint.\"/ecko\"]\nsessions = 1";
    let host = TestHost::builder().config(config).start().await;
    let echo = artefacts::guest("echo");
    let told = host.deploy_refused("app", &echo).await;
    assert!(told.contains("`/ecko`") && told.contains("it describes `/echo`"), "{told}");
    assert!(host.list().await.is_empty());
    assert_eq!(http::handshake("/echo").send(host.address()).await.status, 404);
    // Another deployment of the same component is none of the table's business.
    host.deploy("other", "echo", &[]).await;
    assert_eq!(http::handshake("/echo").send(host.address()).await.status, 101);
    let builder = TestHost::builder().guest("echo").args(["--listen", "127.0.0.1:0"]);
    let config = "[deployment.echo.endpoint.\"/ecko\"]\nsessions = 1";
    let told = builder.config(config).fail().await.failed_at_last(1);
    assert!(told.contains("`/ecko`"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn header_fields_are_counted() {
    let host = TestHost::builder().guest("echo").config("[limits]\nheader_fields = 16").start();
    let host = host.await;
    for (fields, status) in [(5, 101), (30, 431)] {
        let mut request = http::handshake("/echo");
        for number in 0..fields {
            request = request.and(&format!("x-{number}"), "1");
        }
        assert_eq!(request.send(host.address()).await.status, status, "{fields} more fields");
    }
    let tcp = TcpStream::connect(host.address()).await.expect("the host listens");
    let http2 = Http2::over(tcp, &format!("http://{}", host.address())).await;
    let names: Vec<_> = (0..17).map(|number| format!("x-{number}")).collect();
    let fields: Vec<_> = names.iter().map(|name| (name.as_str(), "1")).collect();
    let refused = http2.try_open("/echo", &fields).await.expect_err("there are too many");
    assert_eq!(refused.status, 431, "{refused:?}");
    let mut session = http2.try_open("/echo", &fields[..16]).await.expect("a session");
    assert_eq!(session.ask("hello").await, "hello");
}
