//! A strict reader of HTML and SVG: every element is closed in order, every attribute quoted, every character that must be
//! is written as an entity.

/// What a document holds.
pub(crate) struct Document {
    elements: Vec<(String, Vec<(String, String)>)>,
    /// Text outside scripts and styles, entities decoded.
    pub(crate) text: String,
    /// Contents of scripts and styles, by their element.
    raw: Vec<(usize, String)>,
}

const VOID: [&str; 4] = ["meta", "br", "input", "img"];

impl Document {
    pub(crate) fn parse(source: &str) -> Self {
        let mut document = Self { elements: vec![], text: String::new(), raw: vec![] };
        let mut open: Vec<String> = vec![];
        let mut rest = source.strip_prefix("<!doctype html>\n").unwrap_or(source);
        while let Some(start) = rest.find('<') {
            document.text.push_str(&decoded(&rest[..start]));
            rest = &rest[start + 1..];
            if let Some(comment) = rest.strip_prefix("!--") {
                rest = &comment[comment.find("-->").unwrap() + 3..];
                continue;
            }
            let (tag, after) = tag(rest);
            rest = after;
            if let Some(name) = tag.strip_prefix('/') {
                assert_eq!(open.pop().as_deref(), Some(name), "closed out of order, before: {rest:.80}");
                continue;
            }
            let empty = tag.ends_with('/');
            let (name, attributes) = attributes(tag.trim_end_matches('/'));
            if name == "script" || name == "style" {
                let end = rest.find(&format!("</{name}>")).unwrap();
                document.raw.push((document.elements.len(), rest[..end].to_owned()));
                rest = &rest[end..];
            }
            if !empty && !VOID.contains(&name.as_str()) {
                open.push(name.clone());
            }
            document.elements.push((name, attributes));
        }
        document.text.push_str(&decoded(rest));
        assert!(open.is_empty(), "never closed: {open:?}");
        document
    }

    pub(crate) fn count(&self, element: &str) -> usize {
        self.elements.iter().filter(|(name, _)| name == element).count()
    }

    pub(crate) fn attributes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.elements
            .iter()
            .flat_map(|(_, attributes)| attributes)
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The contents of all elements of a kind.
    pub(crate) fn raw(&self, element: &str) -> String {
        let contents = self.raw.iter().filter(|(index, _)| self.elements[*index].0 == element);
        contents.map(|(_, content)| content.as_str()).collect()
    }

    /// The content of the script of an id.
    pub(crate) fn script(&self, id: &str) -> String {
        let wanted = ("id".to_owned(), id.to_owned());
        let found = self.raw.iter().find(|(index, _)| self.elements[*index].1.contains(&wanted));
        found.unwrap().1.clone()
    }
}

/// A tag up to its end, which is not in quotes, and what follows it.
fn tag(source: &str) -> (&str, &str) {
    let mut quoted = false;
    for (at, character) in source.char_indices() {
        match character {
            '"' => quoted = !quoted,
            '<' => panic!("a tag in a tag: {source:.80}"),
            '>' if !quoted => return (&source[..at], &source[at + 1..]),
            _ => {}
        }
    }
    panic!("no end: {source:.80}")
}

fn attributes(tag: &str) -> (String, Vec<(String, String)>) {
    let (name, mut rest) = tag.split_once(' ').unwrap_or((tag, ""));
    assert!(!name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric()), "{tag}");
    let mut attributes: Vec<(String, String)> = vec![];
    while !rest.trim_start().is_empty() {
        rest = rest.trim_start();
        let end = rest.find([' ', '=']).unwrap_or(rest.len());
        let key = rest[..end].to_owned();
        assert!(key.chars().all(|c| c.is_ascii_alphanumeric() || "-:".contains(c)), "{key} in {tag}");
        assert!(attributes.iter().all(|(known, _)| *known != key), "{key} twice in {tag}");
        rest = &rest[end..];
        let value = if let Some(after) = rest.strip_prefix("=\"") {
            let end = after.find('"').unwrap();
            rest = &after[end + 1..];
            decoded(&after[..end])
        } else {
            assert!(!rest.starts_with('='), "not quoted: {tag}");
            String::new()
        };
        attributes.push((key, value));
    }
    (name.to_owned(), attributes)
}

fn decoded(text: &str) -> String {
    assert!(!text.contains('<'), "{text}");
    let mut decoded = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        decoded.push_str(&rest[..at]);
        let (entity, after) = rest[at + 1..].split_once(';').unwrap();
        decoded.push(match entity {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "#39" => '\'',
            other => panic!("&{other};"),
        });
        rest = after;
    }
    decoded + rest
}
