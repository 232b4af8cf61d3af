//! The table that leads from a request's path to the endpoint that serves it.

use std::collections::HashMap;

use super::template::{RequestPath, Segment, Template, variable_value};

/// An immutable table from templates to targets, with the precedence of Jakarta WebSocket: of all
/// templates that match the whole path, the one wins that is exact at the earliest segment at which
/// they differ in kind. So `/b/{v}` beats `/{v}/d` for `/b/d`.
///
/// A lookup visits no node twice, and none deeper than a template's most segments.
#[derive(Clone, Debug)]
pub struct Routes<T> {
    root: Node,
    routes: Vec<(Template, T)>,
}

/// What a lookup found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match<'a, T> {
    /// What the template leads to.
    pub target: &'a T,
    /// The template that matched.
    pub template: &'a Template,
    /// What its variables stand for, percent-decoded, in the path's order.
    pub parameters: Vec<(String, String)>,
}

impl<T> Routes<T> {
    /// Begins an empty table.
    #[must_use]
    pub fn builder() -> RoutesBuilder<T> {
        RoutesBuilder { table: Self::default() }
    }

    /// Looks up a path as it came, without its query. One that is no path, such as one with a bad
    /// percent-encoding, is found nowhere.
    #[must_use]
    pub fn lookup(&self, raw_path: &str) -> Option<Match<'_, T>> {
        self.find(&RequestPath::parse(raw_path).ok()?)
    }

    /// Looks up a path that was parsed before.
    #[must_use]
    pub fn find(&self, path: &RequestPath) -> Option<Match<'_, T>> {
        let (template, target) = self.routes.get(self.root.best(path.segments())?)?;
        let parameters = template.matches(path)?;
        Some(Match { target, template, parameters })
    }

    /// All routes, in the order in which they were inserted.
    pub fn iter(&self) -> impl Iterator<Item = (&Template, &T)> {
        self.routes.iter().map(|(template, target)| (template, target))
    }

    /// How many templates there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.routes.len()
    }

    /// Whether there is no template.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.routes.is_empty()
    }
}

impl<T> Default for Routes<T> {
    fn default() -> Self {
        Self { root: Node::default(), routes: Vec::new() }
    }
}

/// A table in the making.
#[derive(Clone, Debug)]
pub struct RoutesBuilder<T> {
    table: Routes<T>,
}

impl<T> RoutesBuilder<T> {
    /// Adds a route.
    ///
    /// # Errors
    /// [`Conflict`] where an equivalent template is there already; the table is as it was.
    pub fn insert(&mut self, template: Template, target: T) -> Result<(), Conflict> {
        if let Some((present, _)) = self.equivalent(&template) {
            return Err(Conflict { present: present.clone(), refused: template });
        }
        let index = self.table.routes.len();
        let end = template.segments().iter().fold(&mut self.table.root, Node::child);
        end.route = Some(index);
        self.table.routes.push((template, target));
        Ok(())
    }

    /// The route that is there already for the same paths, if any.
    #[must_use]
    pub fn equivalent(&self, template: &Template) -> Option<(&Template, &T)> {
        let mut node = &self.table.root;
        for segment in template.segments() {
            node = match segment {
                Segment::Exact(literal) => node.exact.get(literal)?,
                Segment::Variable(_) => node.variable.as_deref()?,
            };
        }
        let (present, target) = self.table.routes.get(node.route?)?;
        Some((present, target))
    }

    /// The finished table.
    #[must_use]
    pub fn build(self) -> Routes<T> {
        self.table
    }
}

/// Two templates for the same paths.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the path `{refused}` stands for the same requests as `{present}`, which is taken")]
pub struct Conflict {
    /// The template that the table has.
    pub present: Template,
    /// The equivalent one that was not inserted.
    pub refused: Template,
}

/// A place in the table, reached by as many segments as it is deep.
#[derive(Clone, Debug, Default)]
struct Node {
    exact: HashMap<Vec<u8>, Self>,
    variable: Option<Box<Self>>,
    /// The index of the route that ends here.
    route: Option<usize>,
}

impl Node {
    /// The route that is best for these segments. To prefer the exact child, and to fall back on
    /// the variable one only where nothing below the exact one matches, is lexicographic order.
    fn best(&self, segments: &[Vec<u8>]) -> Option<usize> {
        let Some((first, rest)) = segments.split_first() else {
            return self.route;
        };
        let exact = self.exact.get(first).and_then(|child| child.best(rest));
        exact.or_else(|| {
            let child = self.variable.as_ref()?;
            variable_value(first)?;
            child.best(rest)
        })
    }

    fn child(&mut self, segment: &Segment) -> &mut Self {
        match segment {
            Segment::Exact(literal) => self.exact.entry(literal.clone()).or_default(),
            Segment::Variable(_) => self.variable.get_or_insert_default(),
        }
    }
}

#[cfg(test)]
mod tests {
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
            let found: Vec<_> = found
                .parameters
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect();
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

    /// Is `true` for each variable, or nothing where the text does not match; for plain paths only.
    fn reference(text: &str, raw: &str) -> Option<Vec<bool>> {
        let (text, raw): (Vec<_>, Vec<_>) = (text.split('/').collect(), raw.split('/').collect());
        let fits =
            |(one, two): (&&str, &&str)| one == two || (one.starts_with('{') && !two.is_empty());
        (text.len() == raw.len() && text.iter().zip(&raw).all(fits))
            .then(|| text.iter().map(|part| part.starts_with('{')).collect())
    }

    proptest! {
        #[test]
        fn lookup_is_the_best_of_all_that_match(
            texts in prop::collection::vec("(/[ab]|/\\{\\}){1,6}/?", 0..60),
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
}
