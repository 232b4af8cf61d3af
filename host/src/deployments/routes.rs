//! The table that leads from a request's path to the endpoint that serves it.

use std::collections::HashMap;
use std::ops::Range;

use super::template::{RequestPath, Segment, Template, rest_range, variable_value};

/// An immutable table from templates to targets, with the precedence of Jakarta WebSocket: of all
/// templates that match the whole path, the one wins that is exact at the earliest segment at which
/// they differ in kind. So `/b/{v}` beats `/{v}/d` for `/b/d`.
///
/// Templates that end in a catch-all come behind all others. Among them the same order holds, with
/// the catch-all behind a variable: `/b/{*v}` beats `/{v}/{*w}`, and `/b/{v}/{*w}` both.
///
/// A lookup visits no node more than twice, and none deeper than a template's most segments.
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
        let segments = path.segments();
        let best = self.root.best(segments);
        let best = best.or_else(|| self.root.best_rest(segments, 0, &rest_range(segments)));
        let (template, target) = self.routes.get(best?)?;
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
        let mut node = &mut self.table.root;
        for segment in template.segments() {
            node = match segment {
                Segment::Exact(literal) => node.exact.entry(literal.clone()).or_default(),
                Segment::Variable(_) => node.variable.get_or_insert_default(),
                Segment::Rest(_) => break,
            };
        }
        let end = if template.is_catch_all() { &mut node.rest } else { &mut node.route };
        *end = Some(index);
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
                Segment::Rest(_) => break,
            };
        }
        let end = if template.is_catch_all() { node.rest } else { node.route };
        let (present, target) = self.table.routes.get(end?)?;
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
    /// The index of the route that takes all that follows.
    rest: Option<usize>,
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

    /// The catch-all that is best for the segments from `position` on. `takes` are the positions
    /// from which one may take the rest.
    fn best_rest(
        &self,
        segments: &[Vec<u8>],
        position: usize,
        takes: &Range<usize>,
    ) -> Option<usize> {
        let first = segments.get(position)?;
        let below = |child: &Self| child.best_rest(segments, position + 1, takes);
        let exact = self.exact.get(first).and_then(below);
        let variable = || {
            let child = self.variable.as_deref()?;
            variable_value(first)?;
            below(child)
        };
        exact.or_else(variable).or_else(|| self.rest.filter(|_| takes.contains(&position)))
    }
}

#[cfg(test)]
mod tests;
