//! The table of routes, by cases and against a search through all templates.

use proptest::prelude::*;

use super::*;

fn template(text: &str) -> Template {
    Template::parse(text).expect("a template")
}

fn table(texts: &[&str]) -> Routes<String> {
    let mut builder = Routes::builder();
    for text in texts {
        builder.insert(template(text), (*text).to_owned()).expect("no conflict");
    }
    builder.build()
}

type Pairs = &'static [(&'static str, &'static str)];

const SHAPES: [&str; 14] = [
    "/a",
    "/{a}",
    "/c/{d}",
    "/c/d",
    "/{c}/d",
    "/{c}/{d}",
    "/e/f/g",
    "/e/f/{g}",
    "/e/{f}/g",
    "/e/{f}/{g}",
    "/{e}/f/g",
    "/{e}/f/{g}",
    "/{e}/{f}/g",
    "/{e}/{f}/{g}",
];

#[test]
fn each_of_fourteen_shapes_gets_its_own_requests() {
    let routes = table(&SHAPES);
    let cases: [(&str, &str, Pairs); 14] = [
        ("/a", "/a", &[]),
        ("/x", "/{a}", &[("a", "x")]),
        ("/c/x", "/c/{d}", &[("d", "x")]),
        ("/c/d", "/c/d", &[]),
        ("/x/d", "/{c}/d", &[("c", "x")]),
        ("/x/y", "/{c}/{d}", &[("c", "x"), ("d", "y")]),
        ("/e/f/g", "/e/f/g", &[]),
        ("/e/f/z", "/e/f/{g}", &[("g", "z")]),
        ("/e/y/g", "/e/{f}/g", &[("f", "y")]),
        ("/e/y/z", "/e/{f}/{g}", &[("f", "y"), ("g", "z")]),
        ("/x/f/g", "/{e}/f/g", &[("e", "x")]),
        ("/x/f/z", "/{e}/f/{g}", &[("e", "x"), ("g", "z")]),
        ("/x/y/g", "/{e}/{f}/g", &[("e", "x"), ("f", "y")]),
        ("/x/y/z", "/{e}/{f}/{g}", &[("e", "x"), ("f", "y"), ("g", "z")]),
    ];
    for (raw, expected, parameters) in cases {
        let found = routes.lookup(raw).expect(raw);
        assert_eq!(found.template.as_str(), expected, "{raw}");
        assert_eq!(found.target, expected, "{raw}");
        let found: Vec<_> =
            found.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(found, parameters, "{raw}");
    }
    for raw in ["/e/f/g/h", "/", "/e/f/g/", "/a/", "//", "/%zz", "/a%2Fb", "a", "/e//g"] {
        assert_eq!(routes.lookup(raw), None, "{raw}");
    }
}

#[test]
fn the_earliest_segment_decides_and_the_whole_path_must_match() {
    let cases: [(&[&str], &str, Option<&str>); 6] = [
        (&["/b/{v}", "/{v}/d"], "/b/d", Some("/b/{v}")),
        (&["/{v}/d", "/b/{v}"], "/b/d", Some("/b/{v}")),
        (&["/b/c", "/{v}/d"], "/b/d", Some("/{v}/d")),
        (&["/b/{v}/x", "/{v}/d/{w}"], "/b/d/y", Some("/{v}/d/{w}")),
        (&["/b/{v}/x", "/b/d/y", "/{u}/{v}/{w}"], "/b/d/x", Some("/b/{v}/x")),
        (&["/b/c", "/{v}/d"], "/b/e", None),
    ];
    for (texts, raw, expected) in cases {
        let routes = table(texts);
        let found = routes.lookup(raw).map(|found| found.template.as_str());
        assert_eq!(found, expected, "{texts:?} {raw}");
    }
}

#[test]
fn a_catch_all_comes_behind_all_others() {
    const ALL: [&str; 9] = [
        "/a/{x}",
        "/{x}/b",
        "/a/b/c/{*r}",
        "/a/b/{*r}",
        "/a/{x}/{*r}",
        "/a/{*r}",
        "/{x}/b/{*r}",
        "/{x}/{*r}",
        "/{*r}",
    ];
    let routes = table(&ALL);
    let cases: [(&str, Option<&str>, Pairs); 16] = [
        ("/a/b", Some("/a/{x}"), &[("x", "b")]),
        ("/x/b", Some("/{x}/b"), &[("x", "x")]),
        ("/a/b/c/d", Some("/a/b/c/{*r}"), &[("r", "d")]),
        ("/a/b/c", Some("/a/b/{*r}"), &[("r", "c")]),
        ("/a/b/c/", Some("/a/b/{*r}"), &[("r", "c/")]),
        ("/a/b/d/e", Some("/a/b/{*r}"), &[("r", "d/e")]),
        ("/a/c/b", Some("/a/{x}/{*r}"), &[("x", "c"), ("r", "b")]),
        ("/a/b/", Some("/a/{*r}"), &[("r", "b/")]),
        ("/c/b/d/e", Some("/{x}/b/{*r}"), &[("x", "c"), ("r", "d/e")]),
        ("/c/d/e", Some("/{x}/{*r}"), &[("x", "c"), ("r", "d/e")]),
        ("/a", Some("/{*r}"), &[("r", "a")]),
        ("/a/", Some("/{*r}"), &[("r", "a/")]),
        ("/", None, &[]),
        ("//a", None, &[]),
        ("/c//d", None, &[]),
        ("/c/d%2Fe", None, &[]),
    ];
    for (raw, expected, parameters) in cases {
        let found = routes.lookup(raw);
        assert_eq!(found.as_ref().map(|found| found.template.as_str()), expected, "{raw}");
        let found: Vec<_> = found.map(|found| found.parameters).unwrap_or_default();
        let found: Vec<_> = found.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        assert_eq!(found, parameters, "{raw}");
    }
    // Whatever is more exact at an earlier segment, one without a catch-all comes first.
    let routes = table(&["/{x}/{y}", "/a/b/{*r}", "/a/{*r}"]);
    let found = |raw| routes.lookup(raw).map(|found| found.template.as_str());
    assert_eq!(found("/a/b"), Some("/{x}/{y}"));
    assert_eq!(found("/a/b/c"), Some("/a/b/{*r}"));
}

#[test]
fn two_catch_alls_behind_the_same_segments_are_one_path() {
    let mut builder = Routes::builder();
    for (number, text) in ["/a/{*r}", "/{x}/{*r}", "/a", "/a/{x}", "/a/"].iter().enumerate() {
        builder.insert(template(text), number).expect(text);
    }
    for (text, present) in [("/a/{*s}", "/a/{*r}"), ("/%61/{*r}", "/a/{*r}")] {
        let conflict = builder.insert(template(text), 9).expect_err(text);
        assert_eq!(conflict.present.as_str(), present);
    }
    assert_eq!(builder.equivalent(&template("/{y}/{*s}")).map(|(_, number)| *number), Some(1));
    assert_eq!(builder.equivalent(&template("/{*s}")), None);
    assert_eq!(builder.build().len(), 5);
}

#[test]
fn an_equivalent_template_is_refused_and_changes_nothing() {
    let mut builder = Routes::builder();
    builder.insert(template("/a/{x}"), 1).expect("the first");
    builder.insert(template("/a/b"), 2).expect("an expansion is another path");
    builder.insert(template("/a/{x}/"), 3).expect("a trailing slash is another path");
    let conflict = builder.insert(template("/%61/{y}"), 4).expect_err("equivalent");
    assert_eq!(conflict.present, template("/a/{x}"));
    assert_eq!(
        conflict.to_string(),
        "the path `/%61/{y}` stands for the same requests as `/a/{x}`, which is taken"
    );
    assert_eq!(builder.equivalent(&template("/a/{z}")), Some((&template("/a/{x}"), &1)));
    assert_eq!(builder.equivalent(&template("/{a}/{z}")), None);
    let routes = builder.build();
    assert_eq!(routes.len(), 3);
    assert_eq!(routes.iter().map(|(_, target)| *target).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(routes.lookup("/a/c").expect("found").target, &1);
}

#[test]
fn an_empty_table_finds_nothing() {
    let routes = Routes::<()>::default();
    assert!(routes.is_empty());
    assert_eq!(routes.lookup("/"), None);
}

/// Whether there is a catch-all, and of each segment how little exact it is; nothing where the
/// text does not match. For plain paths only.
fn reference(text: &str, raw: &str) -> Option<(bool, Vec<u8>)> {
    let (text, raw): (Vec<_>, Vec<_>) = (text.split('/').collect(), raw.split('/').collect());
    let is_rest = |part: &str| part.starts_with("{*");
    let has_rest = text.iter().any(|part| is_rest(part));
    let last = raw.len() - 1;
    let rest_fits = raw
        .iter()
        .enumerate()
        .skip(text.len() - 1)
        .all(|(at, two)| !two.is_empty() || (at == last && at >= text.len()));
    let fits = |(one, two): (&&str, &&str)| {
        one == two || is_rest(one) || (one.starts_with('{') && !two.is_empty())
    };
    let as_long =
        if has_rest { rest_fits && raw.len() >= text.len() } else { text.len() == raw.len() };
    let kind = |part: &&str| u8::from(part.starts_with('{')) + u8::from(is_rest(part));
    (as_long && text.iter().zip(&raw).all(fits))
        .then(|| (has_rest, text.iter().map(kind).collect()))
}

proptest! {
    #[test]
    fn lookup_is_the_best_of_all_that_match(
        texts in prop::collection::vec("(/[ab]|/\\{\\}){1,6}(/|/\\{\\*r\\})?", 0..60),
        raw in "(/[abc]?){1,7}",
    ) {
        let mut builder = Routes::builder();
        let mut present = Vec::new();
        for text in texts {
            let mut names = 0..;
            let text: String = text
                .split("{}")
                .map(str::to_owned)
                .reduce(|one, two| format!("{one}{{v{}}}{two}", names.next().unwrap_or(0)))
                .unwrap_or_default();
            if builder.insert(template(&text), text.clone()).is_ok() {
                present.push(text);
            }
        }
        let best = present
            .iter()
            .filter_map(|text| Some((reference(text, &raw)?, text)))
            .min()
            .map(|(_, text)| text.clone());
        let routes = builder.build();
        prop_assert_eq!(routes.lookup(&raw).map(|found| found.target.clone()), best);
    }
}
