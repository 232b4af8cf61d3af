//! Which endpoint a path leads to, where several could have it.

use sockhop_tests::http;

use super::place::Place;
use super::runner::scenarios;

scenarios! {
    "paths.a" ("3.1.1-3") reaches["/paths/a", "/paths/a"]: "one segment, exact",
    "paths.x" ("3.1.1-3") reaches["/paths/x", "/paths/{a} a=x"]: "one segment, a variable",
    "paths.cd" ("3.1.1-3") reaches["/paths/c/d", "/paths/c/d"]: "two segments, both exact",
    "paths.cx" ("3.1.1-3") reaches["/paths/c/x", "/paths/c/{d} d=x"]:
        "two segments, the first exact",
    "paths.xd" ("3.1.1-3") reaches["/paths/x/d", "/paths/{c}/d c=x"]:
        "two segments, the second exact",
    "paths.xy" ("3.1.1-3") reaches["/paths/x/y", "/paths/{c}/{d} c=x d=y"]:
        "two segments, no one exact",
    "paths.efg" ("3.1.1-3") reaches["/paths/e/f/g", "/paths/e/f/g"]: "three segments, all exact",
    "paths.efx" ("3.1.1-3") reaches["/paths/e/f/x", "/paths/e/f/{g} g=x"]:
        "three segments, all but the third",
    "paths.exg" ("3.1.1-3") reaches["/paths/e/x/g", "/paths/e/{f}/g f=x"]:
        "three segments, all but the second",
    "paths.xfg" ("3.1.1-3") reaches["/paths/x/f/g", "/paths/{e}/f/g e=x"]:
        "three segments, all but the first",
    "paths.exy" ("3.1.1-3") reaches["/paths/e/x/y", "/paths/e/{f}/{g} f=x g=y"]:
        "three segments, the first exact",
    "paths.xfy" ("3.1.1-3") reaches["/paths/x/f/y", "/paths/{e}/f/{g} e=x g=y"]:
        "three segments, the second exact",
    "paths.xyg" ("3.1.1-3") reaches["/paths/x/y/g", "/paths/{e}/{f}/g e=x f=y"]:
        "three segments, the third exact",
    "paths.xyz" ("3.1.1-3") reaches["/paths/x/y/z", "/paths/{e}/{f}/{g} e=x f=y g=z"]:
        "three segments, no one exact",
    "paths.four-segments" ("3.1.1-4") nothing["/paths/x/y/z/w"]:
        "a path of more segments than any is none",
    "paths.no-segment" ("3.1.1-4") nothing["/paths"]: "a path of fewer segments than any is none",
    "paths.empty-segment" ("2.9") nothing["/paths//d"]:
        "a variable does not stand for an empty segment",
    "paths.earliest" ("2.9") reaches["/paths-b/b/d", "/paths-b/b/{v} v=d"]:
        "where two templates have one exact segment each, the earlier one decides",
    "paths.earliest-is-no-wall" ("2.9") reaches["/paths-b/x/d", "/paths-b/{v}/d v=x"]:
        "where the earlier one does not match, the other one does",
    "paths.slash" ("2.9") reaches["/paths/slash/", "/paths/slash/"]:
        "a slash at the end is part of the path",
    "paths.no-slash" ("2.9") reaches["/paths/slash", "/paths/{a} a=slash"]:
        "without it the path is another",
    "paths.slash-too-many" ("2.9") nothing["/paths/e/f/g/"]: "a slash that no template has is none",
    "paths.case" ("2.9") reaches["/paths/A", "/paths/{a} a=A"]:
        "letters are told apart by their case",
    "paths.encoded" ("2.9") reaches["/paths/%61", "/paths/a"]:
        "a path is normalised before it is matched",
    "paths.encoded-slash" ("2.9") nothing["/paths/a%2Fb"]: "an encoded slash is in no segment",
    "paths.dots" ("2.9") reaches["/paths/x/../a", "/paths/a"]: "dot segments are removed first",
}

async fn reaches(place: &Place, path: &str, expected: &str) {
    let mut client = place.host.connect(path).await;
    assert_eq!(client.ask("which").await, expected);
}

async fn nothing(place: &Place, path: &str) {
    let answer = http::handshake(path).send(place.host.address()).await;
    assert_eq!(answer.status, 404, "{answer:?}");
}
