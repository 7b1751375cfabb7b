//! A page as a browser reads it: elements with their attributes, and text.

use html5ever::tendril::TendrilSink;
use html5ever::{ParseOpts, parse_document};
use markup5ever_rcdom::{Handle, NodeData, RcDom};

/// What an element holds.
#[derive(Clone, Debug)]
pub enum Node {
    /// An element.
    Element(Element),
    /// Text, its references resolved.
    Text(String),
}

/// An element; the document itself is one without a name.
#[derive(Clone, Debug)]
pub struct Element {
    /// Its name as the parser settles it.
    pub name: String,
    /// Its attributes with their values, references resolved.
    pub attributes: Vec<(String, String)>,
    /// What it holds, in order; comments are left out.
    pub children: Vec<Node>,
}

/// Reads a page as a browser would, whatever is wrong with it.
pub fn parse(page: &str) -> Element {
    element(&parse_document(RcDom::default(), ParseOpts::default()).one(page).document)
}

fn element(node: &Handle) -> Element {
    let (name, attributes) = match &node.data {
        NodeData::Element { name, attrs, .. } => {
            let attributes = attrs.borrow();
            let attributes = attributes.iter().map(|attribute| (attribute.name.local.to_string(), attribute.value.to_string()));
            (name.local.to_string(), attributes.collect())
        }
        _ => (String::new(), Vec::new()),
    };
    let children = node.children.borrow();
    let children = children.iter().filter_map(|child| match &child.data {
        NodeData::Element { .. } => Some(Node::Element(element(child))),
        NodeData::Text { contents } => Some(Node::Text(contents.borrow().to_string())),
        _ => None,
    });
    Element { name, attributes, children: children.collect() }
}

impl Element {
    /// The value of an attribute.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// Whether it is of a class.
    pub fn is(&self, class: &str) -> bool {
        self.attribute("class").is_some_and(|classes| classes.split_whitespace().any(|other| other == class))
    }

    /// Its child elements.
    pub fn elements(&self) -> impl Iterator<Item = &Self> {
        self.children.iter().filter_map(|child| match child {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    /// Itself and every element below it, in the page's order.
    pub fn all(&self) -> Vec<&Self> {
        let mut found = vec![self];
        for child in self.elements() {
            found.extend(child.all());
        }
        found
    }

    /// Every element below it of this name.
    pub fn named<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a Self> {
        self.all().into_iter().skip(1).filter(move |element| element.name == name)
    }

    /// The first element below it of this name.
    pub fn first(&self, name: &str) -> Option<&Self> {
        self.named(name).next()
    }

    /// All its text, with a blank between pieces.
    pub fn text(&self) -> String {
        let pieces = self.children.iter().map(|child| match child {
            Node::Element(element) => element.text(),
            Node::Text(text) => text.clone(),
        });
        pieces.collect::<Vec<_>>().join(" ").trim().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_read_as_a_browser_does() {
        let page = parse("<p CLASS='a b' title=\"1 &lt; 2\">x<b>y</b><!-- z --> &amp;<script>'<b>'</script><td>w");
        let paragraph = page.first("p").unwrap();
        assert!(paragraph.is("b") && paragraph.attribute("title") == Some("1 < 2"));
        assert_eq!(paragraph.text(), "x y  & '<b>' w");
        assert_eq!(page.named("b").count(), 1);
    }
}
